use api::{Code, MessageId, Timestamp, Upstream};
use mail::EmailAddress;
use microsoft::Refusal;

use super::{Form, Said, Stage};

/// A message that is accepted.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Its id.
    pub id: MessageId,
    /// What the content is.
    pub form: Form,
    /// Bytes of the content.
    pub bytes: u64,
    /// Recipients that the envelope names.
    pub recipients: u32,
    /// The ERP's own words for it.
    pub reference: Option<String>,
    /// Before when it does not leave.
    pub scheduled_at: Option<Timestamp>,
}

/// The result of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryResult {
    /// The other side took the message for everybody.
    HandedOver {
        /// Its answer.
        upstream: Upstream,
        /// How long it asks to wait before the next message, in milliseconds.
        pause_ms: Option<i64>,
    },
    /// A mail server answered differently for different recipients.
    Divided {
        /// Its answer on taking the message, when it took it for anybody.
        upstream: Option<Upstream>,
        /// The recipients that were asked for.
        envelope: Vec<EmailAddress>,
        /// Its answer for each, in the same order.
        said: Vec<Said>,
        /// Why some are to come later.
        later: Option<Refusal>,
    },
    /// The attempt failed, or its outcome is unknown ([`Code::OutcomeUnknown`]).
    Refused {
        /// Why.
        refusal: Refusal,
        /// How far the attempt had come.
        stage: Stage,
    },
}

impl DeliveryResult {
    /// Whether the other side may have the message although nothing confirms it.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Refused { refusal, .. } if refusal.code == Code::OutcomeUnknown)
    }

    /// Whether it proves that this attempt reached no recipient.
    #[must_use]
    pub fn excludes_acceptance(&self) -> bool {
        match self {
            Self::HandedOver { .. } => false,
            Self::Divided { said, .. } => !said.contains(&Said::Taken),
            Self::Refused { .. } => !self.is_unknown(),
        }
    }
}

/// The settings and circumstances that decide what follows an attempt.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Whether the mailbox sends by somebody else's right.
    pub shared: bool,
    /// Whether the organisation prefers a second copy to none.
    pub repeat_unknown: bool,
    /// Whether content is kept after everybody has the message.
    pub keeps_content: bool,
    /// Any random number, for the jitter of the back-off.
    pub jitter: u32,
    /// Now.
    pub now: Timestamp,
}
