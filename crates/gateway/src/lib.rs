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
