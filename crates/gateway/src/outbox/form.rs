use api::{Code, Problem};
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
    /// Reads a body of this form, which was read once before.
    #[must_use]
    pub fn read_again(self, body: Vec<u8>) -> Option<Content> {
        Some(match self {
            Self::Json => Content::Fields(Box::new(Message::read(serde_json::from_slice(&body).ok()?).ok()?)),
            Self::Raw => Content::Raw(Box::new(RawMessage::read(body).ok()?)),
        })
    }

    /// The same, when the body is wanted back: judges it without a copy of it.
    pub fn judge_again<T>(
        self,
        body: Vec<u8>,
        judge: impl FnOnce(&Content) -> Result<T, Problem>,
    ) -> Result<(Vec<u8>, T), Problem> {
        let unreadable = || Problem::new(Code::Internal, "an accepted message can't be read again");
        match self {
            Self::Json => {
                let wire = serde_json::from_slice(&body).map_err(|_| unreadable())?;
                let message = Message::read(wire).map_err(|_| unreadable())?;
                judge(&Content::Fields(Box::new(message))).map(|judged| (body, judged))
            }
            Self::Raw => {
                let content = Content::Raw(Box::new(RawMessage::read(body).map_err(|_| unreadable())?));
                let judged = judge(&content)?;
                match content {
                    Content::Raw(raw) => Ok((raw.into_bytes(), judged)),
                    Content::Fields(_) => Err(unreadable()),
                }
            }
        }
    }
}
