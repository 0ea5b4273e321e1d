//! Drains the outbox: picks what is due, hands it over, records what came of it.

use std::rc::Rc;

use api::{Code, Failure, MessageState, Problem, Timestamp};
use futures_util::future::join_all;
use gateway::{CONCURRENCY_MAX, concurrency_max, renewal_due};
use microsoft::{Refusal, Resource};

use super::Inner;
use super::records::MessageRecord;
use super::refresh::not_signed_in;
use super::submit::server_stands_in_the_way;
use crate::host::{Line, log, now};

/// Messages of one run: each takes up to two subrequests, of the 50 that an invocation has on the free plan.
const RUN_MAX: usize = 20;

/// A hand-over older than this has lost whoever was doing it, in milliseconds: renewal and two requests at their limits.
pub(super) const HAND_OVER_MS_MAX: i64 = 180_000;

impl Inner {
    /// Hands over what is due, as many messages at once as Graph takes, and sets the alarm for the rest.
    pub(super) async fn pump(self: &Rc<Self>) {
        join_all((0..CONCURRENCY_MAX).map(|_| self.pump_lane())).await;
        self.rearm().await;
    }

    /// The same, after the answer that is being given.
    pub(super) fn pump_soon(self: &Rc<Self>) {
        let inner = self.clone();
        self.in_background(async move { inner.pump().await });
    }

    /// Hands over one message after another.
    async fn pump_lane(self: &Rc<Self>) {
        for _ in 0..RUN_MAX / CONCURRENCY_MAX {
            match self.take_next() {
                Ok(Some(message)) => self.hand_over_and_record(message).await,
                Ok(None) => break,
                Err(problem) => {
                    log(&Line {
                        event: "outbox",
                        outcome: "failed",
                        detail: &problem.detail,
                        ..Line::default()
                    });
                    break;
                }
            }
        }
    }

    /// Picks the next due message and marks it as being sent, in one synchronous step; the runtime lets no request leave
    /// before that mark is durable (output gate).
    fn take_next(&self) -> Result<Option<MessageRecord>, Problem> {
        self.account_for_lost()?;
        let now = now();
        let mailbox = self.store.mailbox()?;
        let at_once = concurrency_max(mailbox.settings.kind);
        if self.sending.borrow().len() >= at_once || now < self.pause_until.get() {
            return Ok(None);
        }
        match self.store.authentication()? {
            _ if !mailbox.settings.kind.signs_in() => {
                if let Some(refusal) = server_stands_in_the_way(&mailbox) {
                    return self.hold_all(&refusal.failure()).map(|()| None);
                }
            }
            None => return self.hold_all(&not_signed_in().failure()).map(|()| None),
            Some(authentication) => {
                if let Some(trouble) = authentication.trouble {
                    let refusal = Refusal::new(trouble.code, trouble.detail);
                    return self.hold_all(&refusal.failure()).map(|()| None);
                }
            }
        }
        let due = self.store.due(&[MessageState::Queued, MessageState::WillRetry], now, 1)?;
        let Some(mut message) = due.into_iter().next() else { return Ok(None) };
        message.state = MessageState::Sending;
        message.attempts += 1;
        message.changed_at = now;
        message.next_attempt_at = None;
        self.store.set_message(&message)?;
        self.sending.borrow_mut().insert(message.id, now);
        Ok(Some(message))
    }

    async fn hand_over_and_record(self: &Rc<Self>, message: MessageRecord) {
        let version = self.store.mailbox().ok().map(|mailbox| mailbox.version);
        let ended = self.hand_over(&message).await;
        self.sending.borrow_mut().remove(&message.id);
        let id = message.id;
        if let Err(problem) = self.record(message, ended, version) {
            // The row still says *sending*; without an owner it becomes *unknown*, which is the truth.
            log(&Line { event: "outbox", outcome: "failed", detail: &problem.detail, ..Line::default() });
        }
        self.tell_waiting(id);
        self.renew_after_send();
    }

    /// Every send renews the tokens; a burst shares a renewal.
    fn renew_after_send(self: &Rc<Self>) {
        let due = self.config().ok().zip(self.store.authentication().ok().flatten()).is_some_and(
            |(config, record)| {
                record.trouble.is_none() && renewal_due(record.renewed_at, now(), config.renew_after_ms)
            },
        );
        if due && self.flight.borrow().is_none() {
            let inner = self.clone();
            self.in_background(async move {
                // A failure is noted in the authentication; the next send tries again.
                let kind = inner.store.mailbox().map(|mailbox| mailbox.settings.kind).unwrap_or_default();
                let _ = inner.renew(Resource::of(kind).unwrap_or(Resource::Graph)).await;
                inner.work_on_kv().await;
            });
        }
    }

    /// Holds what waits; it goes out by itself after somebody has signed in.
    fn hold_all(&self, failure: &Failure) -> Result<(), Problem> {
        let end_of_time = Timestamp::from_millis(i64::MAX >> 11);
        let waiting = self.store.due(
            &[MessageState::Queued, MessageState::WillRetry],
            end_of_time,
            usize::MAX >> 12,
        )?;
        for mut message in waiting {
            message.state = MessageState::Held;
            message.changed_at = now();
            message.next_attempt_at = None;
            message.failure = Some(failure.clone());
            self.store.set_message(&message)?;
            self.tell_waiting(message.id);
        }
        Ok(())
    }

    /// Lets held messages go out again.
    pub(super) fn release_held(&self) -> Result<(), Problem> {
        let end_of_time = Timestamp::from_millis(i64::MAX >> 11);
        for mut message in self.store.due(&[MessageState::Held], end_of_time, usize::MAX >> 12)? {
            message.state = MessageState::Queued;
            message.changed_at = now();
            self.store.set_message(&message)?;
        }
        Ok(())
    }

    /// Messages marked *sending* that nobody here is sending: an instance before this one was, or a request that was cut
    /// off. Bytes may have left, so they are *unknown* and not sent again by themselves.
    fn account_for_lost(&self) -> Result<(), Problem> {
        let now = now();
        let cut_off = {
            let mut sending = self.sending.borrow_mut();
            let before = sending.len();
            sending.retain(|_, since| now.since(*since) < HAND_OVER_MS_MAX);
            sending.len() < before
        };
        if self.recovered.replace(true) && !cut_off {
            return Ok(());
        }
        let refusal = Refusal::new(Code::OutcomeUnknown, "the hand-over was cut off on our side");
        for mut message in self.store.due(&[MessageState::Sending], now, usize::MAX >> 12)? {
            if !self.sending.borrow().contains_key(&message.id) {
                self.close(&mut message, MessageState::Unknown, &refusal)?;
                message.changed_at = now;
                self.store.set_message(&message)?;
                self.tell_waiting(message.id);
            }
        }
        Ok(())
    }
}
