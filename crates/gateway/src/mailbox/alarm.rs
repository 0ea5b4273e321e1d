//! The one alarm of a mailbox: it finds what would otherwise be forgotten.

use api::{Problem, Timestamp};

use super::{Context, Effect, MailboxRecord, SAFETY_NET_MS, Transaction};
use crate::outbox::retention::next_sweep;
use crate::sealing::sha256;
use crate::sign_in;
use crate::store::Store;
use crate::tokens::next_renewal;

/// Alarms closer together than this would be a loop, in milliseconds.
const ALARM_MS_MIN: i64 = 50;

/// The alarm that is set, as far as this instance knows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Alarm(Option<Timestamp>);

impl Alarm {
    /// The alarm has gone off, or may not be set.
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }

    /// Whether the alarm should have gone off long ago.
    pub(super) fn is_late(self, now: Timestamp, late_ms: i64) -> bool {
        self.0.is_some_and(|at| now.since(at) > late_ms)
    }

    /// Arms the alarm, unless one is set that comes no later.
    pub(super) fn no_later_than(&mut self, at: Timestamp, now: Timestamp) -> Option<Effect> {
        let at = at.max(now.plus_millis(ALARM_MS_MIN));
        if self.0.is_some_and(|set| set <= at && set > now) {
            return None;
        }
        self.0 = Some(at);
        Some(Effect::SetAlarm(at))
    }
}

/// Plans the alarm for whatever comes next. What this step hands to the host counts as begun; the alarm then only makes
/// sure that it is not forgotten.
pub(super) fn plan(step: &mut Transaction<'_>) -> Result<(), Problem> {
    let Some(mailbox) = step.store.records().mailbox_if_created()? else { return Ok(()) };
    let (store, now) = (step.store, step.context.now);
    let begun = |it: fn(&Effect) -> bool| step.effects.iter().any(it);
    let earliest = |begun: bool| if begun { now.plus_millis(SAFETY_NET_MS) } else { now };
    let pumps = begun(|effect| matches!(effect, Effect::Pump | Effect::Deliver(_) | Effect::CheckGraph(_)));
    let renews = step.memory.tokens.under_way(now).is_some();

    let start = step.memory.scheduler.next_start(store, &mailbox, step.context)?;
    let release = store.records().outbox()?.release.filter(|release| release.probe.is_none()).map(|_| now);
    let look = step.memory.scheduler.next_look(now);
    let next = [
        start.map(|at| at.max(earliest(pumps))),
        release.map(|at| at.max(earliest(pumps))),
        look.map(|at| at.max(earliest(pumps))),
        // What is due already, the host works on since the step that queued it; what failed has its time.
        store.kv_queue().next_due_at()?.map(|at| at.max(earliest(at <= now))),
        renewal_at(store, &mailbox, step.context)?.map(|at| at.max(earliest(renews))),
        next_sweep(store)?,
        sign_in::drop_unconfirmed(store, now)?,
    ];
    if let Some(at) = next.into_iter().flatten().min() {
        let at = at.max(step.memory.scheduler.resting(now));
        step.effects.extend(step.memory.alarm.no_later_than(at, now));
    }
    Ok(())
}

/// When the tokens are renewed next, whatever else happens.
pub(super) fn renewal_at(
    store: &Store,
    mailbox: &MailboxRecord,
    context: &Context<'_>,
) -> Result<Option<Timestamp>, Problem> {
    let Some(authentication) = store.records().authentication()? else { return Ok(None) };
    // The same at every look at one mailbox, different between mailboxes.
    let [a, b, c, d, ..] = sha256(mailbox.id.to_string().as_bytes());
    let jitter = u32::from_le_bytes([a, b, c, d]);
    Ok(next_renewal(&authentication, context.keepalive_ms, jitter))
}
