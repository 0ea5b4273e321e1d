//! `mail-parser`.

use mail_parser::{
    Address, HeaderForm, HeaderName, Message, MessageParser, MessagePart, MimeHeaders as _, PartType,
};
use serde_json::{Map, Value, json};

use crate::expected::sha256;

/// What `mail-parser` sees in a message.
pub(crate) fn read(mime: &[u8]) -> Value {
    let message = MessageParser::default().parse(mime).expect("a message");
    let parts: Vec<Value> =
        message.parts.iter().filter(|part| !matches!(part.body, PartType::Multipart(_))).map(part).collect();
    json!({
        "subject": message.subject().unwrap_or_default(),
        "message_id": message.message_id(),
        "date": message.date().map(mail_parser::DateTime::to_timestamp),
        "headers": custom_headers(&message),
        "addresses": {
            "from": addresses(message.from()), "reply-to": addresses(message.reply_to()), "to": addresses(message.to()),
            "cc": addresses(message.cc()), "bcc": addresses(message.bcc()),
        },
        "parts": parts,
    })
}

fn addresses(header: Option<&Address<'_>>) -> Value {
    header.into_iter().flat_map(Address::iter).map(|one| json!([one.name(), one.address()])).collect()
}

fn custom_headers(message: &Message<'_>) -> Value {
    let mut custom = Map::new();
    for header in message.headers() {
        if let HeaderName::Other(name) = &header.name
            && name.to_lowercase().starts_with("x-")
        {
            let values = message.header_as(name.as_ref(), HeaderForm::Text);
            let [value] = values.as_slice() else { panic!("{name} stands there {} times", values.len()) };
            custom.insert(name.to_string(), value.as_text().unwrap_or_default().into());
        }
    }
    Value::Object(custom)
}

fn part(part: &MessagePart<'_>) -> Value {
    let content_type = part.content_type().expect("a content type");
    let disposition = part.content_disposition();
    json!({
        "content_type": format!("{}/{}", content_type.ctype(), content_type.subtype().unwrap_or_default()).to_lowercase(),
        "method": content_type.attribute("method"),
        "disposition": disposition.map(mail_parser::ContentType::ctype),
        "filename": disposition.and_then(|disposition| disposition.attribute("filename")),
        "name": content_type.attribute("name"),
        "content_id": part.content_id(),
        "bytes": part.contents().len(),
        "sha256": sha256(part.contents()),
    })
}
