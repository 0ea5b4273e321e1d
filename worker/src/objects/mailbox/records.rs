use std::fmt::Display;

use api::{ConsentOutcome, Failure, Kind, MailboxId, MailboxSettings, MessageId, MessageState, MessageView};
use api::{OrganisationId, Problem, Timestamp, Upstream};
use gateway::{Attempt, Authentication, RecipientStates, Record, SealedText, Trouble};
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

/// One message of the outbox, without its body.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct MessageRecord {
    pub(super) id: MessageId,
    pub(super) state: MessageState,
    pub(super) accepted_at: Timestamp,
    pub(super) changed_at: Timestamp,
    pub(super) attempts: u32,
    /// Sealed chunks of the body.
    pub(super) chunks: u32,
    /// What the body is.
    #[serde(default)]
    pub(super) form: Form,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) next_attempt_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<Failure>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) upstream: Option<Upstream>,
    #[serde(default, skip_serializing_if = "RecipientStates::is_empty")]
    pub(super) recipients: RecipientStates,
}

impl MessageRecord {
    /// What its sender may know.
    pub(super) fn view(&self) -> MessageView {
        MessageView {
            id: self.id,
            mailbox: self.id.mailbox(),
            state: self.state,
            accepted_at: self.accepted_at,
            reference: self.reference.clone(),
            attempts: self.attempts,
            changed_at: self.changed_at,
            next_attempt_at: self.next_attempt_at,
            failure: self.failure.clone(),
            upstream: self.upstream.clone(),
            recipients: self.recipients.view(self.state),
        }
    }
}
