use std::time::Duration;

use api::{Code, MessageId, MessageState, Problem, WAIT_SECONDS_MAX};
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
    let Posted { form, from, reference, key: idempotency_key, stored } = posted::read(request).await?;

    let objects = Objects::new(&app.env, &config.jurisdiction);
    let call = UseKey { id: key.id, hash: who::hash_text(&key.hash), wanted: KeyUse::SendFrom(from) };
    let mailbox = objects.organisation(key.organisation)?.call(&call).await?;
    let mailbox = mailbox.ok_or_else(|| Problem::new(Code::NotFound, "there is no such mailbox"))?;
    let id = MessageId::new(mailbox, now(), random()?);
    let call = Accept { id, form, reference, idempotency_key, wait_ms: u64::from(wait) * 1000 };
    let extra = Duration::from_secs(u64::from(wait));
    let mailbox = objects.mailbox(key.organisation, mailbox)?;
    let Accepted { view, replayed } = mailbox.call_with_body(&call, &stored, extra).await?;

    let has_outcome = wait > 0 && !matches!(view.state, MessageState::Queued | MessageState::Sending);
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

/// Seconds of `Prefer: wait=N` (RFC 7240 section 4.3), at most what we honour; 0 without one.
fn wait(headers: &HeaderMap) -> u32 {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let seconds = preferences.flat_map(|line| line.split([',', ';'])).find_map(|preference| {
        preference.trim().strip_prefix("wait=")?.trim_matches('"').parse::<u32>().ok()
    });
    seconds.unwrap_or_default().min(WAIT_SECONDS_MAX)
}
