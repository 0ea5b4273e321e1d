//! Answers no healthy server gives: the connection ends before or within them, or they are nonsense.

use std::{io, time::Duration};

use axum::{
    Json,
    body::{Body, Bytes, to_bytes},
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use futures_util::{StreamExt as _, stream};
use tokio::time::sleep;

use crate::faults::order::{Answer, Content};

/// Enough for what was written so far to be on its way before the connection ends.
const FLUSH: Duration = Duration::from_millis(100);

pub(crate) fn ordered(answer: &Answer) -> Response {
    let mut response = match &answer.content {
        Content::Nothing => answer.status.into_response(),
        Content::Text(text) => (answer.status, text.clone()).into_response(),
        Content::Html(html) => (answer.status, Html(html.clone())).into_response(),
        Content::Json(json) => (answer.status, Json(json.clone())).into_response(),
    };
    // `{}` writes 2 for 2.0 and 2.5 for 2.5: Graph's may be fractional (section 4.10).
    let seconds = answer.retry_after.and_then(|seconds| HeaderValue::from_str(&seconds.to_string()).ok());
    if let Some(seconds) = seconds {
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

pub(crate) fn gibberish() -> Response {
    let bytes: &[u8] = b"\x00\xff{\"access_token\": <<<not JSON\xfe";
    ([(header::CONTENT_TYPE, "application/json")], bytes).into_response()
}

/// No answer: the body fails before its first byte, and hyper then closes the connection with the head still unwritten.
pub(crate) fn none() -> Response {
    let body = Body::from_stream(stream::once(async { Err::<Bytes, io::Error>(ended()) }));
    (StatusCode::BAD_GATEWAY, body).into_response()
}

/// Head and half of the body, then the end. An empty body is announced longer than it is, or there would be no middle.
pub(crate) async fn torn(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let half = whole.slice(..whole.len() / 2);
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len().max(2)));
    let end = stream::once(async {
        sleep(FLUSH).await;
        Err(ended())
    });
    let body = Body::from_stream(stream::once(async { Ok::<Bytes, io::Error>(half) }).chain(end));
    Response::from_parts(parts, body)
}

fn ended() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "cut on order")
}
