use api::{MailboxSettings, Problem};
use microsoft::Refusal;

use super::Effect;
use crate::outbox::{DeliveryResult, Message};
use crate::tokens::SealedText;

/// The outcome of a step, and what the host must do after it.
#[must_use]
#[derive(Debug)]
pub struct Step<T> {
    /// What the caller is told. On an error nothing was changed.
    pub outcome: Result<T, Problem>,
    /// What to do, in this order.
    pub effects: Vec<Effect>,
}

/// A message that is stored.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The message.
    pub message: Message,
    /// Whether it came before, with the same idempotency key or the same id.
    pub replayed: bool,
}

/// The idempotency key of a request, as hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// Of the key.
    pub key: String,
    /// Of everything that makes the request another one.
    pub body: String,
}

/// The end of one try with one access token.
#[derive(Clone, Debug)]
pub enum Tried {
    /// The attempt has its result.
    Ended(DeliveryResult),
    /// The access token was refused; a fresh one may do.
    TokenRefused {
        /// Why.
        refusal: Refusal,
        /// The number of the token.
        token: Option<u64>,
    },
}

/// Settings to save, with what was typed beside them sealed already.
#[derive(Clone, Debug)]
pub struct SavedSettings {
    /// The settings, validated.
    pub settings: MailboxSettings,
    /// The version that the page showed.
    pub version: u64,
    /// The password: nothing when none was typed, an inner nothing when it was cleared.
    pub access_code: Option<Option<SealedText>>,
    /// The same for the key of the mailbox's own relay.
    pub relay_key: Option<Option<SealedText>>,
}
