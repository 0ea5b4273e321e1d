//! The rules of Postbode: a mailbox as a state machine, from an accepted message to its outcome.
//!
//! In scope: everything that can be decided from values, and the rows that it is decided from. Time and randomness are
//! arguments; what a step asks of the world comes back as [`mailbox::Effect`]s.
//! Out of scope: HTTP, sockets and encryption themselves; crate `worker` carries out what is decided here.
//! Never here: a clock, IO, or a way to print a secret.

pub mod mailbox;
pub mod memory;
pub mod outbox;
#[cfg(test)]
mod samples;
pub mod sealing;
pub mod settings;
pub mod sign_in;
mod storage_quota;
pub mod store;
pub mod submission;
pub mod tokens;

pub use storage_quota::storage_refusal;

// Until every caller names the module.
pub use outbox::{Form, Limits, MESSAGES_PER_MINUTE, RECIPIENTS_PER_DAY};
pub use sealing::{
    Credential, KeyRing, KeyRingError, Mint, Minted, Opening, Purpose, Record, SealError, Sealing, purpose,
    same_secret, sha256,
};
pub use settings::{Reach, check_settings, test_step, warn_days_left, warns_today};
pub use tokens::{DEFAULT_KEEPALIVE_MS, DEFAULT_RENEW_AFTER_MS, REFRESH_TOKEN_LIFE_MS, SealedText};
