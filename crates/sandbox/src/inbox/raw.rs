//! The bytes of a message as they came, to compare with those that were sent.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::state::Sandbox;

pub(crate) async fn download(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<u64>) -> Response {
    let mail = sandbox.store().inbox.find(id);
    let Some(raw) = mail.as_ref().and_then(|mail| mail.raw.as_ref()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, "message/rfc822".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.eml\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
    ];
    (headers, raw.clone()).into_response()
}
