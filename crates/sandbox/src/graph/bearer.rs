//! Whose request is it: the access token of a Graph request (section 4.10, row 401).

use axum::http::{HeaderMap, header};

use crate::{
    account::Account,
    graph::errors::{self, GraphError},
    scopes::{Resource, Scope},
    state::{Sandbox, Store},
};

/// A token that is good for Graph right now.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) account: Account,
    scopes: Vec<Scope>,
}

impl Caller {
    pub(crate) fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

/// The user name of a token's owner, whatever else is wrong with the token.
pub(crate) fn whose(headers: &HeaderMap, store: &Store) -> Option<String> {
    let value = bearer(headers);
    let token = store.access_tokens.iter().find(|token| token.value == value)?;
    store.directory.name_of(&token.oid)
}

/// The token; empty when there is none.
fn bearer(headers: &HeaderMap) -> &str {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match given.split_once(' ') {
        Some((scheme, value)) if scheme.eq_ignore_ascii_case("bearer") => value.trim(),
        _ => "",
    }
}

pub(crate) fn caller(headers: &HeaderMap, store: &Store, sandbox: &Sandbox) -> Result<Caller, GraphError> {
    let value = bearer(headers);
    if value.is_empty() {
        return Err(errors::token_invalid("Access token is empty."));
    }
    let Some(token) = store.access_tokens.iter().find(|token| token.value == value) else {
        let looks_right = value.split('.').count() == 3;
        let text = if looks_right {
            "Signature is invalid."
        } else {
            "CompactToken parsing failed with error code: 80049217"
        };
        return Err(errors::token_invalid(text));
    };
    if token.resource != Resource::Graph {
        // This text is from memory [U].
        return Err(errors::token_invalid("Access token validation failure. Invalid audience."));
    }
    if token.expires_at <= sandbox.clock.seconds() {
        return Err(errors::token_invalid("Access token has expired or is not yet valid."));
    }
    let account = store.directory.by_oid(&token.oid).cloned();
    let account = account.ok_or_else(|| errors::token_invalid("Signature is invalid."))?;
    Ok(Caller { account, scopes: token.scopes.clone() })
}
