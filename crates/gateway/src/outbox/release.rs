//! The release of held messages: one goes as a probe, and the others follow when the other side has taken it, so that a
//! cause that still stands meets one message and rewrites one row.

use api::{MessageState, Problem, Timestamp};

use super::scheduler::PAGE;
use super::state::Release;
use super::{Message, OutboxState};
use crate::store::Store;

/// Why held messages may go again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Somebody signed in, saved the settings, or a test of the mail server passed.
    Repaired,
    /// A person asked to check again.
    Asked,
    /// A new version or configuration is deployed.
    Deployed,
    /// A renewal succeeded.
    Recovered,
}

/// Begins a release; whether any message waits for it.
pub(crate) fn begin(store: &Store, cause: Cause, now: Timestamp) -> Result<bool, Problem> {
    let before = store.records().outbox()?;
    let mut outbox = before.clone();
    let release = Release {
        probe: None,
        held_before: now,
        by_person: matches!(cause, Cause::Repaired | Cause::Asked),
        // Whether a message brings the program down, neither a sign-in nor new settings change.
        with_cut_off: matches!(cause, Cause::Asked | Cause::Deployed),
    };
    let any = start_probe(store, &mut outbox, release, now)?;
    store.records().set_outbox(&before, &outbox)?;
    Ok(any)
}

/// Whether the release under way waits for the result of this message.
pub(crate) fn is_probe(outbox: &OutboxState, message: &Message) -> bool {
    outbox.release.is_some_and(|release| release.probe == Some(message.id()))
}

/// Moves the release on after its probe, or without one. Whether there is more to do at once.
///
/// `is_open` says that nothing known stands in the way of the mailbox: then a probe that is tried again later says that the
/// others may go, each in its own time. Else they wait for its result.
pub(crate) fn advance(store: &Store, is_open: bool, now: Timestamp) -> Result<bool, Problem> {
    let before = store.records().outbox()?;
    let mut outbox = before.clone();
    let Some(release) = outbox.release else { return Ok(false) };
    let more = match release.probe {
        None => release_page(store, &mut outbox, release, now)?,
        Some(id) => match store.messages().get(id)?.map(|message| message.state()) {
            // It met the cause again: the others stay as they are.
            Some(MessageState::Held) => {
                outbox.release = None;
                false
            }
            // Cancelled, or gone: it says nothing.
            None | Some(MessageState::Cancelled) => start_probe(store, &mut outbox, release, now)?,
            Some(state) if state.is_final() || is_open && state == MessageState::WillRetry => {
                // What was held while the probe was under way goes, too.
                outbox.release = Some(Release { probe: None, held_before: now, ..release });
                true
            }
            Some(_) => false,
        },
    };
    store.records().set_outbox(&before, &outbox)?;
    Ok(more)
}

fn start_probe(
    store: &Store,
    outbox: &mut OutboxState,
    release: Release,
    now: Timestamp,
) -> Result<bool, Problem> {
    let first = store.messages().held_before(release.held_before, release.with_cut_off, 1)?;
    let Some(mut message) = first.into_iter().next() else {
        outbox.release = None;
        return Ok(false);
    };
    message.release(release.by_person, now);
    store.messages().put(&message)?;
    outbox.release = Some(Release { probe: Some(message.id()), ..release });
    Ok(true)
}

fn release_page(
    store: &Store,
    outbox: &mut OutboxState,
    release: Release,
    now: Timestamp,
) -> Result<bool, Problem> {
    let held = store.messages().held_before(release.held_before, release.with_cut_off, PAGE)?;
    let more = held.len() == PAGE;
    for mut message in held {
        message.release(release.by_person, now);
        store.messages().put(&message)?;
    }
    if !more {
        outbox.release = None;
    }
    Ok(more)
}
