//! What a mailbox stores: formats that later versions must read. `data/samples` holds what earlier ones wrote.

mod consent;
mod form;
mod mailbox;
mod message;
mod outbox;
#[cfg(test)]
mod samples;

pub use consent::{AttemptRecord, Progress};
pub use form::Form;
pub use mailbox::MailboxRecord;
pub use message::{MessageRecord, NEVER};
pub use outbox::OutboxRecord;
