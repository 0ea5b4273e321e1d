//! From greeting to QUIT: what is said, and in which order (section 6.2).

use serde_json::{Value, json};

use super::{ANNA, CUSTOMER, Client, MESSAGE, Smtp, blob, code, starts};
use crate::smtp::reply::HOST;

const MAIL: &str = "From: Anna Jansen <anna@bakkerijjansen.example>\r\nTo: Klant <klant@example.com>\r\nCc: c@example.com\r\n\
    Subject: =?utf-8?Q?Factuur_=E2=82=AC?=\r\nDate: Thu, 01 Jan 1970 00:00:00 +0000\r\nMessage-ID: <4711@erp.example>\r\n\
    X-Erp: 4711\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n\
    --m\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nDag\r\n..punt\r\n\
    --m\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\
    Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--m--\r\n";

fn extensions(reply: &str) -> Vec<&str> {
    reply.lines().skip(1).map(|line| &line[4..]).collect()
}

#[tokio::test]
async fn the_whole_dialogue() {
    let mut smtp = Smtp::new().await;
    let token = smtp.test.access_token("anna", "https://outlook.office.com/SMTP.Send offline_access").await;
    assert!(token.len() > 2000, "tokens are long");
    let mut client = smtp.connect().await;
    let greeting = client.reply().await;
    assert_eq!(
        greeting,
        format!("220 {HOST} Microsoft ESMTP MAIL Service ready at Sun, 17 Mar 2030 17:46:40 +0000")
    );
    let hello = client.say("EHLO erp.example").await;
    starts(&hello, &format!("250-{HOST} Hello [127.0.0.1]\n"));
    let usual = ["8BITMIME", "BINARYMIME", "CHUNKING", "SMTPUTF8"];
    let first = ["SIZE 157286400", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES"];
    assert_eq!(extensions(&hello), [&first[..], &["STARTTLS"], &usual].concat());
    assert_eq!(client.say("STARTTLS").await, "220 2.0.0 SMTP server ready");
    let mut client = client.upgrade(&smtp, "smtp.office365.com").await.unwrap();
    // A second EHLO is mandatory, and only now is AUTH to be had.
    assert_eq!(client.say("AUTH XOAUTH2").await, "503 5.5.2 Send hello first");
    let hello = client.say("EHLO erp.example").await;
    assert_eq!(extensions(&hello), [&first[..], &["AUTH LOGIN XOAUTH2"], &usual].concat());
    assert_eq!(client.xoauth2(ANNA, &token).await, "235 2.7.0 Authentication successful");
    let sender = format!("MAIL FROM:<{ANNA}> SIZE=12345 BODY=8BITMIME RET=HDRS ENVID=q1");
    assert_eq!(client.say(&sender).await, "250 2.1.0 Sender OK");
    for to in ["klant@example.com> NOTIFY=FAILURE ORCPT=rfc822;klant@example.com", "b@example.com>"] {
        assert_eq!(client.say(&format!("RCPT TO:<{to}")).await, "250 2.1.5 Recipient OK");
    }
    assert_eq!(client.say("DATA").await, "354 Start mail input; end with <CRLF>.<CRLF>");
    client.raw(MAIL).await;
    assert_eq!(client.say(".").await, format!("250 2.0.0 OK <4711@erp.example> [Hostname={HOST}]"));
    assert_eq!(client.say("QUIT").await, "221 2.0.0 Service closing transmission channel");
    assert!(client.rest().await.is_empty());

    let mail = &smtp.test.inbox().await[0];
    assert_eq!((&mail["route"], &mail["account"]), (&"smtp".into(), &ANNA.into()));
    assert_eq!(mail["from"], json!({ "address": ANNA, "name": "Anna Jansen" }));
    assert_eq!(mail["to"], json!([{ "address": CUSTOMER, "name": "Klant" }]));
    assert_eq!(mail["bcc"], json!([{ "address": "b@example.com", "name": null }]), "in no header");
    assert_eq!((&mail["subject"], &mail["saved_to_sent"]), (&"Factuur €".into(), &true.into()));
    assert_eq!(mail["text"].as_str().unwrap().trim(), "Dag\r\n.punt");
    let recipients = json!([CUSTOMER, "b@example.com"]);
    assert_eq!(mail["envelope"], json!({ "user": ANNA, "mail_from": ANNA, "rcpt_to": recipients }));
    let header = json!({ "name": "X-Erp", "value": "4711" });
    assert!(mail["headers"].as_array().unwrap().contains(&header), "{mail}");
    assert_eq!(
        (&mail["attachments"][0]["filename"], &mail["attachments"][0]["bytes"]),
        (&"a.pdf".into(), &3.into())
    );
    let raw = smtp.test.get(mail["raw"].as_str().unwrap()).await;
    assert_eq!(raw.text(), MAIL.replace("..punt", ".punt"));
    assert_eq!(raw.header("content-type"), "message/rfc822");
    let page = smtp.test.get("/inbox/1").await.text();
    assert!(page.contains(r#"id="envelope""#) && page.contains(r#"id="raw""#), "{page}");
}

#[tokio::test]
async fn tls_from_the_first_byte_several_mails_and_pipelining() {
    let mut smtp = Smtp::new().await;
    let token = smtp.token("anna");
    let stream = tokio::net::TcpStream::connect(smtp.implicit).await.unwrap();
    let mut client = Client::new(stream).upgrade(&smtp, "localhost").await.unwrap();
    assert_eq!(code(&client.reply().await), 220);
    assert!(client.say("EHLO erp.example").await.contains("AUTH LOGIN XOAUTH2"));
    assert_eq!(client.say("STARTTLS").await, "503 5.5.2 Only one STARTTLS command can be issued per session");
    starts(&client.say(&format!("AUTH XOAUTH2 {}", blob(ANNA, &token))).await, "235 2.7.0");
    for _ in 0..2 {
        client
            .raw(format!("MAIL FROM:<{ANNA}>\r\nRCPT TO:<a@example.com>\r\nRCPT TO:<nobody>\r\nDATA\r\n"))
            .await;
        for expected in [250, 250, 501, 354] {
            assert_eq!(code(&client.reply().await), expected);
        }
        client.raw(format!("{MESSAGE}.\r\nNOOP\r\nRSET\r\n")).await;
        for expected in ["250 2.0.0 OK <1@erp.example>", "250 2.0.0 OK", "250 2.0.0 Resetting"] {
            starts(&client.reply().await, expected);
        }
    }
    let mails = smtp.test.inbox().await;
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[1]["envelope"]["rcpt_to"], json!(["a@example.com"]));
}

#[tokio::test]
async fn what_is_out_of_order_is_refused() {
    let smtp = Smtp::new().await;
    let mut client = smtp.connect().await;
    client.reply().await;
    for (command, answer) in [
        ("MAIL FROM:<a@b.example>", "503 5.5.2 Send hello first"),
        ("STARTTLS", "503 5.5.2 Send hello first"),
        ("HELO erp.example", "250 SBX"),
        ("AUTH XOAUTH2", "530 5.7.3 STARTTLS is required to send mail"),
        ("MAIL FROM:<a@b.example>", "530 5.7.3 STARTTLS is required to send mail"),
        ("VRFY anna", "252 2.1.5"),
        ("BURL imap://x", "500 5.3.3"),
        ("STARTTLS now", "501 5.5.4"),
    ] {
        starts(&client.say(command).await, answer);
    }
    starts(&client.say(&format!("NOOP {}", "x".repeat(3000))).await, "500 5.5.2");
    client.raw("NOOP\n").await;
    starts(&client.reply().await, "501 5.5.4");

    let mut client = smtp.secure().await;
    starts(
        &client.say(&format!("MAIL FROM:<{ANNA}>")).await,
        "530 5.7.57 Client not authenticated to send mail. [SBX",
    );
    let mut client = smtp.signed_in("anna").await;
    for (command, answer) in [
        ("AUTH XOAUTH2", "503 5.5.2"),
        ("RCPT TO:<a@b.example>", "503 5.5.2 Need mail command"),
        ("DATA", "503 5.5.2 Need mail command"),
        ("MAIL FROM:<anna@bakkerijjansen.example> SIZE=157286401", "552 5.3.4"),
        ("MAIL FROM:<anna@bakkerijjansen.example> SIZE=many", "501 5.5.4"),
        ("MAIL FROM:<anna@bakkerijjansen.example> BODY=BINARYMIME", "555 5.5.4"),
        ("MAIL FROM:<anna@bakkerijjansen.example> COLOUR=red", "555 5.5.4"),
        ("MAIL FROM:<ännä@bakkerijjansen.example>", "553 5.6.7"),
        ("MAIL FROM:<anna@bakkerijjansen.example>", "250 2.1.0"),
        ("MAIL FROM:<anna@bakkerijjansen.example>", "503 5.5.2 Sender already specified"),
        ("DATA", "503 5.5.2 Need rcpt command"),
        ("RCPT TO:<jürgen@b.example>", "553 5.6.7"),
        ("RSET", "250 2.0.0"),
        ("DATA", "503 5.5.2 Need mail command"),
    ] {
        starts(&client.say(command).await, answer);
    }
    client.raw("BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n").await;
    starts(&client.reply().await, "502 5.3.3");
    starts(&client.reply().await, "250 2.0.0 OK");
}

#[tokio::test]
async fn what_comes_before_tls_is_forgotten() {
    let smtp = Smtp::new().await;
    let mut client = smtp.connect().await;
    client.reply().await;
    client.say("EHLO erp.example").await;
    client.raw("STARTTLS\r\nNOOP\r\nNOOP\r\n").await;
    starts(&client.reply().await, "220 2.0.0");
    let mut client = client.upgrade(&smtp, "localhost").await.unwrap();
    assert!(client.silent().await);
    assert_eq!(code(&client.say("EHLO erp.example").await), 250);
}

#[tokio::test]
async fn five_hundred_recipients_and_no_more() {
    let smtp = Smtp::new().await;
    let mut client = smtp.signed_in("anna").await;
    client.say(&format!("MAIL FROM:<{ANNA}>")).await;
    let all: Vec<String> = (0..501).map(|number| format!("RCPT TO:<k{number}@example.com>\r\n")).collect();
    client.raw(all.concat()).await;
    for number in 0..501 {
        let expected = if number < 500 { 250 } else { 452 };
        assert_eq!(code(&client.reply().await), expected, "{number}");
    }
}

#[tokio::test]
async fn graph_mails_have_no_envelope() {
    let mut test = crate::testing::Test::new();
    test.sandbox.store().inbox.receive(crate::testing::mail());
    assert_eq!(test.get("/inbox/1/raw").await.status.as_u16(), 404);
    assert_eq!(test.inbox().await[0]["envelope"], Value::Null);
}
