use api::MessageId;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};

use super::answer::json;
use super::{Answer, App, input, who};
use crate::objects::Objects;
use crate::objects::mailbox::Look;
use crate::objects::organisation::{KeyUse, UseKey};

/// `GET /v1/messages/{id}`: what became of a message.
#[worker::send]
pub(super) async fn show_message(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let config = app.config()?;
    let key = who::erp(&config, &headers)?;
    let id: MessageId = input::id(&id)?;
    let objects = Objects::new(&app.env, &config.jurisdiction);
    let call = UseKey { id: key.id, hash: who::hash_text(&key.hash), wanted: KeyUse::See(id.mailbox()) };
    objects.organisation(key.organisation)?.call(&call).await?;
    let view = objects.mailbox(key.organisation, id.mailbox())?.call(&Look { id }).await;
    json(StatusCode::OK, &view?)
}
