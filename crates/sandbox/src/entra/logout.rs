//! Ends the browser session, and no refresh token with it (section 1.12).

use std::sync::Arc;

use axum::{
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use crate::{
    entra::{
        authorize::{SESSION_COOKIE, session_cookie},
        pages,
    },
    state::Sandbox,
};

/// `logout_hint` is accepted and makes no difference: there is one session per browser here.
#[derive(Debug, Deserialize)]
pub(crate) struct Parameters {
    post_logout_redirect_uri: Option<String>,
}

pub(crate) async fn sign_out(
    State(sandbox): State<Arc<Sandbox>>,
    headers: HeaderMap,
    Query(parameters): Query<Parameters>,
) -> Response {
    if let Some(session) = session_cookie(&headers) {
        sandbox.store().sessions.remove(&session);
    }
    // Anything that is not registered is not followed.
    let back = parameters.post_logout_redirect_uri.filter(|uri| sandbox.apps.redirect_uris().contains(uri));
    let mut response = match back {
        Some(uri) => (StatusCode::FOUND, [(header::LOCATION, uri)]).into_response(),
        None => pages::signed_out(&sandbox),
    };
    let cookie = format!("{SESSION_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
