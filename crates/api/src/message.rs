use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{ATTACHMENTS_MAX, Code, FixBy, HEADERS_MAX, MailboxId, MessageId, RECIPIENTS_MAX, Timestamp};

/// `POST /v1/messages` as JSON: one mail.
///
/// Field names are the ones mail APIs have converged on. Addresses are `anna@example.nl` or `Anna <anna@example.nl>`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendMessage {
    /// The mailbox's address or one of its listed aliases.
    pub from: String,
    /// To.
    #[serde(default, skip_serializing_if = "Recipients::is_empty")]
    pub to: Recipients,
    /// Cc.
    #[serde(default, skip_serializing_if = "Recipients::is_empty")]
    pub cc: Recipients,
    /// Bcc.
    #[serde(default, skip_serializing_if = "Recipients::is_empty")]
    pub bcc: Recipients,
    /// Where answers go.
    #[serde(default, skip_serializing_if = "Recipients::is_empty")]
    pub reply_to: Recipients,
    /// The subject; may be empty.
    #[serde(default)]
    pub subject: String,
    /// The body as plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The body as HTML. With `text` besides it, Exchange makes its own text part from the HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Files.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "attachments")]
    pub attachments: Vec<Attachment>,
    /// Custom headers; names begin with `x-`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "headers")]
    pub headers: BTreeMap<String, String>,
    /// How urgent it looks to the reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub importance: Option<Importance>,
    /// Whether a copy goes to Sent Items; left out, it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub save_to_sent: Option<bool>,
    /// The ERP's own words for this mail, e.g. an invoice number; comes back in every answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What the `Idempotency-Key` header says, for ERPs that can't set headers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// Not before then; left out, or in the past, at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_at: Option<Timestamp>,
}

/// Recipients as ERPs write them: a list, or one text with commas. Of a list that is too long one more than there may be is
/// read, which is enough to refuse it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Recipients {
    /// `"a@example.nl, B <b@example.nl>"`
    Text(String),
    /// `["a@example.nl", "B <b@example.nl>"]`
    List(Vec<String>),
}

// Not derived: an untagged enum is buffered whole before it is known what it is, in many times its bytes.
impl<'de> Deserialize<'de> for Recipients {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Recipients;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a list of addresses, or a text with commas between them")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Recipients, E> {
                Ok(Recipients::Text(text.to_owned()))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<Recipients, E> {
                Ok(Recipients::Text(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Recipients, A::Error> {
                first_of(list, RECIPIENTS_MAX).map(Recipients::List)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Reads so many of a list and one more, and passes over the rest.
fn first_of<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(
    mut list: A,
    max: usize,
) -> Result<Vec<T>, A::Error> {
    let mut read = Vec::new();
    while read.len() <= max {
        match list.next_element()? {
            Some(one) => read.push(one),
            None => return Ok(read),
        }
    }
    while list.next_element::<IgnoredAny>()?.is_some() {}
    Ok(read)
}

fn attachments<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Attachment>, D::Error> {
    struct List;
    impl<'de> Visitor<'de> for List {
        type Value = Vec<Attachment>;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("a list of files")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Vec<Attachment>, A::Error> {
            first_of(list, ATTACHMENTS_MAX)
        }
    }
    deserializer.deserialize_seq(List)
}

fn headers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    struct Map;
    impl<'de> Visitor<'de> for Map {
        type Value = BTreeMap<String, String>;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("headers by their names")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut read = BTreeMap::new();
            while read.len() <= HEADERS_MAX {
                match map.next_entry()? {
                    Some((name, value)) => read.insert(name, value),
                    None => return Ok(read),
                };
            }
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(read)
        }
    }
    deserializer.deserialize_map(Map)
}

impl Default for Recipients {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl Recipients {
    /// Whether nobody is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.trim().is_empty(),
            Self::List(list) => list.is_empty(),
        }
    }
}

/// A file that goes with a mail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// The name the reader sees, e.g. `factuur.pdf`.
    pub filename: String,
    /// The bytes in base64 (RFC 4648 section 4).
    pub content: String,
    /// The media type; left out, it follows from the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Makes it an inline image: HTML shows it as `<img src="cid:…">`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_id: Option<String>,
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attachment")
            .field("filename", &self.filename)
            .field("content", &format_args!("{} base64 characters", self.content.len()))
            .field("content_type", &self.content_type)
            .field("content_id", &self.content_id)
            .finish()
    }
}

/// How urgent a mail looks to its reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Importance {
    /// Not urgent.
    Low,
    /// As every mail.
    #[default]
    Normal,
    /// Urgent.
    High,
}

/// Where a message is on its way. Few and true: *delivered* is not among them, since nobody tells us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Stored durably; `scheduled_at` says when its turn comes.
    Scheduled,
    /// Stored durably; its turn comes.
    Queued,
    /// Being handed over now.
    Sending,
    /// Microsoft or the mail server took it.
    HandedOver,
    /// The last attempt failed in a way that passes; `next_attempt_at` says when it is tried again.
    WillRetry,
    /// It waits for a person: until the mailbox is signed in, or what `failure` names is mended.
    Held,
    /// It may or may not have been sent: nothing that came back says so.
    Unknown,
    /// It can't be sent; `failure` says why and who can change that.
    Refused,
    /// It could not be handed over for as long as a mail is worth trying; `failure` says what was in the way last.
    Expired,
    /// Cancelled before anything of it was sent.
    Cancelled,
}

impl MessageState {
    /// Every state, for filters and tests.
    pub const ALL: [Self; 10] = [
        Self::Scheduled,
        Self::Queued,
        Self::Sending,
        Self::HandedOver,
        Self::WillRetry,
        Self::Held,
        Self::Unknown,
        Self::Refused,
        Self::Expired,
        Self::Cancelled,
    ];

    /// Whether nothing more will happen by itself.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::HandedOver | Self::Unknown | Self::Refused | Self::Expired | Self::Cancelled)
    }

    /// The word of the JSON value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::HandedOver => "handed_over",
            Self::WillRetry => "will_retry",
            Self::Held => "held",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}

/// `GET /v1/messages/{id}`, and the answer to `POST /v1/messages`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageView {
    /// Its id.
    pub id: MessageId,
    /// The mailbox that sends it.
    pub mailbox: MailboxId,
    /// Where it is on its way.
    pub state: MessageState,
    /// When it was stored.
    pub accepted_at: Timestamp,
    /// The ERP's own words for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// How often handing it over was tried.
    pub attempts: u32,
    /// When the state became what it is.
    pub changed_at: Timestamp,
    /// Before when it does not leave, when the ERP said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_at: Option<Timestamp>,
    /// When it is tried again, for [`MessageState::WillRetry`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<Timestamp>,
    /// Whether an attempt may have delivered it though nobody confirmed that. Stays until it is handed over: canceling or
    /// expiring such a message ends it as [`MessageState::Unknown`], and sending it again takes
    /// [`RetryMessage::accept_duplicate`](crate::RetryMessage::accept_duplicate).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub possibly_sent: bool,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// What the other side said last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<Upstream>,
    /// What became of it for each recipient, in the order of the envelope; only where that is not the same for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<RecipientView>,
    /// Whether its content is still kept, so that it can be read and sent again.
    #[serde(default)]
    pub content_kept: bool,
    /// Every attempt to hand it over, oldest first; left out of lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempt_log: Vec<AttemptView>,
}

/// One attempt to hand a message over, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptView {
    /// When it began.
    pub at: Timestamp,
    /// When it ended, or was found to have been cut off.
    pub ended_at: Timestamp,
    /// Which way it went; absent when it ended before a way was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Route>,
    /// What it made of the message.
    pub state: MessageState,
    /// Why it failed; absent when it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// What was the case, in English; absent when it did not fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What the other side answered; absent when it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<Upstream>,
}

/// The way that an attempt went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// Microsoft Graph, `sendMail`.
    Graph,
    /// A connection of the Worker itself to the mail server.
    Smtp,
    /// A relay, which speaks with the mail server.
    Relay,
}

/// What became of a message for one recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientView {
    /// Who.
    pub address: String,
    /// Where the message is on its way to them.
    pub state: MessageState,
    /// What the mail server said of this recipient, when it did not take them at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<Upstream>,
}

/// Why a message was not handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Stable word for programs.
    pub code: Code,
    /// What is the case, in English.
    pub detail: String,
    /// The next step, in English.
    pub action: String,
    /// Who can take that step.
    pub fix_by: FixBy,
    /// Whether the same message may succeed later without anybody changing anything.
    pub retryable: bool,
}

/// What Microsoft or a mail server answered, for support; never a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upstream {
    /// The HTTP status or SMTP reply code.
    pub status: u16,
    /// Their own code, e.g. `ErrorSendAsDenied` or `AADSTS700082`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Their own words, cut at 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Their id for this request, which their support asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}
