//! Mail that we write, read back by two parsers that nobody here wrote: `mail-parser` and Python's `email`.
//!
//! Both must find what went in: subject, addresses with names, and each part's type, file name, content id and SHA-256.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod expected;
mod generate;
mod python;
mod rust;

use mail::fixtures::{self, Input};
use mail::{Bcc, Message, MimeFrame, RawMessage};
use proptest::prelude::*;

fn frame(boundary: [u8; 16], bcc: Bcc) -> MimeFrame {
    MimeFrame {
        message_id: "01hx.4711@mail.example.nl".parse().unwrap(),
        date: api::Timestamp::from_millis(1_795_459_200_123),
        boundary,
        bcc,
    }
}

/// Writes a message and asks both parsers.
fn check(message: &Message, frame: &MimeFrame) {
    let mime = message.to_mime(frame);
    check_lines(&mime);
    assert_eq!(message.mime_bytes(frame), mime.len(), "counted and written");
    assert_eq!(message.to_mime(frame), mime, "the same message in the same frame");
    let expected = expected::of(message, frame);
    let shown = || String::from_utf8_lossy(&mime).into_owned();
    let seen = rust::read(&mime);
    assert_eq!(seen, expected, "mail-parser (left) reads otherwise:\n{}", shown());
    let seen = python::read(&mime);
    assert_eq!(seen, expected, "Python (left) reads otherwise:\n{}", shown());
}

/// What SMTP asks of every message (RFC 5321 sections 2.3.8 and 4.5.3.1.6), and RFC 5322 of its header section.
fn check_lines(mime: &[u8]) {
    let lines: Vec<&[u8]> = mime.split(|byte| *byte == b'\n').collect();
    let (last, lines) = lines.split_last().unwrap();
    assert!(last.is_empty(), "the last line has no end");
    let mut in_head = true;
    for line in lines {
        let line = line.strip_suffix(b"\r").expect("a bare LF");
        assert!(!line.contains(&b'\r'), "a bare CR");
        assert!(!line.contains(&0), "a NUL");
        assert!(line.len() <= 998, "{} octets in a line", line.len());
        assert!(line.is_ascii(), "8-bit content");
        in_head &= !line.is_empty();
        if in_head {
            assert!(
                line.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~')),
                "a control character in the head"
            );
        }
    }
}

#[test]
fn the_real_messages_arrive() {
    let (from, to) = ("planning@example.nl", "klant@example.com");
    let mut names = Vec::new();
    for fixture in fixtures::all(from, to) {
        names.push(fixture.name);
        match fixture.input {
            Input::Json(wire) => check(&Message::read(*wire).unwrap(), &frame([7; 16], Bcc::Dropped)),
            Input::Raw(bytes) => check_raw(&bytes),
        }
    }
    assert_eq!(names.len(), 6, "{names:?}");
    let scan = Message::read(fixtures::scan(from, to, 4_000_000)).unwrap();
    assert_eq!(scan.bytes(), 4_000_000 + "Zie bijlage.\n".len() as u64);
    check(&scan, &frame([7; 16], Bcc::Dropped));
}

/// A caller's own message means the same without its Bcc.
fn check_raw(bytes: &[u8]) {
    let message = RawMessage::read(bytes.to_vec()).unwrap();
    assert_eq!(message.as_bytes(), bytes);
    assert_eq!(message.from().as_str(), "planning@example.nl");
    let recipients: Vec<_> = message.recipients().iter().map(mail::EmailAddress::as_str).collect();
    assert_eq!(recipients, ["klant@example.com", "archive@fixture.example", "audit@fixture.example"]);
    let sent = message.for_smtp();
    check_lines(&sent);
    for read in [rust::read, python::read] {
        let mut expected = read(bytes);
        expected["addresses"]["bcc"] = serde_json::json!([]);
        assert_eq!(read(&sent), expected);
    }
    assert_eq!(rust::read(&sent)["parts"][1], python::read(&sent)["parts"][1]);
    assert_eq!(rust::read(&sent)["subject"], "Aanmaning – factuur 2026-0017");
}

proptest! {
    // PROPTEST_CASES=20000 for a long look.
    #[test]
    fn whatever_is_sent_is_read(message in generate::message(), boundary: [u8; 16], kept: bool) {
        check(&message, &frame(boundary, if kept { Bcc::Kept } else { Bcc::Dropped }));
    }
}
