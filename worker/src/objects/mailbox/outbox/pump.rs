//! Drains the outbox: picks what is due, hands it over, records what came of it.

use std::cell::Cell;
use std::rc::Rc;

use api::{Kind, Problem, Timestamp};
use futures_util::future::join_all;
use gateway::{CONCURRENCY_MAX, Limits, MailboxRecord, MessageRecord, concurrency_max, renewal_due};
use microsoft::{Refusal, Resource};

use super::hand_over::HandOver;
use super::lane::Lane;
use super::submit::server_stands_in_the_way;
use crate::host::{Line, log, now};
use crate::objects::mailbox::Inner;
use crate::objects::mailbox::authentication::refresh::not_signed_in;

/// A hand-over older than this has lost whoever was doing it, in milliseconds: renewal and two requests at their limits.
pub(in crate::objects::mailbox) const HAND_OVER_MS_MAX: i64 = 180_000;

/// How long the outbox rests when its rows can't be read or written, in milliseconds.
const REST_MS: i64 = 30_000;

/// What one run may do, so that it stays within what an invocation has on the free plan: 50 subrequests, and a little time of
/// the processor, which can't be measured from inside and goes with messages and bytes. Whoever comes to its end leaves the
/// rest to the next run.
struct Run {
    limits: Limits,
    messages: Cell<usize>,
    subrequests: Cell<usize>,
    bytes: Cell<u64>,
}

impl Run {
    const MESSAGES_MAX: usize = 20;
    const SUBREQUESTS_MAX: usize = 40;
    /// One message of the largest size is always handed over.
    const BYTES_MAX: u64 = 12 * 1024 * 1024;

    fn new(limits: Limits) -> Self {
        Self {
            limits,
            messages: Cell::new(Self::MESSAGES_MAX),
            subrequests: Cell::new(Self::SUBREQUESTS_MAX),
            bytes: Cell::new(Self::BYTES_MAX),
        }
    }

    fn has_room(&self) -> bool {
        self.messages.get() > 0 && self.subrequests.get() > 0 && self.bytes.get() > 0
    }

    /// Counts a message: a request and the same with a fresh token, or a relay's health, its order and a question.
    fn count(&self, kind: Kind, message: &MessageRecord) {
        let subrequests = if kind.signs_in() { 2 } else { 3 };
        self.messages.set(self.messages.get().saturating_sub(1));
        self.subrequests.set(self.subrequests.get().saturating_sub(subrequests));
        self.bytes.set(self.bytes.get().saturating_sub(message.bytes));
    }
}

impl Inner {
    /// Hands over what is due, as many messages at once as the other side takes, and sets the alarm for the rest.
    pub(in crate::objects::mailbox) async fn pump(self: &Rc<Self>) {
        let limits = match self.config() {
            Ok(config) => config.limits,
            Err(problem) => return self.rest(&problem),
        };
        let run = Run::new(limits);
        join_all((0..CONCURRENCY_MAX).map(|_| self.pump_lane(&run))).await;
    }

    /// The same, after whatever is under way: an answer, or an alarm.
    pub(in crate::objects::mailbox) fn pump_soon(self: &Rc<Self>) {
        if self.sending.borrow().len() >= CONCURRENCY_MAX {
            return; // they go on with it
        }
        let inner = self.clone();
        self.in_background(async move { inner.pump().await });
    }

    /// Hands over one message after another.
    async fn pump_lane(self: &Rc<Self>, run: &Run) {
        let mut lane = Lane::default();
        loop {
            match self.take_next(run) {
                Ok(Some(hand_over)) => self.hand_over_and_record(hand_over, &mut lane).await,
                Ok(None) => break,
                Err(problem) => {
                    self.rest(&problem);
                    break;
                }
            }
        }
        lane.close().await;
        // Each lane for itself: one that waits for a slow server holds up nobody.
        self.rearm().await;
    }

    /// Leaves everything alone for a while: trying again at once would fail again at once.
    pub(super) fn rest(&self, problem: &Problem) {
        self.resting_until.set(now().plus_millis(REST_MS));
        log(&Line { event: "outbox", outcome: "failed", detail: &problem.detail, ..Line::default() });
    }

    /// Picks the next due message and marks it as being sent, in one synchronous step.
    fn take_next(&self, run: &Run) -> Result<Option<HandOver>, Problem> {
        self.account_for_lost()?;
        let now = now();
        let mailbox = self.store.mailbox()?;
        let kind = mailbox.settings.kind;
        let mut outbox = self.store.outbox()?;
        let is_busy = self.sending.borrow().len() >= concurrency_max(kind);
        if is_busy || !run.has_room() || now < outbox.paused_until() {
            return Ok(None);
        }
        let Some(mut message) = self.store.next_message(now)? else { return Ok(None) };
        if let Some(refusal) = self.stands_in_the_way(&mailbox)? {
            return self.hold_all(&refusal.failure()).map(|()| None);
        }
        let recipients = message.open_recipients();
        if outbox.pacing.next_start(run.limits, recipients, now) > now {
            return Ok(None);
        }
        let before = outbox.pacing.clone();
        outbox.pacing.begin(run.limits, recipients, now);
        if outbox.pacing != before {
            self.store.set_outbox(&outbox)?;
        }
        message.begin(now);
        self.store.set_sending(&message)?;
        self.sending.borrow_mut().insert(message.id, now);
        run.count(kind, &message);
        Ok(Some(HandOver::new(message, now)))
    }

    /// Why no message of this mailbox can go now, whichever it is.
    fn stands_in_the_way(&self, mailbox: &MailboxRecord) -> Result<Option<Refusal>, Problem> {
        if !mailbox.settings.kind.signs_in() {
            return Ok(server_stands_in_the_way(mailbox));
        }
        Ok(match self.store.authentication()? {
            None => Some(not_signed_in()),
            Some(authentication) => {
                authentication.trouble.map(|trouble| Refusal::new(trouble.code, trouble.detail))
            }
        })
    }

    async fn hand_over_and_record(self: &Rc<Self>, hand_over: HandOver, lane: &mut Lane) {
        let version = self.store.mailbox().ok().map(|mailbox| mailbox.version);
        let ended = self.hand_over(&hand_over, lane).await;
        let id = hand_over.message().id;
        if !self.owns(&hand_over) {
            // It took so long that it counted as cut off; somebody else may be at it by now.
            return log(&Line {
                event: "hand_over",
                outcome: "late",
                object: &id.to_string(),
                ..Line::default()
            });
        }
        self.sending.borrow_mut().remove(&id);
        if let Err(problem) = self.record(hand_over, ended, version) {
            // The row still says *sending*; without an owner, its lease tells what became of it.
            self.recovered.set(false);
            self.rest(&problem);
        }
        self.tell_waiting(id);
        self.renew_after_send();
    }

    /// Whether that attempt is still the one that sends the message.
    pub(super) fn owns(&self, hand_over: &HandOver) -> bool {
        self.sending.borrow().get(&hand_over.message().id) == Some(&hand_over.at())
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

    /// When the next message can go, as far as anybody knows now.
    pub(in crate::objects::mailbox) fn next_hand_over(&self) -> Result<Option<Timestamp>, Problem> {
        let Some(due_at) = self.store.next_due()? else { return Ok(None) };
        let now = now();
        let kind = self.store.mailbox()?.settings.kind;
        if self.sending.borrow().len() >= concurrency_max(kind) {
            // Whoever is sending goes on with it; this only makes sure that nobody is forgotten.
            return Ok(Some(now.plus_millis(HAND_OVER_MS_MAX)));
        }
        let outbox = self.store.outbox()?;
        let recipients = self.store.next_message(due_at)?.map_or(1, |message| message.open_recipients());
        let limits = self.config().map(|config| config.limits).unwrap_or_default();
        let paced = outbox.pacing.next_start(limits, recipients, now);
        Ok(Some(due_at.max(outbox.paused_until()).max(paced).max(self.resting_until.get())))
    }
}
