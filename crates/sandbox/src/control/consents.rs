//! Who granted what, and forgetting it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{scopes::Scope, state::Sandbox};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    /// Of this app only; else of all together.
    client_id: Option<String>,
}

pub(crate) async fn list(
    State(sandbox): State<Arc<Sandbox>>,
    Query(parameters): Query<Parameters>,
) -> Json<Value> {
    let store = sandbox.store();
    let client_id = parameters.client_id.as_deref();
    let users = store.consents.of_users(client_id).into_iter();
    let users = users.map(|(oid, scopes)| (store.directory.name_of(&oid).unwrap_or(oid), names(&scopes)));
    let tenants = store.consents.of_tenants(client_id).into_iter();
    let tenants = tenants.map(|(tid, scopes)| (tid, names(&scopes)));
    Json(json!({
        "tenant_wide": tenants.collect::<BTreeMap<_, _>>(),
        "users": users.collect::<BTreeMap<_, _>>(),
    }))
}

pub(crate) async fn clear(State(sandbox): State<Arc<Sandbox>>) -> StatusCode {
    sandbox.store().consents.clear();
    StatusCode::NO_CONTENT
}

fn names(scopes: &BTreeSet<Scope>) -> Vec<String> {
    scopes.iter().map(Scope::full).collect()
}
