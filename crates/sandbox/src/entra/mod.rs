//! Entra ID: sign-in and consent pages, codes, tokens, discovery (section 1).
//!
//! In scope: authorization code with PKCE for Web registrations, refresh, consent of users and administrators. Out of
//! scope, answered with `501`: `form_post`, `.default`, the CAE capability, `UserInfo`.

mod admin_consent;
mod answer_consent;
mod authorize;
mod authorize_answer;
mod authorize_request;
pub(crate) mod catalogue;
mod client_assertion;
mod discovery;
pub(crate) mod errors;
mod flow;
mod grant_code;
mod grant_refresh;
mod issue;
mod keys;
mod logout;
mod pages;
mod pages_consent;
#[cfg(test)]
mod tests;
mod token;
mod token_client;
mod which_app;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

pub(crate) use flow::{Code, Flow};
pub(crate) use issue::{AccessToken, RefreshToken};
pub(crate) use keys::SigningKey;
pub(crate) use token::{Fields, fields};

use crate::{
    faults::{self, At},
    state::Sandbox,
};

/// Section 1.1. The `sign-in` posts are the sandbox's own pages talking to itself.
pub(crate) fn routes(sandbox: &Arc<Sandbox>) -> Router<Arc<Sandbox>> {
    let with_faults = |endpoint, at| faults::around(endpoint, at, sandbox);
    Router::new()
        .route("/{tenant}/oauth2/v2.0/authorize", with_faults(get(authorize::start), At::Authorize))
        .route("/{tenant}/sign-in/account", post(authorize::account))
        .route("/{tenant}/sign-in/password", post(authorize::password))
        .route("/{tenant}/v2.0/adminconsent", with_faults(get(admin_consent::start), At::AdminConsent))
        .route("/{tenant}/sign-in/consent", post(answer_consent::consent))
        .route("/{tenant}/sign-in/approval", post(answer_consent::approval))
        .route("/{tenant}/oauth2/v2.0/token", with_faults(post(token::redeem), At::Token))
        .route("/{tenant}/oauth2/v2.0/logout", get(logout::sign_out))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(discovery::configuration))
        .route("/{tenant}/discovery/v2.0/keys", get(discovery::keys))
}
