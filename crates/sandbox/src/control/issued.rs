//! Every secret the sandbox handed out, so that a test can search logs, answers and databases for them.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Value, json};

use crate::state::Sandbox;

pub(crate) async fn list(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    let store = sandbox.store();
    Json(json!({
        "codes": store.codes.iter().map(|code| &code.value).collect::<Vec<_>>(),
        "access_tokens": store.access_tokens.iter().map(|token| &token.value).collect::<Vec<_>>(),
        "refresh_tokens": store.refresh_tokens.iter().map(|token| &token.value).collect::<Vec<_>>(),
    }))
}
