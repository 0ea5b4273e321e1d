//! The facts that ADR 0012 rests on. When a newer version makes one of these fail, the decision deserves another look.

use futures_util::FutureExt as _;
use smtp_proto::response::parser::ResponseReceiver;
use wasm_smtp::protocol::DotStufferState;
use wasm_smtp::{SmtpClient, SmtpError};

use crate::oracle::{Canned, sent};

/// A conversation of theirs without signing in, as far as its error, and what was written.
fn theirs(
    ehlo: &str,
    recipients: &[&str],
    replies: &[&str],
    xoauth2: bool,
) -> (Result<(), SmtpError>, String) {
    let written = std::rc::Rc::default();
    let replies = ["220 x\r\n", ehlo].iter().chain(replies).map(|reply| reply.as_bytes().to_vec()).collect();
    let transport = Canned { replies, written: std::rc::Rc::clone(&written) };
    let conversation = async {
        let mut client = SmtpClient::connect(transport, "mail.example.com").await?;
        if xoauth2 {
            client.login_xoauth2("erp@contoso.com", &"t".repeat(2500)).await?;
        }
        client.send_mail_bytes("erp@contoso.com", recipients, b"x\r\n").await.map(drop)
    };
    let result = conversation.now_or_never().unwrap();
    (result, String::from_utf8(written.take()).unwrap())
}

#[test]
fn wasm_smtp_stops_at_the_first_refused_recipient() {
    let replies = ["250 ok\r\n", "550 gone\r\n", "250 ok\r\n"];
    let (result, written) = theirs("250 x\r\n", &["gone@b.nl", "here@b.nl"], &replies, false);
    assert!(result.is_err() && !written.contains("here@b.nl"));
}

#[test]
fn wasm_smtp_has_data_in_flight_when_nobody_is_left() {
    let replies = ["250 ok\r\n", "550 gone\r\n", "354 go\r\n"];
    let (result, written) = theirs("250-x\r\n250 PIPELINING\r\n", &["gone@b.nl"], &replies, false);
    assert!(result.is_err() && written.ends_with("DATA\r\n"));
}

#[test]
fn wasm_smtp_sends_a_token_in_the_first_line() {
    let (_, written) = theirs("250-x\r\n250 AUTH XOAUTH2\r\n", &["a@b.nl"], &["235 in\r\n"], true);
    let line = written.lines().find(|line| line.starts_with("AUTH")).unwrap();
    assert!(line.len() > 3000);
}

#[test]
fn wasm_smtp_does_not_say_the_size() {
    let (_, written) = theirs("250-x\r\n250 SIZE 1\r\n", &["a@b.nl"], &["250 ok\r\n"], false);
    assert!(written.contains("MAIL FROM:<erp@contoso.com>\r\n"));
}

#[test]
fn wasm_smtp_takes_an_unasked_answer_for_the_next() {
    let replies = ["250 ok\r\n", "250 ok\r\n", "354 go\r\n250 injected\r\n"];
    let (result, _) = theirs("250 x\r\n", &["a@b.nl"], &replies, false);
    assert!(result.is_ok(), "handed over, it says");
}

#[test]
fn their_stuffing_lets_a_bare_line_feed_through() {
    let theirs = DotStufferState::new().process_chunk(b"a\n.\r\nMAIL FROM:<x@y.nl>\r\n");
    assert!(theirs.starts_with(b"a\n.\r\n"));
    assert_eq!(sent(b"a\n.\r\n", 9), b"a\r\n..\r\n.\r\n");
}

#[test]
fn smtp_proto_loses_codes_above_255_and_mixed_replies() {
    let read = |text: &str| ResponseReceiver::default().parse(&mut text.as_bytes().iter());
    let throttled = read("451 4.7.500 Server busy\r\n").unwrap();
    assert_ne!(throttled.esc[2].to_string(), "500");
    assert!(read("250-a\r\n550 b\r\n").is_ok(), "one reply with two codes");
}
