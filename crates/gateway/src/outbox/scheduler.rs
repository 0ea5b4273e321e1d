//! Which message goes when: rate limit, circuit breaker, concurrency, and the attempts under way.

use std::collections::BTreeMap;

use api::{Code, MessageId, MessageState, Problem, Route, Timestamp};
use microsoft::Refusal;

use super::attempt::{AttemptKey, Gate, StaleAttempt, Started};
use super::retry_policy::{Next, Stage};
use super::slow_down::{count_unseen, slow_down, status_of};
use super::{
    Circuit, DeliveryResult, Message, OutboxState, Policy, RunBudget, Unbooked, concerns_the_mailbox,
    concurrency_max,
};
use crate::mailbox::{Context, Effect, LogEntry, MailboxRecord};
use crate::store::Store;

/// An attempt older than this has lost its host, in milliseconds: a renewal and two requests at their limits.
pub const HAND_OVER_MS_MAX: i64 = 180_000;

/// How long no attempt starts after storage refused something, in milliseconds.
pub const REST_MS: i64 = 30_000;

/// Messages that one step holds or releases, so that no step writes too many rows.
pub(super) const PAGE: usize = 50;

/// The attempts under way in this instance. Everything here dies with the instance; the lease in each message tells the
/// next one what may have left.
#[derive(Clone, Debug, Default)]
pub struct Scheduler {
    in_flight: BTreeMap<MessageId, Attempt>,
    /// Results that storage refused; they are written again.
    unrecorded: BTreeMap<MessageId, (AttemptKey, Option<Route>, DeliveryResult)>,
    /// Whether this instance has recovered what an earlier one left.
    recovered: bool,
    /// No attempt starts before this: storage refused something.
    resting_until: Timestamp,
    /// Since when a harmless request is under way.
    checking_since: Option<Timestamp>,
}

/// An attempt under way.
#[derive(Clone, Debug)]
struct Attempt {
    at: Timestamp,
    /// Of the mailbox when it started: a failure that belongs to earlier settings marks no later ones.
    version: u64,
    /// The same for the sign-in.
    epoch: u64,
    recipients: u32,
    booked_at: Option<Timestamp>,
    awaits_token: bool,
    /// The number of the access token that was refused.
    refused_token: Option<u64>,
    /// Renewals that brought no usable token.
    renewals: u32,
}

impl Scheduler {
    /// Starts the next message, if one may go now; holds what is due while the gate is closed.
    pub(crate) fn start_next(
        &mut self,
        store: &Store,
        mailbox: &MailboxRecord,
        gate: &Gate,
        budget: &mut RunBudget,
        context: &Context<'_>,
        effects: &mut Vec<Effect>,
    ) -> Result<Option<Started>, Problem> {
        let now = context.now;
        let kind = mailbox.settings.kind;
        let outbox = store.records().outbox()?;
        let limit = match outbox.breaker.circuit() {
            Circuit::Closed if outbox.refusals.is_slow() => 1,
            Circuit::Closed => concurrency_max(kind),
            Circuit::HalfOpen => 1,
            Circuit::Open(_) => 0,
        };
        let message = match gate {
            Gate::Open => store.messages().next_due(now)?,
            Gate::Closed { refusal, probe } => {
                self.hold_due(store, refusal, *probe, now, effects)?;
                let probe = probe.map(|id| store.messages().get(id)).transpose()?.flatten();
                probe.filter(|message| is_due(message, now))
            }
        };
        let paused = now < self.resting(now) || now < outbox.paused_until(now);
        if paused || self.in_flight.len() >= limit || !budget.has_room() {
            return Ok(None);
        }
        let Some(mut message) = message else { return Ok(None) };
        let recipients = message.open_recipients();
        if outbox.rate_limit.next_start(context.limits, recipients, self.unbooked(), now) > now {
            return Ok(None);
        }
        message.start(now);
        store.messages().put_sending(&message)?;
        let attempt = Attempt {
            at: now,
            version: mailbox.version,
            epoch: mailbox.epoch,
            recipients,
            booked_at: None,
            awaits_token: false,
            refused_token: None,
            renewals: 0,
        };
        self.in_flight.insert(message.id(), attempt);
        budget.count(kind, &message);
        Ok(Some(Started { key: AttemptKey { message: message.id(), at: now }, message }))
    }

    /// Durably marks an attempt as *possibly sent* and books its recipients. Must complete before the first byte that could
    /// complete a hand-over leaves (write-ahead).
    pub(crate) fn possibly_sent(
        &mut self,
        store: &Store,
        key: AttemptKey,
        route: Route,
        context: &Context<'_>,
    ) -> Result<(), Problem> {
        let lost = || Problem::new(Code::Busy, "the attempt took so long that it counts as cut off");
        let attempt = self.in_flight.get_mut(&key.message).filter(|attempt| attempt.at == key.at);
        let attempt = attempt.ok_or_else(lost)?;
        let mut message = sending(store, key)?.ok_or_else(lost)?;
        message.possibly_sent(route);
        store.messages().put_sending(&message)?;
        if attempt.booked_at.is_none() {
            let before = store.records().outbox()?;
            let mut outbox = before.clone();
            outbox.rate_limit.book(context.limits, attempt.recipients, context.now);
            attempt.booked_at = Some(context.now);
            store.records().set_outbox(&before, &outbox)?;
        }
        Ok(())
    }

    /// The access token was refused: whether the attempt goes on with a fresh one. A second refusal ends it.
    pub(crate) fn token_refused(
        &mut self,
        store: &Store,
        key: AttemptKey,
        token: Option<u64>,
    ) -> Result<bool, Problem> {
        let Some(attempt) = self.in_flight.get_mut(&key.message).filter(|attempt| attempt.at == key.at)
        else {
            return Ok(false);
        };
        if attempt.refused_token.is_some() {
            return Ok(false);
        }
        attempt.refused_token = token;
        attempt.awaits_token = true;
        if let Some(mut message) = sending(store, key)?.filter(Message::is_possibly_sent) {
            // A 401 says that nothing was accepted.
            message.not_sent();
            store.messages().put_sending(&message)?;
        }
        release_booking(store, attempt)?;
        Ok(true)
    }

    /// Notes that an attempt waits for a token; `false` when it has waited for too many renewals.
    pub(crate) fn await_token(&mut self, key: AttemptKey) -> bool {
        /// A renewal for another resource, or one that a new sign-in outdated, leads to another; more would be a loop.
        const RENEWALS_MAX: u32 = 3;
        let Some(attempt) = self.in_flight.get_mut(&key.message) else { return false };
        attempt.renewals += 1;
        attempt.awaits_token = attempt.renewals <= RENEWALS_MAX;
        attempt.awaits_token
    }

    /// The attempts that wait for a token, each with the number of the one that was refused. They wait no longer.
    pub(crate) fn take_awaiting(&mut self) -> Vec<(AttemptKey, Option<u64>)> {
        let awaiting = self.in_flight.iter_mut().filter(|(_, attempt)| attempt.awaits_token);
        awaiting
            .map(|(id, attempt)| {
                attempt.awaits_token = false;
                (AttemptKey { message: *id, at: attempt.at }, attempt.refused_token)
            })
            .collect()
    }

    /// Whether an attempt waits for a token.
    pub(crate) fn any_awaits_token(&self) -> bool {
        self.in_flight.values().any(|attempt| attempt.awaits_token)
    }

    /// Records the result of an attempt. The message as it is now, and whether the failure is stale; nothing when the
    /// attempt is unknown here, or its message has been explained otherwise.
    pub(crate) fn finish(
        &mut self,
        store: &Store,
        key: AttemptKey,
        route: Option<Route>,
        result: &DeliveryResult,
        policy: &Policy,
        effects: &mut Vec<Effect>,
    ) -> Result<Option<Result<Message, StaleAttempt>>, Problem> {
        let attempt = self.in_flight.get(&key.message).filter(|attempt| attempt.at == key.at).cloned();
        let Some(mut message) = store.messages().get(key.message)? else {
            self.forget(key);
            return Ok(None);
        };
        let is_current = message.state() == MessageState::Sending && attempt.is_some();
        // An answer that comes after the attempt counted as cut off still is certain.
        let explains = message.is_unexplained(key.at) && !result.is_unknown();
        if !is_current && !explains {
            self.forget(key);
            return Ok(None);
        }
        let mailbox = store.records().mailbox()?;
        let before = store.records().outbox()?;
        let mut outbox = before.clone();
        if let Some(mut attempt) = attempt {
            if result.excludes_acceptance() {
                release_in(&mut outbox, &mut attempt);
            }
            let is_stale = attempt.version != mailbox.version || attempt.epoch != mailbox.epoch;
            if let DeliveryResult::Refused { refusal, stage } = result
                && is_stale
                && !result.is_unknown()
                && (*stage == Stage::Token
                    || refusal.code == Code::SignInAgain
                    || concerns_the_mailbox(refusal.code, *stage, policy.shared))
            {
                message.finish_stale(key.at, route, refusal.clone(), policy.now);
                store.messages().put(&message)?;
                store.records().set_outbox(&before, &outbox)?;
                self.forget(key);
                effects.push(Effect::Notify(key.message));
                return Ok(Some(Err(StaleAttempt)));
            }
        }
        let had_content = message.has_content();
        let next = message.finish(key.at, route, result.clone(), policy);
        slow_down(&mut outbox, result, next, policy.now);
        count_unseen(&mut outbox, &message, policy.now);
        if had_content && !message.has_content() {
            store.content().delete(&message.content_key())?;
        }
        store.messages().put(&message)?;
        store.records().set_outbox(&before, &outbox)?;
        self.forget(key);
        effects.push(Effect::Notify(key.message));
        effects.push(Effect::Log(LogEntry {
            event: "hand_over",
            outcome: message.failure().map_or(message.state().as_str(), |failure| failure.code.as_str()),
            object: key.message.to_string(),
            status: status_of(result),
            ..LogEntry::default()
        }));
        Ok(Some(Ok(message)))
    }

    /// Recovers messages left in `sending` by a crashed instance or a cancelled attempt.
    pub(crate) fn recover(
        &mut self,
        store: &Store,
        policy: &Policy,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Problem> {
        let now = policy.now;
        let before = self.in_flight.len();
        let unrecorded = &self.unrecorded;
        self.in_flight.retain(|id, attempt| {
            unrecorded.contains_key(id)
                || (-HAND_OVER_MS_MAX..HAND_OVER_MS_MAX).contains(&now.since(attempt.at))
        });
        if self.recovered && self.in_flight.len() == before {
            return Ok(());
        }
        let before = store.records().outbox()?;
        let mut outbox = before.clone();
        for mut message in store.messages().sending()? {
            if self.in_flight.contains_key(&message.id()) {
                continue;
            }
            if message.recover(policy) == Next::Unknown {
                outbox.breaker.trip(now);
            }
            count_unseen(&mut outbox, &message, now);
            store.messages().put(&message)?;
            effects.push(Effect::Notify(message.id()));
            effects.push(Effect::Log(LogEntry {
                event: "recovery",
                outcome: message.state().as_str(),
                object: message.id().to_string(),
                ..LogEntry::default()
            }));
        }
        store.records().set_outbox(&before, &outbox)?;
        self.recovered = true;
        Ok(())
    }

    /// Keeps a result that storage refused to record. The outcome is known, so it is never guessed from the lease.
    pub(crate) fn keep_unrecorded(&mut self, key: AttemptKey, route: Option<Route>, result: DeliveryResult) {
        if self.in_flight.get(&key.message).is_some_and(|attempt| attempt.at == key.at) {
            self.unrecorded.insert(key.message, (key, route, result));
        }
    }

    /// A result that is still to be recorded.
    pub(crate) fn next_unrecorded(&self) -> Option<(AttemptKey, Option<Route>, DeliveryResult)> {
        self.unrecorded.values().next().cloned()
    }

    /// Leaves the outbox alone for a while: after storage refused something, the next try would meet the same.
    pub(crate) fn rest(&mut self, now: Timestamp) {
        self.resting_until = now.plus_millis(REST_MS);
    }

    /// Until when nothing starts.
    pub(crate) fn resting(&self, now: Timestamp) -> Timestamp {
        // A clock that was set back must not let it rest for hours.
        if self.resting_until.since(now) > REST_MS { Timestamp::default() } else { self.resting_until }
    }

    /// Whether a harmless request of Graph is to be made now; it then counts as under way.
    pub(crate) fn start_check(&mut self, outbox: &OutboxState, now: Timestamp) -> bool {
        let is_due = matches!(outbox.breaker.circuit(), Circuit::Open(at) if at <= now);
        if !is_due || self.is_checking(now) {
            return false;
        }
        self.checking_since = Some(now);
        true
    }

    /// The harmless request has ended.
    pub(crate) fn end_check(&mut self) {
        self.checking_since = None;
    }

    fn is_checking(&self, now: Timestamp) -> bool {
        self.checking_since.is_some_and(|since| (0..HAND_OVER_MS_MAX).contains(&now.since(since)))
    }

    /// Whether as many attempts are under way as there may be.
    #[must_use]
    pub fn is_busy(&self, mailbox: &MailboxRecord) -> bool {
        self.in_flight.len() >= concurrency_max(mailbox.settings.kind)
    }

    /// Whether that attempt still is the one that sends its message.
    #[must_use]
    pub fn owns(&self, key: AttemptKey) -> bool {
        self.in_flight.get(&key.message).is_some_and(|attempt| attempt.at == key.at)
    }

    /// Whether a message is being sent by this instance.
    #[must_use]
    pub fn is_sending(&self, id: MessageId) -> bool {
        self.in_flight.contains_key(&id)
    }

    /// When something must be looked at again, whatever storage says: attempts that may have lost their host, a harmless
    /// request that may have, results to record.
    pub(crate) fn next_look(&self, now: Timestamp) -> Option<Timestamp> {
        let unrecorded = (!self.unrecorded.is_empty()).then(|| now.max(self.resting(now)));
        let lost = self.in_flight.values().map(|attempt| attempt.at.plus_millis(HAND_OVER_MS_MAX)).min();
        let checking = self.checking_since.map(|since| since.plus_millis(HAND_OVER_MS_MAX));
        let recovery = (!self.recovered).then_some(now);
        let wait = |at: Timestamp| at.max(now);
        [unrecorded, lost.map(wait), checking.map(wait), recovery].into_iter().flatten().min()
    }

    /// When the next message may start, as far as is known now.
    pub(crate) fn next_start(
        &self,
        store: &Store,
        mailbox: &MailboxRecord,
        context: &Context<'_>,
    ) -> Result<Option<Timestamp>, Problem> {
        let now = context.now;
        let Some(due_at) = store.messages().next_due_at()? else { return Ok(None) };
        if self.is_busy(mailbox) {
            // The attempt that ends goes on with it; this only makes sure that nothing is forgotten.
            return Ok(Some(now.plus_millis(HAND_OVER_MS_MAX)));
        }
        let outbox = store.records().outbox()?;
        let circuit = match outbox.breaker.circuit() {
            Circuit::Open(_) if self.is_checking(now) => now.plus_millis(HAND_OVER_MS_MAX),
            Circuit::Open(at) => at,
            Circuit::HalfOpen if !self.in_flight.is_empty() => now.plus_millis(HAND_OVER_MS_MAX),
            Circuit::HalfOpen | Circuit::Closed => Timestamp::default(),
        };
        let recipients = store.messages().next_due(due_at)?.map_or(1, |message| message.open_recipients());
        let rate = outbox.rate_limit.next_start(context.limits, recipients, self.unbooked(), now);
        Ok(Some(due_at.max(outbox.paused_until(now)).max(rate).max(circuit).max(self.resting(now))))
    }

    /// Holds messages that are due, a page of them, but not the probe.
    fn hold_due(
        &self,
        store: &Store,
        refusal: &Refusal,
        probe: Option<MessageId>,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Problem> {
        let due = store.messages().due(now, PAGE)?;
        let is_full = due.len() == PAGE;
        for mut message in due {
            if Some(message.id()) == probe || self.in_flight.contains_key(&message.id()) {
                continue;
            }
            message.hold(refusal.failure(), now);
            store.messages().put(&message)?;
            effects.push(Effect::Notify(message.id()));
        }
        if is_full {
            effects.push(Effect::Pump);
        }
        Ok(())
    }

    fn unbooked(&self) -> Unbooked {
        let unbooked = self.in_flight.values().filter(|attempt| attempt.booked_at.is_none());
        unbooked.fold(Unbooked::default(), |all, attempt| Unbooked {
            messages: all.messages + 1,
            recipients: all.recipients.saturating_add(attempt.recipients),
        })
    }

    fn forget(&mut self, key: AttemptKey) {
        if self.owns(key) {
            self.in_flight.remove(&key.message);
            self.unrecorded.remove(&key.message);
        }
    }
}

/// The message of an attempt that its row still shows as being under way.
fn sending(store: &Store, key: AttemptKey) -> Result<Option<Message>, Problem> {
    let message = store.messages().get(key.message)?;
    Ok(message.filter(|message| message.state() == MessageState::Sending))
}

fn is_due(message: &Message, now: Timestamp) -> bool {
    matches!(message.state(), MessageState::Queued | MessageState::WillRetry | MessageState::Scheduled)
        && message.due_at().is_some_and(|at| at <= now)
}

/// Removes the recipients of an attempt that reached none of them from the daily limit.
fn release_booking(store: &Store, attempt: &mut Attempt) -> Result<(), Problem> {
    let before = store.records().outbox()?;
    let mut outbox = before.clone();
    release_in(&mut outbox, attempt);
    store.records().set_outbox(&before, &outbox)
}

fn release_in(outbox: &mut OutboxState, attempt: &mut Attempt) {
    if let Some(at) = attempt.booked_at.take() {
        outbox.rate_limit.release(attempt.recipients, at);
    }
}
