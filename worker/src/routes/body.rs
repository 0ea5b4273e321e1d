use std::time::Duration;

use api::{Code, FieldError, Problem, SMALL_REQUEST_BYTES_MAX};
use axum::body::{Body, BodyDataStream};
use axum::extract::{FromRequest, Request};
use axum::http::header;
use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, LocalBoxFuture};
use gateway::memory::Share;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::App;
use super::answer::Failed;
use crate::host::{memory, now, within};

/// A small JSON body.
pub(super) struct SmallJson<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<App> for SmallJson<T> {
    type Rejection = Failed;

    async fn from_request(request: Request, _app: &App) -> Result<Self, Failed> {
        Ok(Self(small_json(request).await?))
    }
}

/// The same for a handler that reads its body late, or not always.
pub(super) async fn small_json<T: DeserializeOwned>(request: Request) -> Result<T, Problem> {
    from_json(&small(request).await?)
}

fn small(request: Request) -> BoxFuture<'static, Result<Vec<u8>, Problem>> {
    Box::pin(async {
        expect_json(&request)?;
        bytes(request.into_body(), SMALL_REQUEST_BYTES_MAX).await
    })
}

/// A body that may be large, and what it holds of the isolate's memory.
pub(super) struct Large {
    pub(super) bytes: Vec<u8>,
    pub(super) memory: Share,
}

/// By how much the buffer of a body grows that does not say its length.
const GROWTH_BYTES: usize = 1024 * 1024;

/// Reads a body of at most `max` bytes. Memory is reserved before anything is read, by its Content-Length, or while it
/// streams in where it has none; `needs` says how much a body of some length takes. Boxed, since three routes wait for it.
pub(super) fn large(
    request: Request,
    max: usize,
    needs: fn(u64) -> u64,
) -> LocalBoxFuture<'static, Result<Large, Problem>> {
    Box::pin(read_large(request, max, needs))
}

async fn read_large(request: Request, max: usize, needs: fn(u64) -> u64) -> Result<Large, Problem> {
    let needs = |bytes: usize| needs(u64::try_from(bytes).unwrap_or(u64::MAX));
    let said = content_length(&request);
    let mut stream = request.into_body().into_data_stream();
    if said.is_some_and(|said| said > max) {
        return Err(after_the_rest(stream, too_large(max)).await);
    }
    let reserved = memory::receive(needs(said.unwrap_or_default()))
        .and_then(|memory| Ok((memory, memory::buffer(said.unwrap_or_default())?)));
    let (memory, mut bytes) = match reserved {
        Ok(reserved) => reserved,
        Err(problem) => return Err(after_the_rest(stream, problem).await),
    };
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| cut_short())?;
        let length = bytes.len() + chunk.len();
        if length > max {
            drop((bytes, memory));
            return Err(after_the_rest(stream, too_large(max)).await);
        }
        if length > bytes.capacity() {
            let capacity = if length <= SMALL_REQUEST_BYTES_MAX {
                SMALL_REQUEST_BYTES_MAX
            } else {
                (length + GROWTH_BYTES).min(max)
            };
            let more = capacity - bytes.len();
            if !memory.resize(needs(capacity), now()) || bytes.try_reserve_exact(more).is_err() {
                drop((bytes, memory));
                return Err(after_the_rest(stream, memory::full()).await);
            }
        } else if !memory.renew(now()) {
            // It came so slowly that its memory was given to others.
            return Err(memory::full());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Large { bytes, memory })
}

/// How long the rest of a body is passed over.
const PASSED_OVER: Duration = Duration::from_secs(10);

/// A problem, told when the rest of the body has been passed over: most clients read no answer before they have sent
/// everything, and a connection that is cut instead looks to them like a failure of the network.
pub(super) async fn after_the_rest(mut stream: BodyDataStream, problem: Problem) -> Problem {
    within(PASSED_OVER, async { while let Some(Ok(_)) = stream.next().await {} }).await;
    problem
}

/// The length of a body, where its sender says it.
pub(super) fn content_length(request: &Request) -> Option<usize> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn cut_short() -> Problem {
    Problem::new(Code::MalformedRequest, "the body ended before it was complete")
}

/// Reads a body of at most `max` bytes, counted while it streams in.
async fn bytes(body: Body, max: usize) -> Result<Vec<u8>, Problem> {
    let mut read = Vec::new();
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| cut_short())?;
        if read.len() + chunk.len() > max {
            return Err(too_large(max));
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read)
}

pub(super) fn too_large(max: usize) -> Problem {
    let detail = format!("such a request to this address has at most {max} bytes");
    Problem::new(Code::RequestTooLarge, detail).with_param("request_bytes_max", &max)
}

/// Whether a body says it is of that media type.
pub(super) fn is_of(request: &Request, media_type: &str) -> bool {
    essence(request).eq_ignore_ascii_case(media_type)
}

/// The media type without its parameters.
fn essence(request: &Request) -> &str {
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim()
}

/// Refuses a body that does not say it is JSON.
pub(super) fn expect_json(request: &Request) -> Result<(), Problem> {
    if is_of(request, "application/json") {
        return Ok(());
    }
    let essence = essence(request);
    let said =
        if essence.is_empty() { "no media type".to_owned() } else { format!("the media type {essence}") };
    Err(Problem::new(Code::UnsupportedMediaType, format!("the request has {said}")))
}

/// Reads JSON; an unknown field is refused with the names there are, since a misspelt field would be lost silently.
pub(super) fn from_json<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, Problem> {
    // ERPs on Windows write a byte order mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if std::str::from_utf8(bytes).is_err() {
        let detail = "the body is not UTF-8; JSON is always UTF-8 (not Windows-1252)";
        return Err(Problem::new(Code::MalformedRequest, detail));
    }
    serde_json::from_slice(bytes).map_err(|error| malformed(&error))
}

fn malformed(error: &serde_json::Error) -> Problem {
    let problem = Problem::new(Code::MalformedRequest, error.to_string());
    match unknown_field(&error.to_string()) {
        Some(field) => problem.with_errors(vec![FieldError {
            pointer: format!("/{}", field.replace('~', "~0").replace('/', "~1")),
            detail: error.to_string(),
        }]),
        None => problem,
    }
}

/// The name in serde's "unknown field `x`, expected …".
fn unknown_field(message: &str) -> Option<&str> {
    message.strip_prefix("unknown field `")?.split('`').next()
}
