//! The bytes of one file, always as a download: a mail may bring HTML or SVG of its own.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::state::Sandbox;

pub(crate) async fn download(
    State(sandbox): State<Arc<Sandbox>>,
    Path((id, index)): Path<(u64, usize)>,
) -> Response {
    let mail = sandbox.store().inbox.find(id);
    let Some(attachment) = mail.as_ref().and_then(|mail| mail.attachments.get(index)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let name = attachment.filename.as_deref().unwrap_or("attachment");
    let quoted: String =
        form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20");
    let headers = [
        (header::CONTENT_TYPE, safe(&attachment.content_type)),
        (header::CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{quoted}")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
    ];
    (headers, attachment.content.clone()).into_response()
}

/// A content type is the sender's text: what can't be a header value is replaced.
fn safe(content_type: &str) -> String {
    let fits = !content_type.is_empty() && content_type.bytes().all(|byte| (32..127).contains(&byte));
    if fits { content_type.to_owned() } else { "application/octet-stream".to_owned() }
}
