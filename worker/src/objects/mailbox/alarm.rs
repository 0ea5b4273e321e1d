//! The object's one alarm: it finds what would otherwise be forgotten.

use std::rc::Rc;
use std::time::Duration;

use api::{Problem, Timestamp};
use gateway::{DEFAULT_KEEPALIVE_MS, next_renewal};
use microsoft::Resource;

use super::Inner;
use super::outbox::accept::SAFETY_NET_MS;
use super::outbox::pump::HAND_OVER_MS_MAX;
use crate::host::{Line, log, now};

/// Alarms closer together than this would be a loop, in milliseconds.
const ALARM_MS_MIN: i64 = 50;

/// An alarm that is so late may have been lost, in milliseconds. Whoever asks then does what it would have done; what is done
/// already is not done again.
const ALARM_LATE_MS: i64 = 10_000;

impl Inner {
    pub(super) async fn on_alarm(self: &Rc<Self>) {
        self.alarm_at.set(None);
        if self.store.mailbox().is_err() {
            return;
        }
        self.clear_up();
        // First: whatever becomes of this run, there is another one.
        if self.store.next_due().is_ok_and(|due| due.is_some_and(|at| at <= now())) {
            self.wake_at(now().plus_millis(SAFETY_NET_MS)).await;
        }
        self.keep_alive().await;
        // Not waited for: no other alarm comes while one runs, and one that panics runs for a quarter of an hour.
        self.pump_soon();
        self.work_on_kv().await;
        self.sweep();
        self.rearm_exactly().await;
    }

    /// Somebody asks whether the alarm is still there: the cron, which knows every listed mailbox.
    pub(super) async fn nudge(self: &Rc<Self>) -> Result<(), Problem> {
        self.store.mailbox()?;
        self.alarm_at.set(None);
        self.sweep();
        self.rearm().await;
        Ok(())
    }

    /// At every call: an alarm that is missing is set again, and what the instance before this one left is taken up.
    pub(super) fn mind_alarm(self: &Rc<Self>) {
        let late = self.alarm_at.get().is_some_and(|at| now().since(at) > ALARM_LATE_MS);
        if !self.clear_up() && !late {
            return;
        }
        let inner = self.clone();
        self.in_background(async move {
            let set = inner.state.storage().get_alarm().await.ok().flatten();
            inner.alarm_at.set(set.map(Timestamp::from_millis));
            inner.pump().await;
        });
    }

    /// What only the first call of an instance does; whether this is it.
    fn clear_up(&self) -> bool {
        if self.woken.get() || self.store.mailbox().is_err() {
            return false;
        }
        self.woken.set(true);
        // Whoever was writing these is gone.
        if let Err(problem) = self.sweep_stagings(now()) {
            log(&Line { event: "staging", outcome: "failed", detail: &problem.detail, ..Line::default() });
        }
        true
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

    /// Makes sure that an alarm comes for whatever is next.
    pub(super) async fn rearm(&self) {
        if let Some(at) = self.next_wake() {
            self.wake_at(at).await;
        }
    }

    /// Sets the alarm to whatever is next, also when that is later than the present one.
    async fn rearm_exactly(&self) {
        match self.next_wake() {
            Some(at) if self.alarm_at.get() == Some(at) => {}
            Some(at) => self.set_alarm(at).await,
            None if self.alarm_at.get().is_none() => {}
            None => {
                // One that comes for nothing does no harm.
                let _ = self.state.storage().delete_alarm().await;
                self.alarm_at.set(None);
            }
        }
    }

    fn next_wake(&self) -> Option<Timestamp> {
        let next = || {
            // A message whose sender is lost must not stay *sending*.
            let lost = (!self.sending.borrow().is_empty()).then(|| now().plus_millis(HAND_OVER_MS_MAX));
            let all = [self.next_hand_over()?, lost, self.kv_due()?, self.renewal_at()?, self.next_sweep()?];
            Ok(all.into_iter().flatten().min())
        };
        next().unwrap_or_else(|problem: Problem| {
            log(&Line { event: "alarm", outcome: "failed", detail: &problem.detail, ..Line::default() });
            Some(now().plus_millis(SAFETY_NET_MS))
        })
    }

    /// Makes sure that an alarm comes no later than `at`.
    pub(super) async fn wake_at(&self, at: Timestamp) {
        if !self.alarm_at.get().is_some_and(|set| set <= at && set > now()) {
            self.set_alarm(at).await;
        }
    }

    async fn set_alarm(&self, at: Timestamp) {
        let now = now();
        let offset_ms = at.since(now).max(ALARM_MS_MIN);
        let before = self.alarm_at.replace(Some(now.plus_millis(offset_ms)));
        let offset = Duration::from_millis(offset_ms.unsigned_abs());
        self.store.sql().count_row();
        if self.state.storage().set_alarm(offset).await.is_err() {
            self.alarm_at.set(before);
            log(&Line { event: "alarm", outcome: "not_set", ..Line::default() });
        }
    }
}
