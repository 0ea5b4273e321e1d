use api::{
    AttemptView, Code, Failure, FixBy, MessageId, MessageState, MessageView, Problem, RetryMessage,
    RetryWhom, Route, Timestamp, Upstream,
};
use microsoft::Refusal;
use serde::{Deserialize, Serialize};

use super::lease::{AT_HAND_OVER_LOST, after_loss};
use super::retry_policy::{AfterAttempt, Next, Stage, after_refusal};
use super::{DeliveryResult, Form, Lease, NewMessage, Policy, RecipientStates};
use crate::sealing::{masked, masked_upstream};

/// One message of the outbox, without its content. Its fields change by the transitions below and by nothing else.
///
/// ```text
/// scheduled ─┐                      ┌─► handed_over
/// queued ────┼─► sending ───────────┼─► refused, unknown, expired
/// will_retry ┘      │               ├─► will_retry ─► …
///     ▲             └─► (recover) ──┘─► held ─► (release) ─► queued
/// ```
///
/// **Possibly sent.** Once an unconfirmed attempt may have delivered the message, the message is never
/// reported as not sent: what would end it as refused, expired or cancelled ends it as *unknown* (design 9).
///
/// A stored format: later versions must read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    id: MessageId,
    state: MessageState,
    accepted_at: Timestamp,
    /// When the state became what it is.
    changed_at: Timestamp,
    attempts: u32,
    /// Sealed chunks of the content.
    chunks: u32,
    /// The key of the chunks, when that is not the message's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    staging: Option<String>,
    /// Whether the content is still there after the message has ended.
    #[serde(default)]
    content_kept: bool,
    #[serde(default)]
    bytes: u64,
    /// Recipients that the envelope names.
    #[serde(default)]
    recipient_count: u32,
    #[serde(default)]
    form: Form,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scheduled_at: Option<Timestamp>,
    /// Since when it could go: accepted, scheduled for, released or retried. The four days of trying count from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    /// Since when it waits for a person. Outlives an automatic release, so that a message that is held again and again
    /// still expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held_since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<Timestamp>,
    /// Write-ahead record of the attempt under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<Lease>,
    /// The latest earlier attempt that may have delivered the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    doubt: Option<Lease>,
    /// Attempts begun since one had an outcome.
    #[serde(default)]
    starts: u32,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
    /// The other side's last answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    upstream: Option<Upstream>,
    /// The state for each recipient, once they differ.
    #[serde(default, skip_serializing_if = "RecipientStates::is_empty")]
    recipients: RecipientStates,
    /// The last attempts, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    log: Vec<AttemptView>,
}

/// Attempts that the log of one message keeps.
const LOGGED_MAX: usize = 50;
/// Longest text of a failure that is kept, in characters: one row stays far below SQLite's 2 MB.
const DETAIL_CHARS_MAX: usize = 2_000;
/// Longest text in the log of attempts, in characters.
const LOG_CHARS_MAX: usize = 300;

/// Later than anything is due, and still a number that JavaScript counts exactly.
pub const NEVER: Timestamp = Timestamp::from_millis(i64::MAX >> 11);

impl Message {
    /// Accepts a message: it is queued, or scheduled.
    #[must_use]
    pub fn accept(new: NewMessage, chunks: u32, staging: Option<String>, now: Timestamp) -> Self {
        let scheduled = new.scheduled_at.filter(|at| *at > now);
        Self {
            id: new.id,
            state: if scheduled.is_some() { MessageState::Scheduled } else { MessageState::Queued },
            accepted_at: now,
            changed_at: now,
            attempts: 0,
            chunks,
            staging,
            content_kept: false,
            bytes: new.bytes,
            recipient_count: new.recipients,
            form: new.form,
            reference: new.reference,
            scheduled_at: new.scheduled_at,
            since: Some(scheduled.unwrap_or(now)),
            held_since: None,
            next_attempt_at: None,
            lease: None,
            doubt: None,
            starts: 0,
            failure: None,
            upstream: None,
            recipients: RecipientStates::default(),
            log: Vec::new(),
        }
    }

    /// Starts an attempt. Nothing of it has left.
    pub(super) fn start(&mut self, now: Timestamp) {
        self.state = MessageState::Sending;
        self.attempts = self.attempts.saturating_add(1);
        self.starts = self.starts.saturating_add(1);
        self.changed_at = now;
        self.next_attempt_at = None;
        self.lease = Some(Lease::new(now));
    }

    /// Marks the attempt as *possibly sent* (write-ahead).
    pub(super) fn possibly_sent(&mut self, route: Route) {
        let began_at = self.lease.map_or(self.changed_at, |lease| lease.at);
        self.lease = Some(Lease { route: Some(route), may_have_left: true, ..Lease::new(began_at) });
    }

    /// Takes the mark back: an answer came that excludes acceptance, and the attempt goes on.
    pub(super) fn not_sent(&mut self) {
        if let Some(lease) = &mut self.lease {
            lease.may_have_left = false;
        }
    }

    /// Ends the attempt that began at `at` with its result.
    pub(super) fn finish(
        &mut self,
        at: Timestamp,
        route: Option<Route>,
        result: DeliveryResult,
        policy: &Policy,
    ) -> Next {
        let doubtful = result.is_unknown();
        self.end_attempt(policy.now);
        if doubtful {
            self.doubt = Some(Lease { route, may_have_left: true, ..Lease::new(at) });
        }
        let mut answer = None;
        let next = match result {
            DeliveryResult::HandedOver { upstream, .. } => {
                answer = Some(masked_upstream(upstream));
                self.upstream.clone_from(&answer);
                self.end(MessageState::HandedOver, None, policy);
                Next::Done
            }
            DeliveryResult::Divided { upstream, envelope, said, later } => {
                self.recipients.note(&envelope, said, self.doubt.is_some());
                if let Some(upstream) = upstream.map(masked_upstream) {
                    self.upstream = Some(upstream.clone());
                    answer = Some(upstream);
                }
                if let Some(refusal) = later.map(without_secrets) {
                    self.follow(refusal, Stage::HandOver, policy)
                } else {
                    self.end(MessageState::Refused, None, policy);
                    Next::Done
                }
            }
            DeliveryResult::Refused { refusal, stage } => {
                let refusal = without_secrets(refusal);
                answer.clone_from(&refusal.upstream);
                self.follow(refusal, stage, policy)
            }
        };
        self.note(at, route, answer, policy.now);
        next
    }

    /// Ends an attempt whose failure belongs to an earlier sign-in or to earlier settings: the message is tried again
    /// with those of now.
    pub(super) fn finish_stale(
        &mut self,
        at: Timestamp,
        route: Option<Route>,
        refusal: Refusal,
        now: Timestamp,
    ) {
        let refusal = without_secrets(refusal);
        self.end_attempt(now);
        self.state = MessageState::Queued;
        self.fail(&refusal);
        self.note(at, route, refusal.upstream, now);
    }

    /// Decides what follows an attempt that a crash or a lost instance cut off.
    pub(super) fn recover(&mut self, policy: &Policy) -> Next {
        // Version 0.0 committed nothing of an attempt, so that anything may have left.
        let unmarked = Lease { may_have_left: true, ..Lease::new(self.changed_at) };
        let lease = self.lease.unwrap_or(unmarked);
        let starts = self.starts;
        let next = after_loss(&lease, starts, policy.repeat_unknown, policy.now);
        self.lease = None;
        self.changed_at = policy.now;
        if lease.may_have_left {
            self.doubt = Some(lease);
        }
        let (code, detail) = match (lease.may_have_left, next) {
            (true, _) => (Code::OutcomeUnknown, AT_HAND_OVER_LOST),
            (false, Next::Hold) => {
                (Code::AttemptsLost, "three attempts were cut off on our side before anything had left")
            }
            (false, _) => (Code::Busy, "the attempt was cut off on our side before anything had left"),
        };
        let refusal = Refusal::new(code, detail);
        match next {
            Next::Retry(at) => self.wait_until(at, &refusal),
            Next::Hold => self.hold(refusal.failure(), policy.now),
            _ => self.end(MessageState::Unknown, Some(&refusal), policy),
        }
        self.note(lease.at, lease.route, None, policy.now);
        next
    }

    /// Holds the message until a person has acted.
    pub(super) fn hold(&mut self, failure: Failure, now: Timestamp) {
        self.state = MessageState::Held;
        self.changed_at = now;
        self.held_since = self.held_since.or(Some(now));
        self.next_attempt_at = None;
        self.failure = Some(failure);
    }

    /// Queues a held message again. After a person acted, the month of waiting starts anew; after an automatic release it
    /// goes on.
    pub(super) fn release(&mut self, by_person: bool, now: Timestamp) {
        self.state = MessageState::Queued;
        self.changed_at = now;
        self.since = Some(now);
        self.starts = 0;
        if by_person {
            self.held_since = None;
        }
    }

    /// Queues a message again because its sender asks: one that waits, or one that ended without reaching everybody.
    pub fn retry(&mut self, retry: &RetryMessage, now: Timestamp) -> Result<(), Problem> {
        match self.state {
            MessageState::Sending => return Err(Self::under_way()),
            MessageState::HandedOver if !self.recipients.any_left_out() => return Err(self.ended()),
            _ if self.possibly_sent_before() && !retry.accept_duplicate => {
                let detail = "the server may have accepted the message; a retry may deliver it twice";
                return Err(Problem::new(Code::DuplicatePossible, detail));
            }
            _ if !self.has_content() => return Err(Self::content_gone()),
            _ => {}
        }
        // A recipient who has the message is never among them.
        let anybody = match retry.recipients {
            RetryWhom::Refused => self.recipients.reopen_refused(),
            RetryWhom::Open => self.recipients.reopen(),
        };
        if !anybody {
            let detail = "no recipient of this message was refused alone";
            return Err(Problem::new(Code::MessageEnded, detail).with_param("state", &self.state.as_str()));
        }
        self.state = MessageState::Queued;
        self.changed_at = now;
        self.since = Some(now);
        self.held_since = None;
        self.starts = 0;
        self.next_attempt_at = None;
        self.failure = None;
        Ok(())
    }

    /// Cancels a message that waits; whether that changed anything. One that was possibly sent ends as *unknown*.
    pub fn cancel(&mut self, now: Timestamp) -> Result<bool, Problem> {
        match self.state {
            MessageState::Cancelled => return Ok(false),
            MessageState::Sending => return Err(Self::under_way()),
            state if state.is_final() => return Err(self.ended()),
            _ => {}
        }
        self.changed_at = now;
        self.end_waiting(MessageState::Cancelled, None);
        Ok(true)
    }

    /// Ends a message that nobody released in time. One that was possibly sent ends as *unknown*.
    pub(super) fn expire(&mut self, now: Timestamp) {
        let failure = self.failure.clone();
        self.changed_at = now;
        self.end_waiting(MessageState::Expired, failure);
    }

    /// Notes that the content was deleted.
    pub(super) fn forget_content(&mut self) {
        self.content_kept = false;
    }

    fn end_attempt(&mut self, now: Timestamp) {
        self.changed_at = now;
        self.lease = None;
        self.starts = 0;
    }

    /// What follows a refusal, by the failure table and the time that has passed.
    fn follow(&mut self, refusal: Refusal, stage: Stage, policy: &Policy) -> Next {
        let attempt = AfterAttempt {
            stage,
            shared: policy.shared,
            attempts: self.attempts,
            since: self.since(),
            repeat_unknown: policy.repeat_unknown,
            now: policy.now,
            jitter: policy.jitter,
        };
        let next = after_refusal(&refusal, attempt);
        match next {
            Next::Retry(at) => self.wait_until(at, &refusal),
            Next::Hold => self.hold(clipped(refusal.failure()), policy.now),
            Next::Unknown => self.end(MessageState::Unknown, Some(&refusal), policy),
            Next::Refuse => self.end(MessageState::Refused, Some(&refusal), policy),
            Next::Expire => self.end(MessageState::Expired, Some(&refusal), policy),
            Next::Done => {}
        }
        self.upstream = refusal.upstream.or(self.upstream.take());
        next
    }

    fn wait_until(&mut self, at: Timestamp, refusal: &Refusal) {
        self.state = MessageState::WillRetry;
        self.next_attempt_at = Some(at);
        self.fail(refusal);
    }

    fn fail(&mut self, refusal: &Refusal) {
        self.failure = Some(clipped(refusal.failure()));
    }

    /// Ends the message after an attempt. What everybody has loses its content, unless the settings keep it; everything
    /// else may be wanted again.
    fn end(&mut self, last: MessageState, refusal: Option<&Refusal>, policy: &Policy) {
        let last = self.never_less_than_unknown(last);
        self.next_attempt_at = None;
        self.state = self.recipients.settle(last);
        let refused = self.recipients.refused();
        let refused = refused.map(|names| Refusal::new(Code::RecipientRefused, names).failure());
        self.failure = refusal.map(Refusal::failure).or(refused).map(clipped);
        let is_done = self.state == MessageState::HandedOver && !self.recipients.any_left_out();
        self.content_kept = !is_done || policy.keeps_content;
        if self.state == MessageState::HandedOver {
            self.doubt = None;
        } else if self.state == MessageState::Unknown {
            self.failure = Some(self.unknown_failure());
        }
    }

    /// Ends a message that was waiting; its content may be wanted again.
    fn end_waiting(&mut self, last: MessageState, failure: Option<Failure>) {
        let last = self.never_less_than_unknown(last);
        self.next_attempt_at = None;
        self.state = self.recipients.settle(last);
        let refused = self.recipients.refused();
        let refused = refused.map(|names| Refusal::new(Code::RecipientRefused, names).failure());
        self.failure = failure.or(refused).map(clipped);
        self.content_kept = true;
        if self.state == MessageState::Unknown {
            self.failure = Some(self.unknown_failure());
        }
    }

    fn never_less_than_unknown(&self, last: MessageState) -> MessageState {
        match last {
            MessageState::Refused | MessageState::Expired | MessageState::Cancelled
                if self.doubt.is_some() =>
            {
                MessageState::Unknown
            }
            last => last,
        }
    }

    /// Why it is unknown; the reason of a later refusal would hide that.
    fn unknown_failure(&self) -> Failure {
        match &self.failure {
            Some(failure) if failure.code == Code::OutcomeUnknown => failure.clone(),
            later => {
                let mut detail = "an earlier attempt may have delivered the message".to_owned();
                if let Some(failure) = later {
                    detail = format!("{detail}; the last one: {}", failure.detail);
                }
                clipped(Refusal::new(Code::OutcomeUnknown, detail).failure())
            }
        }
    }

    fn note(&mut self, at: Timestamp, route: Option<Route>, upstream: Option<Upstream>, now: Timestamp) {
        let clip = |failure: &Failure| failure.detail.chars().take(LOG_CHARS_MAX).collect();
        self.log.push(AttemptView {
            at,
            ended_at: now,
            route,
            state: self.state,
            code: self.failure.as_ref().map(|failure| failure.code),
            detail: self.failure.as_ref().map(clip),
            upstream,
        });
        self.log.drain(..self.log.len().saturating_sub(LOGGED_MAX));
    }

    /// Whether an attempt that began at `at` still is without an outcome, so that a late answer explains it.
    #[must_use]
    pub(super) fn is_unexplained(&self, at: Timestamp) -> bool {
        self.state == MessageState::Unknown && self.doubt.is_some_and(|lease| lease.at == at)
    }

    /// Whether an earlier attempt, or the one under way, may have delivered the message without confirmation.
    #[must_use]
    pub fn is_possibly_sent(&self) -> bool {
        self.doubt.is_some() || self.lease.is_some_and(|lease| lease.may_have_left)
    }

    fn possibly_sent_before(&self) -> bool {
        self.doubt.is_some() || self.state == MessageState::Unknown
    }

    /// The message as its sender sees it.
    #[must_use]
    pub fn view(&self) -> MessageView {
        MessageView { attempt_log: self.log.clone(), ..self.line() }
    }

    /// The same for a list, without its attempts.
    #[must_use]
    pub fn line(&self) -> MessageView {
        MessageView {
            id: self.id,
            mailbox: self.id.mailbox(),
            state: self.state,
            accepted_at: self.accepted_at,
            reference: self.reference.clone(),
            attempts: self.attempts,
            changed_at: self.changed_at,
            scheduled_at: self.scheduled_at,
            next_attempt_at: self.next_attempt_at,
            failure: self.failure.clone(),
            upstream: self.upstream.clone(),
            recipients: self.recipients.view(self.state),
            content_kept: self.has_content(),
            possibly_sent: self.is_possibly_sent(),
            attempt_log: Vec::new(),
        }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> MessageId {
        self.id
    }

    /// Where it is on its way.
    #[must_use]
    pub fn state(&self) -> MessageState {
        self.state
    }

    /// When the state became what it is.
    #[must_use]
    pub fn changed_at(&self) -> Timestamp {
        self.changed_at
    }

    /// When it was stored.
    #[must_use]
    pub fn accepted_at(&self) -> Timestamp {
        self.accepted_at
    }

    /// Attempts so far, one under way included.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Bytes of the content.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What the content is.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// Why the last attempt failed.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// When the next attempt is due, for a message that is tried again.
    #[must_use]
    pub fn next_attempt_at(&self) -> Option<Timestamp> {
        self.next_attempt_at
    }

    /// The state for each recipient.
    #[must_use]
    pub fn recipients(&self) -> &RecipientStates {
        &self.recipients
    }

    /// Since when it waits for a person.
    #[must_use]
    pub fn held_since(&self) -> Option<Timestamp> {
        self.held_since.or((self.state == MessageState::Held).then_some(self.changed_at))
    }

    /// Whether its content can be read.
    #[must_use]
    pub fn has_content(&self) -> bool {
        !self.state.is_final() || self.content_kept
    }

    /// The key of its chunks.
    #[must_use]
    pub fn content_key(&self) -> String {
        self.staging.clone().unwrap_or_else(|| self.id.to_string())
    }

    /// When it is due, if it waits for a moment. A held message never is: a person may act at any time.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        match self.state {
            MessageState::Queued | MessageState::Sending => Some(self.changed_at),
            MessageState::Scheduled => self.scheduled_at,
            MessageState::WillRetry => self.next_attempt_at,
            MessageState::Held => Some(NEVER),
            MessageState::HandedOver
            | MessageState::Unknown
            | MessageState::Refused
            | MessageState::Expired
            | MessageState::Cancelled => None,
        }
    }

    /// How many recipients the next attempt is for.
    #[must_use]
    pub fn open_recipients(&self) -> u32 {
        let open = self.recipients.count_open().and_then(|open| u32::try_from(open).ok());
        open.unwrap_or(self.recipient_count).max(1)
    }

    /// Since when it could go.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        self.since.unwrap_or(self.accepted_at)
    }

    fn under_way() -> Problem {
        let detail = "the message is being handed over at this moment";
        Problem::new(Code::MessageUnderWay, detail).with_retry_after(5)
    }

    fn ended(&self) -> Problem {
        let state = self.state.as_str();
        Problem::new(Code::MessageEnded, format!("the message is {state}")).with_param("state", &state)
    }

    /// The content was deleted, as the settings say.
    #[must_use]
    pub fn content_gone() -> Problem {
        Problem::new(Code::ContentGone, "the content was deleted, as the settings of the mailbox say")
    }
}

/// A refusal as it is stored, shown and logged.
fn without_secrets(refusal: Refusal) -> Refusal {
    Refusal { detail: masked(&refusal.detail), upstream: refusal.upstream.map(masked_upstream), ..refusal }
}

fn clipped(failure: Failure) -> Failure {
    match failure.detail.char_indices().nth(DETAIL_CHARS_MAX) {
        Some((end, _)) => Failure { detail: failure.detail.chars().take(end).collect(), ..failure },
        None => failure,
    }
}

/// Whose turn it is when a message waits for a person.
#[must_use]
pub fn named_person(message: &Message) -> Option<FixBy> {
    message.failure.as_ref().map(|failure| failure.fix_by)
}
