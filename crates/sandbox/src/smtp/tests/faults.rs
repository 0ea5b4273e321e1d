//! Every kind of mishap, as a client sees it.

use serde_json::json;
use tokio::net::TcpStream;

use super::{ANNA, Client, MESSAGE, Smtp, blob, code, starts};

#[tokio::test]
async fn a_reply_at_every_step() {
    let mut smtp = Smtp::new().await;
    let reply = |step: &str| json!({ "reply": "451 4.7.0 Temporary server error", "step": step });
    smtp.mishap(reply("connect")).await;
    assert_eq!(code(&smtp.connect().await.reply().await), 451);
    for step in
        ["ehlo", "starttls", "ehlo_after_tls", "auth_challenge", "auth", "mail", "rcpt", "data", "quit"]
    {
        smtp.mishap(reply(step)).await;
    }
    smtp.mishap(reply("end_of_data")).await;
    let mut client = smtp.connect().await;
    assert_eq!(code(&client.reply().await), 220);
    for command in ["EHLO a", "STARTTLS"] {
        assert_eq!(code(&client.say(command).await), if command == "STARTTLS" { 503 } else { 451 });
    }
    assert_eq!(code(&client.say("EHLO a").await), 250);
    for expected in [451, 220] {
        assert_eq!(code(&client.say("STARTTLS").await), expected);
    }
    let mut client = client.upgrade(&smtp, "localhost").await.unwrap();
    for expected in [451, 250] {
        assert_eq!(code(&client.say("EHLO a").await), expected);
    }
    assert_eq!(code(&client.say("AUTH XOAUTH2").await), 451);
    let token = smtp.token("anna");
    assert_eq!(code(&client.xoauth2(ANNA, &token).await), 451);
    assert_eq!(code(&client.xoauth2(ANNA, &token).await), 235);
    for command in [format!("MAIL FROM:<{ANNA}>"), "RCPT TO:<a@b.example>".to_owned()] {
        for expected in [451, 250] {
            assert_eq!(code(&client.say(&command).await), expected, "{command}");
        }
    }
    assert_eq!(code(&client.say("DATA").await), 451);
    assert_eq!(code(&client.say("DATA").await), 354);
    client.raw(MESSAGE).await;
    assert_eq!(code(&client.say(".").await), 451);
    assert!(smtp.test.inbox().await.is_empty());
    assert_eq!(code(&client.send(ANNA, MESSAGE).await), 250);
    assert_eq!(code(&client.say("QUIT").await), 451);
    let list = smtp.test.get("/sandbox/faults").await.json();
    assert!(list.as_array().unwrap().iter().all(|fault| fault["hits"] == 1), "{list}");
}

#[tokio::test]
async fn some_recipients_some_accounts_and_421_closes() {
    let mut smtp = Smtp::new().await;
    let later = json!({ "reply": "450 4.2.1 Later", "step": "rcpt", "recipient": "B@example.com" });
    smtp.order(json!({ "at": "smtp", "account": ANNA, "times": null, "do": later })).await;
    let mut client = smtp.signed_in("anna").await;
    client.say(&format!("MAIL FROM:<{ANNA}>")).await;
    for (to, expected) in [("a@example.com", 250), ("b@example.com", 450), ("c@example.com", 250)] {
        assert_eq!(code(&client.say(&format!("RCPT TO:<{to}>")).await), expected);
    }
    assert_eq!(code(&client.say("DATA").await), 354);
    client.raw(MESSAGE).await;
    assert_eq!(code(&client.say(".").await), 250);
    let rcpt_to = json!(["a@example.com", "c@example.com"]);
    assert_eq!(smtp.test.inbox().await[0]["envelope"]["rcpt_to"], rcpt_to);
    let mut other = smtp.signed_in("facturen").await;
    other.say("MAIL FROM:<facturen@bakkerijjansen.example>").await;
    assert_eq!(code(&other.say("RCPT TO:<b@example.com>").await), 250);
    smtp.mishap(json!({ "reply": "421-4.3.2 Service\n421 4.3.2 not active", "step": "mail" })).await;
    let mut client = smtp.signed_in("beheer").await;
    let answer = client.say("MAIL FROM:<beheer@bakkerijjansen.example>").await;
    assert_eq!(answer, "421-4.3.2 Service\n421 4.3.2 not active");
    assert!(client.rest().await.is_empty());
    // Before a token nobody is known.
    for what in
        [json!({ "stall": "ehlo" }), json!({ "cut_at_byte": 1 }), json!({ "inject_before_tls": true })]
    {
        let order = json!({ "at": "smtp", "account": ANNA, "do": what });
        assert_eq!(smtp.test.control("POST", "/sandbox/faults", order).await.status.as_u16(), 400);
    }
}

#[tokio::test]
async fn stalls_cuts_gibberish_and_endless_replies() {
    let mut smtp = Smtp::new().await;
    smtp.mishap(json!({ "stall": "connect" })).await;
    assert!(smtp.connect().await.silent().await);
    smtp.mishap(json!({ "stall": "end_of_data" })).await;
    let mut client = smtp.signed_in("anna").await;
    assert_eq!(code(&client.begin(ANNA, "a@example.com").await), 354);
    client.raw(format!("{MESSAGE}.\r\n")).await;
    assert!(client.silent().await && smtp.test.inbox().await.is_empty());

    smtp.mishap(json!({ "cut": { "step": "mail" } })).await;
    let mut client = smtp.signed_in("anna").await;
    client.raw(format!("NOOP\r\nMAIL FROM:<{ANNA}>\r\n")).await;
    assert_eq!(client.rest().await, b"250 2.0.0 OK\r\n");

    smtp.mishap(json!({ "gibberish": "ehlo" })).await;
    let mut client = smtp.connect().await;
    client.reply().await;
    client.raw("EHLO a\r\n").await;
    assert!(client.line().await.unwrap().starts_with('\0'));

    for one_line in [false, true] {
        smtp.mishap(json!({ "endless": "ehlo", "one_line": one_line })).await;
        let mut client = smtp.connect().await;
        client.reply().await;
        client.raw("EHLO a\r\n").await;
        while client.received.len() < 1_000_000 {
            assert!(client.more().await);
        }
        let text = String::from_utf8(std::mem::take(&mut client.received)).unwrap();
        starts(&text, "250-endless");
        assert_eq!(text.contains('\n'), !one_line);
    }
}

#[tokio::test]
async fn a_cut_at_any_byte_sent() {
    let mut smtp = Smtp::new().await;
    let mut client = smtp.connect().await;
    client.raw("EHLO a\r\nNOOP\r\nQUIT\r\n").await;
    let whole = client.rest().await;
    for bytes in (0..whole.len()).step_by(7) {
        smtp.mishap(json!({ "cut_at_byte": bytes })).await;
        let mut client = smtp.connect().await;
        client.raw("EHLO a\r\nNOOP\r\nQUIT\r\n").await;
        assert_eq!(client.rest().await, &whole[..bytes], "{bytes}");
    }
}

#[tokio::test]
async fn a_cut_at_any_byte_received() {
    let mut smtp = Smtp::new().await;
    let token = smtp.token("anna");
    let hello = "EHLO a\r\nSTARTTLS\r\n".len();
    let dialogue = format!(
        "EHLO a\r\nAUTH XOAUTH2 {}\r\nMAIL FROM:<{ANNA}>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n",
        blob(ANNA, &token)
    );
    for within in [0, 3, 10, dialogue.len(), dialogue.len() + 50] {
        smtp.mishap(json!({ "cut_at_byte": hello + within, "of": "received" })).await;
        let mut client = smtp.connect().await;
        client.reply().await;
        client.say("EHLO a").await;
        client.say("STARTTLS").await;
        let mut client = client.upgrade(&smtp, "localhost").await.unwrap();
        // The server may be gone before all is written.
        let _ = tokio::io::AsyncWriteExt::write_all(
            &mut client.stream,
            format!("{dialogue}{MESSAGE}.\r\n").as_bytes(),
        )
        .await;
        let _ = tokio::io::AsyncWriteExt::flush(&mut client.stream).await;
        let answer = String::from_utf8(client.rest().await).unwrap();
        assert_eq!(answer.contains("354 Start"), within >= dialogue.len(), "{within} {answer}");
        assert!(!answer.contains("250 2.0.0 OK"), "{within}");
    }
    assert!(smtp.test.inbox().await.is_empty());
}

#[tokio::test]
async fn bytes_injected_before_tls() {
    let mut smtp = Smtp::new().await;
    smtp.mishap(json!({ "inject_before_tls": true })).await;
    let mut client = smtp.connect().await;
    client.reply().await;
    client.say("EHLO a").await;
    starts(&client.say("STARTTLS").await, "220 2.0.0");
    // In the same packet.
    assert!(client.received.starts_with(b"250-injected.example"));
    let mut client = client.upgrade(&smtp, "localhost").await.unwrap();
    assert!(client.say("EHLO a").await.contains("AUTH LOGIN XOAUTH2"));
}

#[tokio::test]
async fn certificates_nobody_may_trust() {
    let mut smtp = Smtp::new().await;
    for (kind, words) in [("wrong_name", "NotValidForName"), ("untrusted", "UnknownIssuer")] {
        smtp.order(json!({ "at": "smtp", "times": 2, "do": { "certificate": kind } })).await;
        let mut client = smtp.connect().await;
        client.reply().await;
        client.say("EHLO a").await;
        client.say("STARTTLS").await;
        let failed = |result: std::io::Result<Client>| format!("{:?}", result.err().unwrap());
        let error = failed(client.upgrade(&smtp, "localhost").await);
        assert!(error.contains(words), "{error}");
        let stream = TcpStream::connect(smtp.implicit).await.unwrap();
        let error = failed(Client::new(stream).upgrade(&smtp, "localhost").await);
        assert!(error.contains(words), "{error}");
    }
    smtp.secure().await;
    smtp.mishap(json!({ "gibberish": "handshake" })).await;
    let stream = TcpStream::connect(smtp.implicit).await.unwrap();
    assert!(Client::new(stream).upgrade(&smtp, "localhost").await.is_err());
}

#[tokio::test]
async fn accepted_and_never_said_so() {
    let mut smtp = Smtp::new().await;
    smtp.order(json!({ "at": "smtp", "account": ANNA, "do": { "accept_then_cut": true } })).await;
    let mut client = smtp.signed_in("anna").await;
    assert_eq!(code(&client.begin(ANNA, "a@example.com").await), 354);
    client.raw(format!("{MESSAGE}.\r\n")).await;
    assert!(client.rest().await.is_empty());
    assert_eq!(smtp.test.inbox().await.len(), 1);
}

/// A mail whose last dot has been sent.
async fn sent(smtp: &Smtp) -> Client {
    let mut client = smtp.signed_in("anna").await;
    assert_eq!(code(&client.begin(ANNA, "a@example.com").await), 354);
    client.raw(format!("{MESSAGE}.\r\n")).await;
    client
}

#[tokio::test]
async fn a_delay_is_before_or_after_the_message_arrives() {
    let mut smtp = Smtp::new().await;
    for (number, what, arrived) in [
        (0, json!({ "delay_ms": 1200, "step": "end_of_data" }), 0),
        (1, json!({ "delay_answer_ms": 1200 }), 1),
        (2, json!({ "delay_ms": 1200, "step": "body" }), 0),
    ] {
        smtp.order(json!({ "at": "smtp", "account": ANNA, "do": what.clone() })).await;
        let mut client = sent(&smtp).await;
        assert!(client.silent().await, "{what}");
        assert_eq!(smtp.test.inbox().await.len(), number + arrived, "{what}");
        starts(&client.reply().await, "250 2.0.0 OK");
        assert_eq!(smtp.test.inbox().await.len(), number + 1, "{what}");
        assert_eq!(code(&client.say("NOOP").await), 250, "the session goes on");
    }
    smtp.mishap(json!({ "delay_ms": 1000, "step": "ehlo" })).await;
    let mut client = smtp.connect().await;
    client.reply().await;
    client.raw("EHLO a\r\n").await;
    assert!(client.silent().await);
    assert_eq!(code(&client.reply().await), 250);
}

#[tokio::test]
async fn whoever_leaves_within_a_delay_has_sent_the_message() {
    let mut smtp = Smtp::new().await;
    for (number, what) in
        [(1, json!({ "delay_answer_ms": 60_000 })), (2, json!({ "delay_ms": 50, "step": "end_of_data" }))]
    {
        smtp.mishap(what).await;
        drop(sent(&smtp).await);
        smtp.arrived(number).await;
    }
    // Nobody is kept from the mailbox by those who left.
    for _ in 0..3 {
        smtp.mishap(json!({ "delay_answer_ms": 60_000 })).await;
        drop(sent(&smtp).await);
    }
    smtp.arrived(5).await;
    let mut client = smtp.signed_in("anna").await;
    starts(&client.send(ANNA, MESSAGE).await, "250 2.0.0 OK");
}

#[tokio::test]
async fn refused_or_cut_and_arrived_all_the_same() {
    let mut smtp = Smtp::new().await;
    smtp.mishap(json!({ "commit_after_ms": 1000, "reply": "451 4.7.0 Temporary server error" })).await;
    let mut client = sent(&smtp).await;
    starts(&client.reply().await, "451 4.7.0");
    assert!(smtp.test.inbox().await.is_empty());
    assert_eq!(code(&client.say("NOOP").await), 250);
    smtp.arrived(1).await;
    smtp.mishap(json!({ "commit_after_ms": 1000 })).await;
    assert!(sent(&smtp).await.rest().await.is_empty());
    assert_eq!(smtp.test.inbox().await.len(), 1);
    smtp.arrived(2).await;
    // What Exchange would not take does not arrive later either, and the order still stands.
    smtp.mishap(json!({ "commit_after_ms": 0 })).await;
    let mut client = smtp.signed_in("anna").await;
    assert_eq!(code(&client.send(ANNA, &MESSAGE.replace("Anna <anna@", "<someone@")).await), 554);
    assert!(sent(&smtp).await.rest().await.is_empty());
    smtp.arrived(3).await;
}
