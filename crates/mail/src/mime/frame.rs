use std::fmt;
use std::str::FromStr;

use api::Timestamp;

/// What a message needs beside its content to be written as MIME; the caller's clock and randomness come in here.
///
/// The same message in the same frame is the same bytes, so that a retry sends what the first attempt sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MimeFrame {
    /// Its `Message-ID`, by which receivers recognise a mail that comes twice.
    pub message_id: InternetMessageId,
    /// Its `Date`.
    pub date: Timestamp,
    /// Sixteen random bytes, new for each message: nobody who writes a body can guess the lines between parts.
    pub boundary: [u8; 16],
    /// What becomes of Bcc.
    pub bcc: Bcc,
}

/// Whether the `Bcc` header is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bcc {
    /// For SMTP: the envelope names them, and no reader may.
    Dropped,
    /// For MIME to Graph only, which has no envelope and takes the header away itself.
    Kept,
}

/// A text that can't be a `Message-ID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a message id looks like 01hx@mail.example.nl: ASCII, one @, at most {} characters",
    InternetMessageId::CHARS_MAX
)]
pub struct InternetMessageIdError;

/// The `Message-ID` of RFC 5322 section 3.6.4, `dot-atom@dot-atom`, without its angle brackets.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct InternetMessageId(String);

impl InternetMessageId {
    /// Longest id: with the header's name and brackets it stays far below a line's 998 octets, and a line is never
    /// folded inside an id.
    const CHARS_MAX: usize = 250;

    /// An id that is as long as any can be, to measure with.
    #[must_use]
    pub fn longest() -> Self {
        Self(format!("{}@a", "a".repeat(Self::CHARS_MAX - 2)))
    }

    /// `left@right`, without angle brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for InternetMessageId {
    type Err = InternetMessageIdError;

    fn from_str(text: &str) -> Result<Self, InternetMessageIdError> {
        let halves = text.split_once('@').filter(|_| text.len() <= Self::CHARS_MAX);
        match halves {
            Some((left, right)) if is_dot_atom(left) && is_dot_atom(right) => Ok(Self(text.to_owned())),
            _ => Err(InternetMessageIdError),
        }
    }
}

impl fmt::Display for InternetMessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for InternetMessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `dot-atom-text` of RFC 5322 section 3.2.3.
fn is_dot_atom(text: &str) -> bool {
    text.split('.').all(|atom| {
        !atom.is_empty()
            && atom.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_is_one_plain_word() {
        assert_eq!(
            "01HX.a@mail.example.nl".parse::<InternetMessageId>().unwrap().as_str(),
            "01HX.a@mail.example.nl"
        );
        for text in ["", "a", "@b", "a@", "a@b@c", "<a@b>", "a b@c", "a@b\r\nBcc: x@y.nl", "a@bé", "a..b@c"]
        {
            assert_eq!(text.parse::<InternetMessageId>(), Err(InternetMessageIdError), "{text:?}");
        }
        assert!(format!("{}@b", "a".repeat(249)).parse::<InternetMessageId>().is_err());
        let longest = InternetMessageId::longest();
        assert_eq!(longest.as_str().parse::<InternetMessageId>().unwrap(), longest);
        assert!(format!("a{longest}").parse::<InternetMessageId>().is_err());
    }
}
