//! What `/authorize` refuses, and where it says so (sections 1.2, 1.4).

use axum::http::StatusCode;

use crate::testing::{CHALLENGE, REDIRECT, Test};

/// The error stays on the page.
async fn on_page(changes: &[(&str, &str)], number: &str) {
    let page = Test::new().authorize(changes).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert_eq!(page.header("location"), "");
    assert!(page.text().contains(&format!("AADSTS{number}")), "{}", page.text());
}

/// The error goes back to the app.
async fn goes_back(changes: &[(&str, &str)], error: &str, number: &str) {
    let answer = Test::new().authorize(changes).await;
    assert_eq!(answer.status, StatusCode::FOUND, "{}", answer.text());
    assert!(answer.header("location").starts_with(REDIRECT));
    assert_eq!(answer.returned("error").as_deref(), Some(error));
    let description = answer.returned("error_description").unwrap();
    assert!(description.starts_with(&format!("AADSTS{number}: ")), "{description}");
    assert_eq!(answer.returned("state").as_deref(), Some("s t&te"));
}

async fn not_implemented(changes: &[(&str, &str)], name: &str) {
    let answer = Test::new().authorize(changes).await;
    assert_eq!(answer.status, StatusCode::NOT_IMPLEMENTED);
    assert!(answer.text().contains(name), "{}", answer.text());
}

#[tokio::test]
async fn strangers_stay_on_the_page() {
    on_page(&[("client_id", "11111111-1111-1111-1111-111111111111")], "700016").await;
    on_page(&[("client_id", "")], "900144").await;
    on_page(&[("redirect_uri", "")], "900971").await;
    let text = Test::new().get("/nobody.example/oauth2/v2.0/authorize").await.text();
    assert!(text.contains("AADSTS90002"));
}

#[tokio::test]
async fn redirect_uris_match_to_the_letter() {
    for uri in [
        "http://localhost:8787/callback/",
        "http://localhost:8787/Callback",
        "http://localhost:8787/callback?x=1",
        "https://localhost:8787/callback",
        "http://localhost:8788/callback",
    ] {
        on_page(&[("redirect_uri", uri)], "50011").await;
    }
}

#[tokio::test]
async fn mistakes_go_back_to_the_app() {
    goes_back(&[("response_type", "code id_token")], "unsupported_response_type", "700054").await;
    goes_back(&[("response_type", "token")], "unsupported_response_type", "70005").await;
    goes_back(&[("response_type", "")], "invalid_request", "900144").await;
    goes_back(&[("response_mode", "carrier_pigeon")], "invalid_request", "70007").await;
    goes_back(&[("scope", "openid Mail.Sned")], "invalid_scope", "70011").await;
    goes_back(&[("scope", "")], "invalid_request", "900144").await;
    goes_back(&[("prompt", "select_account"), ("login_hint", "a@b")], "invalid_request", "90005").await;
    goes_back(&[("prompt", "none")], "login_required", "50058").await;
}

#[tokio::test]
async fn challenges_are_checked() {
    goes_back(&[("code_challenge", &CHALLENGE[1..])], "invalid_request", "50147").await;
    goes_back(&[("code_challenge", &"x".repeat(129))], "invalid_request", "50147").await;
    goes_back(&[("code_challenge", "")], "invalid_request", "50147").await;
    goes_back(&[("code_challenge_method", "S512")], "invalid_request", "501491").await;
}

#[tokio::test]
async fn the_unknown_is_named() {
    not_implemented(&[("response_mode", "form_post")], "form_post").await;
    not_implemented(&[("scope", "https://graph.microsoft.com/.default")], ".default").await;
    not_implemented(&[("prompt", "create")], "prompt=create").await;
    not_implemented(&[("claims", r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#)], "xms_cc").await;
    let answer = Test::new().get("/organizations/oauth2/v2.0/devicecode?secret=1").await;
    assert_eq!(answer.status, StatusCode::NOT_IMPLEMENTED);
    assert!(answer.text().contains("GET /organizations/oauth2/v2.0/devicecode"));
    assert!(!answer.text().contains("secret"));
}

#[tokio::test]
async fn several_resources_are_fine_here() {
    let scope = "openid User.Read https://outlook.office.com/SMTP.Send";
    let page = Test::new().authorize(&[("scope", scope)]).await;
    assert_eq!(page.status, StatusCode::OK);
}

#[tokio::test]
async fn pages_defend_themselves() {
    let page = Test::new().authorize(&[]).await;
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert_eq!(page.header("cross-origin-opener-policy"), "same-origin");
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'") && !policy.contains("unsafe") && !policy.contains("script")
    );
    // Or the browser would stop the redirect that follows the consent form.
    assert!(policy.contains("form-action 'self' http://localhost:8787;"), "{policy}");
    assert!(!page.text().contains("<script"));
    assert!(page.text().contains("not Microsoft"));
}
