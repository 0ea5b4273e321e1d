//! Graph's rules, each by a request a client could make.

mod access;
mod json;
mod mime;

use serde_json::{Value, json};

/// A message that is fine.
fn message() -> Value {
    json!({ "message": {
        "subject": "Factuur",
        "body": { "contentType": "Text", "content": "Dag" },
        "toRecipients": [{ "emailAddress": { "address": "klant@example.com", "name": "Klant" } }],
    } })
}

/// The same with these properties of `message` changed.
fn message_with(changes: &Value) -> Value {
    let mut body = message();
    for (name, value) in changes.as_object().unwrap() {
        body["message"][name] = value.clone();
    }
    body
}
