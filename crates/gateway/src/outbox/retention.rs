//! Retention of content, the log, idempotency keys and held messages that were not released.

use api::{IDEMPOTENCY_DAYS, MessageState, Problem, Timestamp};

use super::slow_down::count_unseen;
use super::{Message, held_until};
use crate::mailbox::{Context, Effect};
use crate::store::Store;

const DAY_MS: i64 = 24 * 3_600_000;
/// Messages and keys of one sweep, so that no step writes too many rows; when there are more, the next one follows at once.
const SWEPT_MAX: usize = 50;
/// Chunks that no message owns after this have been given up, in milliseconds: a request that brings them takes seconds.
const STAGING_MS_MAX: i64 = 3_600_000;

/// When the next sweep is due; none while nothing is stored.
pub(crate) fn next_sweep(store: &Store) -> Result<Option<Timestamp>, Problem> {
    if !store.messages().any()? {
        return Ok(None);
    }
    let mailbox = store.records().mailbox()?;
    let before = store.records().outbox()?.swept_at.unwrap_or(mailbox.created_at);
    Ok(Some(before.plus_millis(DAY_MS)))
}

/// Deletes what has been kept for as long as the settings say.
pub(crate) fn sweep(store: &Store, context: &Context<'_>, effects: &mut Vec<Effect>) -> Result<(), Problem> {
    let now = context.now;
    let settings = store.records().mailbox()?.settings;
    store.content().delete_staged_before(now.plus_millis(-STAGING_MS_MAX))?;
    let remembered = now.plus_millis(-DAY_MS * i64::from(IDEMPOTENCY_DAYS));
    let mut swept = store.idempotency().forget_before(remembered, SWEPT_MAX)?;
    let days_ago = |days: u16| now.plus_millis(-DAY_MS * i64::from(days));
    swept += expire_held(store, now, SWEPT_MAX - swept, effects)?;
    swept += forget_content(store, days_ago(settings.content_days), SWEPT_MAX - swept)?;
    swept += forget_messages(store, days_ago(settings.log_days), SWEPT_MAX - swept)?;
    if swept < SWEPT_MAX {
        let before = store.records().outbox()?;
        let mut outbox = before.clone();
        outbox.swept_at = Some(now);
        store.records().set_outbox(&before, &outbox)?;
    }
    Ok(())
}

/// Expires messages that have been held for a month.
fn expire_held(
    store: &Store,
    now: Timestamp,
    limit: usize,
    effects: &mut Vec<Effect>,
) -> Result<usize, Problem> {
    let month_ms = held_until(Timestamp::default()).millis();
    let held = store.messages().held_since_before(now.plus_millis(-month_ms), limit)?;
    let before = store.records().outbox()?;
    let mut outbox = before.clone();
    let count = held.len();
    for mut message in held {
        message.expire(now);
        count_unseen(&mut outbox, &message, now);
        store.messages().put(&message)?;
        effects.push(Effect::Notify(message.id()));
    }
    store.records().set_outbox(&before, &outbox)?;
    Ok(count)
}

/// Deletes the content of messages that were handed over before that moment.
fn forget_content(store: &Store, before: Timestamp, limit: usize) -> Result<usize, Problem> {
    let old = store.messages().with_old_content(before, limit)?;
    let count = old.len();
    for mut message in old {
        store.content().delete(&message.content_key())?;
        message.forget_content();
        store.messages().put(&message)?;
    }
    Ok(count)
}

/// Deletes messages that ended before that moment, with whatever content is left. A message that was held for weeks stays
/// as long after its end as any other, and with it its idempotency key.
fn forget_messages(store: &Store, before: Timestamp, limit: usize) -> Result<usize, Problem> {
    let old = store.messages().ended_before(before, limit)?;
    let handed_over = old.iter().filter(|message| message.state() == MessageState::HandedOver);
    let last = handed_over.map(Message::changed_at).max();
    let mut mailbox = store.records().mailbox()?;
    if last > mailbox.handed_over_at {
        // The page goes on telling it.
        mailbox.handed_over_at = last;
        store.records().set_mailbox(&mailbox)?;
    }
    for message in &old {
        store.content().delete(&message.content_key())?;
        store.messages().delete(message.id())?;
    }
    Ok(old.len())
}
