//! Entra ID: sign-in and consent pages, codes, tokens, discovery (section 1).
//!
//! In scope: authorization code with PKCE for one Web registration, and refresh. Out of scope, answered with `501`:
//! `form_post`, certificates (`client_assertion`), `.default`, the CAE capability, admin consent, `UserInfo`.

mod authorize;
mod authorize_answer;
mod authorize_request;
mod discovery;
mod errors;
mod flow;
mod grant_code;
mod grant_refresh;
mod issue;
mod keys;
mod logout;
mod pages;
#[cfg(test)]
mod tests;
mod token;
mod token_client;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

pub(crate) use flow::{Code, Flow};
pub(crate) use issue::{AccessToken, RefreshToken};
pub(crate) use keys::SigningKey;

use crate::state::Sandbox;

/// Section 1.1. The three `sign-in` posts are the sandbox's own pages talking to itself.
pub(crate) fn routes() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/{tenant}/oauth2/v2.0/authorize", get(authorize::start))
        .route("/{tenant}/sign-in/account", post(authorize::account))
        .route("/{tenant}/sign-in/password", post(authorize::password))
        .route("/{tenant}/sign-in/consent", post(authorize::consent))
        .route("/{tenant}/oauth2/v2.0/token", post(token::redeem))
        .route("/{tenant}/oauth2/v2.0/logout", get(logout::sign_out))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(discovery::configuration))
        .route("/{tenant}/discovery/v2.0/keys", get(discovery::keys))
}
