use api::{MessageId, Timestamp};
use microsoft::Refusal;

use super::Message;
use crate::mailbox::MailboxRecord;
use crate::tokens::Authentication;

/// Names one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttemptKey {
    /// The message.
    pub message: MessageId,
    /// When the attempt started.
    pub at: Timestamp,
}

/// A message to hand over now.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Names the attempt.
    pub key: AttemptKey,
    /// The message.
    pub message: Message,
    /// The mailbox.
    pub mailbox: MailboxRecord,
    /// The authentication, for kinds that sign in.
    pub authentication: Option<Authentication>,
    /// The number of the access token to use, for kinds that sign in.
    pub token: Option<u64>,
}

/// Whether messages may go at all.
#[derive(Clone, Debug)]
pub(crate) enum Gate {
    /// They may.
    Open,
    /// None may, for a reason that every message would meet. One may go as a probe while that may have changed.
    Closed {
        /// The reason.
        refusal: Box<Refusal>,
        /// The probe.
        probe: Option<MessageId>,
    },
}

/// An attempt that started.
#[derive(Clone, Debug)]
pub(crate) struct Started {
    pub(crate) key: AttemptKey,
    pub(crate) message: Message,
}

/// A refusal that belongs to settings or a sign-in of before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StaleAttempt;
