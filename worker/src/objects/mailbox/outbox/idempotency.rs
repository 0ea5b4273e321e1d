//! `Idempotency-Key`: a request that comes again changes nothing (draft-ietf-httpapi-idempotency-key-header).

use std::rc::Rc;

use api::{Code, IDEMPOTENCY_DAYS, MessageId, Problem, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gateway::sha256;

use crate::host::now;
use crate::objects::mailbox::Inner;
use crate::objects::mailbox::calls::Accept;

/// How long a key is remembered, in milliseconds.
const REMEMBERED_MS: i64 = IDEMPOTENCY_DAYS as i64 * 24 * 3_600_000;

/// Whether a request is the first of its key.
pub(super) enum Once {
    /// It came before; this is the message.
    Before(MessageId),
    /// It is the first, or has no key.
    Now(Option<Taking>),
}

/// A key that is being used. Other requests with it are sent away until this is dropped.
pub(super) struct Taking {
    inner: Rc<Inner>,
    key: String,
    body: String,
}

impl Taking {
    /// Remembers which message it was, in the same step as the message itself.
    pub(super) fn keep(&self, message: MessageId, at: Timestamp) -> Result<(), Problem> {
        self.inner.store.keep_idempotency(&self.key, &self.body, message, at)
    }
}

impl Drop for Taking {
    fn drop(&mut self) {
        self.inner.accepting.borrow_mut().remove(&self.key);
    }
}

impl Inner {
    pub(super) fn once(self: &Rc<Self>, call: &Accept, body: &[u8]) -> Result<Once, Problem> {
        let Some(key) = &call.idempotency_key else { return Ok(Once::Now(None)) };
        let (key, body) = (hash(key.as_bytes()), fingerprint(call, body)?);
        let kept = self.store.idempotency(&key)?.filter(|kept| now().millis() - kept.at < REMEMBERED_MS);
        if let Some(kept) = kept {
            if kept.body != body {
                let detail = "this Idempotency-Key came with another message before";
                return Err(
                    Problem::new(Code::IdempotencyKeyReused, detail).with_param("message", &kept.message)
                );
            }
            if let Ok(id) = kept.message.parse() {
                return Ok(Once::Before(id));
            }
        }
        if !self.accepting.borrow_mut().insert(key.clone()) {
            let detail = "the message with this Idempotency-Key is just being stored";
            return Err(Problem::new(Code::IdempotencyInProgress, detail).with_retry_after(1));
        }
        Ok(Once::Now(Some(Taking { inner: Rc::clone(self), key, body })))
    }

    pub(super) fn forget_old_keys(&self) -> Result<(), Problem> {
        self.store.forget_idempotency_before(now().plus_millis(-REMEMBERED_MS))
    }
}

/// Everything of a request that makes it another one.
fn fingerprint(call: &Accept, body: &[u8]) -> Result<String, Problem> {
    let head = serde_json::to_vec(&(call.form, &call.reference, call.scheduled_at))
        .map_err(|_| Problem::new(Code::Internal, "a message can't be written"))?;
    Ok(hash(&[hash(&head).as_bytes(), hash(body).as_bytes()].concat()))
}

/// Not the key itself: an ERP may have put something into it that should not be stored.
fn hash(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(sha256(bytes))
}
