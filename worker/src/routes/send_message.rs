use std::time::Duration;

use api::{Code, MailboxId, MessageId, MessageState, OrganisationId, Problem, WAIT_SECONDS_MAX};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

use super::answer::json;
use super::posted::{self, Posted};
use super::{Answer, App, who};
use crate::host::{now, random};
use crate::objects::Objects;
use crate::objects::mailbox::{Accept, Accepted};
use crate::objects::organisation::{KeyUse, UseKey};

/// `POST /v1/messages`: takes one mail. `202` when it is stored durably; with `Prefer: wait=N`, `200` with the outcome
/// when there is one within N seconds.
#[worker::send]
pub(super) async fn send_message(State(app): State<App>, request: Request) -> Answer {
    let config = app.config()?;
    let key = who::erp(&config, request.headers())?;
    let wait = wait(request.headers());
    let posted = posted::read(request, now()).await?;

    let objects = Objects::new(&app.env, &config.jurisdiction);
    let wanted = KeyUse::SendFrom(posted.from.clone());
    let call = UseKey { id: key.id, hash: who::hash_text(&key.hash), wanted };
    let mailbox = objects.organisation(key.organisation)?.call(&call).await?;
    let mailbox = mailbox.ok_or_else(|| Problem::new(Code::NotFound, "there is no such mailbox"))?;
    let Accepted { view, replayed } = accept(&objects, key.organisation, mailbox, posted, wait).await?;

    let waits = [MessageState::Scheduled, MessageState::Queued, MessageState::Sending];
    let has_outcome = wait > 0 && !waits.contains(&view.state);
    let mut answer = json(if has_outcome { StatusCode::OK } else { StatusCode::ACCEPTED }, &view)?;
    let headers = answer.headers_mut();
    if replayed {
        headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
    }
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/messages/{}", view.id)) {
        headers.insert(header::LOCATION, location);
    }
    if wait > 0 {
        // RFC 7240 section 3: says which preference was honoured.
        let applied = HeaderValue::from_str(&format!("wait={wait}"));
        headers.extend(
            applied.ok().map(|applied| (header::HeaderName::from_static("preference-applied"), applied)),
        );
    }
    Ok(answer)
}

/// Gives a message to its mailbox; once more when the object was lost meanwhile, since the id makes it the same message.
pub(super) async fn accept(
    objects: &Objects<'_>,
    organisation: OrganisationId,
    mailbox: MailboxId,
    posted: Posted,
    wait_seconds: u32,
) -> Result<Accepted, Problem> {
    let id = MessageId::new(mailbox, now(), random()?);
    let Posted { form, reference, key, scheduled_at, stored, .. } = posted;
    let wait_ms = u64::from(wait_seconds) * 1000;
    let call = Accept { id, form, reference, idempotency_key: key, scheduled_at, wait_ms };
    let extra = Duration::from_secs(u64::from(wait_seconds));
    let begun = now();
    match objects.mailbox(organisation, mailbox)?.call_with_bytes(&call, &stored, extra).await {
        Err(problem) if problem.code == Code::Busy && now().since(begun) < AGAIN_WITHIN_MS => {
            // A stub whose object was lost is of no more use.
            objects.mailbox(organisation, mailbox)?.call_with_bytes(&call, &stored, extra).await
        }
        answer => answer,
    }
}

/// An object that did not even take so long was lost; one that took longer is slow, and asking it twice would not help.
const AGAIN_WITHIN_MS: i64 = 5_000;

/// Seconds of `Prefer: wait=N` (RFC 7240 section 4.3), at most what we honour; 0 without one.
fn wait(headers: &HeaderMap) -> u32 {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let seconds = preferences.flat_map(|line| line.split([',', ';'])).find_map(|preference| {
        preference.trim().strip_prefix("wait=")?.trim_matches('"').parse::<u32>().ok()
    });
    seconds.unwrap_or_default().min(WAIT_SECONDS_MAX)
}
