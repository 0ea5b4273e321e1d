use http::{Method, Request, header};
use oauth2::AccessToken;

use crate::HttpRequest;
use crate::refusal::Refusal;

/// The media type of everything that Graph takes but whole messages.
pub(crate) const JSON: &str = "application/json";

/// A Graph request with its token; `client_request_id` is ours, so that Microsoft's support and our log find each other.
pub(crate) fn request(
    method: Method,
    url: String,
    token: &AccessToken,
    client_request_id: &str,
    media_type: &'static str,
    body: Vec<u8>,
) -> Result<HttpRequest, Refusal> {
    let mut request = Request::builder()
        .method(method)
        .uri(url)
        .header(header::AUTHORIZATION, format!("Bearer {}", token.secret()))
        .header(header::ACCEPT, "application/json")
        .header("client-request-id", client_request_id);
    if !body.is_empty() {
        request = request.header(header::CONTENT_TYPE, media_type);
    }
    // Only a token that is no header value, or an address that is no URL, gets here.
    request.body(body).map_err(|_| Refusal::new(api::Code::Internal, "a Graph request can't be written"))
}
