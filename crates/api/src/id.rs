use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use ulid::Ulid;

use crate::Timestamp;

/// Why a text is not the identifier it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an identifier of this kind looks like {prefix}01jd5z3q8k6w2y4v7t9s0r1p3n")]
pub struct ParseIdError {
    prefix: &'static str,
}

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)+) => {$(
        $(#[$doc])*
        ///
        /// A ULID in lower case behind a prefix that tells what it names: sorts by time of making, survives a
        /// double-click, and can be used in a URL as it is.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Ulid);

        impl $name {
            /// What every identifier of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// Makes the identifier from the host's clock and 10 bytes of its randomness.
            #[must_use]
            pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
                let random = random.iter().fold(0_u128, |all, byte| (all << 8) | u128::from(*byte));
                Self(Ulid::from_parts(now.millis().unsigned_abs(), random))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, self.0.to_string().to_ascii_lowercase())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let wrong = ParseIdError { prefix: $prefix };
                let ulid = text.strip_prefix($prefix).ok_or(wrong.clone())?;
                let parsed = Self(Ulid::from_string(ulid).map_err(|_| wrong.clone())?);
                // One spelling only: Crockford's base32 would also read capitals, `i` for `1` and `o` for `0`, and two
                // texts for one object would be two objects.
                if parsed.to_string() == text { Ok(parsed) } else { Err(wrong) }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    )+};
}

identifiers! {
    /// Names an organisation.
    OrganisationId "org_";
    /// Names a mailbox within its organisation.
    MailboxId "mbx_";
    /// Names one consent attempt.
    AttemptId "cons_";
    /// Names an API key; not secret by itself.
    KeyId "key_";
    /// Names a link; not secret by itself.
    LinkId "lnk_";
    /// Names a browser session; not secret by itself.
    SessionId "ses_";
    /// Names one request, in its answer and in the log.
    RequestId "req_";
}

/// Names one message, and tells in which mailbox of the organisation it lies, so that no index is needed to find it.
///
/// `msg_`, the message's own ULID, then the mailbox's: 56 characters that a caller treats as one opaque word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    own: Ulid,
    mailbox: MailboxId,
}

impl MessageId {
    /// What every message id begins with.
    pub const PREFIX: &'static str = "msg_";
    const ULID_CHARS: usize = 26;

    /// Makes the identifier from the mailbox, the host's clock and 10 bytes of its randomness.
    #[must_use]
    pub fn new(mailbox: MailboxId, now: Timestamp, random: [u8; 10]) -> Self {
        Self { own: MailboxId::new(now, random).0, mailbox }
    }

    /// What every id made at `at` or later sorts behind, and every earlier one before.
    #[must_use]
    pub fn first_of(at: Timestamp) -> String {
        let ulid = Ulid::from_parts(at.millis().max(0).unsigned_abs(), 0).to_string();
        format!("{}{}", Self::PREFIX, ulid.to_ascii_lowercase())
    }

    /// The mailbox that holds this message.
    #[must_use]
    pub fn mailbox(self) -> MailboxId {
        self.mailbox
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (own, mailbox) = (self.own.to_string(), self.mailbox.0.to_string());
        write!(f, "{}{}{}", Self::PREFIX, own.to_ascii_lowercase(), mailbox.to_ascii_lowercase())
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for MessageId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseIdError { prefix: Self::PREFIX };
        let ulids = text.strip_prefix(Self::PREFIX).ok_or_else(wrong)?;
        let (own, mailbox) = ulids.split_at_checked(Self::ULID_CHARS).ok_or_else(wrong)?;
        let parsed = Self {
            own: Ulid::from_string(own).map_err(|_| wrong())?,
            mailbox: MailboxId(Ulid::from_string(mailbox).map_err(|_| wrong())?),
        };
        if parsed.to_string() == text { Ok(parsed) } else { Err(wrong()) }
    }
}

impl Serialize for MessageId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MessageId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_identifier_reads_back(ms in 0_i64..(1 << 47), random: [u8; 10], other: [u8; 10]) {
            let mailbox = MailboxId::new(Timestamp::from_millis(ms), random);
            prop_assert_eq!(mailbox.to_string().parse(), Ok(mailbox));
            let message = MessageId::new(mailbox, Timestamp::from_millis(ms), other);
            prop_assert_eq!(message.to_string().parse(), Ok(message));
            prop_assert_eq!(message.mailbox(), mailbox);
            prop_assert!(MessageId::first_of(Timestamp::from_millis(ms)) <= message.to_string());
            prop_assert!(MessageId::first_of(Timestamp::from_millis(ms + 1)) > message.to_string());
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = text.parse::<MessageId>();
            let _ = format!("msg_{text}").parse::<MessageId>();
        }
    }

    #[test]
    fn one_object_has_one_spelling() {
        let text = OrganisationId::new(Timestamp::from_millis(i64::from(u32::MAX)), [0xab; 10]).to_string();
        let (prefix, ulid) = text.split_at(4);
        assert!(text.parse::<OrganisationId>().is_ok());
        assert!(format!("{prefix}{}", ulid.to_ascii_uppercase()).parse::<OrganisationId>().is_err());
        assert!(format!("{prefix}{}", ulid.replace('0', "o")).parse::<OrganisationId>().is_err());
    }
}
