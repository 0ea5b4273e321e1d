use api::{
    ApprovalView, AttemptId, BeginConsent, BegunConsent, ConsentOutcome, Digest, FinishConsent, MailboxId,
    MailboxLimits, MailboxSettings, MailboxView, MessageId, MessageState, MessageView, OrganisationId,
    Problem, RefusedConsent, RegistrationView, RetryMessage, SaveSettings, Timestamp,
};
use gateway::outbox::{Form, MessageProfile};
use gateway::store::MessageQuery;
use serde::{Deserialize, Serialize};

use crate::objects::call::{Streamed, calls};

/// What the organisation knows and the page shows beside what the mailbox knows.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Around {
    /// The app registration in use.
    pub(crate) registration: RegistrationView,
    /// What an administrator would be asked; its `since` is the mailbox's to say.
    pub(crate) approval: ApprovalView,
}

/// A message that is stored.
#[derive(Serialize, Deserialize)]
pub(crate) struct Accepted {
    pub(crate) view: MessageView,
    /// It came before, with the same idempotency key.
    pub(crate) replayed: bool,
}

calls! {
    /// Makes the mailbox.
    CreateMailbox {
        organisation: OrganisationId,
        id: MailboxId,
        settings: MailboxSettings,
        at: Timestamp,
    } -> (), "create";

    /// Asks for the page, anew.
    Status { around: Around, } -> MailboxView, "status";

    /// Notes that a person has seen what was refused or is unknown, as far as it ended by then.
    MarkSeen { until: Timestamp, around: Around, } -> MailboxView, "mark_seen";

    /// Asks for the settings alone.
    AskSettings {} -> MailboxSettings, "ask_settings";

    /// Saves the page.
    Save { save: SaveSettings, around: Around, } -> MailboxView, "save";

    /// Begins a consent attempt.
    BeginAttempt {
        id: AttemptId,
        session: Digest,
        /// The organisation's tenant, when it is tied to one.
        tenant: Option<String>,
        begin: BeginConsent,
    } -> BegunConsent, "begin_attempt";

    /// Finishes it with what Microsoft sent back.
    FinishAttempt {
        id: AttemptId,
        session: Digest,
        tenant: Option<String>,
        finish: FinishConsent,
        around: Around,
    } -> ConsentOutcome, "finish_attempt";

    /// Ends it with the error that Microsoft sent back instead; what that amounts to.
    RefuseAttempt {
        id: AttemptId,
        session: Digest,
        refused: RefusedConsent,
    } -> Problem, "refuse_attempt";

    /// Answers a confirmation, with what the person said; nothing when they declined.
    Answer {
        id: AttemptId,
        session: Digest,
        confirmed: bool,
        around: Around,
    } -> Option<ConsentOutcome>, "answer_attempt";

    /// Asks which tenant a sign-in that waits for its confirmation is of.
    FinishedAttempt {
        id: AttemptId,
        session: Digest,
    } -> String, "finished_attempt";

    /// Deletes the authentication.
    Remove { around: Around, } -> MailboxView, "remove";

    /// Notes that somebody asks an administrator, or no longer does.
    AskApproval { asked: bool, around: Around, } -> MailboxView, "ask_approval";

    /// Looks whether what stood in the way is gone, by renewing.
    CheckAgain { around: Around, } -> MailboxView, "check_again";

    /// Takes a message, whose bytes come along.
    Accept {
        id: MessageId,
        form: Form,
        /// What the Worker knows of it, having parsed it. Absent in calls of 0.1.0.
        #[serde(default)]
        profile: Option<MessageProfile>,
        /// The ERP's own words for it.
        reference: Option<String>,
        /// The ERP's own name for this request, so that it counts once.
        idempotency_key: Option<String>,
        /// Before when it does not leave.
        scheduled_at: Option<Timestamp>,
        /// How long the caller waits for the outcome, in milliseconds.
        wait_ms: u64,
    } -> Accepted, "accept";

    /// Asks what became of a message.
    Look { id: MessageId, } -> MessageView, "look";

    /// Asks for messages, newest first.
    ListMessages {
        states: Vec<MessageState>,
        reference: Option<String>,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
        /// Only what was made before this one.
        before: Option<MessageId>,
        limit: usize,
    } -> Vec<MessageView>, "list_messages";

    /// Calls a message off.
    Cancel { id: MessageId, } -> MessageView, "cancel";

    /// Sends a message again, or now instead of later.
    Retry { id: MessageId, retry: RetryMessage, } -> MessageView, "retry";

    /// Asks for a message as MIME; the answer is its bytes.
    ReadMime { id: MessageId, } -> Streamed, "read_mime";

    /// Asks how much the mailbox can take.
    AskLimits {} -> MailboxLimits, "ask_limits";

    /// Tests the mail server; the answer comes line by line.
    BeginTest {} -> Streamed, "begin_test";

    /// Re-arms an alarm that is missing.
    Nudge {} -> (), "nudge";
}

impl From<ListMessages> for MessageQuery {
    fn from(call: ListMessages) -> Self {
        let ListMessages { states, reference, since, until, before, limit } = call;
        Self { states, reference, since, until, before, limit }
    }
}
