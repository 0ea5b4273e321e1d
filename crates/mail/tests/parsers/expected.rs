//! What both parsers must see, said once more and in another way than the code under test says it.

use base64::Engine as _;
use mail::{Attachment, Bcc, Body, Correspondent, Message, MimeFrame};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// What a reader must see of a message.
pub(crate) fn of(message: &Message, frame: &MimeFrame) -> Value {
    let bcc = if frame.bcc == Bcc::Kept { addresses(&message.bcc) } else { json!([]) };
    json!({
        "subject": message.subject,
        "message_id": format!("{}", frame.message_id),
        "date": frame.date.seconds(),
        "headers": headers(message),
        "addresses": {
            "from": addresses(std::slice::from_ref(&message.from)), "reply-to": addresses(&message.reply_to),
            "to": addresses(&message.to), "cc": addresses(&message.cc), "bcc": bcc,
        },
        "parts": parts(message),
    })
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}

fn addresses(list: &[Correspondent]) -> Value {
    list.iter().map(|one| json!([one.name(), one.address().as_str()])).collect()
}

fn headers(message: &Message) -> Value {
    let pairs = message.headers.iter().map(|header| (header.name().to_owned(), json!(header.value())));
    let mut headers: Map<String, Value> = pairs.collect();
    match message.importance {
        api::Importance::Low => drop(headers.insert("X-Priority".into(), json!("5"))),
        api::Importance::Normal => {}
        api::Importance::High => drop(headers.insert("X-Priority".into(), json!("1"))),
    }
    Value::Object(headers)
}

fn parts(message: &Message) -> Value {
    let (text, html) = match &message.body {
        Body::Text(text) => (Some(text), None),
        Body::Html(html) => (None, Some(html)),
        Body::Both { text, html } => (Some(text), Some(html)),
    };
    let is_image = |file: &&Attachment| html.is_some() && file.content_id().is_some();
    // The generator makes a calendar only as an invitation.
    let invitation = message.attachments.iter().position(|file| file.content_type() == "text/calendar");
    let others = || {
        message.attachments.iter().enumerate().filter(|(at, _)| Some(*at) != invitation).map(|(_, file)| file)
    };
    let mut parts = Vec::new();
    parts.extend(text.map(|text| body("text/plain", text)));
    parts.extend(html.map(|html| body("text/html", html)));
    parts.extend(others().filter(is_image).map(|one| file(one, Some("inline"))));
    parts.extend(invitation.map(|at| file(&message.attachments[at], None)));
    parts.extend(others().filter(|one| !is_image(one)).map(|one| file(one, Some("attachment"))));
    Value::Array(parts)
}

fn body(content_type: &str, text: &str) -> Value {
    let mut lines: Vec<String> = vec![String::new()];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' if characters.peek() == Some(&'\n') => {}
            '\r' | '\n' => lines.push(String::new()),
            other => lines.last_mut().unwrap().push(other),
        }
    }
    // What stands after the last line end is a line too, unless it is nothing.
    if lines.last().unwrap().is_empty() {
        lines.pop();
    }
    let lines: String = lines.into_iter().map(|line| line + "\r\n").collect();
    json!({
        "content_type": content_type, "method": null, "disposition": null, "filename": null, "name": null,
        "content_id": null, "bytes": lines.len(), "sha256": sha256(lines.as_bytes()),
    })
}

fn file(file: &Attachment, disposition: Option<&str>) -> Value {
    let bytes = base64::engine::general_purpose::STANDARD.decode(file.base64()).unwrap();
    json!({
        "content_type": file.content_type().to_lowercase(),
        "method": disposition.is_none().then_some("REQUEST"),
        "disposition": disposition,
        "filename": disposition.map(|_| file.filename()),
        "name": file.filename(),
        "content_id": file.content_id(),
        "bytes": bytes.len(),
        "sha256": sha256(&bytes),
    })
}
