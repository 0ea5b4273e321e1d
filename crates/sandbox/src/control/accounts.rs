//! Who can sign in.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{directory::NewAccount, state::Sandbox};

pub(crate) async fn list(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    Json(json!(sandbox.store().directory.accounts()))
}

/// `201` with the account and its new `oid`; `400` with the problem.
pub(crate) async fn add(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Response {
    let new = serde_json::from_slice::<NewAccount>(&body).map_err(|error| error.to_string());
    match new.and_then(|new| sandbox.store().directory.add(new).map_err(str::to_owned)) {
        Ok(account) => (StatusCode::CREATED, Json(account)).into_response(),
        Err(problem) => (StatusCode::BAD_REQUEST, Json(json!({ "problem": problem }))).into_response(),
    }
}
