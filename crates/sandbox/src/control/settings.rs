//! Lives and delays, changed while running.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{
    config::{Settings, SettingsChange},
    state::Sandbox,
};

pub(crate) async fn read(State(sandbox): State<Arc<Sandbox>>) -> Json<Settings> {
    Json(sandbox.store().settings)
}

/// Absent stays, `null` for `access_token_seconds` means random again; an unknown name is a 400, since a misspelt
/// setting is a test that tests nothing. The content type does not matter.
pub(crate) async fn change(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Response {
    match serde_json::from_slice::<SettingsChange>(&body) {
        Ok(change) => {
            let mut store = sandbox.store();
            change.apply(&mut store.settings);
            Json(store.settings).into_response()
        }
        Err(error) => {
            (StatusCode::BAD_REQUEST, Json(json!({ "problem": error.to_string() }))).into_response()
        }
    }
}
