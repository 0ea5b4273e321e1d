//! Messages as no ERP writes them, but could.

use std::collections::BTreeMap;

use api::{Importance, Recipients, SendMessage};
use base64::Engine as _;
use mail::Message;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

/// Any message that [`Message::read`] takes.
pub(crate) fn message() -> impl Strategy<Value = Message> {
    let importance = prop_oneof![Just(None), Just(Some(Importance::Low)), Just(Some(Importance::High))];
    let bodies = (option::of(body()), option::of(body()));
    let head = (mailbox(), mailboxes(), mailboxes(), mailboxes(), mailboxes(), line(0..80));
    let rest = (bodies, vec(attachment(), 0..4), option::of(invitation()), headers(), importance);
    (head, rest).prop_map(|((from, to, cc, bcc, reply_to, subject), rest)| {
        let ((text, html), mut attachments, invitation, headers, importance) = rest;
        attachments.extend(invitation);
        let to = if to.is_empty() { vec!["klant@example.com".to_owned()] } else { to };
        let [to, cc, bcc, reply_to] = [to, cc, bcc, reply_to].map(Recipients::List);
        Message::read(SendMessage {
            from,
            to,
            cc,
            bcc,
            reply_to,
            subject,
            text,
            html,
            attachments,
            headers,
            importance,
            save_to_sent: None,
            reference: None,
            idempotency_key: None,
            scheduled_at: None,
        })
        .expect("the generator keeps to the rules")
    })
}

/// One line: any Unicode but control characters, and what parsers stumble over.
fn line(pieces: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[^\\p{Cc}]",
        4 => "[a-zA-Z0-9 ]{1,12}",
        1 => "[ \"\\\\'(),:;<>@\\[\\]=?_%*.&/]",
        1 => prop_oneof![
            Just("=?utf-8?Q?x?="), Just("=?"), Just("?="), Just("請求書"), Just("één"), Just("👩‍👩‍👧"), Just("  "),
            Just("factuur"), Just("\u{2028}"), Just("\u{feff}"), Just("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ].prop_map(str::to_owned),
    ];
    vec(piece, pieces).prop_map(|pieces| pieces.concat().chars().take(255).collect::<String>())
}

fn mailbox() -> impl Strategy<Value = String> {
    let address = prop_oneof![
        6 => "[a-z0-9]{1,20}(\\.[a-z+_-]{1,8})?@[a-z]{1,20}\\.(nl|example\\.com)",
        1 => "[a-z]{60}@[a-z]{60}\\.nl",
    ];
    (option::of(prop_oneof![9 => line(0..30), 1 => "[a-zé]{900,1500}"]), address).prop_map(
        |(name, address)| match name {
            None => address,
            Some(name) => format!("\"{}\" <{address}>", name.replace('\\', "\\\\").replace('"', "\\\"")),
        },
    )
}

fn mailboxes() -> impl Strategy<Value = Vec<String>> {
    vec(mailbox(), 0..4)
}

/// A text with every control character and mix of line ends.
fn body() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        2 => any::<char>().prop_map(String::from),
        3 => "[a-z ]{0,30}",
        1 => (0_u8..32).prop_map(|byte| char::from(byte).to_string()),
        4 => prop_oneof![Just("\r\n"), Just("\n"), Just("\r"), Just("\n\r"), Just("\r\r\n")].prop_map(str::to_owned),
        2 => prop_oneof![
            Just("."), Just(".."), Just("\r\n.\r\n"), Just("\n--=_"), Just("--"), Just("=3D"), Just("From "), Just(" "),
            Just("\t"), Just("="), Just("éé"), Just("ありがとう"),
        ].prop_map(str::to_owned),
        1 => (900_usize..1200).prop_map(|length| "x".repeat(length)),
    ];
    vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

fn attachment() -> impl Strategy<Value = api::Attachment> {
    let filename = line(1..60).prop_map(|name| if name.is_empty() { "f".to_owned() } else { name });
    let content_type = prop_oneof![
        Just(None),
        Just(Some("image/png".to_owned())),
        Just(Some("application/pdf".to_owned())),
        Just(Some("text/csv".to_owned())),
        Just(Some("text/plain".to_owned())),
        "application/[a-z+.-]{1,127}".prop_map(Some),
    ];
    let content_id = option::of("[a-z0-9._@+-]{1,60}");
    (filename, vec(any::<u8>(), 0..300), content_type, content_id).prop_map(
        |(filename, bytes, content_type, content_id)| {
            // `mail-parser` makes text of every text, so a text must be one.
            let bytes = match &content_type {
                Some(text) if text.starts_with("text/") => {
                    String::from_utf8_lossy(&bytes).into_owned().into_bytes()
                }
                _ => bytes,
            };
            let content_type = Some(content_type.unwrap_or_else(|| "application/octet-stream".to_owned()));
            let content = base64::engine::general_purpose::STANDARD.encode(bytes);
            api::Attachment { filename, content, content_type, content_id }
        },
    )
}

fn invitation() -> impl Strategy<Value = api::Attachment> {
    line(0..10).prop_map(|summary| api::Attachment {
        filename: "uitnodiging.ics".to_owned(),
        content: base64::engine::general_purpose::STANDARD
            .encode(format!("BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:{summary}\r\n")),
        content_type: None,
        content_id: None,
    })
}

fn headers() -> impl Strategy<Value = BTreeMap<String, String>> {
    btree_map("x-[a-oq-z][a-z-]{0,40}", line(0..30).prop_map(|value| value.chars().take(230).collect()), 0..5)
}
