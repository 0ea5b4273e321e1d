//! `/sandbox/...`: what a test asks of the sandbox itself, which Microsoft has nothing like. JSON in and out.
//!
//! One file per thing that can be controlled, and one line here. For people there is a page that does the same.

mod accounts;
mod apps;
mod clock;
mod consents;
mod faults;
mod introspect;
mod issued;
mod ledger;
mod page;
mod page_forms;
mod revoke;
mod settings;
mod smtp_sessions;
mod tenants;
mod token_requests;

use std::sync::Arc;

use axum::{
    Json, Router,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{delete, get, patch, post},
};

use serde_json::json;
pub(crate) use token_requests::TokenRequest;

use crate::state::Sandbox;

pub(crate) fn routes() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/sandbox", get(page::show))
        .route("/sandbox/page/clock", post(page_forms::clock))
        .route("/sandbox/page/revoke", post(page_forms::revoke))
        .route("/sandbox/page/policy", post(page_forms::policy))
        .route("/sandbox/page/fault", post(page_forms::fault))
        .route("/sandbox/page/fault/delete", post(page_forms::delete_fault))
        .route("/sandbox/settings", get(settings::read).patch(settings::change))
        .route("/sandbox/token-requests", get(token_requests::list).delete(token_requests::clear))
        .route("/sandbox/apps", get(apps::list).post(apps::add))
        .route("/sandbox/apps/{client_id}", patch(apps::change).delete(apps::remove))
        .route("/sandbox/tenants/{tid}", get(tenants::read).patch(tenants::change))
        .route("/sandbox/consents", get(consents::list).delete(consents::clear))
        .route("/sandbox/clock", get(clock::read).post(clock::advance))
        .route("/sandbox/faults", get(faults::list).post(faults::add).delete(faults::clear))
        .route("/sandbox/faults/{id}", delete(faults::remove))
        .route("/sandbox/introspect", post(introspect::introspect))
        .route("/sandbox/issued", get(issued::list))
        .route("/sandbox/ledger", get(ledger::list))
        .route("/sandbox/accounts/{upn}/smtp-sessions", get(smtp_sessions::read))
        .route("/sandbox/accounts", get(accounts::list).post(accounts::add))
        .route("/sandbox/accounts/{upn}", patch(accounts::change).delete(accounts::remove))
        .route("/sandbox/accounts/{upn}/revoke", post(revoke::revoke))
}

/// `404`: nothing here has that name.
fn not_found() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "problem": "there is none" }))).into_response()
}

/// `400` with what is wrong.
fn problem(text: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "problem": text }))).into_response()
}
