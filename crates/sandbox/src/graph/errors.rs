//! Graph's errors: status, `error.code`, text (section 4.10).

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// One error. Its body is written by the layer that knows the request's ids.
#[derive(Debug, Clone)]
pub(crate) struct GraphError {
    pub(crate) status: StatusCode,
    code: &'static str,
    message: String,
}

/// Why a request to Graph came to nothing.
#[derive(Debug)]
pub(crate) enum Rejected {
    Error(GraphError),
    /// `413` comes without a body (section 4.10 says "empty or `RequestEntityTooLarge`": the harder half).
    TooLarge,
    NotImplemented(String),
}

impl From<GraphError> for Rejected {
    fn from(error: GraphError) -> Self {
        Self::Error(error)
    }
}

impl GraphError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(crate) fn body(&self, now: DateTime<Utc>, request_id: &str, client_request_id: &str) -> Value {
        json!({ "error": {
            "code": self.code,
            "message": self.message,
            "innerError": {
                "date": now.format("%Y-%m-%dT%H:%M:%S").to_string(),
                "request-id": request_id,
                "client-request-id": client_request_id,
            },
        } })
    }
}

impl IntoResponse for Rejected {
    fn into_response(self) -> Response {
        let error = match self {
            Self::Error(error) => error,
            Self::TooLarge => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
            Self::NotImplemented(what) => return crate::refused::not_implemented(&what),
        };
        let mut response = error.status.into_response();
        let headers = response.headers_mut();
        if error.status == StatusCode::UNAUTHORIZED {
            let challenge = "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\"";
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if error.status == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response.extensions_mut().insert(error);
        response
    }
}

pub(crate) fn token_invalid(message: &str) -> GraphError {
    GraphError::new(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message)
}

pub(crate) fn access_denied() -> GraphError {
    GraphError::new(
        StatusCode::FORBIDDEN,
        "ErrorAccessDenied",
        "Access is denied. Check credentials and try again.",
    )
}

/// Directory permissions answer differently from mail's.
pub(crate) fn request_denied() -> GraphError {
    let text = "Insufficient privileges to complete the operation.";
    GraphError::new(StatusCode::FORBIDDEN, "Authorization_RequestDenied", text)
}

pub(crate) fn send_as_denied() -> GraphError {
    let text = "The user account which was used to submit this request does not have the right to send mail on behalf \
                of the specified sending account. Cannot submit message.";
    GraphError::new(StatusCode::FORBIDDEN, "ErrorSendAsDenied", text)
}

pub(crate) fn user_invalid(user: &str) -> GraphError {
    GraphError::new(
        StatusCode::NOT_FOUND,
        "ErrorInvalidUser",
        format!("The requested user '{user}' is invalid."),
    )
}

/// No licence, or the mailbox is elsewhere (section 4.10).
pub(crate) fn no_mailbox() -> GraphError {
    let text = "The mailbox is either inactive, soft-deleted, or is hosted on-premise.";
    GraphError::new(StatusCode::NOT_FOUND, "MailboxNotEnabledForRESTAPI", text)
}

pub(crate) fn throttled() -> GraphError {
    let text = "Application is over its MailboxConcurrency limit.";
    GraphError::new(StatusCode::TOO_MANY_REQUESTS, "ApplicationThrottled", text)
}

fn bad(code: &'static str, message: impl Into<String>) -> GraphError {
    GraphError::new(StatusCode::BAD_REQUEST, code, message)
}

pub(crate) fn recipients_invalid() -> GraphError {
    bad("ErrorInvalidRecipients", "At least one recipient is not valid.")
}

pub(crate) fn message_empty() -> GraphError {
    bad("ErrorInvalidParameter", "The value of the parameter 'Message' is empty.")
}

/// What Graph says to it nobody could look up [U].
pub(crate) fn message_id_invalid() -> GraphError {
    bad("ErrorInvalidParameter", "The value of the parameter 'internetMessageId' is not a message id.")
}

/// JSON that can't be read at all.
pub(crate) fn json_unreadable() -> GraphError {
    bad(
        "BadRequest",
        "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
    )
}

/// JSON with a property or value Graph does not know. The text is ours; Graph's names the property too [U].
pub(crate) fn body_unreadable(detail: impl std::fmt::Display) -> GraphError {
    bad("RequestBodyRead", format!("The request body can't be read: {detail}"))
}

pub(crate) fn mime_not_base64() -> GraphError {
    bad("ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content.")
}

pub(crate) fn too_many_headers() -> GraphError {
    let text = "Maximum number of headers in one message should be less than or equal to 5.";
    bad("InvalidInternetMessageHeaderCollection", text)
}

/// The empty array is an error of the same code (section 4.4); its text is ours [U].
pub(crate) fn no_headers() -> GraphError {
    bad("InvalidInternetMessageHeaderCollection", "The collection of internet message headers is empty.")
}

pub(crate) fn header_invalid(name: &str) -> GraphError {
    let text = format!("The internet message header name '{name}' should start with 'x-' or 'X-'.");
    bad("InvalidInternetMessageHeader", text)
}
