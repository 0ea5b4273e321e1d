use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::reader::{ReplyError, ReplyReader};

/// Longest text of a reply that is kept for people, in characters.
const TEXT_CHARS_MAX: usize = 1000;

/// What the server said to one command (RFC 5321 section 4.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Reply {
    code: u16,
    enhanced: Option<Enhanced>,
    lines: Vec<String>,
}

impl Reply {
    /// From the code and the texts behind it, of which control characters are taken out.
    pub(crate) fn new(code: u16, lines: &[impl AsRef<str>]) -> Self {
        let lines: Vec<String> = lines.iter().map(|line| printable(line.as_ref())).collect();
        let enhanced = lines.first().and_then(|line| Enhanced::split_off(line)).map(|(enhanced, _)| enhanced);
        Self { code, enhanced, lines }
    }

    /// The three digits.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The first digit: 2 done, 3 go on, 4 not now, 5 no.
    #[must_use]
    pub fn first_digit(&self) -> u16 {
        self.code / 100
    }

    /// The finer code that most servers write before the text.
    #[must_use]
    pub fn enhanced(&self) -> Option<Enhanced> {
        self.enhanced
    }

    /// The text of each line as it came, with the enhanced code, without control characters.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The text in one line, without the codes, at most 1000 characters.
    #[must_use]
    pub fn text(&self) -> String {
        let lines =
            self.lines.iter().map(|line| Enhanced::split_off(line).map_or(line.as_str(), |(_, rest)| rest));
        let lines: Vec<&str> = lines.map(str::trim).filter(|line| !line.is_empty()).collect();
        lines.join(" ").chars().take(TEXT_CHARS_MAX).collect()
    }
}

/// A reply as a relay passes it on.
#[derive(Serialize, Deserialize)]
struct Written {
    code: u16,
    lines: Vec<String>,
}

impl From<Reply> for Written {
    fn from(Reply { code, lines, .. }: Reply) -> Self {
        Self { code, lines }
    }
}

impl TryFrom<Written> for Reply {
    type Error = ReplyError;

    fn try_from(Written { code, lines }: Written) -> Result<Self, Self::Error> {
        match code {
            200..=599 => Ok(Self::new(code, &lines)),
            _ => Err(ReplyError::Gibberish),
        }
    }
}

/// Reads one reply as a server writes it, the last line's end left out or not. What follows it is an error.
impl FromStr for Reply {
    type Err = ReplyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let bytes = format!("{text}\n");
        let mut rest = bytes.as_bytes();
        let reply = ReplyReader::default().read(&mut rest)?;
        reply.filter(|_| rest.is_empty()).ok_or(ReplyError::Gibberish)
    }
}

/// Codes and text in one line, as support people like to have it.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(enhanced) = self.enhanced {
            write!(f, " {enhanced}")?;
        }
        match self.text() {
            text if text.is_empty() => Ok(()),
            text => write!(f, " {text}"),
        }
    }
}

/// An enhanced status code, for example 5.7.139 (RFC 2034, RFC 3463 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Enhanced {
    /// 2 done, 4 not now, 5 no.
    pub class: u16,
    /// What it is about, for example 7: security or policy.
    pub subject: u16,
    /// What exactly.
    pub detail: u16,
}

impl Enhanced {
    /// Takes the code off the beginning of a text.
    pub(crate) fn split_off(text: &str) -> Option<(Self, &str)> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let mut numbers = word.split('.').map(|digits| {
            let is_number =
                (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| digits.parse().ok()).flatten()
        });
        let (Some(Some(class)), Some(Some(subject)), Some(Some(detail)), None) =
            (numbers.next(), numbers.next(), numbers.next(), numbers.next())
        else {
            return None;
        };
        matches!(class, 2 | 4 | 5).then_some((Self { class, subject, detail }, rest))
    }
}

impl fmt::Display for Enhanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// Every control character becomes a space, so that the text can stand in a log or on a page.
fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enhanced_code_stands_before_the_text() {
        let (code, rest) = Enhanced::split_off("5.7.139 Authentication unsuccessful").unwrap();
        assert_eq!((code.to_string().as_str(), rest), ("5.7.139", "Authentication unsuccessful"));
        assert_eq!(Enhanced::split_off("2.0.0").unwrap().1, "");
        for text in
            ["", "5", "5.7", "5.7.1.2 x", "3.7.1 x", "5.7.1000 x", "5..1 x", "5.7.x", "+5.7.1", "5.7.1x"]
        {
            assert_eq!(Enhanced::split_off(text), None, "{text}");
        }
    }

    #[test]
    fn one_reply_can_be_read_from_a_text() {
        let reply: Reply = "550-5.7.1 a\r\n550 5.7.1 b\r\n".parse().unwrap();
        assert_eq!(reply, "550-5.7.1 a\n550 5.7.1 b".parse().unwrap());
        assert_eq!(reply.to_string(), "550 5.7.1 a b");
        for text in ["", "550-a", "250 a\n250 b", "x"] {
            assert_eq!(text.parse::<Reply>(), Err(ReplyError::Gibberish), "{text}");
        }
    }

    #[test]
    fn a_relay_passes_it_on_as_it_was() {
        let reply: Reply = "550-5.7.1 a\r\n550 5.7.1 b\r\n".parse().unwrap();
        let json = serde_json::to_value(&reply).unwrap();
        assert_eq!(json, serde_json::json!({"code": 550, "lines": ["5.7.1 a", "5.7.1 b"]}));
        assert_eq!(serde_json::from_value::<Reply>(json).unwrap(), reply);
        for wrong in [r#"{"code":199,"lines":[]}"#, r#"{"code":600,"lines":[]}"#, r#"{"code":250}"#, "250"] {
            assert!(serde_json::from_str::<Reply>(wrong).is_err(), "{wrong}");
        }
        let tidied: Reply = serde_json::from_str(r#"{"code":250,"lines":["a\r\nb"]}"#).unwrap();
        assert_eq!(tidied.to_string(), "250 a  b");
    }

    #[test]
    fn reads_as_one_clean_line() {
        let reply = Reply::new(550, &["5.7.1 Not\u{7} you", "5.7.1 \tsorry", ""]);
        assert_eq!(reply.to_string(), "550 5.7.1 Not  you sorry");
        assert_eq!(Reply::new(250, &[""]).to_string(), "250");
        assert_eq!(Reply::new(250, &["x".repeat(3000)]).text().len(), TEXT_CHARS_MAX);
    }
}
