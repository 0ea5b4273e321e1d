//! One line per request: method, path, status. Never the query, a header or a body: codes, tokens and secrets are there.

use std::io::Write;

use axum::{extract::Request, middleware::Next, response::Response};

pub(crate) async fn line(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    // A closed stderr must not end the sandbox.
    let _ = writeln!(std::io::stderr(), "{method} {path} {}", response.status().as_u16());
    response
}
