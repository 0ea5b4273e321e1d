//! Several registrations: whose codes and tokens are whose, and what happens to a registration (sections 1.1, 1.5, 3).

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    Config,
    directory::TENANT_ID,
    testing::{Answer, REDIRECT, SECRET, Test},
};

const OTHER: &str = "0ther000-0000-4000-8000-000000000002";

async fn change(test: &mut Test, client_id: &str, change: Value) -> Answer {
    let answer = test.control("PATCH", &format!("/sandbox/apps/{client_id}"), change).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer
}

async fn add(test: &mut Test, audience: &str) {
    let app = json!({ "client_id": OTHER, "client_secret": "other secret", "audience": audience,
        "redirect_uris": [REDIRECT] });
    let answer = test.control("POST", "/sandbox/apps", app.clone()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    assert!(!answer.text().contains("other secret"));
    let again = test.control("POST", "/sandbox/apps", app).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
}

async fn refresh_token(test: &mut Test) -> String {
    let code = test.sign_in("anna", &[]).await;
    test.redeem(&code, &[]).await.json()["refresh_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn codes_tokens_and_consents_belong_to_their_app() {
    let mut test = Test::new();
    let token = refresh_token(&mut test).await;
    let code = test.sign_in_again(&[]).await;
    add(&mut test, "AzureADMultipleOrgs").await;
    let as_other = [("client_id", OTHER), ("client_secret", "other secret")];
    for answer in [
        test.redeem(&code, &as_other).await,
        test.token(&[as_other[0], as_other[1], ("grant_type", "refresh_token"), ("refresh_token", &token)])
            .await,
    ] {
        assert_eq!((answer.aadsts(), &answer.json()["suberror"]), (70000, &"client_mismatch".into()));
    }
    // The session is there, the consent is not.
    let page = test.authorize(&[("client_id", OTHER)]).await;
    assert!(page.text().contains(r#"id="accept""#));
    let code = test.consent(&page, "accept").await.returned("code").unwrap();
    assert!(test.redeem(&code, &as_other).await.json()["access_token"].is_string());
    let of_first = test.get(&format!("/sandbox/consents?client_id={}", Config::CLIENT_ID)).await.json();
    let all = test.get("/sandbox/consents").await.json();
    assert_eq!(of_first, all, "the same scopes, twice");
    assert_eq!(test.control("DELETE", &format!("/sandbox/apps/{OTHER}"), json!(null)).await.status, 204);
    assert!(test.authorize(&[("client_id", OTHER)]).await.text().contains("AADSTS700016"));
    let gone = test.token(&[as_other[0], as_other[1], ("grant_type", "refresh_token")]).await;
    assert_eq!(gone.aadsts(), 700_016);
    assert_eq!(test.refresh(&token, "Mail.Send").await.aadsts(), 0);
}

#[tokio::test]
async fn what_happens_to_a_registration_happens_to_its_tokens() {
    let mut test = Test::new();
    let token = refresh_token(&mut test).await;
    change(&mut test, Config::CLIENT_ID, json!({ "secret_expired": true })).await;
    let answer = test.refresh(&token, "Mail.Send").await;
    assert_eq!((answer.aadsts(), answer.status.as_u16()), (7_000_222, 401));
    assert_eq!(answer.json()["error"], "invalid_client");
    change(&mut test, Config::CLIENT_ID, json!({ "secret_expired": false, "client_secret": "new" })).await;
    assert_eq!(test.refresh(&token, "Mail.Send").await.aadsts(), 7_000_215);
    let fields = [("client_secret", "new"), ("grant_type", "refresh_token"), ("refresh_token", &token)];
    assert_eq!(test.token(&fields).await.aadsts(), 0, "the token stayed good");
    change(&mut test, Config::CLIENT_ID, json!({ "disabled": true })).await;
    assert_eq!(test.token(&fields).await.aadsts(), 7_000_112);
    assert!(test.authorize(&[]).await.text().contains("AADSTS7000112"));
    let bad = test.control("PATCH", &format!("/sandbox/apps/{}", Config::CLIENT_ID), json!({ "x": 1 })).await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
    let list = test.get("/sandbox/apps").await;
    assert_eq!((&list.json()[0]["disabled"], list.json()[0].get("client_secret")), (&true.into(), None));
    assert!(!list.text().contains(SECRET));
}

#[tokio::test]
async fn a_single_tenant_app_is_at_home_only() {
    let mut test = Test::new();
    change(&mut test, Config::CLIENT_ID, json!({ "audience": "AzureADMyOrg" })).await;
    for tenant in ["organizations", "common"] {
        assert!(test.authorize_at(tenant, &[]).await.text().contains("AADSTS50194"));
        let fields = [("client_id", Config::CLIENT_ID), ("client_secret", SECRET)];
        let answer = test.form(&format!("/{tenant}/oauth2/v2.0/token"), &fields).await;
        assert_eq!((answer.aadsts(), &answer.json()["error"]), (50194, &"invalid_request".into()));
    }
    assert_eq!(test.authorize_at(TENANT_ID, &[]).await.status, StatusCode::OK);
    let stranger =
        json!({ "upn": "p@elders.example", "name": "P", "tid": "11111111-2222-4333-8444-555555555555" });
    test.control("POST", "/sandbox/accounts", stranger).await;
    let page = test.authorize_at("11111111-2222-4333-8444-555555555555", &[]).await;
    assert!(page.text().contains("AADSTS700016"));
}
