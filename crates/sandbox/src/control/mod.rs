//! `/sandbox/...`: what a test asks of the sandbox itself, which Microsoft has nothing like. JSON in and out.
//!
//! One file per thing that can be controlled; faults to come (revoke, throttle, delay, cut, fail the next calls, move the
//! clock) are further files and one line here.

mod accounts;
mod issued;
mod settings;
mod token_requests;

use std::sync::Arc;

use axum::{Router, routing::get};

pub(crate) use token_requests::TokenRequest;

use crate::state::Sandbox;

pub(crate) fn routes() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/sandbox/settings", get(settings::read).patch(settings::change))
        .route("/sandbox/token-requests", get(token_requests::list).delete(token_requests::clear))
        .route("/sandbox/issued", get(issued::list))
        .route("/sandbox/accounts", get(accounts::list).post(accounts::add))
}
