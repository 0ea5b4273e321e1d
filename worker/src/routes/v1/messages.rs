//! One message that was accepted: what became of it, its MIME, cancelling and sending it again.

use std::time::Duration;

use api::{MessageId, MessageView, RetryMessage};
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};

use crate::objects::Passed;
use crate::objects::mailbox::{Cancel, Look, ReadMime, Retry};
use crate::routes::answer::{Answer, With, with_type};
use crate::routes::auth::Erp;
use crate::routes::body::small_json;
use crate::routes::path::Id;

/// `GET /v1/messages/{id}`: what became of a message.
#[worker::send]
pub(super) async fn show(erp: Erp, Id(id): Id<MessageId>) -> Answer<Passed<MessageView>> {
    Ok(erp.mailbox_of(id).await?.pass(&Look { id }, Duration::ZERO).await?)
}

/// `GET /v1/messages/{id}/mime`: the message as `message/rfc822`, while its content is kept.
#[worker::send]
pub(super) async fn mime(erp: Erp, Id(id): Id<MessageId>) -> Answer {
    let mime = erp.mailbox_of(id).await?.stream(&ReadMime { id }).await?;
    let mut answer = with_type(mime.map(Body::new), "message/rfc822");
    // Mail holds whatever somebody wrote; no browser is to show it as a page of this installation.
    let disposition = HeaderValue::from_static("attachment; filename=\"message.eml\"");
    answer.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    Ok(answer)
}

/// `POST /v1/messages/{id}/cancel`
#[worker::send]
pub(super) async fn cancel(erp: Erp, Id(id): Id<MessageId>) -> Answer<Passed<MessageView>> {
    Ok(erp.mailbox_of(id).await?.pass(&Cancel { id }, Duration::ZERO).await?)
}

/// `POST /v1/messages/{id}/retry`; only a caller that wants other than the usual sends a body.
#[worker::send]
pub(super) async fn retry(erp: Erp, Id(id): Id<MessageId>, request: Request) -> Answer<With<MessageView>> {
    let mailbox = erp.mailbox_of(id).await?;
    let has_body = request.headers().contains_key(header::CONTENT_TYPE);
    let retry = if has_body { small_json(request).await? } else { RetryMessage::default() };
    Ok(With(StatusCode::ACCEPTED, mailbox.pass(&Retry { id, retry }, Duration::ZERO).await?))
}
