use axum::http::{HeaderValue, header};

use crate::routes::answer::{Answer, of_type};

/// What an administrator reads who comes back from Microsoft. Nobody tells us whether anything was approved: the parameters
/// could be anybody's, so they are not even read (Microsoft: v2-admin-consent).
const PAGE: &str = include_str!("approved.html");

/// `GET /oauth/approved`
pub(super) async fn page() -> Answer {
    let mut response = of_type("text/html; charset=utf-8", PAGE);
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    );
    Ok(response)
}
