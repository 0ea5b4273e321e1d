//! One line per request (method, path, status) and SMTP reply (verb, code). Never the query, a header, a body or an argument: codes,
//! tokens and secrets are there.

use std::io::Write;

use axum::{extract::Request, middleware::Next, response::Response};

pub(crate) async fn line(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    // A closed stderr must not end the sandbox.
    let _ = writeln!(std::io::stderr(), "{method} {path} {}", response.status().as_u16());
    response
}

pub(crate) fn smtp(verb: &str, code: &str) {
    let _ = writeln!(std::io::stderr(), "SMTP {verb} {code}");
}
