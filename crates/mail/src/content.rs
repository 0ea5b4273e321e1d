use crate::{EmailAddress, Message, RawMessage};

/// What an ERP wants sent, in the form in which it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Field by field; the route decides how it is written out.
    Fields(Box<Message>),
    /// As a whole `message/rfc822`, which goes out as it is.
    Raw(Box<RawMessage>),
}

impl Content {
    /// Whom it is from.
    #[must_use]
    pub fn from(&self) -> &EmailAddress {
        match self {
            Self::Fields(message) => message.from.address(),
            Self::Raw(raw) => raw.from(),
        }
    }

    /// Whom the envelope names: To, Cc and Bcc.
    #[must_use]
    pub fn recipients(&self) -> Vec<EmailAddress> {
        match self {
            Self::Fields(message) => message.recipients().map(|one| one.address().clone()).collect(),
            Self::Raw(raw) => raw.recipients().to_vec(),
        }
    }
}
