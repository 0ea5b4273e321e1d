//! The rules of Postbode: who is asking, what is accepted, when tokens are renewed, what a failure means for a message.
//!
//! In scope: everything that can be decided from values. Time and randomness are arguments.
//! Out of scope: storage, HTTP and encryption themselves; crate `worker` carries out what is decided here.
//! Never here: a clock, IO, or a way to print a secret.

mod accept;
mod attempt;
mod authentication;
mod credential;
mod digest;
mod failures;
mod judge;
mod lease;
mod masked;
mod outbox;
mod pacing;
mod reach;
mod recipients;
mod registration;
mod renewal;
mod restraint;
mod seal;
mod server_test;
mod settings;
mod state;
mod storage_quota;
mod stored;
mod submission;

pub use accept::{accept, message_bytes_effective};
pub use attempt::{
    ATTEMPT_SECONDS, Attempt, CameBack, CheckedReturn, RefusedReturn, judge_refusal, kept_confirmation,
    verify_return,
};
pub use authentication::{AccessRecord, Authentication, Pause, SealedText, SealedToken, Trouble, view};
pub use credential::{Credential, Mint, Minted, Purpose, purpose, same_secret};
pub use digest::sha256;
pub use judge::{Judged, SignedIn, judge};
pub use lease::{Lease, STARTS_MAX, after_loss};
pub use masked::{masked, masked_upstream};
pub use outbox::{
    AfterAttempt, CONCURRENCY_MAX, Next, RETRY_FOR_MS, Stage, after_refusal, concerns_the_mailbox,
    concurrency_max, held_until, pauses_the_mailbox,
};
pub use pacing::{Limits, MESSAGES_PER_MINUTE, Pacing, RECIPIENTS_PER_DAY};
pub use reach::{Reach, out_of_reach};
pub use recipients::{RecipientStates, Said};
pub use registration::{warn_days_left, warns_today};
pub use renewal::{
    DEFAULT_KEEPALIVE_MS, DEFAULT_RENEW_AFTER_MS, KV_PUT_EVERY_MS, REFRESH_TOKEN_LIFE_MS,
    access_token_usable, good_until, keepalive_at, next_renewal, renewal_due,
};
pub use restraint::Restraint;
pub use seal::{KeyRing, KeyRingError, Opening, Record, SealError, Sealing};
pub use server_test::{failed_step, planned_steps, test_step};
pub use settings::check_settings;
pub use state::{Situation, state};
pub use storage_quota::storage_refusal;
pub use stored::{AttemptRecord, Form, MailboxRecord, MessageRecord, NEVER, OutboxRecord, Progress};
pub use submission::{ServerOwner, Submitted, understand};
