//! The address the caller used: answers that hold URLs follow it, so that the sandbox works under any port and name.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};

/// How the request came in; the TLS listener adds [`Scheme::Https`] as an extension, the plain one [`Scheme::Http`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// TLS.
    Https,
}

/// `{scheme}://{host}` of the request, without a slash at the end.
#[derive(Debug, Clone)]
pub(crate) struct Origin(pub(crate) String);

impl<S: Sync> FromRequestParts<S> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let host =
            parts.headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("localhost");
        let scheme = match parts.extensions.get::<Scheme>() {
            Some(Scheme::Https) => "https",
            Some(Scheme::Http) | None => "http",
        };
        Ok(Self(format!("{scheme}://{host}")))
    }
}
