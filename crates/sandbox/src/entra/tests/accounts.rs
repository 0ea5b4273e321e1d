//! What happens to an account happens to its tokens and sign-ins (sections 1.1, 1.9, 1.10).

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    account::PERSONAL_TENANT_ID,
    testing::{Answer, Test, USUAL},
};

const ANNA: &str = "anna@bakkerijjansen.example";

async fn refresh_token(test: &mut Test, local_part: &str) -> String {
    let code = test.sign_in(local_part, &[]).await;
    test.redeem(&code, &[]).await.json()["refresh_token"].as_str().unwrap().to_owned()
}

async fn change(test: &mut Test, change: Value) -> Answer {
    let answer = test.control("PATCH", &format!("/sandbox/accounts/{ANNA}"), change).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer
}

async fn add(test: &mut Test, account: Value) -> Value {
    let answer = test.control("POST", "/sandbox/accounts", account).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer.json()
}

async fn revoke(test: &mut Test, why: &str) {
    let path = format!("/sandbox/accounts/{ANNA}/revoke");
    assert_eq!(test.control("POST", &path, json!({ "why": why })).await.status.as_u16(), 204);
}

#[tokio::test]
async fn a_disabled_account_is_refused_everywhere() {
    let mut test = Test::new();
    let token = refresh_token(&mut test, "anna").await;
    let code = test.sign_in_again(&[]).await;
    change(&mut test, json!({ "disabled": true })).await;
    assert_eq!(test.refresh(&token, "Mail.Send").await.aadsts(), 50057);
    assert_eq!(test.redeem(&code, &[]).await.aadsts(), 50057);
    assert!(test.authorize(&[]).await.text().contains("AADSTS50057"));
    let silent = test.authorize(&[("prompt", "none")]).await;
    assert_eq!(silent.returned("error").as_deref(), Some("interaction_required"));
    change(&mut test, json!({ "disabled": false })).await;
    assert_eq!(test.refresh(&token, "Mail.Send").await.aadsts(), 0);
}

#[tokio::test]
async fn revoking_ends_earlier_tokens_and_no_later_ones() {
    for (why, session_lives) in [("sessions_revoked", false), ("password_reset", true)] {
        let mut test = Test::new();
        let token = refresh_token(&mut test, "anna").await;
        revoke(&mut test, why).await;
        let answer = test.refresh(&token, "Mail.Send").await;
        assert_eq!((answer.aadsts(), &answer.json()["suberror"]), (50173, &"bad_token".into()));
        let page = test.authorize(&[]).await;
        assert_eq!(page.returned("code").is_some(), session_lives, "{why}");
        let code = match page.returned("code") {
            Some(code) => code,
            None => test.sign_in("anna", &[]).await,
        };
        let token = test.redeem(&code, &[]).await.json()["refresh_token"].as_str().unwrap().to_owned();
        assert_eq!(test.refresh(&token, "Mail.Send").await.aadsts(), 0);
    }
}

#[tokio::test]
async fn removed_consent_is_asked_for_again() {
    let mut test = Test::new();
    let token = refresh_token(&mut test, "anna").await;
    revoke(&mut test, "consent_removed").await;
    let answer = test.refresh(&token, "Mail.Send").await;
    assert_eq!((answer.aadsts(), &answer.json()["suberror"]), (65001, &"consent_required".into()));
    assert!(test.authorize(&[]).await.text().contains(r#"id="accept""#));
    let bad = test.control("POST", &format!("/sandbox/accounts/{ANNA}/revoke"), json!({ "why": "x" })).await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
    let none = json!({ "why": "password_reset" });
    let none = test.control("POST", "/sandbox/accounts/nobody@x.example/revoke", none).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_deleted_account_is_not_found() {
    let mut test = Test::new();
    let token = refresh_token(&mut test, "anna").await;
    let path = format!("/sandbox/accounts/{ANNA}");
    assert_eq!(test.control("DELETE", &path, json!(null)).await.status.as_u16(), 204);
    assert_eq!(test.refresh(&token, "Mail.Send").await.aadsts(), 50034);
    let list = test.get("/sandbox/token-requests").await.json();
    assert_eq!(list[1]["account"], ANNA);
    assert!(!test.authorize(&[]).await.text().contains(ANNA));
    assert_eq!(test.control("DELETE", &path, json!(null)).await.status.as_u16(), 404);
}

#[tokio::test]
async fn what_the_user_can_cure_a_sign_in_cures() {
    let mut test = Test::new();
    let token = refresh_token(&mut test, "anna").await;
    change(&mut test, json!({ "refresh_refused": 50076 })).await;
    for _ in 0..2 {
        assert_eq!(test.refresh(&token, "Mail.Send").await.aadsts(), 50076);
    }
    let silent = test.authorize(&[("prompt", "none")]).await;
    assert_eq!(silent.returned("error").as_deref(), Some("interaction_required"));
    test.sign_in_again(&[]).await;
    assert_eq!(test.refresh(&token, "Mail.Send").await.aadsts(), 0);
}

#[tokio::test]
async fn what_an_administrator_must_cure_ends_on_the_page() {
    let mut test = Test::new();
    let token = refresh_token(&mut test, "anna").await;
    change(&mut test, json!({ "refresh_refused": 53003 })).await;
    assert_eq!(test.refresh(&token, "Mail.Send").await.aadsts(), 53003);
    let page = test.authorize(&[]).await;
    assert!(page.text().contains("AADSTS53003") && page.text().contains(r#"id="aadsts""#));
    // Neither one's to cure: only renewing fails, and signing in changes nothing.
    change(&mut test, json!({ "refresh_refused": 90033 })).await;
    test.sign_in_again(&[]).await;
    assert_eq!(test.refresh(&token, "Mail.Send").await.aadsts(), 90033);
    let account = change(&mut test, json!({ "refresh_refused": null })).await.json();
    assert_eq!(account["refresh_refused"], Value::Null);
    assert_eq!(test.refresh(&token, "Mail.Send").await.aadsts(), 0);
}

#[tokio::test]
async fn personal_accounts_come_in_by_common_only() {
    let mut test = Test::new();
    add(&mut test, json!({ "upn": "kees@outlook.example", "name": "Kees", "tid": PERSONAL_TENANT_ID })).await;
    let page = test.authorize(&[]).await;
    assert!(test.choose(&page, "kees").await.text().contains("AADSTS500207"));
    let page = test.authorize_at("common", &[]).await;
    let page = test.choose(&page, "kees").await;
    assert!(page.text().contains(r#"id="password""#));
}

#[tokio::test]
async fn a_guest_comes_in_by_the_tenant_and_has_no_mailbox() {
    let mut test = Test::new();
    let guest = add(&mut test, json!({ "upn": "anna@vreemd.example", "name": "Anna", "guest": true })).await;
    assert_eq!(guest["upn"], "anna_vreemd.example#EXT#@bakkerijjansen.onmicrosoft.example");
    let page = test.authorize(&[]).await;
    assert!(page.text().contains(r#"id="account-anna_vreemd-example""#), "{}", page.text());
    assert!(test.choose(&page, "anna_vreemd.example").await.text().contains("AADSTS50020"));
    let page = test.authorize_at("bakkerijjansen.example", &[]).await;
    let page = test.choose(&page, "anna_vreemd.example").await;
    let page = test.password(&page, "brood").await;
    let code = test.consent(&page, "accept").await.returned("code").unwrap();
    let fields = [
        ("client_id", crate::Config::CLIENT_ID),
        ("client_secret", crate::testing::SECRET),
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", crate::testing::REDIRECT),
        ("code_verifier", crate::testing::VERIFIER),
    ];
    let tokens = test.form("/bakkerijjansen.example/oauth2/v2.0/token", &fields).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    let mail = json!({ "message": { "toRecipients": [{ "emailAddress": { "address": "a@b.example" } }] } });
    let answer = test.send(token, &mail).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (404, "MailboxNotEnabledForRESTAPI".into()));
    let upn = "anna_vreemd.example%23EXT%23@bakkerijjansen.onmicrosoft.example";
    let changed = test.control("PATCH", &format!("/sandbox/accounts/{upn}"), json!({ "mail": null })).await;
    assert_eq!(changed.json()["mail"], Value::Null);
}

#[tokio::test]
async fn me_tells_what_the_account_shows() {
    let mut test = Test::new();
    change(&mut test, json!({ "aliases": ["a@x.example"], "mail": "other@bakkerijjansen.example" })).await;
    let token = test.access_token("anna", USUAL).await;
    let select = "/v1.0/me?$select=mail,userPrincipalName,proxyAddresses";
    let body = test.get_with(select, &token).await.json();
    assert_eq!(
        (&body["mail"], &body["userPrincipalName"]),
        (&"other@bakkerijjansen.example".into(), &ANNA.into())
    );
    assert_eq!(body["proxyAddresses"], json!(["SMTP:other@bakkerijjansen.example", "smtp:a@x.example"]));
    change(&mut test, json!({ "show_aliases": false, "mail": null })).await;
    let body = test.get_with(select, &token).await.json();
    assert_eq!((&body["mail"], body.get("proxyAddresses")), (&Value::Null, None));
}
