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

use crate::{config::Settings, state::Sandbox};

pub(crate) async fn read(State(sandbox): State<Arc<Sandbox>>) -> Json<Settings> {
    Json(sandbox.store().settings)
}

/// What is absent stays. The content type does not matter.
pub(crate) async fn change(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Response {
    let mut store = sandbox.store();
    let changed = serde_json::from_slice(&body).and_then(|change| store.settings.changed(change));
    match changed {
        Ok(settings) => {
            store.settings = settings;
            Json(settings).into_response()
        }
        Err(error) => {
            (StatusCode::BAD_REQUEST, Json(json!({ "problem": error.to_string() }))).into_response()
        }
    }
}
