//! Who can sign in, and what is the matter with them.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{
    account::Account,
    control::{not_found, problem},
    state::Sandbox,
};

pub(crate) async fn list(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    Json(json!(sandbox.store().directory.accounts()))
}

/// `201` with the account and its new `oid`; `400` with the problem.
pub(crate) async fn add(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Response {
    let ordered = serde_json::from_slice(&body).map_err(|error| error.to_string()).and_then(Account::ordered);
    match ordered.and_then(|account| sandbox.store().directory.add(account).map_err(str::to_owned)) {
        Ok(account) => (StatusCode::CREATED, Json(account)).into_response(),
        Err(text) => problem(&text),
    }
}

/// What is absent stays; answers the whole account.
pub(crate) async fn change(
    State(sandbox): State<Arc<Sandbox>>,
    Path(upn): Path<String>,
    body: Bytes,
) -> Response {
    let mut store = sandbox.store();
    let Some(account) = store.directory.by_upn_mut(&upn) else {
        return not_found();
    };
    let change = serde_json::from_slice(&body).map_err(|error| error.to_string());
    match change.and_then(|change| account.changed(change)) {
        Ok(changed) => {
            account.clone_from(&changed);
            Json(changed).into_response()
        }
        Err(text) => problem(&text),
    }
}

/// Its browser sessions end with it; its refresh tokens stay, and are refused.
pub(crate) async fn remove(State(sandbox): State<Arc<Sandbox>>, Path(upn): Path<String>) -> Response {
    let mut store = sandbox.store();
    match store.directory.remove(&upn) {
        Some(account) => {
            store.sessions.retain(|_, oid| *oid != account.oid);
            StatusCode::NO_CONTENT.into_response()
        }
        None => not_found(),
    }
}
