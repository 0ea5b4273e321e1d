//! The answer to everything the sandbox does not know.

use axum::{
    Json,
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::json;

/// `501` with the name of the thing, in a shape that both OAuth2 and Graph readers can show.
pub(crate) fn not_implemented(what: &str) -> Response {
    let body = json!({
        "error": { "code": "NotImplementedBySandbox", "message": format!("the sandbox does not know {what}") },
        "not_implemented": what,
    });
    (StatusCode::NOT_IMPLEMENTED, Json(body)).into_response()
}

/// The router's fallback: an unknown path is named, its query is not (it may hold a code).
pub(crate) async fn unknown_path(method: Method, uri: Uri) -> Response {
    not_implemented(&format!("{method} {}", uri.path()))
}
