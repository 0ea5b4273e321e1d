//! The MIME form of `sendMail` (section 4.2).

use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::testing::{Answer, Test, USUAL};

const MESSAGE: &str = "From: Iemand Anders <x@elsewhere.example>\r\nTo: Klant <klant@example.com>\r\nCc: c@example.com\r\n\
    Bcc: Archief <b@example.com>\r\nReply-To: r@example.com\r\nSubject: =?utf-8?Q?Factuur_=E2=82=AC?=\r\nDate: Thu, 01 Jan 1970 00:00:00 +0000\r\n\
    Message-ID: <4711@erp.example>\r\nReferences: <1@erp.example>\r\n <2@erp.example>\r\nX-Erp: 4711\r\nImportance: High\r\n\
    MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n\
    --m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n\
    --a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nDag\r\n\
    --a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<b>Dag</b>\r\n--a--\r\n\
    --m\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\
    Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--m--\r\n";

async fn send(test: &mut Test, body: String) -> Answer {
    let token = test.access_token("facturen", USUAL).await;
    test.graph("/me/sendMail", &token, "text/plain", body).await
}

fn names(mail: &Value) -> Vec<String> {
    let headers = mail["headers"].as_array().unwrap();
    headers.iter().map(|header| header["name"].as_str().unwrap().to_ascii_lowercase()).collect()
}

#[tokio::test]
async fn what_exchange_keeps_and_what_it_changes() {
    let mut test = Test::new();
    let answer = send(&mut test, STANDARD.encode(MESSAGE)).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    let mail = &test.inbox().await[0];
    assert_eq!(mail["route"], "graph-mime");
    // The account's own address, whatever was written.
    let from = json!({ "address": "facturen@bakkerijjansen.example", "name": "Facturen Bakkerij Jansen" });
    assert_eq!(mail["from"], from);
    assert_eq!(mail["to"], json!([{ "address": "klant@example.com", "name": "Klant" }]));
    assert_eq!(mail["cc"][0]["address"], "c@example.com");
    assert_eq!(mail["reply_to"][0]["address"], "r@example.com");
    assert_eq!((&mail["subject"], &mail["importance"]), (&"Factuur €".into(), &"high".into()));
    assert_eq!(mail["saved_to_sent"], true);
    assert_eq!(mail["text"].as_str().unwrap().trim(), "Dag");
    assert_eq!(mail["html"].as_str().unwrap().trim(), "<b>Dag</b>");
    // Bcc is honoured and taken out; custom headers and the date are gone; threading stays.
    assert_eq!(mail["bcc"], json!([{ "address": "b@example.com", "name": "Archief" }]));
    let names = names(mail);
    assert!(!names.iter().any(|name| name == "bcc" || name == "date" || name.starts_with("x-")), "{names:?}");
    let references = json!({ "name": "References", "value": "<1@erp.example> <2@erp.example>" });
    assert!(mail["headers"].as_array().unwrap().contains(&references), "{mail}");
    assert!(names.contains(&"message-id".to_owned()));
    let file = &mail["attachments"][0];
    assert_eq!((&file["filename"], &file["bytes"]), (&"a.pdf".into(), &3.into()));
    assert_eq!(file["content_type"], "application/pdf");
    assert_eq!(mail["attachments"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn base64_may_be_wrapped_and_nothing_else() {
    let mut test = Test::new();
    let encoded = STANDARD.encode(MESSAGE);
    let wrapped: Vec<&str> =
        encoded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    assert_eq!(send(&mut test, wrapped.join("\r\n")).await.status, StatusCode::ACCEPTED);
    for wrong in [MESSAGE.to_owned(), format!("{encoded}!"), encoded.replace('=', "") + "A"] {
        let mut test = Test::new();
        let answer = send(&mut test, wrong).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (400, "ErrorMimeContentInvalidBase64String")
        );
    }
}

#[tokio::test]
async fn nobody_to_send_to() {
    let mut test = Test::new();
    let answer = send(&mut test, STANDARD.encode("Subject: x\r\n\r\nDag")).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "ErrorInvalidRecipients"));
}

#[tokio::test]
async fn bcc_alone_will_do() {
    let mut test = Test::new();
    let answer = send(&mut test, STANDARD.encode("Bcc: b@example.com\r\nSubject: x\r\n\r\nDag")).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let mail = &test.inbox().await[0];
    assert_eq!(mail["bcc"][0]["address"], "b@example.com");
    assert_eq!(mail["html"], Value::Null, "no HTML was sent");
}
