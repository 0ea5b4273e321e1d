//! The copy of the refresh token in KV. It follows what the object has committed and never stops sending.
//!
//! Every put has a key of its own, so that neither KV's stale reads nor its limit of one write a second and key matter.

use api::{MailboxId, OrganisationId, Problem, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::{Authentication, KV_PUT_EVERY_MS, SealedText, good_until};
use crate::mailbox::Context;
use crate::store::{KvOperation, KvTask, Store, cannot};

/// First and longest wait before a KV operation that failed is tried again, in milliseconds; in between, as long again as
/// the operation has been waiting already.
const RETRY_MS: (i64, i64) = (5_000, 5 * 60 * 1000);

/// A copy as it is stored.
#[derive(Serialize)]
struct KvCopy<'a> {
    mailbox: MailboxId,
    number: u64,
    organisation: OrganisationId,
    refresh_token: &'a SealedText,
    tenant: &'a str,
    version: u8,
}

/// Queues a KV write of the refresh token, if one is due: at a consent (`at_once`), when the sealing key has changed, and
/// else every six hours.
pub fn follow(
    store: &Store,
    authentication: &Authentication,
    at_once: bool,
    context: &Context<'_>,
) -> Result<(), Problem> {
    let last = store.kv_queue().last_put()?;
    let recent = last.is_some_and(|last| {
        context.now.since(last.at) < KV_PUT_EVERY_MS && last.sealed_by == context.sealing_key
    });
    if recent && !at_once {
        return Ok(());
    }
    let mailbox = store.records().mailbox()?;
    let token = &authentication.refresh;
    let [random @ .., _, _, _, _, _, _, _, _, _, _] = context.random;
    let random: [u8; 6] = random;
    let random = URL_SAFE_NO_PAD.encode(random);
    let value = KvCopy {
        mailbox: mailbox.id,
        number: token.number,
        organisation: mailbox.organisation,
        refresh_token: &token.sealed,
        tenant: &authentication.tenant_id,
        version: 1,
    };
    let task = KvTask {
        key: format!("token/{}/{}/{}-{random}", mailbox.organisation, mailbox.id, token.number),
        operation: KvOperation::Put {
            value: serde_json::to_string(&value).map_err(|_| cannot("encode a copy"))?,
            expires_at: good_until(authentication.renewed_at).seconds(),
        },
        at: context.now,
    };
    store.kv_queue().replace(&task, context.sealing_key)
}

/// Queues the deletion of every copy.
pub fn delete_copies(store: &Store) -> Result<(), Problem> {
    store.kv_queue().delete_all()
}

/// When an operation that failed is tried again.
#[must_use]
pub fn postpone(task: &KvTask, now: Timestamp) -> Timestamp {
    let (first_ms, longest_ms) = RETRY_MS;
    now.plus_millis(now.since(task.at).clamp(first_ms, longest_ms))
}
