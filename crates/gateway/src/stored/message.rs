use api::{AttemptView, Failure, MessageId, MessageState, MessageView, Route, Timestamp, Upstream};
use serde::{Deserialize, Serialize};

use crate::{Form, Lease, RecipientStates};

/// One message of the outbox, without its content. A stored format: later versions must read it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MessageRecord {
    /// Its id.
    pub id: MessageId,
    /// Where it is on its way.
    pub state: MessageState,
    /// When it was stored.
    pub accepted_at: Timestamp,
    /// When the state became what it is.
    pub changed_at: Timestamp,
    /// How often handing it over was tried.
    pub attempts: u32,
    /// Sealed chunks of the content.
    pub chunks: u32,
    /// What the chunks are stored under, when that is not the message's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staging: Option<String>,
    /// Whether the content is still there after the message has ended.
    #[serde(default)]
    pub content_kept: bool,
    /// Bytes of the content.
    #[serde(default)]
    pub bytes: u64,
    /// Recipients that the envelope names.
    #[serde(default)]
    pub recipient_count: u32,
    /// What the content is.
    #[serde(default)]
    pub form: Form,
    /// The ERP's own words for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Before when it does not leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_at: Option<Timestamp>,
    /// Since when it could go: accepted, scheduled for, or let go again by a person. Absent in records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// When it is tried again, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<Timestamp>,
    /// What the attempt under way has committed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// Attempts begun since one had an outcome.
    #[serde(default)]
    pub starts: u32,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// What the other side said last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<Upstream>,
    /// What became of it for each recipient, where their ways part.
    #[serde(default, skip_serializing_if = "RecipientStates::is_empty")]
    pub recipients: RecipientStates,
    /// The last attempts, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<AttemptView>,
}

/// Attempts that the log of one message keeps; the number of all of them is kept beside it.
const LOGGED_MAX: usize = 50;

impl MessageRecord {
    /// What its sender may know.
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
            attempt_log: Vec::new(),
        }
    }

    /// Whether its content can be read.
    #[must_use]
    pub fn has_content(&self) -> bool {
        !self.state.is_final() || self.content_kept
    }

    /// What its chunks are stored under.
    #[must_use]
    pub fn content_key(&self) -> String {
        self.staging.clone().unwrap_or_else(|| self.id.to_string())
    }

    /// When it is due, if it waits for a moment; a person may come at any time, so what is held never is.
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

    /// Is being sent from now on: nothing of it has left.
    pub fn begin(&mut self, now: Timestamp) {
        self.state = MessageState::Sending;
        self.attempts += 1;
        self.starts += 1;
        self.changed_at = now;
        self.next_attempt_at = None;
        self.lease = Some(Lease::new(now));
    }

    /// The same message from the moment on that nobody can know whether the other side has it.
    #[must_use]
    pub fn leaving(&self, route: Option<Route>) -> Self {
        let began_at = self.lease.map_or(self.changed_at, |lease| lease.at);
        let lease = Lease { route, may_have_left: true, ..Lease::new(began_at) };
        Self { lease: Some(lease), ..self.clone() }
    }

    /// Is tried again at `at`.
    pub fn wait_until(&mut self, at: Timestamp, failure: Failure) {
        self.state = MessageState::WillRetry;
        self.next_attempt_at = Some(at);
        self.failure = Some(failure);
    }

    /// Waits for a person.
    pub fn hold(&mut self, failure: Failure) {
        self.state = MessageState::Held;
        self.next_attempt_at = None;
        self.failure = Some(failure);
    }

    /// Notes an attempt that has ended.
    pub fn note(&mut self, attempt: AttemptView) {
        self.log.push(attempt);
        self.log.drain(..self.log.len().saturating_sub(LOGGED_MAX));
    }
}

/// Later than anything is due, and still a number that JavaScript counts exactly.
pub const NEVER: Timestamp = Timestamp::from_millis(i64::MAX >> 11);
