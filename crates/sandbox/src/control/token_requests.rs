//! A record of every request to the token endpoint: to see that tokens renew, and how often. No secrets in it.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::{
    entra::{Fields, errors::Refusal},
    faults::Mark,
    state::Sandbox,
};

/// One request and what came of it.
#[derive(Debug)]
pub(crate) struct TokenRequest {
    pub(crate) at: DateTime<Utc>,
    pub(crate) grant_type: Option<String>,
    /// User name, as soon as code or refresh token told.
    pub(crate) account: Option<String>,
    /// As asked for.
    pub(crate) scopes: Vec<String>,
    /// What the client got; nothing, when the connection was cut.
    pub(crate) status: Option<u16>,
    /// Whether tokens were made, whatever the client got to see of them.
    pub(crate) issued: bool,
    pub(crate) error: Option<String>,
    pub(crate) aadsts: Option<u32>,
    /// The fault that happened to it.
    pub(crate) mark: Option<Mark>,
}

impl TokenRequest {
    /// What is known before the outcome is.
    pub(crate) fn new(
        at: DateTime<Utc>,
        fields: &Fields,
        account: Option<String>,
        mark: Option<Mark>,
    ) -> Self {
        let asked = fields.get("scope").map(String::as_str).unwrap_or_default();
        Self {
            at,
            grant_type: fields.get("grant_type").cloned(),
            account,
            scopes: asked.split_ascii_whitespace().map(str::to_owned).collect(),
            status: None,
            issued: false,
            error: None,
            aadsts: None,
            mark,
        }
    }

    pub(crate) fn refused(self, refusal: Option<&Refusal>) -> Self {
        let error = refusal.map(|refusal| refusal.error.clone().into_owned());
        Self { error, aadsts: refusal.map(|refusal| refusal.number), ..self }
    }

    fn outcome(&self) -> &'static str {
        match (self.mark, self.status) {
            (Some(_), _) => "fault",
            (None, Some(200)) => "issued",
            (None, Some(501)) => "not_implemented",
            (None, _) => "refused",
        }
    }
}

pub(crate) async fn list(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    let store = sandbox.store();
    let shape = |request: &TokenRequest| {
        json!({
            "at": request.at.to_rfc3339_opts(SecondsFormat::Millis, true),
            "grant_type": request.grant_type,
            "account": request.account,
            "scopes": request.scopes,
            "outcome": request.outcome(),
            "status": request.status,
            "issued": request.issued,
            "error": request.error,
            "aadsts": request.aadsts,
            "fault": request.mark.map(|mark| mark.fault),
        })
    };
    Json(store.token_requests.iter().map(shape).collect())
}

pub(crate) async fn clear(State(sandbox): State<Arc<Sandbox>>) -> StatusCode {
    sandbox.store().token_requests.clear();
    StatusCode::NO_CONTENT
}
