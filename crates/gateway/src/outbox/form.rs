use mail::{Content, Message, RawMessage};
use serde::{Deserialize, Serialize};

/// The form in which a message was posted, and is stored. A stored format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// The JSON of [`api::SendMessage`].
    #[default]
    Json,
    /// `message/rfc822`.
    Raw,
}

impl Form {
    /// Decodes a body of this form, which was valid when it was accepted.
    #[must_use]
    pub fn decode(self, body: Vec<u8>) -> Option<Content> {
        Some(match self {
            Self::Json => Content::Fields(Box::new(Message::read(serde_json::from_slice(&body).ok()?).ok()?)),
            Self::Raw => Content::Raw(Box::new(RawMessage::read(body).ok()?)),
        })
    }
}
