//! What ends a refresh token of a confidential client without anybody asking the app (section 1.10).

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use crate::{
    control::{not_found, problem},
    state::{Sandbox, Store},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    why: Why,
}

/// Why the tokens of an account are refused from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Why {
    SessionsRevoked,
    PasswordReset,
    ConsentRemoved,
}

pub(crate) async fn revoke(
    State(sandbox): State<Arc<Sandbox>>,
    Path(upn): Path<String>,
    body: Bytes,
) -> Response {
    let why = match serde_json::from_slice::<Body>(&body) {
        Ok(body) => body.why,
        Err(error) => return problem(&error.to_string()),
    };
    let now = sandbox.clock.now();
    if sandbox.store().revoke(&upn, why, now) { StatusCode::NO_CONTENT.into_response() } else { not_found() }
}

impl Store {
    /// Whether there is such an account. Access tokens live on to their end (section 8).
    pub(crate) fn revoke(&mut self, upn: &str, why: Why, now: chrono::DateTime<chrono::Utc>) -> bool {
        let Some(oid) = self.directory.by_upn(upn).map(|account| account.oid.clone()) else {
            return false;
        };
        if why == Why::ConsentRemoved {
            self.consents.remove_of_user(&oid);
            return true;
        }
        for token in self.refresh_tokens.iter_mut().filter(|token| token.oid == oid) {
            token.revoked_at.get_or_insert(now);
        }
        if why == Why::SessionsRevoked {
            self.sessions.retain(|_, session| *session != oid);
        }
        true
    }
}
