//! A tenant's rules about consent and SMTP, changed while running.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Response},
};

use crate::{
    control::{not_found, problem},
    directory::{Directory, Tenant},
    state::Sandbox,
};

pub(crate) async fn read(State(sandbox): State<Arc<Sandbox>>, Path(name): Path<String>) -> Response {
    let store = sandbox.store();
    match tid(&store.directory, &name) {
        Some(tid) => Json(store.policy(&tid)).into_response(),
        None => not_found(),
    }
}

/// What is absent stays; answers all.
pub(crate) async fn change(
    State(sandbox): State<Arc<Sandbox>>,
    Path(name): Path<String>,
    body: Bytes,
) -> Response {
    let mut store = sandbox.store();
    let Some(tid) = tid(&store.directory, &name) else {
        return not_found();
    };
    match serde_json::from_slice(&body).and_then(|change| store.policy(&tid).changed(change)) {
        Ok(policy) => {
            store.policies.insert(tid, policy);
            Json(policy).into_response()
        }
        Err(error) => problem(&error.to_string()),
    }
}

/// By GUID or domain: one tenant, not `organizations`.
fn tid(directory: &Directory, name: &str) -> Option<String> {
    match directory.tenant(name) {
        Some(Tenant::One(tid)) => Some(tid),
        Some(Tenant::Organizations | Tenant::Common) | None => None,
    }
}
