//! Who may use the token endpoint, and the shape of its errors (sections 1.5, 1.7, 3.1).

use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    Config,
    testing::{Answer, SECRET, Test},
};

fn refused(answer: &Answer, status: u16, error: &str, number: u64) {
    let seen = (
        answer.status.as_u16(),
        answer.json()["error"].as_str().unwrap_or_default().to_owned(),
        answer.aadsts(),
    );
    assert_eq!(seen, (status, error.to_owned(), number), "{}", answer.text());
}

#[tokio::test]
async fn the_app_must_prove_itself() {
    let mut test = Test::new();
    let ask = [("grant_type", "refresh_token"), ("refresh_token", "1.A")];
    let with = |change: (&'static str, &'static str)| [ask[0], ask[1], change];
    refused(&test.token(&with(("client_secret", ""))).await, 401, "invalid_client", 7_000_218);
    refused(&test.token(&with(("client_secret", "guess"))).await, 401, "invalid_client", 7_000_215);
    refused(&test.token(&with(("client_id", "other"))).await, 400, "unauthorized_client", 700_016);
    refused(&test.token(&with(("client_id", ""))).await, 400, "invalid_request", 900_144);
    let origin = [("origin", "https://mail.example.com")];
    refused(&test.token_with(&ask, &origin).await, 400, "invalid_request", 9_002_326);
    refused(&test.token_with(&ask, &[("origin", "null")]).await, 400, "invalid_request", 9_002_326);
    refused(&test.token(&with(("client_assertion", "x"))).await, 400, "invalid_request", 9_002_313);
}

#[tokio::test]
async fn http_basic_carries_encoded_credentials() {
    let mut test = Test::new();
    let encoded: String = form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    for (secret, status, number) in [(encoded.as_str(), 400, 9_002_313), ("guess", 401, 7_000_215)] {
        let basic = format!("Basic {}", STANDARD.encode(format!("{}:{secret}", Config::CLIENT_ID)));
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", "garbage"),
            ("client_id", ""),
            ("client_secret", ""),
        ];
        let answer = test.token_with(&fields, &[("authorization", &basic)]).await;
        assert_eq!((answer.status.as_u16(), answer.aadsts()), (status, number), "{}", answer.text());
    }
}

#[tokio::test]
async fn grants_and_fields_are_checked() {
    let mut test = Test::new();
    refused(&test.token(&[]).await, 400, "invalid_request", 900_144);
    refused(&test.token(&[("grant_type", "magic")]).await, 400, "unsupported_grant_type", 70003);
    refused(&test.token(&[("grant_type", "authorization_code")]).await, 400, "invalid_request", 900_144);
    refused(&test.token(&[("grant_type", "refresh_token")]).await, 400, "invalid_request", 900_144);
    let scope = [("grant_type", "refresh_token"), ("refresh_token", "1.A"), ("scope", "Mail.Sned")];
    refused(&test.token(&scope).await, 400, "invalid_scope", 70011);
    let known = test.token(&[("grant_type", "client_credentials")]).await;
    assert_eq!(known.status, StatusCode::NOT_IMPLEMENTED);
    refused(&test.form("/nobody.example/oauth2/v2.0/token", &[]).await, 400, "invalid_request", 90002);
}

#[tokio::test]
async fn an_error_has_all_fields() {
    let mut test = Test::new();
    let answer = test.refresh("garbage", "").await;
    let body = answer.json();
    let description = body["error_description"].as_str().unwrap();
    for part in ["AADSTS9002313: ", "Trace ID: ", "Correlation ID: ", "Timestamp: 2030-03-17 17:46:40Z"] {
        assert!(description.contains(part), "{description}");
    }
    assert_eq!(body["timestamp"], "2030-03-17 17:46:40Z");
    assert!(description.contains(body["trace_id"].as_str().unwrap()));
    assert!(description.contains(body["correlation_id"].as_str().unwrap()));
    assert_eq!(body["error_uri"], "http://localhost:8790/error?code=9002313");
    assert!(body.get("suberror").is_none());
}

#[tokio::test]
async fn requests_are_recorded_without_secrets() {
    let mut test = Test::new();
    let code = test.sign_in("anna", &[]).await;
    test.redeem(&code, &[("scope", "Mail.Send offline_access")]).await;
    test.redeem(&code, &[]).await;
    let answer = test.get("/sandbox/token-requests").await;
    let list = answer.json();
    assert_eq!(list[0]["outcome"], "issued");
    assert_eq!(list[0]["account"], "anna@bakkerijjansen.example");
    assert_eq!(list[0]["scopes"], serde_json::json!(["Mail.Send", "offline_access"]));
    assert_eq!((&list[1]["outcome"], &list[1]["aadsts"]), (&"refused".into(), &54005.into()));
    assert!(!answer.text().contains(&code) && !answer.text().contains(SECRET));
    let issued = test.get("/sandbox/issued").await.json();
    assert_eq!(issued["codes"][0], code.as_str());
    assert_eq!(issued["refresh_tokens"].as_array().unwrap().len(), 1);
    let clear =
        axum::http::Request::delete("/sandbox/token-requests").body(axum::body::Body::empty()).unwrap();
    test.call(clear).await;
    assert_eq!(test.get("/sandbox/token-requests").await.text(), "[]");
}

#[tokio::test]
async fn discovery_follows_the_caller() {
    let mut test = Test::new();
    let any = test.get("/organizations/v2.0/.well-known/openid-configuration").await.json();
    assert_eq!(any["issuer"], "http://localhost:8790/{tenantid}/v2.0");
    assert_eq!(any["token_endpoint"], "http://localhost:8790/organizations/oauth2/v2.0/token");
    let one = test.get("/bakkerijjansen.example/v2.0/.well-known/openid-configuration").await.json();
    assert_eq!(one["issuer"], format!("http://localhost:8790/{}/v2.0", crate::directory::TENANT_ID));
    let none = test.get("/nobody/v2.0/.well-known/openid-configuration").await;
    assert_eq!(none.aadsts(), 90002);
}
