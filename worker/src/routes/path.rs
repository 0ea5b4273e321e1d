use std::fmt::Display;
use std::str::FromStr;

use api::{AttemptId, Code, MailboxId, MessageId, OrganisationId, Problem};
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use futures_util::future::BoxFuture;

use super::App;
use super::answer::Failed;

/// An identifier in the path. One that can't be, names nothing: `404`.
pub(super) struct Id<T>(pub(super) T);

/// An identifier that paths hold.
pub(super) trait InPath: FromStr<Err: Display> {
    /// The name between the braces of the route.
    const NAME: &'static str;
}

impl InPath for OrganisationId {
    const NAME: &'static str = "organisation";
}

impl InPath for MailboxId {
    const NAME: &'static str = "mailbox";
}

impl InPath for AttemptId {
    const NAME: &'static str = "attempt";
}

impl InPath for MessageId {
    const NAME: &'static str = "id";
}

impl<T: InPath> FromRequestParts<App> for Id<T> {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failed> {
        let text = segment(parts, app, T::NAME).await;
        let id = text.parse().map_err(|error: T::Err| Problem::new(Code::NotFound, error.to_string()))?;
        Ok(Self(id))
    }
}

/// The text at that place of the path.
pub(super) fn segment<'p>(parts: &'p mut Parts, app: &'p App, name: &'static str) -> BoxFuture<'p, String> {
    Box::pin(async move {
        let params = RawPathParams::from_request_parts(parts, app).await.ok();
        let found = params.iter().flatten().find(|(key, _)| *key == name);
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    })
}
