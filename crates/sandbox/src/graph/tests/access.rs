//! Who may do what: tokens, permissions, senders, concurrency, size (sections 4.5, 4.7, 4.10).

use std::sync::Arc;

use axum::http::{Request, StatusCode};
use serde_json::json;

use super::{message, message_with};
use crate::{
    graph::{concurrency::InFlight, send_mail::REQUEST_BYTES_MAX},
    testing::{Answer, Test, USUAL},
};

fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.code()), (status, code.to_owned()), "{}", answer.text());
}

async fn me(test: &mut Test, authorization: &str, query: &str) -> Answer {
    let request = Request::get(format!("/v1.0/me{query}")).header("authorization", authorization);
    test.call(request.body(axum::body::Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_token_must_be_known_fresh_and_for_graph() {
    let mut test = Test::new();
    for (authorization, text) in [
        ("", "is empty"),
        ("Basic x", "is empty"),
        ("Bearer x", "CompactToken"),
        ("Bearer a.b.c", "Signature"),
    ] {
        let answer = me(&mut test, authorization, "").await;
        refused(&answer, 401, "InvalidAuthenticationToken");
        assert!(answer.text().contains(text), "{}", answer.text());
        assert!(answer.header("www-authenticate").starts_with("Bearer "));
    }
    let smtp = test.access_token("anna", "https://outlook.office.com/SMTP.Send").await;
    let answer = me(&mut test, &format!("Bearer {smtp}"), "").await;
    refused(&answer, 401, "InvalidAuthenticationToken");
    assert!(answer.text().contains("audience"));

    test.sandbox.store().settings.access_token_seconds = Some(60);
    let code = test.sign_in_again(&[("scope", "https://outlook.office.com/SMTP.Send")]).await;
    test.redeem(&code, &[]).await;
    let page = test.authorize(&[("scope", USUAL)]).await;
    let code = test.consent(&page, "accept").await.returned("code").unwrap();
    let token = test.redeem(&code, &[]).await.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(me(&mut test, &format!("Bearer {token}"), "").await.status, StatusCode::OK);
    test.sandbox.clock.advance(60);
    let answer = me(&mut test, &format!("Bearer {token}"), "").await;
    refused(&answer, 401, "InvalidAuthenticationToken");
    assert!(answer.text().contains("expired"));
}

#[tokio::test]
async fn me_needs_user_read_and_tells_aliases_when_asked() {
    let mut test = Test::new();
    let token = format!("Bearer {}", test.access_token("facturen", USUAL).await);
    let body = me(&mut test, &token, "").await.json();
    assert_eq!(body["mail"], "facturen@bakkerijjansen.example");
    assert_eq!(body["id"], test.oid("facturen"));
    assert!(body.get("proxyAddresses").is_none());
    let body = me(&mut test, &token, "?$select=proxyAddresses,mail").await.json();
    let addresses = json!(["SMTP:facturen@bakkerijjansen.example", "smtp:verkoop@bakkerijjansen.example"]);
    assert_eq!(body["proxyAddresses"], addresses);
    assert!(body.get("id").is_none());
    assert_eq!(me(&mut test, &token, "?$select=birthday").await.status, StatusCode::NOT_IMPLEMENTED);
    assert_eq!(me(&mut test, &token, "?$expand=manager").await.status, StatusCode::NOT_IMPLEMENTED);

    let mut test = Test::new();
    let token = format!("Bearer {}", test.access_token("facturen", "Mail.Send").await);
    refused(&me(&mut test, &token, "").await, 403, "Authorization_RequestDenied");
}

#[tokio::test]
async fn sending_needs_mail_send() {
    let mut test = Test::new();
    let token = test.access_token("anna", "User.Read").await;
    refused(&test.send(&token, &message()).await, 403, "ErrorAccessDenied");
    assert!(test.inbox().await.is_empty());
}

#[tokio::test]
async fn an_accepted_mail_answers_nothing_but_ids() {
    let mut test = Test::new();
    let token = test.access_token("anna", USUAL).await;
    let answer = test.send(&token, &message()).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::ACCEPTED, 0), "{}", answer.text());
    assert_eq!(answer.header("client-request-id"), "mine-1");
    assert_eq!(answer.header("request-id").len(), 36);
    assert_eq!(answer.header("date"), "Sun, 17 Mar 2030 17:46:40 GMT");
}

#[tokio::test]
async fn an_error_names_the_same_ids() {
    let mut test = Test::new();
    let answer = test.send("a.b.c", &message()).await;
    let inner = &answer.json()["error"]["innerError"];
    assert_eq!(inner["request-id"], answer.header("request-id"));
    assert_eq!(inner["client-request-id"], "mine-1");
    assert_eq!(inner["date"], "2030-03-17T17:46:40");
}

#[tokio::test]
async fn the_own_address_and_aliases_may_send() {
    let mut test = Test::new();
    let token = test.access_token("facturen", USUAL).await;
    let from = |address: &str| message_with(&json!({ "from": { "emailAddress": { "address": address } } }));
    for own in ["facturen@bakkerijjansen.example", "Verkoop@BakkerijJansen.example"] {
        assert_eq!(test.send(&token, &from(own)).await.status, StatusCode::ACCEPTED);
    }
    assert_eq!(test.inbox().await[1]["from"]["address"], "Verkoop@BakkerijJansen.example");
    refused(&test.send(&token, &from("anna@bakkerijjansen.example")).await, 403, "ErrorSendAsDenied");
    refused(&test.send(&token, &from("x@elsewhere.example")).await, 403, "ErrorSendAsDenied");
}

#[tokio::test]
async fn another_mailbox_needs_permission_and_right() {
    let from = message_with(
        &json!({ "from": { "emailAddress": { "address": "facturen@bakkerijjansen.example" } } }),
    );
    // Anna has the right in Exchange, but not the permission.
    let mut test = Test::new();
    let token = test.access_token("anna", USUAL).await;
    refused(&test.send(&token, &from).await, 403, "ErrorSendAsDenied");
    // With both.
    let mut test = Test::new();
    let token = test.access_token("anna", "Mail.Send Mail.Send.Shared").await;
    assert_eq!(test.send(&token, &from).await.status, StatusCode::ACCEPTED);
    let mail = &test.inbox().await[0];
    assert_eq!(mail["from"]["address"], "facturen@bakkerijjansen.example");
    assert_eq!(mail["account"], "anna@bakkerijjansen.example");
    // The permission without the right.
    let other = message_with(&json!({ "from": { "emailAddress": { "address": "x@elsewhere.example" } } }));
    refused(&test.send(&token, &other).await, 403, "ErrorSendAsDenied");
}

#[tokio::test]
async fn a_mailbox_in_the_path() {
    let mut test = Test::new();
    let token = test.access_token("anna", USUAL).await;
    let body = message().to_string();
    let by_id = format!("/users/{}/sendMail", test.oid("anna"));
    for (path, status, code) in [
        (by_id.as_str(), 202, ""),
        ("/users/anna@bakkerijjansen.example/sendMail", 202, ""),
        ("/users/facturen@bakkerijjansen.example/sendMail", 403, "ErrorAccessDenied"),
        ("/users/nobody@bakkerijjansen.example/sendMail", 404, "ErrorInvalidUser"),
    ] {
        let answer = test.graph(path, &token, "application/json", body.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        if status != 202 {
            assert_eq!(answer.code(), code);
        }
    }
}

#[tokio::test]
async fn four_at_a_time_per_mailbox() {
    let mut test = Test::new();
    let token = test.access_token("anna", USUAL).await;
    let oid = test.oid("anna");
    let mut working: Vec<_> = (0..4).map(|_| InFlight::begin(&test.sandbox, &oid).unwrap()).collect();
    let answer = test.send(&token, &message()).await;
    refused(&answer, 429, "ApplicationThrottled");
    assert!(answer.text().contains("MailboxConcurrency"));
    assert_eq!(answer.header("retry-after"), "1");
    assert!(
        InFlight::begin(&test.sandbox, &test.oid("facturen")).is_ok(),
        "another mailbox is not concerned"
    );
    working.pop();
    assert_eq!(test.send(&token, &message()).await.status, StatusCode::ACCEPTED);
    drop(working);
    assert!(
        test.sandbox.store().in_flight.values().all(|count| *count == 0),
        "a refused request leaves no trace"
    );
}

#[tokio::test(start_paused = true)]
async fn requests_really_overlap() {
    let mut test = Test::new();
    let token = test.access_token("anna", USUAL).await;
    test.sandbox.store().settings.send_delay_ms = 1000;
    let router = crate::router(Arc::clone(&test.sandbox));
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let request = Request::post("/v1.0/me/sendMail")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(axum::body::Body::from(message().to_string()))
            .unwrap();
        all.spawn(tower::ServiceExt::oneshot(router.clone(), request));
    }
    let answers = all.join_all().await;
    let refused = answers.iter().filter(|answer| answer.as_ref().unwrap().status() == 429).count();
    assert_eq!((refused, test.inbox().await.len()), (2, 4));
}

#[tokio::test]
async fn four_megabytes_and_not_one_byte_more() {
    let mut test = Test::new();
    let token = test.access_token("anna", USUAL).await;
    let empty = message_with(&json!({ "body": { "contentType": "Text", "content": "" } })).to_string();
    for (bytes, status) in [(REQUEST_BYTES_MAX, 202), (REQUEST_BYTES_MAX + 1, 413)] {
        let content = "x".repeat(bytes - empty.len());
        let body =
            message_with(&json!({ "body": { "contentType": "Text", "content": content } })).to_string();
        assert_eq!(body.len(), bytes);
        assert_eq!(test.send(&token, &serde_json::from_str(&body).unwrap()).await.status.as_u16(), status);
    }
}

#[tokio::test]
async fn the_rest_of_graph_is_named() {
    let mut test = Test::new();
    let token = test.access_token("anna", USUAL).await;
    let answer = test.graph("/me/messages", &token, "application/json", "{}").await;
    assert_eq!(answer.status, StatusCode::NOT_IMPLEMENTED);
    assert!(answer.text().contains("POST /v1.0/me/messages"));
    let answer = test.get("/v1.0/me/sendMail").await;
    assert!(answer.text().contains("GET /v1.0/me/sendMail"));
    let answer = test.graph("/me/sendMail", &token, "text/html", "x").await;
    assert_eq!(answer.status, StatusCode::NOT_IMPLEMENTED);
}
