//! The JSON form of `sendMail` (sections 4.1, 4.4).

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{message, message_with};
use crate::testing::{Test, USUAL};

/// Sends one changed message, and tells what Graph said.
async fn verdict(changes: Value) -> (u16, String) {
    let mut test = Test::new();
    let token = test.access_token("facturen", USUAL).await;
    let answer = test.send(&token, &message_with(&changes)).await;
    let delivered = test.inbox().await.len();
    assert_eq!(delivered, usize::from(answer.status == StatusCode::ACCEPTED));
    (answer.status.as_u16(), if answer.body.is_empty() { String::new() } else { answer.code() })
}

async fn refused(changes: Value, code: &str) {
    assert_eq!(verdict(changes.clone()).await, (400, code.to_owned()), "{changes}");
}

async fn accepted(changes: Value) {
    assert_eq!(verdict(changes.clone()).await.0, 202, "{changes}");
}

fn headers(count: usize) -> Value {
    json!({ "internetMessageHeaders": (0..count).map(|n| json!({ "name": format!("x-{n}"), "value": "v" })).collect::<Vec<_>>() })
}

fn file(changes: &Value) -> Value {
    let mut file = json!({
        "@odata.type": "#microsoft.graph.fileAttachment", "name": "a.pdf", "contentType": "application/pdf",
        "contentBytes": "JVBERg==",
    });
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            file.as_object_mut().unwrap().remove(name);
        } else {
            file[name] = value.clone();
        }
    }
    json!({ "attachments": [file] })
}

#[tokio::test]
async fn everything_arrives() {
    let mut test = Test::new();
    let token = test.access_token("facturen", USUAL).await;
    let to = |address: &str| json!([{ "emailAddress": { "address": address } }]);
    let mut body = message_with(&json!({
        "importance": "high", "internetMessageId": "<4711@erp.example>",
        "body": { "contentType": "HTML", "content": "<b>Dag</b>" },
        "ccRecipients": to("c@example.com"), "bccRecipients": to("b@example.com"), "replyTo": to("r@example.com"),
        "internetMessageHeaders": [{ "name": "x-erp", "value": "4711" }],
        "attachments": [{
            "@odata.type": "#microsoft.graph.fileAttachment", "name": "logo.png", "contentType": "image/png",
            "contentId": "logo1", "isInline": true, "contentBytes": "AAEC",
        }],
    }));
    body["saveToSentItems"] = false.into();
    assert_eq!(test.send(&token, &body).await.status, StatusCode::ACCEPTED);

    let one = |address: &str| json!([{ "address": address, "name": null }]);
    let expected = json!([{
        "id": 1, "received_at": "2030-03-17T17:46:40.000Z", "route": "graph-json",
        "account": "facturen@bakkerijjansen.example",
        "from": { "address": "facturen@bakkerijjansen.example", "name": "Facturen Bakkerij Jansen" },
        "to": [{ "address": "klant@example.com", "name": "Klant" }],
        "cc": one("c@example.com"), "bcc": one("b@example.com"), "reply_to": one("r@example.com"),
        "subject": "Factuur", "importance": "high", "headers": [{ "name": "x-erp", "value": "4711" }], "message_id": "<4711@erp.example>",
        "text": null, "html": "<b>Dag</b>", "saved_to_sent": false,
        "attachments": [{
            "index": 0, "filename": "logo.png", "content_type": "image/png", "content_id": "logo1", "inline": true,
            "bytes": 3, "sha256": "ae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121accb85b53fc",
            "url": "/inbox/1/attachments/0",
        }],
        "envelope": null, "raw": null,
    }]);
    assert_eq!(Value::from(test.inbox().await), expected);

    let file = test.get("/inbox/1/attachments/0").await;
    assert_eq!((file.body.as_ref(), file.header("content-type")), ([0, 1, 2].as_slice(), "image/png"));
    assert!(file.header("content-disposition").starts_with("attachment"));
}

#[tokio::test]
async fn message_id_is_kept_or_refused() {
    accepted(json!({ "internetMessageId": null })).await;
    for id in ["", "4711@erp.example", "<4711>", "<a@b@c>", "<a b@c>", "<a@b>\r\nBcc: x@y", "<a@é>"] {
        refused(json!({ "internetMessageId": id }), "ErrorInvalidParameter").await;
    }
    refused(json!({ "internetMessageId": [] }), "RequestBodyRead").await;
}

#[tokio::test]
async fn headers_have_four_rules() {
    refused(headers(0), "InvalidInternetMessageHeaderCollection").await;
    accepted(headers(5)).await;
    refused(headers(6), "InvalidInternetMessageHeaderCollection").await;
    accepted(json!({ "internetMessageHeaders": null })).await;
    for name in ["List-Unsubscribe", "References", "ax-b", "x", "x-", "x-a b", "x-a:b"] {
        let header = json!({ "internetMessageHeaders": [{ "name": name, "value": "v" }] });
        refused(header, "InvalidInternetMessageHeader").await;
    }
    accepted(json!({ "internetMessageHeaders": [{ "name": "X-Erp", "value": "v" }] })).await;
    let injected = json!({ "internetMessageHeaders": [{ "name": "x-a", "value": "v\r\nBcc: x@y" }] });
    refused(injected, "InvalidInternetMessageHeader").await;
}

#[tokio::test]
async fn recipients_are_required_and_plausible() {
    refused(json!({ "toRecipients": [] }), "ErrorInvalidRecipients").await;
    accepted(json!({ "toRecipients": null, "bccRecipients": [{ "emailAddress": { "address": "b@example.com" } }] })).await;
    for address in ["", "klant", "klant@", "a@b@c"] {
        refused(
            json!({ "ccRecipients": [{ "emailAddress": { "address": address } }] }),
            "ErrorInvalidRecipients",
        )
        .await;
    }
    refused(json!({ "toRecipients": [{ "emailAddress": { "name": "Klant" } }] }), "ErrorInvalidRecipients")
        .await;
    refused(json!({ "replyTo": [{ "emailAddress": { "address": "x" } }] }), "ErrorInvalidRecipients").await;
    refused(json!({ "toRecipients": [{ "address": "klant@example.com" }] }), "RequestBodyRead").await;
}

#[tokio::test]
async fn unknown_names_and_values_are_refused() {
    refused(json!({ "html": "<p>" }), "RequestBodyRead").await;
    refused(json!({ "importance": "urgent" }), "RequestBodyRead").await;
    refused(json!({ "body": { "contentType": "markdown", "content": "" } }), "RequestBodyRead").await;
    refused(json!({ "body": { "content_type": "Text", "content": "" } }), "RequestBodyRead").await;
    refused(json!({ "subject": 5 }), "RequestBodyRead").await;
}

#[tokio::test]
async fn attachments_say_what_they_are() {
    accepted(file(&json!({}))).await;
    refused(file(&json!({ "@odata.type": null })), "RequestBodyRead").await;
    refused(file(&json!({ "@odata.type": "file" })), "RequestBodyRead").await;
    refused(file(&json!({ "name": null })), "RequestBodyRead").await;
    refused(file(&json!({ "contentBytes": null })), "RequestBodyRead").await;
    for wrong in ["JVBERg", "JVBE Rg==", "data:;base64,JVBERg==", "-_-_"] {
        refused(file(&json!({ "contentBytes": wrong })), "RequestBodyRead").await;
    }
    let item = file(&json!({ "@odata.type": "#microsoft.graph.itemAttachment" }));
    assert_eq!(verdict(item).await.0, 501);
}

#[tokio::test]
async fn what_graph_knows_and_the_sandbox_does_not_is_named() {
    for name in ["sender", "categories", "flag", "singleValueExtendedProperties"] {
        assert_eq!(verdict(json!({ name: [] })).await.0, 501, "{name}");
    }
    assert_eq!(verdict(json!({ "isReadReceiptRequested": true })).await.0, 501);
    accepted(json!({ "isReadReceiptRequested": false, "isDeliveryReceiptRequested": false })).await;
    assert_eq!(verdict(json!({ "subject": "é".repeat(256) })).await.0, 501);
    accepted(json!({ "subject": "é".repeat(255) })).await;
}

#[tokio::test]
async fn broken_bodies() {
    let mut test = Test::new();
    let token = test.access_token("facturen", USUAL).await;
    for (body, code) in [
        ("{", "BadRequest"),
        ("", "BadRequest"),
        ("{}", "ErrorInvalidParameter"),
        (r#"{"message": null}"#, "ErrorInvalidParameter"),
        (r#"{"mail": {}}"#, "RequestBodyRead"),
    ] {
        let answer = test.graph("/me/sendMail", &token, "application/json; charset=utf-8", body).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, code.to_owned()), "{body}");
    }
}

#[tokio::test]
async fn the_inbox_shows_hostile_html_in_a_cage() {
    let mut test = Test::new();
    let token = test.access_token("facturen", USUAL).await;
    let html = "<script>alert(1)</script>";
    let body = message_with(&json!({ "subject": html, "body": { "contentType": "html", "content": html } }));
    test.send(&token, &body).await;
    let page = test.get("/inbox/1").await;
    assert!(page.text().contains(r#"sandbox="""#) && !page.text().contains("<script"));
    assert!(!test.get("/inbox").await.text().contains("<script"));
    let frame = test.get("/inbox/1/html").await;
    let policy = frame.header("content-security-policy");
    assert!(policy.starts_with("sandbox; default-src 'none'") && !policy.contains("allow-"));
    assert_eq!(test.get("/inbox/9").await.status, StatusCode::NOT_FOUND);
    assert_eq!(test.get("/inbox/9/html").await.status, StatusCode::NOT_FOUND);

    let clear = axum::http::Request::delete("/inbox.json").body(axum::body::Body::empty()).unwrap();
    test.call(clear).await;
    assert!(test.inbox().await.is_empty());
    test.send(&token, &message()).await;
    assert_eq!(test.inbox().await[0]["id"], 2, "an id is never used twice");
}
