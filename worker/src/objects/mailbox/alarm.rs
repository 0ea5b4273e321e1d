//! The object's one alarm: it finds what would otherwise be forgotten.

use std::rc::Rc;
use std::time::Duration;

use api::{Problem, Timestamp};
use gateway::{DEFAULT_KEEPALIVE_MS, next_renewal};
use microsoft::Resource;

use super::Inner;
use super::pump::HAND_OVER_MS_MAX;
use crate::host::{Line, log, now};

/// Alarms closer together than this would be a loop, in milliseconds.
const ALARM_MS_MIN: i64 = 50;

impl Inner {
    pub(super) async fn on_alarm(self: &Rc<Self>) {
        self.alarm_at.set(None);
        if self.store.mailbox().is_err() {
            return;
        }
        self.keep_alive().await;
        self.pump().await;
        self.work_on_kv().await;
        self.rearm().await;
    }

    /// Somebody asks whether the alarm is still there: the cron, which knows every listed mailbox.
    pub(super) async fn nudge(self: &Rc<Self>) -> Result<(), Problem> {
        self.store.mailbox()?;
        self.alarm_at.set(None);
        self.rearm().await;
        self.forget_old_keys()
    }

    /// Renews a mailbox that sends nothing, and one whose trouble may have been mended meanwhile.
    async fn keep_alive(self: &Rc<Self>) {
        if self.renewal_at().ok().flatten().is_some_and(|at| at <= now()) {
            let kind = self.store.mailbox().map(|mailbox| mailbox.settings.kind).unwrap_or_default();
            // Its outcome stands in the authentication.
            let _ = self.renew(Resource::of(kind).unwrap_or(Resource::Graph)).await;
        }
    }

    fn renewal_at(&self) -> Result<Option<Timestamp>, Problem> {
        let Some(authentication) = self.store.authentication()? else { return Ok(None) };
        let keepalive_ms = self.config().map_or(DEFAULT_KEEPALIVE_MS, |config| config.keepalive_ms);
        Ok(next_renewal(&authentication, keepalive_ms, self.jitter()?))
    }

    /// The same for every look at one mailbox, different between mailboxes.
    fn jitter(&self) -> Result<u32, Problem> {
        let id = self.store.mailbox()?.id.to_string();
        let [a, b, c, d, ..] = gateway::sha256(id.as_bytes());
        Ok(u32::from_le_bytes([a, b, c, d]))
    }

    /// Sets the alarm to whatever is next.
    pub(super) async fn rearm(&self) {
        match self.next_wake() {
            Ok(Some(at)) => self.wake_at(at).await,
            Ok(None) => {}
            Err(problem) => {
                log(&Line { event: "alarm", outcome: "failed", detail: &problem.detail, ..Line::default() });
            }
        }
    }

    fn next_wake(&self) -> Result<Option<Timestamp>, Problem> {
        // While others are sending, they go on with what is due; the alarm only makes sure that nobody is forgotten.
        let soonest = if self.sending.borrow().is_empty() {
            Timestamp::default()
        } else {
            now().plus_millis(HAND_OVER_MS_MAX)
        };
        let outbox = self.store.next_due()?.map(|at| at.max(self.pause_until.get()).max(soonest));
        // And that a message whose sender is lost does not stay *sending*.
        let lost = (!self.sending.borrow().is_empty()).then_some(soonest);
        Ok([outbox, lost, self.kv_due()?, self.renewal_at()?].into_iter().flatten().min())
    }

    /// Makes sure that an alarm comes no later than `at`.
    pub(super) async fn wake_at(&self, at: Timestamp) {
        let now = now();
        if self.alarm_at.get().is_some_and(|set| set <= at && set > now) {
            return;
        }
        let offset_ms = at.since(now).max(ALARM_MS_MIN);
        let offset = Duration::from_millis(offset_ms.unsigned_abs());
        match self.state.storage().set_alarm(offset).await {
            Ok(()) => self.alarm_at.set(Some(now.plus_millis(offset_ms))),
            Err(_) => log(&Line { event: "alarm", outcome: "not_set", ..Line::default() }),
        }
    }
}
