//! Microsoft Graph: `GET /me` and `sendMail` (section 4). Everything else of Graph is answered with `501`.

mod bearer;
mod concurrency;
mod envelope;
mod errors;
mod json_attachment;
mod json_message;
mod json_send;
mod me;
mod mime_send;
mod send_mail;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};

pub(crate) use bearer::whose;

use crate::{
    faults::{self, At},
    random,
    state::Sandbox,
};

pub(crate) fn routes(sandbox: &Arc<Sandbox>) -> Router<Arc<Sandbox>> {
    let with_faults = |endpoint, at| faults::around(endpoint, at, sandbox);
    Router::new()
        .route("/v1.0/me", with_faults(get(me::read), At::Me))
        .route("/v1.0/me/sendMail", with_faults(post(send_mail::as_me), At::SendMail))
        .route("/v1.0/users/{user}/sendMail", with_faults(post(send_mail::as_user), At::SendMail))
        .route_layer(middleware::from_fn_with_state(Arc::clone(sandbox), identify))
}

/// Gives every answer its ids and date (section 4.1), and errors their body (section 4.10), which holds the same ids.
async fn identify(State(sandbox): State<Arc<Sandbox>>, request: Request, next: Next) -> Response {
    let theirs = request.headers().get("client-request-id").cloned();
    let ours = random::guid();
    let mut response = next.run(request).await;
    if let Some(error) = response.extensions_mut().remove::<errors::GraphError>() {
        let theirs = theirs.as_ref().and_then(|value| value.to_str().ok()).unwrap_or(&ours);
        let body = error.body(sandbox.clock.now(), &ours, theirs);
        let own_headers = response.headers().clone();
        response = (error.status, Json(body)).into_response();
        response.headers_mut().extend(own_headers);
    }
    let date = sandbox.clock.now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let diagnostic = r#"{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"0","ScaleUnit":"000"}}"#;
    let headers = response.headers_mut();
    set(headers, header::DATE, &date);
    set(headers, HeaderName::from_static("request-id"), &ours);
    set(headers, HeaderName::from_static("x-ms-ags-diagnostic"), diagnostic);
    let echoed = theirs.or_else(|| HeaderValue::from_str(&ours).ok());
    headers.extend(echoed.map(|value| (HeaderName::from_static("client-request-id"), value)));
    response
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    headers.extend(HeaderValue::from_str(value).ok().map(|value| (name, value)));
}
