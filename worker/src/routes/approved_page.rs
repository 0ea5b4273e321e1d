use axum::body::Body;
use axum::http::{HeaderValue, Response, header};

use super::Answer;

/// What an administrator reads who comes back from Microsoft. Nobody tells us whether anything was approved: the parameters
/// could be anybody's, so they are not even read (Microsoft: v2-admin-consent).
const PAGE: &str = include_str!("approved_page.html");

/// `GET /oauth/approved`
pub(super) async fn approved_page() -> Answer {
    let mut response = Response::new(Body::from(PAGE));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    );
    Ok(response)
}
