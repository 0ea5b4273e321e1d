use api::{
    AttemptId, BeginConsent, BegunConsent, ConsentOutcome, Digest, FinishConsent, MailboxId, MailboxSettings,
    MailboxView, MessageId, MessageView, OrganisationId, SaveSettings, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::Call;

macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* } -> $reply:ty, $path:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Serialize, Deserialize)]
        pub(crate) struct $name { $($(#[$field_doc])* pub(crate) $field: $type,)* }

        impl Call for $name {
            type Reply = $reply;
            const NAME: &'static str = $path;
        }
    )+};
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
    Status {} -> MailboxView, "status";

    /// Saves the page.
    Save { save: SaveSettings, } -> MailboxView, "save";

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
    } -> ConsentOutcome, "finish_attempt";

    /// What the person said to a confirmation.
    Answer {
        id: AttemptId,
        session: Digest,
        confirmed: bool,
    } -> Option<MailboxView>, "answer_attempt";

    /// Asks which tenant a sign-in that waits for its confirmation is of.
    FinishedAttempt {
        id: AttemptId,
        session: Digest,
    } -> String, "finished_attempt";

    /// Deletes the authentication.
    Remove {} -> MailboxView, "remove";

    /// Takes a message; its JSON is the body of the call.
    Accept {
        id: MessageId,
        /// How long the caller waits for the outcome, in milliseconds.
        wait_ms: u64,
    } -> MessageView, "accept";

    /// Asks what became of a message.
    Look { id: MessageId, } -> MessageView, "look";

    /// Re-arms an alarm that is missing.
    Nudge {} -> (), "nudge";
}
