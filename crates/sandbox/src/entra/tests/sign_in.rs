//! The pages and what is remembered between them (sections 1.2, 1.4, 2.3).

use axum::http::StatusCode;

use crate::testing::{REDIRECT, Test};

#[tokio::test]
async fn picker_password_consent_code() {
    let mut test = Test::new();
    let page = test.authorize(&[]).await;
    assert!(page.text().contains(r#"id="account-facturen""#) && page.text().contains(r#"id="account-anna""#));
    let page = test.choose(&page, "facturen").await;
    assert!(page.text().contains(r#"id="password""#) && page.text().contains(r#"id="sign-in""#));
    let page = test.password(&page, "brood").await;
    assert!(page.text().contains(r#"id="accept""#) && page.text().contains(r#"id="cancel""#));
    assert!(page.text().contains("Send mail as you"));
    let back = test.consent(&page, "accept").await;
    assert_eq!(back.status, StatusCode::FOUND);
    assert!(back.header("location").starts_with(&format!("{REDIRECT}?code=")));
    assert!(back.returned("code").unwrap().len() >= 1000);
    assert_eq!(back.returned("state").as_deref(), Some("s t&te"));
    assert!(back.returned("session_state").is_some());
}

#[tokio::test]
async fn the_answer_goes_into_the_fragment_when_asked() {
    let mut test = Test::new();
    test.sign_in("anna", &[]).await;
    let back = test.authorize(&[("response_mode", "fragment")]).await;
    assert!(back.header("location").starts_with(&format!("{REDIRECT}#code=")));
}

#[tokio::test]
async fn cancel_says_three_things_and_no_more() {
    let mut test = Test::new();
    let page = test.authorize(&[("login_hint", "anna@bakkerijjansen.example")]).await;
    let page = test.password(&page, "brood").await;
    let back = test.consent(&page, "cancel").await;
    let expected = format!("{REDIRECT}?error=access_denied&error_subcode=cancel&state=s+t%26te");
    assert_eq!(back.header("location"), expected);
}

#[tokio::test]
async fn a_wrong_password_asks_again() {
    let mut test = Test::new();
    let page = test.authorize(&[("login_hint", "verkoop@bakkerijjansen.example")]).await;
    assert!(page.text().contains("Facturen Bakkerij Jansen"), "an alias is a hint too");
    let page = test.password(&page, "taart").await;
    assert!(page.text().contains("incorrect") && page.text().contains(r#"id="password""#));
    assert!(test.password(&page, "brood").await.text().contains(r#"id="accept""#));
}

#[tokio::test]
async fn consent_needs_the_password_first() {
    let mut test = Test::new();
    let page = test.authorize(&[]).await;
    let page = test.choose(&page, "anna").await;
    let still = test.consent(&page, "accept").await;
    assert!(still.text().contains(r#"id="password""#));
    assert!(test.sandbox.store().consents.of_users(None).is_empty());
}

#[tokio::test]
async fn the_second_sign_in_shows_nothing() {
    let mut test = Test::new();
    test.sign_in("anna", &[]).await;
    assert!(test.authorize(&[]).await.returned("code").is_some());
    assert!(test.authorize(&[("prompt", "none")]).await.returned("code").is_some());
    // The picker, but no password.
    let page = test.authorize(&[("prompt", "select_account")]).await;
    assert!(test.choose(&page, "anna").await.returned("code").is_some());
    // Another account has no session.
    let page = test.authorize(&[("login_hint", "facturen@bakkerijjansen.example")]).await;
    assert!(page.text().contains(r#"id="password""#));
}

#[tokio::test]
async fn prompts_ask_again() {
    let mut test = Test::new();
    test.sign_in("anna", &[]).await;
    let page = test.authorize(&[("prompt", "consent")]).await;
    assert!(page.text().contains(r#"id="accept""#));
    assert!(test.consent(&page, "accept").await.returned("code").is_some(), "asked once, not for ever");
    let page = test.authorize(&[("prompt", "login")]).await;
    let page = test.choose(&page, "anna").await;
    assert!(page.text().contains(r#"id="password""#));
    assert!(test.password(&page, "brood").await.returned("code").is_some());
}

#[tokio::test]
async fn a_new_permission_is_asked_for_and_adds_up() {
    let mut test = Test::new();
    test.sign_in("anna", &[("scope", "openid User.Read")]).await;
    let more = "openid Mail.Send";
    assert!(test.authorize(&[("scope", more)]).await.text().contains(r#"id="accept""#));
    let silent = test.authorize(&[("scope", more), ("prompt", "none")]).await;
    assert_eq!(silent.returned("error").as_deref(), Some("consent_required"));
    let page = test.authorize(&[("scope", more)]).await;
    assert!(test.consent(&page, "accept").await.returned("code").is_some());
    assert!(test.authorize(&[("scope", "openid User.Read Mail.Send")]).await.returned("code").is_some());
}

#[tokio::test]
async fn a_refused_extra_consent_leaves_the_rest() {
    let mut test = Test::new();
    test.sign_in("anna", &[]).await;
    let page = test.authorize(&[("scope", "openid Mail.ReadWrite")]).await;
    test.consent(&page, "cancel").await;
    assert!(test.authorize(&[]).await.returned("code").is_some());
}

#[tokio::test]
async fn sign_out_ends_the_session_and_no_token() {
    let mut test = Test::new();
    let code = test.sign_in("anna", &[]).await;
    let tokens = test.redeem(&code, &[]).await.json();
    test.get("/organizations/oauth2/v2.0/logout").await;
    assert!(test.authorize(&[]).await.text().contains("Pick an account"));
    let again = test.refresh(tokens["refresh_token"].as_str().unwrap(), "User.Read").await;
    assert_eq!(again.status, StatusCode::OK);
    let away =
        test.get("/common/oauth2/v2.0/logout?post_logout_redirect_uri=https%3A%2F%2Fevil.example").await;
    assert_eq!((away.status, away.header("location")), (StatusCode::OK, ""));
}

#[tokio::test]
async fn a_stranger_is_told_on_the_page() {
    let mut test = Test::new();
    let new = r#"{"upn":"piet@elders.example","name":"Piet","tid":"11111111-2222-4333-8444-555555555555"}"#;
    let request = axum::http::Request::post("/sandbox/accounts").body(new.into()).unwrap();
    assert_eq!(test.call(request).await.status, StatusCode::CREATED);
    let code = test.sign_in("piet", &[]).await;
    // Redeemed where it does not belong (AADSTS700005).
    let fields = [
        ("client_id", crate::Config::CLIENT_ID),
        ("client_secret", crate::testing::SECRET),
        ("grant_type", "authorization_code"),
        ("code", &code),
    ];
    let answer = test.form("/bakkerijjansen.example/oauth2/v2.0/token", &fields).await;
    assert_eq!(answer.aadsts(), 700_005);
    // And the account is not of the tenant in the path.
    let path = "/bakkerijjansen.example/oauth2/v2.0/authorize?client_id=5a9db0c5-0000-4000-8000-000000000001\
                &response_type=code&scope=openid&redirect_uri=http%3A%2F%2Flocalhost%3A8787%2Fcallback";
    test.get("/common/oauth2/v2.0/logout").await;
    let page = test.get(path).await;
    assert!(test.choose(&page, "piet").await.text().contains("AADSTS50020"));
}

#[tokio::test]
async fn a_page_left_open_expires() {
    let mut test = Test::new();
    let page = test.authorize(&[]).await;
    test.sandbox.clock.advance(3601);
    assert!(test.choose(&page, "anna").await.text().contains("AADSTS50089"));
}
