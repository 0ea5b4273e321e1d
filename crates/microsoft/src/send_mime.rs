use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use oauth2::AccessToken;

use crate::graph::request;
use crate::{Endpoints, HttpRequest, REQUEST_BYTES_MAX, Refusal};

/// Largest message, in bytes of MIME, that fits one request: base64 makes four bytes of three.
pub const MIME_BYTES_MAX: usize = REQUEST_BYTES_MAX / 4 * 3;

/// Plans `POST /me/sendMail` with a whole message (Microsoft: outlook-send-mime-message), read back by
/// [`read_send_mail`](crate::read_send_mail). Needs `Mail.Send`.
///
/// Graph takes the recipients from To, Cc and Bcc, so Bcc belongs in it; a copy always goes to Sent Items.
pub fn send_mime(
    endpoints: &Endpoints,
    token: &AccessToken,
    client_request_id: &str,
    mime: &[u8],
) -> Result<HttpRequest, Refusal> {
    let body = STANDARD.encode(mime).into_bytes();
    request(Method::POST, endpoints.graph("/me/sendMail"), token, client_request_id, "text/plain", body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_base64_and_says_it_is_text() {
        let endpoints =
            Endpoints::new("https://login.microsoftonline.com", "https://graph.microsoft.com").unwrap();
        let mime = b"From: a@b.nl\r\n\r\nhoi\r\n";
        let request = send_mime(&endpoints, &AccessToken::new("at".into()), "id-1", mime).unwrap();
        assert_eq!(request.uri(), "https://graph.microsoft.com/v1.0/me/sendMail");
        assert_eq!(request.headers()["content-type"], "text/plain");
        assert_eq!(STANDARD.decode(request.body()).unwrap(), mime);
        let largest =
            send_mime(&endpoints, &AccessToken::new("at".into()), "id", &vec![b'a'; MIME_BYTES_MAX]);
        assert!(largest.unwrap().body().len() <= REQUEST_BYTES_MAX);
    }
}
