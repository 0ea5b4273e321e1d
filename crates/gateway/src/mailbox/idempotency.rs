use api::{Code, Problem};

use super::{Context, Idempotency};
use crate::outbox::Message;
use crate::store::Store;

/// The message that came with this idempotency key before, if the key still counts: while the message is open, and seven
/// days after.
pub(super) fn find_repeated(
    store: &Store,
    idempotency: Option<&Idempotency>,
    context: &Context<'_>,
) -> Result<Option<Message>, Problem> {
    const REMEMBERED_MS: i64 = api::IDEMPOTENCY_DAYS as i64 * 24 * 3_600_000;
    let Some(Idempotency { key, body }) = idempotency else { return Ok(None) };
    let Some(kept) = store.idempotency().get(key)? else { return Ok(None) };
    let message = match kept.message.parse() {
        Ok(id) => store.messages().get(id)?,
        Err(_) => None,
    };
    let counts = |message: &Message| {
        !message.state().is_final() || context.now.since(message.changed_at()) < REMEMBERED_MS
    };
    let is_recent = context.now.since(kept.at) < REMEMBERED_MS;
    if !is_recent && !message.as_ref().is_some_and(counts) {
        return Ok(None);
    }
    if kept.body != *body {
        let detail = "this Idempotency-Key came with another message before";
        return Err(Problem::new(Code::IdempotencyKeyReused, detail).with_param("message", &kept.message));
    }
    Ok(message)
}
