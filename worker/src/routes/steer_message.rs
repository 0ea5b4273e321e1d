//! One message that was accepted: its MIME, calling it off, sending it again.

use api::{MessageId, RetryMessage};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

use super::answer::json;
use super::{Answer, App, input, who};
use crate::objects::mailbox::{Cancel, ReadMime, Retry};
use crate::objects::organisation::{KeyUse, UseKey};
use crate::objects::{Object, Objects};

/// `GET /v1/messages/{id}/mime`: the message as `message/rfc822`, while its content is kept.
#[worker::send]
pub(super) async fn read_mime(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let (mailbox, id) = find(&app, &headers, &id).await?;
    let mut answer = mailbox.stream(&ReadMime { id }).await?.map(axum::body::Body::new);
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("message/rfc822"));
    // Mail holds whatever somebody wrote; no browser is to show it as a page of this installation.
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"message.eml\""),
    );
    Ok(answer)
}

/// `POST /v1/messages/{id}/cancel`
#[worker::send]
pub(super) async fn cancel(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let (mailbox, id) = find(&app, &headers, &id).await?;
    json(StatusCode::OK, &mailbox.call(&Cancel { id }).await?)
}

/// `POST /v1/messages/{id}/retry`; a body is needed only by who wants something else than the usual.
#[worker::send]
pub(super) async fn retry(State(app): State<App>, Path(id): Path<String>, request: Request) -> Answer {
    let (mailbox, id) = find(&app, request.headers(), &id).await?;
    let has_body = request.headers().contains_key(header::CONTENT_TYPE);
    let retry: RetryMessage =
        if has_body { input::small_json(request).await? } else { RetryMessage::default() };
    json(StatusCode::ACCEPTED, &mailbox.call(&Retry { id, retry }).await?)
}

async fn find(app: &App, headers: &HeaderMap, id: &str) -> Result<(Object, MessageId), api::Problem> {
    let config = app.config()?;
    let key = who::erp(&config, headers)?;
    let id: MessageId = input::id(id)?;
    let objects = Objects::new(&app.env, &config.jurisdiction);
    let call = UseKey { id: key.id, hash: who::hash_text(&key.hash), wanted: KeyUse::See(id.mailbox()) };
    objects.organisation(key.organisation)?.call(&call).await?;
    Ok((objects.mailbox(key.organisation, id.mailbox())?, id))
}
