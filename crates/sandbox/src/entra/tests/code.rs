//! Redeeming a code (section 1.5) and what comes back (sections 1.5, 1.9).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::{
    Config,
    directory::TENANT_ID,
    testing::{CHALLENGE, NOW, Test, VERIFIER},
};

fn claims(token: &Value) -> Value {
    let middle = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(middle).unwrap()).unwrap()
}

#[tokio::test]
async fn a_code_becomes_tokens() {
    let mut test = Test::new();
    let code = test.sign_in("facturen", &[]).await;
    let answer = test.redeem(&code, &[("scope", "openid profile offline_access Mail.Send")]).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    assert_eq!(body["token_type"], "Bearer");
    // More than was asked (User.Read), in full, without offline_access.
    let scope = "https://graph.microsoft.com/Mail.Send https://graph.microsoft.com/User.Read openid profile";
    assert_eq!(body["scope"], scope);
    let life = body["expires_in"].as_i64().unwrap();
    assert!((3599..=5399).contains(&life));
    assert_eq!(body["ext_expires_in"], life);
    let access = body["access_token"].as_str().unwrap();
    assert!((2000..=3000).contains(&access.len()), "{}", access.len());
    assert_eq!(access.split('.').count(), 3);
    let refresh = body["refresh_token"].as_str().unwrap();
    assert!(refresh.starts_with("1.A") && (1000..=1500).contains(&refresh.len()));

    let id = claims(&body["id_token"]);
    assert_eq!(id["aud"], Config::CLIENT_ID);
    assert_eq!(id["iss"], format!("http://localhost:8790/{TENANT_ID}/v2.0"));
    assert_eq!(id["tid"], TENANT_ID);
    assert_eq!(id["oid"], test.oid("facturen"));
    assert_eq!(id["preferred_username"], "facturen@bakkerijjansen.example");
    assert_eq!(id["name"], "Facturen Bakkerij Jansen");
    assert_eq!(id["nonce"], "n-1");
    assert_eq!(id["ver"], "2.0");
    assert_eq!((&id["iat"], &id["exp"]), (&NOW.into(), &(NOW + 3600).into()));
    assert!(id["uti"].is_string() && id["rh"].is_string() && id["sub"].is_string());
    assert!(id.get("email").is_none(), "only with the scope email");
}

#[tokio::test]
async fn scopes_decide_what_is_in_the_answer() {
    let mut test = Test::new();
    let code = test.sign_in("anna", &[("scope", "openid email User.Read")]).await;
    let body = test.redeem(&code, &[]).await.json();
    assert!(body.get("refresh_token").is_none(), "no offline_access");
    let id = claims(&body["id_token"]);
    assert_eq!(id["email"], "anna@bakkerijjansen.example");
    assert!(id.get("oid").is_none() && id.get("preferred_username").is_none(), "no profile");

    let code = test.sign_in_again(&[("scope", "User.Read")]).await;
    assert!(test.redeem(&code, &[]).await.json().get("id_token").is_none(), "no openid");
}

#[tokio::test]
async fn a_code_works_once() {
    let mut test = Test::new();
    let code = test.sign_in("anna", &[]).await;
    assert!(test.redeem(&code, &[]).await.json()["access_token"].is_string());
    let again = test.redeem(&code, &[]).await;
    assert_eq!((again.aadsts(), &again.json()["error"]), (54005, &"invalid_grant".into()));
    assert_eq!(test.redeem("no code of ours", &[]).await.aadsts(), 9_002_313);
}

#[tokio::test]
async fn a_code_expires() {
    let mut test = Test::new();
    let first = test.sign_in("anna", &[]).await;
    test.sandbox.clock.advance(599);
    assert_eq!(test.redeem(&first, &[]).await.aadsts(), 0);
    let second = test.sign_in_again(&[]).await;
    test.sandbox.clock.advance(600);
    assert_eq!(test.redeem(&second, &[]).await.aadsts(), 70008);
}

#[tokio::test]
async fn a_code_is_bound_to_its_redirect_uri() {
    let mut test = Test::new();
    let code = test.sign_in("anna", &[]).await;
    assert_eq!(
        test.redeem(&code, &[("redirect_uri", "http://localhost:8787/other")]).await.aadsts(),
        500_112
    );
    assert_eq!(test.redeem(&code, &[("redirect_uri", "")]).await.aadsts(), 900_144);
}

#[tokio::test]
async fn the_verifier_must_fit() {
    let mut test = Test::new();
    let code = test.sign_in("anna", &[]).await;
    for wrong in ["", CHALLENGE, "another-verifier-that-is-long-enough-to-be-one"] {
        assert_eq!(test.redeem(&code, &[("code_verifier", wrong)]).await.aadsts(), 501_481, "{wrong}");
    }
    assert_eq!(test.redeem(&code, &[("code_verifier", VERIFIER)]).await.aadsts(), 0);
}

#[tokio::test]
async fn without_a_method_the_challenge_is_plain() {
    let mut test = Test::new();
    let code = test.sign_in("anna", &[("code_challenge_method", "")]).await;
    assert_eq!(test.redeem(&code, &[]).await.aadsts(), 501_481, "hashed, but nobody said so");
    assert_eq!(test.redeem(&code, &[("code_verifier", CHALLENGE)]).await.aadsts(), 0);
    // And a verifier nobody announced is wrong, too.
    let code = test.sign_in_again(&[("code_challenge", ""), ("code_challenge_method", "")]).await;
    assert_eq!(test.redeem(&code, &[]).await.aadsts(), 501_481);
    assert_eq!(test.redeem(&code, &[("code_verifier", "")]).await.aadsts(), 0);
}

#[tokio::test]
async fn one_request_one_resource() {
    let mut test = Test::new();
    let both = "openid offline_access User.Read https://outlook.office.com/SMTP.Send";
    let code = test.sign_in("anna", &[("scope", both)]).await;
    assert_eq!(test.redeem(&code, &[("scope", both)]).await.aadsts(), 700_022);
    // Without `scope`: the first resource of the sign-in.
    let body = test.redeem(&code, &[]).await.json();
    assert_eq!(body["scope"], "https://graph.microsoft.com/User.Read openid");
}

#[tokio::test]
async fn what_was_not_consented_to_is_not_given() {
    let mut test = Test::new();
    let code = test.sign_in("anna", &[("scope", "openid User.Read")]).await;
    let answer = test.redeem(&code, &[("scope", "Mail.Send")]).await;
    assert_eq!((answer.aadsts(), &answer.json()["suberror"]), (65001, &"consent_required".into()));
}

#[tokio::test]
async fn lives_are_settings() {
    let mut test = Test::new();
    let body = r#"{"access_token_seconds": 120, "code_seconds": 5}"#;
    let patch = axum::http::Request::patch("/sandbox/settings").body(body.into()).unwrap();
    assert_eq!(test.call(patch).await.json()["access_token_seconds"], 120);
    let code = test.sign_in("anna", &[]).await;
    assert_eq!(test.redeem(&code, &[]).await.json()["expires_in"], 120);
    let code = test.sign_in_again(&[]).await;
    test.sandbox.clock.advance(5);
    assert_eq!(test.redeem(&code, &[]).await.aadsts(), 70008);
    let patch = axum::http::Request::patch("/sandbox/settings").body(r#"{"speed": 1}"#.into()).unwrap();
    assert_eq!(test.call(patch).await.status.as_u16(), 400);
}
