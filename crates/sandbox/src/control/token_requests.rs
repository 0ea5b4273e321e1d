//! A record of every request to the token endpoint: to see that tokens renew, and how often. No secrets in it.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::state::Sandbox;

/// One request and what came of it.
#[derive(Debug)]
pub(crate) struct TokenRequest {
    pub(crate) at: DateTime<Utc>,
    pub(crate) grant_type: Option<String>,
    /// User name, as soon as code or refresh token told.
    pub(crate) account: Option<String>,
    /// As asked for.
    pub(crate) scopes: Vec<String>,
    pub(crate) status: u16,
    pub(crate) error: Option<&'static str>,
    pub(crate) aadsts: Option<u32>,
}

pub(crate) async fn list(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    let store = sandbox.store();
    let shape = |request: &TokenRequest| {
        json!({
            "at": request.at.to_rfc3339_opts(SecondsFormat::Millis, true),
            "grant_type": request.grant_type,
            "account": request.account,
            "scopes": request.scopes,
            "outcome": match request.status { 200 => "issued", 501 => "not_implemented", _ => "refused" },
            "status": request.status,
            "error": request.error,
            "aadsts": request.aadsts,
        })
    };
    Json(store.token_requests.iter().map(shape).collect())
}

pub(crate) async fn clear(State(sandbox): State<Arc<Sandbox>>) -> StatusCode {
    sandbox.store().token_requests.clear();
    StatusCode::NO_CONTENT
}
