//! Ordering mishaps, seeing how often they happened, and calling them off.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{control::problem, faults::Order, state::Sandbox};

pub(crate) async fn list(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    Json(json!(sandbox.store().faults.list()))
}

/// `201` with the id.
pub(crate) async fn add(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Response {
    match Order::read(&body) {
        Ok(order) => {
            let id = sandbox.store().faults.add(order);
            (StatusCode::CREATED, Json(json!({ "id": id }))).into_response()
        }
        Err(text) => problem(&text),
    }
}

pub(crate) async fn clear(State(sandbox): State<Arc<Sandbox>>) -> StatusCode {
    sandbox.store().faults.clear();
    StatusCode::NO_CONTENT
}

pub(crate) async fn remove(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<u64>) -> StatusCode {
    if sandbox.store().faults.remove(id) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}
