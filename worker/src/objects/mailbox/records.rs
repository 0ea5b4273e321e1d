use std::fmt::Display;

use api::{
    AttemptView, ConsentOutcome, Delay, Failure, Kind, MailboxId, MailboxSettings, MessageId, MessageState,
    MessageView, OrganisationId, Problem, Timestamp, Upstream,
};
use gateway::{
    Attempt, Authentication, Lease, Pacing, RecipientStates, Record, Restraint, SealedText, Trouble,
};
use serde::{Deserialize, Serialize};

use super::calls::Form;

/// What is stored of the mailbox itself. A stored format: later versions must read it.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct MailboxRecord {
    pub(super) organisation: OrganisationId,
    pub(super) id: MailboxId,
    pub(super) settings: MailboxSettings,
    /// Raised by every save.
    pub(super) version: u64,
    /// Raised by everything that ends or replaces an authentication; a renewal that began before is thrown away.
    pub(super) epoch: u64,
    /// The last number given to a renewal; never used twice, whatever was removed in between.
    pub(super) number: u64,
    /// *Toegangscode*, sealed with the version it was saved in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) access_code: Option<(u64, SealedText)>,
    /// The key of its own relay, sealed with the version it was saved in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) relay_key: Option<(u64, SealedText)>,
    /// Why the mail server of [`Kind::SmtpBasic`] does not let it in; forgotten when the settings are saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) server_trouble: Option<Trouble>,
    /// When the last message was handed over, as far as no message tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) handed_over_at: Option<Timestamp>,
    /// When somebody chose to ask an administrator; forgotten when a sign-in succeeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) approval_asked_at: Option<Timestamp>,
    /// When somebody removed the authentication; forgotten when a sign-in succeeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) removed_at: Option<Timestamp>,
    pub(super) created_at: Timestamp,
}

impl MailboxRecord {
    /// Whether the mail server of its own requires an access code that nobody has typed.
    pub(super) fn lacks_access_code(&self) -> bool {
        self.settings.kind == Kind::SmtpBasic
            && self.settings.server_authentication
            && self.access_code.is_none()
    }

    /// Names one of this mailbox's records for sealing.
    pub(super) fn sealed_as(&self, kind: &'static str, number: impl Display) -> Record {
        Record { kind, organisation: self.organisation, mailbox: Some(self.id), number: number.to_string() }
    }
}

/// A consent attempt and what became of it.
#[derive(Serialize, Deserialize)]
pub(super) struct AttemptRecord {
    pub(super) attempt: Attempt,
    pub(super) progress: Progress,
}

/// How far an attempt is.
#[derive(Serialize, Deserialize)]
pub(super) enum Progress {
    /// The browser is at Microsoft.
    Begun,
    /// The code is being redeemed; it is never redeemed twice, also not after a crash here.
    Redeeming,
    /// In order, but a person must confirm: the outcome shown, and the authentication to take over.
    Confirm(Box<ConsentOutcome>, Box<Authentication>),
    /// The authentication was taken over.
    Connected,
    /// It failed, and this was said.
    Refused(Box<Problem>),
}

/// One message of the outbox, without its content. A stored format: later versions must read it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct MessageRecord {
    pub(super) id: MessageId,
    pub(super) state: MessageState,
    pub(super) accepted_at: Timestamp,
    pub(super) changed_at: Timestamp,
    pub(super) attempts: u32,
    /// Sealed chunks of the content.
    pub(super) chunks: u32,
    /// What the chunks are stored under, when that is not the message's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) staging: Option<String>,
    /// Whether the content is still there after the message has ended.
    #[serde(default)]
    pub(super) content_kept: bool,
    /// Bytes of the content.
    #[serde(default)]
    pub(super) bytes: u64,
    /// Recipients that the envelope names.
    #[serde(default)]
    pub(super) recipient_count: u32,
    /// What the content is.
    #[serde(default)]
    pub(super) form: Form,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) scheduled_at: Option<Timestamp>,
    /// Since when it could go: accepted, scheduled for, or let go again by a person. Absent in records of version 0.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) next_attempt_at: Option<Timestamp>,
    /// What the attempt under way has committed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) lease: Option<Lease>,
    /// Attempts begun since one had an outcome.
    #[serde(default)]
    pub(super) starts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<Failure>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) upstream: Option<Upstream>,
    #[serde(default, skip_serializing_if = "RecipientStates::is_empty")]
    pub(super) recipients: RecipientStates,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) log: Vec<AttemptView>,
}

/// Attempts that the log of one message keeps; the number of all of them is kept beside it.
const LOGGED_MAX: usize = 50;

impl MessageRecord {
    /// What its sender may know.
    pub(super) fn view(&self) -> MessageView {
        MessageView { attempt_log: self.log.clone(), ..self.line() }
    }

    /// The same for a list, without its attempts.
    pub(super) fn line(&self) -> MessageView {
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
    pub(super) fn has_content(&self) -> bool {
        !self.state.is_final() || self.content_kept
    }

    /// What its chunks are stored under.
    pub(super) fn content_key(&self) -> String {
        self.staging.clone().unwrap_or_else(|| self.id.to_string())
    }

    /// When it is due, if it waits for a moment; a person may come at any time, so what is held never is.
    pub(super) fn due_at(&self) -> Option<Timestamp> {
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

    /// Since when it could go.
    pub(super) fn since(&self) -> Timestamp {
        self.since.unwrap_or(self.accepted_at)
    }

    /// Is tried again at `at`.
    pub(super) fn wait_until(&mut self, at: Timestamp, failure: Failure) {
        self.state = MessageState::WillRetry;
        self.next_attempt_at = Some(at);
        self.failure = Some(failure);
    }

    /// Waits for a person.
    pub(super) fn hold(&mut self, failure: Failure) {
        self.state = MessageState::Held;
        self.next_attempt_at = None;
        self.failure = Some(failure);
    }

    /// Notes an attempt that has ended.
    pub(super) fn note(&mut self, attempt: AttemptView) {
        self.log.push(attempt);
        self.log.drain(..self.log.len().saturating_sub(LOGGED_MAX));
    }
}

/// Later than anything is due, and still a number that JavaScript counts exactly.
pub(super) const NEVER: Timestamp = Timestamp::from_millis(i64::MAX >> 11);

/// What a mailbox keeps about its sending as a whole. A stored format: later versions must read it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct OutboxRecord {
    #[serde(default)]
    pub(super) pacing: Pacing,
    #[serde(default)]
    pub(super) restraint: Restraint,
    /// No hand-over begins before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pause: Option<Delay>,
    /// When old content and log were last looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) swept_at: Option<Timestamp>,
}

impl OutboxRecord {
    /// Begins no hand-over before `delay` is over.
    pub(super) fn pause(&mut self, delay: Delay) {
        if self.paused_until() < delay.until {
            self.pause = Some(delay);
        }
    }

    /// When hand-overs may begin again; the beginning of time when they may.
    pub(super) fn paused_until(&self) -> Timestamp {
        self.pause.as_ref().map(|pause| pause.until).unwrap_or_default()
    }
}
