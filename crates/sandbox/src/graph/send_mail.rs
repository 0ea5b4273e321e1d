//! `POST /me/sendMail` and `POST /users/{id}/sendMail` (section 4.1): who, may they, how large, which form.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::StreamExt as _;
use tokio::time::sleep;

use crate::{
    account::Account,
    graph::{
        bearer::{self, Caller},
        concurrency::InFlight,
        errors::{self, Rejected},
        json_send, mime_send,
    },
    inbox::Mail,
    scopes::{MAIL_SEND, MAIL_SEND_SHARED},
    state::Sandbox,
};

/// "About 4 MB" for the whole request (section 0.1 fact 16).
pub(crate) const REQUEST_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How much of a larger request is read and thrown away, so that the sender gets to read the `413`.
const DRAINED_BYTES_MAX: usize = 256 * 1024 * 1024;

pub(crate) async fn as_me(State(sandbox): State<Arc<Sandbox>>, request: Request) -> Response {
    send(&sandbox, None, request).await.unwrap_or_else(Rejected::into_response)
}

pub(crate) async fn as_user(
    State(sandbox): State<Arc<Sandbox>>,
    Path(user): Path<String>,
    request: Request,
) -> Response {
    send(&sandbox, Some(&user), request).await.unwrap_or_else(Rejected::into_response)
}

async fn send(sandbox: &Arc<Sandbox>, user: Option<&str>, request: Request) -> Result<Response, Rejected> {
    let (parts, body) = request.into_parts();
    let caller = bearer::caller(&parts.headers, &sandbox.store(), sandbox)?;
    let mailbox = mailbox(sandbox, &caller, user)?;
    let _in_flight = InFlight::begin(sandbox, &mailbox.oid)?;
    let delay_ms = sandbox.store().settings.send_delay_ms;
    sleep(Duration::from_millis(delay_ms)).await;

    if !caller.has(MAIL_SEND) && !caller.has(MAIL_SEND_SHARED) {
        return Err(errors::access_denied().into());
    }
    if mailbox.guest {
        return Err(errors::no_mailbox().into());
    }
    let bytes = read(body).await?;
    let mail = match content_type(&parts.headers).as_deref() {
        Some("application/json") => json_send::read(&bytes, &caller, &mailbox)?,
        Some("text/plain") => mime_send::read(&bytes, &caller, &mailbox)?,
        other => {
            return Err(Rejected::NotImplemented(format!(
                "sendMail with Content-Type {}",
                other.unwrap_or("(none)")
            )));
        }
    };
    let now = sandbox.clock.now();
    sandbox.store().inbox.receive(Mail { received_at: now, ..mail });
    Ok(StatusCode::ACCEPTED.into_response())
}

/// The mailbox in the path. Another's needs `Mail.Send.Shared` and Exchange's rights (section 4.7).
fn mailbox(sandbox: &Sandbox, caller: &Caller, user: Option<&str>) -> Result<Account, Rejected> {
    let Some(user) = user else {
        return Ok(caller.account.clone());
    };
    let store = sandbox.store();
    let found = store.directory.accounts().iter().find(|account| {
        account.tid == caller.account.tid && (account.oid == user || account.upn.eq_ignore_ascii_case(user))
    });
    let found = found.ok_or_else(|| errors::user_invalid(user))?;
    let own = found.oid == caller.account.oid;
    let shared = caller.has(MAIL_SEND_SHARED) && caller.account.may_send_for(found);
    if own || shared { Ok(found.clone()) } else { Err(errors::access_denied().into()) }
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    value.split(';').next().map(|kind| kind.trim().to_ascii_lowercase())
}

async fn read(body: Body) -> Result<Vec<u8>, Rejected> {
    let mut body = body.into_data_stream();
    let mut kept = Vec::new();
    let mut size = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| errors::json_unreadable())?;
        size += chunk.len();
        if size <= REQUEST_BYTES_MAX {
            kept.extend_from_slice(&chunk);
        } else {
            kept = Vec::new();
            if size > DRAINED_BYTES_MAX {
                break;
            }
        }
    }
    if size > REQUEST_BYTES_MAX { Err(Rejected::TooLarge) } else { Ok(kept) }
}
