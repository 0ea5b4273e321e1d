use api::Timestamp;
use serde_json::{Value, json};

use super::*;

fn frame() -> MimeFrame {
    MimeFrame {
        message_id: "01hx@mail.example.nl".parse().unwrap(),
        date: Timestamp::from_millis(1_795_459_200_123),
        boundary: [0xab; 16],
        bcc: Bcc::Dropped,
    }
}

/// A message from a few fields, with the rest filled in.
#[expect(clippy::needless_pass_by_value, reason = "tests write `json!` in place")]
fn message(fields: Value) -> Message {
    let mut wire = json!({"from": "facturen@example.nl", "to": "klant@example.com", "subject": "Factuur"});
    wire.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    Message::read(serde_json::from_value(wire).unwrap()).unwrap()
}

fn mime(fields: Value) -> String {
    String::from_utf8(message(fields).to_mime(&frame())).unwrap()
}

/// Content types in the order they are written, indented by nothing: enough to see the shape.
fn shape(fields: Value) -> Vec<String> {
    let mime = mime(fields);
    let types = mime.split("\r\n").filter_map(|line| line.strip_prefix("Content-Type: "));
    types.map(|value| value.split(';').next().unwrap().to_owned()).collect()
}

#[test]
fn a_plain_message_in_full() {
    let text = mime(json!({
        "from": "Café Zoë <facturen@example.nl>", "cc": ["\"Jansen, Anna\" <anna@example.com>", "b@example.com"],
        "bcc": "geheim@example.com", "reply_to": "verkoop@example.nl", "subject": "Factuur 2026-0042 – één dag",
        "text": "Beste klant,\n.\nTot ziens", "headers": {"x-erp-document": "INV-4711"}, "importance": "high"
    }));
    assert_eq!(
        text,
        "Date: Mon, 23 Nov 2026 18:40:00 +0000\r\n\
         From: =?utf-8?B?Q2Fmw6kgWm/Dqw==?= <facturen@example.nl>\r\n\
         Reply-To: <verkoop@example.nl>\r\n\
         To: <klant@example.com>\r\n\
         Cc: \"Jansen, Anna\" <anna@example.com>,\r\n <b@example.com>\r\n\
         Subject: =?utf-8?B?RmFjdHV1ciAyMDI2LTAwNDIg4oCTIMOpw6luIGRhZw==?=\r\n\
         Message-ID: <01hx@mail.example.nl>\r\n\
         Importance: high\r\n\
         X-Priority: 1\r\n\
         x-erp-document: INV-4711\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=\"utf-8\"\r\n\
         Content-Transfer-Encoding: 7bit\r\n\
         \r\n\
         Beste klant,\r\n.\r\nTot ziens\r\n"
    );
}

#[test]
fn a_file_has_its_name_in_both_forms() {
    let text = mime(json!({
        "text": "Zie bijlage", "attachments": [{"filename": "Offerte Café.pdf", "content": "AAECAw=="}]
    }));
    let (_, body) = text.split_once("Content-Type: multipart/mixed;\r\n").unwrap();
    assert_eq!(
        body,
        " boundary=\"=_abababababababababababababababab_1p\"\r\n\
         \r\n\
         --=_abababababababababababababababab_1p\r\n\
         Content-Type: text/plain; charset=\"utf-8\"\r\n\
         Content-Transfer-Encoding: 7bit\r\n\
         \r\n\
         Zie bijlage\r\n\
         \r\n\
         --=_abababababababababababababababab_1p\r\n\
         Content-Type: application/pdf;\r\n \
         name=\"=?utf-8?B?T2ZmZXJ0ZSBDYWbDqS5wZGY=?=\"\r\n\
         Content-Disposition: attachment; filename*=UTF-8''Offerte%20Caf%C3%A9.pdf\r\n\
         Content-Transfer-Encoding: base64\r\n\
         \r\n\
         AAECAw==\r\n\
         \r\n\
         --=_abababababababababababababababab_1p--\r\n"
    );
}

#[test]
fn each_part_stands_where_readers_look_for_it() {
    let image = json!({"filename": "logo.png", "content": "AAAA", "content_id": "logo"});
    let pdf = json!({"filename": "f.pdf", "content": "AAAA"});
    let calendar = "QkVHSU46VkNBTEVOREFSCk1FVEhPRDpSRVFVRVNUCg==";
    let invitation = json!({"filename": "invite.ics", "content": calendar});
    let all = json!([image, pdf, invitation]);

    assert_eq!(shape(json!({"text": "t"})), ["text/plain"]);
    assert_eq!(shape(json!({"html": "<p>"})), ["text/html"]);
    assert_eq!(
        shape(json!({"text": "t", "html": "h"})),
        ["multipart/alternative", "text/plain", "text/html"]
    );
    assert_eq!(
        shape(json!({"html": "h", "attachments": [image]})),
        ["multipart/related", "text/html", "image/png"]
    );
    // Nothing shows it without HTML.
    assert_eq!(
        shape(json!({"text": "t", "attachments": [image]})),
        ["multipart/mixed", "text/plain", "image/png"]
    );
    assert_eq!(
        shape(json!({"text": "t", "html": "h", "attachments": all})),
        [
            "multipart/mixed",
            "multipart/alternative",
            "text/plain",
            "multipart/related",
            "text/html",
            "image/png",
            "text/calendar",
            "application/pdf"
        ]
    );
}

#[test]
fn an_invitation_is_another_form_of_the_message() {
    let calendar = "QkVHSU46VkNBTEVOREFSCk1FVEhPRDpSRVFVRVNUCg==";
    let one = json!({"filename": "invite.ics", "content": calendar});
    let asked = json!({"text": "t", "attachments": [one, one]});
    let text = mime(asked.clone());
    assert!(
        text.contains(
            "Content-Type: text/calendar; charset=\"utf-8\"; method=REQUEST;\r\n name=\"invite.ics\""
        ),
        "{text}"
    );
    // A message asks one question; the second is a file.
    assert_eq!(text.matches("method=").count(), 1);
    assert_eq!(text.matches("Content-Disposition: attachment").count(), 1);
    assert!(message(asked).has_invitation());
    let published = json!({"attachments": [{"filename": "a.ics", "content": "QkVHSU46VkNBTEVOREFSCg=="}]});
    assert!(!message(published).has_invitation());
}

#[test]
fn a_message_as_a_file_is_bytes() {
    let file = json!({"filename": "oud.eml", "content": "AAAA", "content_type": "message/rfc822"});
    assert_eq!(
        shape(json!({"attachments": [file]})),
        ["multipart/mixed", "text/plain", "application/octet-stream"]
    );
}

#[test]
fn bcc_is_kept_for_graph_only() {
    let hidden = message(json!({"to": [], "bcc": "geheim@example.com"}));
    let text = |bcc| String::from_utf8(hidden.to_mime(&MimeFrame { bcc, ..frame() })).unwrap();
    assert!(!text(Bcc::Dropped).contains("geheim"));
    assert!(text(Bcc::Dropped).contains("\r\nTo: undisclosed-recipients:;\r\n"));
    assert!(text(Bcc::Kept).contains("\r\nBcc: <geheim@example.com>\r\n"));
    assert_eq!(hidden.recipients().count(), 1);
}

#[test]
fn text_that_looks_encoded_is_encoded() {
    let text = mime(json!({"subject": "=?utf-8?Q?a?=", "to": "\"=?utf-8?Q?b?=\" <c@d.nl>"}));
    assert!(text.contains("\r\nSubject: =?utf-8?B?PT91dGYtOD9RP2E/PQ==?=\r\n"), "{text}");
    assert!(text.contains("\r\nTo: =?utf-8?B?PT91dGYtOD9RP2I/PQ==?=\r\n <c@d.nl>\r\n"), "{text}");
}

#[test]
fn the_erps_own_priority_wins() {
    let text = mime(json!({"importance": "low", "headers": {"X-PRIORITY": "3"}}));
    assert!(text.contains("Importance: low\r\nX-PRIORITY: 3\r\n"), "{text}");
}

#[test]
fn only_addresses_ask_for_smtputf8() {
    assert!(!message(json!({"subject": "é", "to": "Zoë <zoe@example.nl>"})).needs_smtputf8());
    assert!(message(json!({"bcc": "zoë@example.nl"})).needs_smtputf8());
    assert!(message(json!({"reply_to": "a@café.nl"})).needs_smtputf8());
    assert!(mime(json!({"to": "zoë@example.nl"})).contains("\r\nTo: <zoë@example.nl>\r\n"));
}
