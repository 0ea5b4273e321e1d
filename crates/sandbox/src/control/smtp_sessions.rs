//! How many SMTP connections a mailbox had: whether a client keeps to the limit, and whether it sends more than one mail by each.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};

use crate::{control::not_found, state::Sandbox};

pub(crate) async fn read(State(sandbox): State<Arc<Sandbox>>, Path(upn): Path<String>) -> Response {
    let store = sandbox.store();
    match store.directory.by_upn(&upn) {
        Some(account) => Json(store.smtp.sessions(&account.oid)).into_response(),
        None => not_found(),
    }
}
