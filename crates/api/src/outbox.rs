//! Steering what was accepted: list, cancel, retry, batch, limits.

use serde::{Deserialize, Serialize};

use crate::{Kind, MailboxId, MessageView, Problem};

/// `GET /v1/messages`: a page of messages, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageList {
    /// The messages, without their attempts.
    pub messages: Vec<MessageView>,
    /// What `cursor` says for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// `POST /v1/messages/{id}/retry`: sends a message again, or now instead of later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetryMessage {
    /// To whom: everybody who does not have it yet, or those alone who were refused.
    pub recipients: RetryWhom,
    /// Whoever asks has looked, or minds a second copy less than a missing one: an *unknown* message may be there already.
    pub accept_duplicate: bool,
}

/// Whom a message is sent to again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryWhom {
    /// Everybody who does not have it yet.
    #[default]
    Open,
    /// Those alone whom the mail server refused.
    Refused,
}

/// `POST /v1/messages/batch`: what became of each message, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchOutcome {
    /// One for each message of the request.
    pub outcomes: Vec<BatchItem>,
}

/// What became of one message of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchItem {
    /// The status that the message alone would have been answered with.
    pub status: u16,
    /// The message, when it was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageView>,
    /// Whether it had been accepted before, with the same idempotency key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
    /// Why it was not accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// `GET /v1/limits`: the bounds of this installation, and how much is left in each mailbox of the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitsView {
    /// Bytes of a JSON request.
    pub json_request_bytes_max: u64,
    /// Bytes of a `multipart/form-data` request.
    pub form_request_bytes_max: u64,
    /// Bytes of a `message/rfc822` request.
    pub raw_request_bytes_max: u64,
    /// Messages of one batch.
    pub batch_messages_max: u32,
    /// Recipients of one message, To, Cc and Bcc together.
    pub recipients_max: u32,
    /// Attachments of one message.
    pub attachments_max: u32,
    /// Custom headers of one message.
    pub headers_max: u32,
    /// Characters of a subject.
    pub subject_chars_max: u32,
    /// Seconds that `Prefer: wait=N` is honoured.
    pub wait_seconds_max: u32,
    /// Days that `scheduled_at` may be ahead.
    pub scheduled_days_max: u32,
    /// Days that an idempotency key is remembered.
    pub idempotency_days: u32,
    /// Messages that one mailbox hands over in a minute; 0 is no limit.
    pub messages_per_minute: u32,
    /// Recipients that one mailbox writes to in 24 hours; 0 is no limit.
    pub recipients_per_day: u32,
    /// Each mailbox that the key may use.
    pub mailboxes: Vec<MailboxLimits>,
}

/// The bounds of one mailbox, and what is used of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxLimits {
    /// Its id.
    pub id: MailboxId,
    /// Its address.
    pub address: String,
    /// How it sends.
    pub kind: Kind,
    /// Bytes of the largest message that it can send today.
    pub message_bytes_max: u64,
    /// Messages accepted and not yet ended.
    pub waiting: u64,
    /// Recipients that are left of the day's; absent without a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipients_left: Option<u32>,
}
