//! `GET` and `DELETE /inbox.json`. The shape is a contract: `docs/sandbox.md`.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
};
use chrono::SecondsFormat;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    inbox::{Mail, Whose},
    state::Sandbox,
};

/// Newest last.
pub(crate) async fn list(State(sandbox): State<Arc<Sandbox>>, Query(whose): Query<Whose>) -> Json<Value> {
    let mails = sandbox.store().inbox.of(&whose);
    Json(mails.iter().map(|mail| shape(mail)).collect())
}

pub(crate) async fn clear(State(sandbox): State<Arc<Sandbox>>, Query(whose): Query<Whose>) -> StatusCode {
    sandbox.store().inbox.clear(&whose);
    StatusCode::NO_CONTENT
}

fn shape(mail: &Mail) -> Value {
    let attachments = mail.attachments.iter().enumerate().map(|(index, attachment)| {
        json!({
            "index": index,
            "filename": attachment.filename,
            "content_type": attachment.content_type,
            "content_id": attachment.content_id,
            "inline": attachment.inline,
            "bytes": attachment.content.len(),
            "sha256": hex(&Sha256::digest(&attachment.content)),
            "url": format!("/inbox/{}/attachments/{index}", mail.id),
        })
    });
    let headers = mail.headers.iter().map(|(name, value)| json!({ "name": name, "value": value }));
    json!({
        "id": mail.id,
        "received_at": mail.received_at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "route": mail.route,
        "account": mail.account,
        "from": mail.from,
        "to": mail.to,
        "cc": mail.cc,
        "bcc": mail.bcc,
        "reply_to": mail.reply_to,
        "subject": mail.subject,
        "importance": mail.importance,
        "headers": headers.collect::<Vec<_>>(),
        "message_id": mail.message_id,
        "text": mail.text,
        "html": mail.html,
        "saved_to_sent": mail.saved_to_sent,
        "attachments": attachments.collect::<Vec<_>>(),
        "envelope": mail.envelope,
        "raw": mail.raw.as_ref().map(|_| format!("/inbox/{}/raw", mail.id)),
    })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn hex_keeps_leading_zeros() {
        assert_eq!(super::hex(&[0, 10, 255]), "000aff");
    }
}
