//! Whatever an ERP writes into the fields of a message: another parser finds the same in the MIME.
#![no_main]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a fuzz target fails by panicking")]

use api::{Attachment, SendMessage, Timestamp};
use libfuzzer_sys::fuzz_target;
use mail::{Bcc, Message, MimeFrame};
use mail_parser::{MessageParser, MimeHeaders as _};

fuzz_target!(|text: &str| {
    let mut fields = text.split('\0').map(str::to_owned);
    let mut next = || fields.next().unwrap_or_default();
    let (subject, name, body, filename, header) = (next(), next(), next(), next(), next());
    let wire = SendMessage {
        from: format!("\"{}\" <a@b.nl>", name.replace(['"', '\\'], "")),
        to: api::Recipients::Text("k@c.nl".to_owned()),
        subject: subject.clone(),
        text: Some(body.clone()),
        attachments: vec![Attachment {
            filename: filename.clone(),
            content: "JVBERg==".to_owned(),
            content_type: Some("application/pdf".to_owned()),
            content_id: None,
        }],
        headers: [("x-erp".to_owned(), header)].into(),
        ..SendMessage::default()
    };
    let Ok(message) = Message::read(wire) else { return };
    // As random as it is outside: a fixed one would be found, and written into the body.
    let [boundary @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
        gateway::sealing::sha256(text.as_bytes());
    let frame = MimeFrame {
        message_id: "1@b.nl".parse().unwrap_or_else(|error| panic!("{error}")),
        date: Timestamp::from_millis(1_795_459_200_000),
        boundary,
        bcc: Bcc::Dropped,
    };
    let mime = message.to_mime(&frame);
    assert!(mime.is_ascii(), "seven bits");
    let longest = mime.split(|byte| *byte == b'\n').map(<[u8]>::len).max();
    assert!(longest <= Some(999), "RFC 5322 section 2.1.1: 998 octets before CR LF");
    assert!(!mime.windows(2).any(|pair| matches!(pair, [other, b'\n'] if *other != b'\r')), "no bare LF");

    let read = MessageParser::new().parse(&mime).unwrap();
    let collapse = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(collapse(read.subject().unwrap_or_default()), collapse(&subject));
    let names: Vec<_> = read.attachments().filter_map(|part| part.attachment_name()).map(collapse).collect();
    assert_eq!(names, [collapse(&filename)]);
    let lines = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n").trim_end_matches('\n').to_owned();
    assert_eq!(lines(&read.body_text(0).unwrap_or_default()), lines(&body));
});
