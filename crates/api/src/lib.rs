//! What travels between the browser, the ERP and the Worker: the JSON of Postbode's HTTP API as Rust types.
//!
//! In scope: field names, identifiers, problem documents, states, limits. Everything here compiles for the Worker, the
//! browser and native tests alike.
//! Out of scope: rules (crate `gateway`), wording for people in two languages (crate `app`), storage.
//! Never here: a provider token. Nothing in this crate can carry one to a browser.

mod code;
mod consent;
mod id;
mod limits;
mod mailbox;
mod message;
mod operator;
mod outbox;
mod problem;
mod reason;
mod registration;
mod server_test;
mod session;
mod timestamp;

pub use code::{Code, FixBy};
pub use consent::{
    AnsweredConsent, BeginConsent, BegunConsent, Challenge, ConfirmReason, ConsentOutcome, Digest,
    FinishConsent, RefusedConsent,
};
pub use id::{
    AttemptId, KeyId, LinkId, MailboxId, MessageId, OrganisationId, ParseIdError, RequestId, SessionId,
};
pub use limits::*;
pub use mailbox::{
    Account, ApprovalView, Attention, AuthenticationView, CreateMailbox, Delay, HeldCount, Kind,
    MailboxSettings, MailboxState, MailboxSummary, MailboxView, Permission, SaveSettings, Security, Seen,
    TroubleView,
};
pub use message::{
    Attachment, AttemptView, Failure, Importance, MessageState, MessageView, RecipientView, Recipients,
    Route, SendMessage, Upstream,
};
pub use operator::{
    CreateKey, CreateLink, CreateOrganisation, CreatedKey, CreatedLink, CreatedMailbox, CreatedOrganisation,
};
pub use outbox::{BatchItem, BatchOutcome, LimitsView, MailboxLimits, MessageList, RetryMessage, RetryWhom};
pub use problem::{FieldError, InternalCause, Problem, ProblemFields};
pub use reason::Reason;
pub use registration::{
    Cloud, CredentialType, RegistrationOwner, RegistrationView, SetCredential, SetRegistration,
};
pub use server_test::{TestFailure, TestLine, TestServer, TestStep};
pub use session::{OpenSession, SessionView};
pub use timestamp::{ParseTimestampError, Timestamp};
