//! What a message may look like, and what is made of it.

use serde_json::json;

use super::{ANNA, CUSTOMER, MESSAGE, Smtp, code, starts};

#[tokio::test]
async fn a_bare_line_feed_is_refused_and_smuggles_nothing() {
    let mut smtp = Smtp::new().await;
    let mut client = smtp.signed_in("anna").await;
    let smuggled = format!("{MESSAGE}\n.\r\nMAIL FROM:<{ANNA}>\r\nRCPT TO:<x@example.com>\r\nDATA\r\n");
    for bad in [format!("{MESSAGE}Dag\nDag\r\n"), smuggled, format!("{MESSAGE}Dag\rDag\r\n")] {
        let answer = client.send(ANNA, &bad).await;
        starts(&answer, "550 5.6.11 ");
        assert!(answer.contains("bare linefeed"), "{answer}");
        // Exactly one answer, and the session goes on.
        assert_eq!(client.say("NOOP").await, "250 2.0.0 OK");
    }
    assert!(smtp.test.inbox().await.is_empty());
}

#[tokio::test]
async fn dots_arrive_as_they_were_meant() {
    let mut smtp = Smtp::new().await;
    let mut client = smtp.signed_in("anna").await;
    assert_eq!(code(&client.send(ANNA, &format!("{MESSAGE}..\r\n...\r\n..a\r\n")).await), 250);
    assert_eq!(smtp.test.get("/inbox/1/raw").await.text(), format!("{MESSAGE}.\r\n..\r\n.a\r\n"));
}

#[tokio::test]
async fn too_large_and_too_long() {
    let mut smtp = Smtp::new().await;
    let mut client = smtp.signed_in("anna").await;
    starts(&client.send(ANNA, &format!("{MESSAGE}{}\r\n", "x".repeat(999))).await, "554 5.6.0");
    assert_eq!(code(&client.send(ANNA, &format!("{MESSAGE}{}\r\n", "x".repeat(998))).await), 250);
    smtp.settings(json!({ "smtp_message_bytes_max": 4096 })).await;
    let large = format!("{MESSAGE}{}", "0123456789\r\n".repeat(400));
    starts(&client.send(ANNA, &large).await, "552 5.3.4");
    assert_eq!(code(&client.send(ANNA, MESSAGE).await), 250);
    assert_eq!(smtp.test.inbox().await.len(), 2);
}

#[tokio::test]
async fn a_scan_of_four_megabytes_fits() {
    let mut smtp = Smtp::new().await;
    let mut client = smtp.signed_in("anna").await;
    let large =
        format!("{MESSAGE}{}", "0123456789abcdef0123456789abcdef0123456789abcdef01234567\r\n".repeat(90_000));
    assert_eq!(code(&client.send(ANNA, &large).await), 250);
    assert_eq!(smtp.test.get("/inbox/1/raw").await.body.len(), large.len());
}

#[tokio::test]
async fn what_is_missing_is_added_and_bcc_shows() {
    let mut smtp = Smtp::new().await;
    let mut client = smtp.signed_in("anna").await;
    let answer = client.send(ANNA, "Subject: kaal\r\nBcc: geheim@example.com\r\n\r\nDag\r\n").await;
    starts(&answer, "250 2.0.0 OK <");
    let mail = &smtp.test.inbox().await[0];
    assert_eq!(mail["from"]["address"], ANNA);
    assert_eq!(mail["bcc"][0]["address"], CUSTOMER, "the envelope");
    let headers = mail["headers"].as_array().unwrap();
    let named = |name: &str| headers.iter().find(|header| header["name"] == name).cloned();
    assert_eq!(named("Bcc").unwrap()["value"], "geheim@example.com");
    assert!(answer.contains(named("Message-ID").unwrap()["value"].as_str().unwrap()));
    assert!(named("Date").is_some());
}
