//! Who may sign in, and who may send as whom (sections 6.3 to 6.7).

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use super::{ANNA, FACTUREN, MESSAGE, Smtp, code, starts};
use crate::{
    scopes::{MAIL_SEND, Resource},
    smtp::reply::HOST,
};

async fn sign_in(smtp: &Smtp, user: &str, token: &str) -> String {
    smtp.secure().await.xoauth2(user, token).await
}

#[tokio::test]
async fn a_token_must_be_for_smtp_fresh_and_of_this_user() {
    let smtp = Smtp::new().await;
    let refused = format!("535 5.7.3 Authentication unsuccessful [{HOST}]");
    let good = smtp.token("anna");
    let graph = smtp.token_for("anna", &[MAIL_SEND], Resource::Graph);
    let without = smtp.token_for("anna", &[], Resource::Outlook);
    for (user, token) in [
        (ANNA, graph.as_str()),
        (ANNA, &without),
        (ANNA, "x.y.z"),
        ("beheer@bakkerijjansen.example", &good),
        ("iemand@elders.example", &good),
        // Facturen has no right to Anna.
        (ANNA, &smtp.token("facturen")),
    ] {
        assert_eq!(sign_in(&smtp, user, token).await, refused, "{user}");
    }
    // A shared mailbox, the own alias, another case; and after a refusal the connection goes on.
    assert_eq!(code(&sign_in(&smtp, FACTUREN, &good).await), 235);
    assert_eq!(code(&sign_in(&smtp, "Verkoop@bakkerijjansen.example", &smtp.token("facturen")).await), 235);
    let mut client = smtp.secure().await;
    assert_eq!(client.xoauth2(ANNA, &graph).await, refused);
    starts(&client.say("MAIL FROM:<a@b.example>").await, "530 5.7.57");
    assert_eq!(code(&client.xoauth2(ANNA, &good).await), 235);
    smtp.test.sandbox.clock.advance(3600);
    assert_eq!(sign_in(&smtp, ANNA, &good).await, refused);
}

#[tokio::test]
async fn what_is_no_xoauth2_string_is_said_so() {
    let smtp = Smtp::new().await;
    let mut client = smtp.secure().await;
    for bad in ["=", "!", "dXNlcj1hbm5h"] {
        starts(&client.say(&format!("AUTH XOAUTH2 {bad}")).await, "501 5.5.124");
    }
    assert_eq!(client.say("AUTH XOAUTH2").await, "334");
    starts(&client.say("*").await, "501 5.7.0");
    starts(&client.say("AUTH CRAM-MD5").await, "504 5.7.4");
    starts(&client.say(&format!("AUTH XOAUTH2 {}", "A".repeat(12_300))).await, "500 5.5.2");
}

#[tokio::test]
async fn switches_say_which_they_are() {
    let mut smtp = Smtp::new().await;
    let token = smtp.token("anna");
    smtp.tenant(json!({ "smtp_auth_disabled": true })).await;
    let text = sign_in(&smtp, ANNA, &token).await;
    starts(
        &text,
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit \
         https://aka.ms/smtp_auth_disabled",
    );
    // The mailbox's own setting wins, either way.
    smtp.account(ANNA, json!({ "smtp_auth_disabled": false })).await;
    assert_eq!(code(&sign_in(&smtp, ANNA, &token).await), 235);
    smtp.tenant(json!({ "smtp_auth_disabled": false })).await;
    smtp.account(ANNA, json!({ "smtp_auth_disabled": true })).await;
    assert!(sign_in(&smtp, ANNA, &token).await.contains("is disabled for the Mailbox."));
    smtp.account(ANNA, json!({ "smtp_auth_disabled": null, "smtp_conditional_access": true })).await;
    let text = sign_in(&smtp, ANNA, &token).await;
    starts(&text, "535 5.7.139 Authentication unsuccessful, the request did not meet the criteria");
    smtp.account(ANNA, json!({ "smtp_conditional_access": false })).await;
    smtp.settings(json!({ "smtp_json_challenge": true })).await;
    assert_eq!(code(&sign_in(&smtp, ANNA, &token).await), 235);
    let mut client = smtp.secure().await;
    let challenge = client.xoauth2(ANNA, "x").await;
    let json = STANDARD.decode(challenge.strip_prefix("334 ").unwrap()).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!((&json["status"], &json["schemes"]), (&"401".into(), &"bearer".into()));
    starts(&client.say("").await, "535 5.7.3");
}

#[tokio::test]
async fn passwords_are_of_no_use() {
    let mut smtp = Smtp::new().await;
    let disabled = "535 5.7.139 Authentication unsuccessful, basic authentication is disabled";
    let (name, word) = (STANDARD.encode(ANNA), STANDARD.encode("brood"));
    let mut client = smtp.secure().await;
    assert_eq!(client.say("AUTH LOGIN").await, "334 VXNlcm5hbWU6");
    assert_eq!(client.say(&name).await, "334 UGFzc3dvcmQ6");
    starts(&client.say(&word).await, disabled);
    assert_eq!(client.say(&format!("AUTH LOGIN {name}")).await, "334 UGFzc3dvcmQ6");
    starts(&client.say(&word).await, disabled);
    let plain = STANDARD.encode(format!("\0{ANNA}\0brood"));
    starts(&client.say(&format!("AUTH PLAIN {plain}")).await, disabled);
    smtp.tenant(json!({ "smtp_basic": "retired" })).await;
    let retired = "550 5.7.30 Basic authentication is not supported for Client Submission.";
    assert_eq!(client.say(&format!("AUTH PLAIN {plain}")).await, retired);
}

#[tokio::test]
async fn passwords_are_looked_at_where_an_administrator_wants_it() {
    let mut smtp = Smtp::new().await;
    smtp.tenant(json!({ "smtp_basic": "enabled" })).await;
    let mut client = smtp.secure().await;
    let plain = |password: &str| STANDARD.encode(format!("\0{ANNA}\0{password}"));
    starts(&client.say(&format!("AUTH PLAIN {}", plain("fout"))).await, "535 5.7.3");
    let password = "brood";
    starts(&client.say(&format!("AUTH PLAIN {}", plain(password))).await, "235 2.7.0");
}

#[tokio::test]
async fn a_sender_must_be_the_accounts_to_use() {
    let mut smtp = Smtp::new().await;
    let foreign = MESSAGE.replace(ANNA, "beheer@bakkerijjansen.example");
    let shared = MESSAGE.replace(ANNA, "verkoop@bakkerijjansen.example");
    let mut client = smtp.signed_in("anna").await;
    // As herself and as the mailbox she has Send As on, by its alias too.
    assert_eq!(code(&client.send(ANNA, MESSAGE).await), 250);
    assert_eq!(code(&client.send(FACTUREN, &shared).await), 250);
    let denied =
        format!("554 5.2.252 SendAsDenied; {ANNA} not allowed to send as beheer@bakkerijjansen.example;");
    starts(&client.send(ANNA, &foreign).await, &denied);
    starts(&client.send("beheer@bakkerijjansen.example", MESSAGE).await, &denied);
    let sender = format!("Sender: beheer@bakkerijjansen.example\r\n{MESSAGE}");
    starts(&client.send(ANNA, &sender).await, &denied);
    for second in [
        format!("From: beheer@bakkerijjansen.example\r\n{MESSAGE}"),
        foreign.replace("To:", &format!("From: {ANNA}\r\nTo:")),
    ] {
        starts(&client.send(ANNA, &second).await, &denied);
    }
    starts(&client.send("", MESSAGE).await, "554 5.2.252");
    smtp.settings(json!({ "smtp_send_as_denied": "5.7.60" })).await;
    let early = "550 5.7.60 SMTP; Client does not have permissions to send as this sender";
    assert_eq!(client.say("MAIL FROM:<beheer@bakkerijjansen.example>").await, early);
    assert_eq!(client.send(ANNA, &foreign).await, early);
    // Signed in as the shared mailbox.
    let mut client = smtp.secure().await;
    assert_eq!(code(&client.xoauth2(FACTUREN, &smtp.token("anna")).await), 235);
    assert_eq!(code(&client.send(FACTUREN, &MESSAGE.replace(ANNA, FACTUREN)).await), 250);
    let mails = smtp.test.inbox().await;
    assert_eq!(mails.len(), 3);
    assert_eq!((&mails[2]["account"], &mails[2]["from"]["address"]), (&ANNA.into(), &FACTUREN.into()));
    assert_eq!(mails[2]["envelope"]["user"], FACTUREN);
}

#[tokio::test]
async fn three_connections_at_a_time() {
    let mut smtp = Smtp::new().await;
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(smtp.signed_in("anna").await);
    }
    // Another mailbox has its own three.
    let mut other = smtp.signed_in("facturen").await;
    assert_eq!(code(&other.send(FACTUREN, &MESSAGE.replace(ANNA, FACTUREN)).await), 250);
    for client in &mut clients[..3] {
        assert_eq!(code(&client.send(ANNA, MESSAGE).await), 250);
    }
    starts(&clients[3].send(ANNA, MESSAGE).await, "432 4.3.2 Concurrent connections limit exceeded.");
    clients[0].say("QUIT").await;
    clients[0].rest().await;
    assert_eq!(code(&clients[3].send(ANNA, MESSAGE).await), 250);
    let sessions = smtp.test.get(&format!("/sandbox/accounts/{ANNA}/smtp-sessions")).await.json();
    assert_eq!(sessions, json!({ "signed_in": 4, "at_once": 4 }));
    assert_eq!(smtp.test.get("/sandbox/accounts/nobody@a.example/smtp-sessions").await.status.as_u16(), 404);
}

#[tokio::test]
async fn thirty_a_minute_when_asked_for() {
    let mut smtp = Smtp::new().await;
    smtp.settings(json!({ "smtp_messages_per_minute": 2 })).await;
    let mut client = smtp.signed_in("anna").await;
    for _ in 0..2 {
        assert_eq!(code(&client.send(ANNA, MESSAGE).await), 250);
    }
    starts(&client.say(&format!("MAIL FROM:<{ANNA}>")).await, "421 4.4.2 Message submission rate");
    assert!(client.rest().await.is_empty());
    smtp.test.sandbox.clock.advance(60);
    let mut client = smtp.signed_in("anna").await;
    assert_eq!(code(&client.send(ANNA, MESSAGE).await), 250);
}

#[tokio::test]
async fn a_full_mailbox_and_a_used_up_quota() {
    let mut smtp = Smtp::new().await;
    let mut client = smtp.signed_in("anna").await;
    smtp.account(ANNA, json!({ "smtp_mailbox_full": true })).await;
    starts(&client.send(ANNA, MESSAGE).await, "554 5.2.2 mailbox full; STOREDRV.Submission");
    smtp.account(ANNA, json!({ "smtp_mailbox_full": false, "smtp_quota_exceeded": true })).await;
    let quota = "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException";
    starts(&client.send(ANNA, MESSAGE).await, quota);
    assert!(smtp.test.inbox().await.is_empty());
}
