use std::time::Duration;

use api::{MailboxId, MessageId, MessageState, Problem, WAIT_SECONDS_MAX};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::IntoResponse as _;
use gateway::memory::Share;

use super::message_payload::{self, MessagePayload};
use crate::host::{now, random};
use crate::objects::deliver;
use crate::objects::mailbox::{Accept, Accepted};
use crate::routes::answer::{Answer, Json};
use crate::routes::auth::Erp;

/// `POST /v1/messages`: takes one mail. `202` when it is stored durably; with `Prefer: wait=N`, `200` with the outcome
/// when there is one within N seconds.
#[worker::send]
pub(super) async fn send(erp: Erp, request: Request) -> Answer {
    let wait = wait(request.headers());
    let (payload, memory) = message_payload::read(request, now()).await?;
    let mailbox = erp.sends_from(payload.from.clone()).await?;
    let Accepted { view, replayed } = accept(&erp, mailbox, payload, memory, wait).await?;

    let waits = [MessageState::Scheduled, MessageState::Queued, MessageState::Sending];
    let has_outcome = wait > 0 && !waits.contains(&view.state);
    let location = HeaderValue::from_str(&format!("/v1/messages/{}", view.id));
    let mut answer = Json(view).into_response();
    if !has_outcome {
        *answer.status_mut() = StatusCode::ACCEPTED;
    }
    let headers = answer.headers_mut();
    if replayed {
        headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
    }
    if let Ok(location) = location {
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
    erp: &Erp,
    mailbox: MailboxId,
    payload: MessagePayload,
    memory: Share,
    wait_seconds: u32,
) -> Result<Accepted, Problem> {
    let id = MessageId::new(mailbox, now(), random()?);
    let MessagePayload { profile, reference, key, scheduled_at, stored, .. } = payload;
    let wait_ms = u64::from(wait_seconds) * 1000;
    let form = profile.form;
    let call =
        Accept { id, form, profile: Some(profile), reference, idempotency_key: key, scheduled_at, wait_ms };
    let extra = Duration::from_secs(u64::from(wait_seconds));
    deliver(|| erp.mailbox(mailbox), &call, stored, memory, extra).await
}

/// Seconds of `Prefer: wait=N` (RFC 7240 section 4.3), at most what we honour; 0 without one.
fn wait(headers: &HeaderMap) -> u32 {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let seconds = preferences.flat_map(|line| line.split([',', ';'])).find_map(|preference| {
        preference.trim().strip_prefix("wait=")?.trim_matches('"').parse::<u32>().ok()
    });
    seconds.unwrap_or_default().min(WAIT_SECONDS_MAX)
}
