use serde::{Deserialize, Serialize};

use crate::reply::Reply;

/// Longest line of a reply without its end. RFC 5321 section 4.5.3.1.5 says 510; servers write more.
const LINE_MAX: usize = 998;
/// Most lines of one reply.
const LINES_MAX: usize = 128;
/// Longest reply, line ends not counted.
const REPLY_MAX: usize = 8 * 1024;

/// Why what a server said is no reply. The conversation cannot go on after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplyError {
    /// A line without three digits and a space, a hyphen or nothing behind them.
    #[error("the server said something that is no SMTP reply")]
    Gibberish,
    /// The lines of one reply carry different codes.
    #[error("the server changed the code within one reply")]
    CodesDiffer,
    /// A line above 998 bytes.
    #[error("the server sent a line that is too long")]
    LineTooLong,
    /// More than 128 lines, or more than 8 kB.
    #[error("the server sent a reply that is too long")]
    ReplyTooLong,
}

/// Puts replies together from bytes in pieces of any size, and holds never more than one of them.
#[derive(Debug, Default)]
pub(crate) struct ReplyReader {
    line: Vec<u8>,
    code: Option<u16>,
    lines: Vec<String>,
    bytes: usize,
}

impl ReplyReader {
    /// Takes bytes off the front until a reply is complete.
    pub(crate) fn read(&mut self, bytes: &mut &[u8]) -> Result<Option<Reply>, ReplyError> {
        while let Some((&byte, rest)) = bytes.split_first() {
            *bytes = rest;
            if byte == b'\n' {
                if let Some(reply) = self.end_line()? {
                    return Ok(Some(reply));
                }
                continue;
            }
            self.line.push(byte);
            self.bytes += 1;
            // One more, for the CR.
            if self.line.len() > LINE_MAX + 1 || (self.line.len() > LINE_MAX && byte != b'\r') {
                return Err(ReplyError::LineTooLong);
            }
            if self.bytes > REPLY_MAX {
                return Err(ReplyError::ReplyTooLong);
            }
        }
        Ok(None)
    }

    /// Whether part of a reply has come.
    pub(crate) fn has_begun(&self) -> bool {
        !self.line.is_empty() || self.code.is_some()
    }

    fn end_line(&mut self) -> Result<Option<Reply>, ReplyError> {
        let line = std::mem::take(&mut self.line);
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        let (code, is_last, text) = split_line(line).ok_or(ReplyError::Gibberish)?;
        if self.code.is_some_and(|first| first != code) {
            return Err(ReplyError::CodesDiffer);
        }
        self.code = Some(code);
        self.lines.push(String::from_utf8_lossy(text).into_owned());
        if is_last {
            let Self { lines, .. } = std::mem::take(self);
            return Ok(Some(Reply::new(code, &lines)));
        }
        if self.lines.len() >= LINES_MAX { Err(ReplyError::ReplyTooLong) } else { Ok(None) }
    }
}

/// Code, whether it is the last line, and text (RFC 5321 section 4.2).
fn split_line(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let (digits, rest) = line.split_at_checked(3)?;
    let &[first @ b'2'..=b'5', second @ b'0'..=b'9', third @ b'0'..=b'9'] = digits else {
        return None;
    };
    let code = [first, second, third].iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    match rest.split_first() {
        None => Some((code, true, rest)),
        Some((b' ', text)) => Some((code, true, text)),
        Some((b'-', text)) => Some((code, false, text)),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(mut bytes: &[u8]) -> Result<Option<Reply>, ReplyError> {
        ReplyReader::default().read(&mut bytes)
    }

    #[test]
    fn reads_one_and_leaves_the_rest() {
        let mut bytes: &[u8] = b"250-SIZE 5\r\n250 OK\r\n220 more";
        let reply = ReplyReader::default().read(&mut bytes).unwrap().unwrap();
        assert_eq!((reply.code(), reply.lines()), (250, &["SIZE 5".to_owned(), "OK".to_owned()][..]));
        assert_eq!(bytes, b"220 more");
        assert_eq!(read(b"250\r\n").unwrap().unwrap().code(), 250);
        assert_eq!(read(b"250 a\n").unwrap().unwrap().text(), "a");
        assert_eq!(read(b"250 a"), Ok(None));
    }

    #[test]
    fn gibberish_is_an_error() {
        for line in ["", "25", "2x0 a", "150 a", "650 a", "250_a", "HTTP/1.1 400 Bad Request"] {
            assert_eq!(read(format!("{line}\r\n").as_bytes()), Err(ReplyError::Gibberish), "{line}");
        }
        assert_eq!(read(b"250-a\r\n251 b\r\n"), Err(ReplyError::CodesDiffer));
    }

    #[test]
    fn nothing_endless_is_kept() {
        assert!(read(format!("250 {}\r\n", "x".repeat(994)).as_bytes()).unwrap().is_some());
        assert_eq!(read(format!("250 {}\r\n", "x".repeat(995)).as_bytes()), Err(ReplyError::LineTooLong));
        assert_eq!(read("\r".repeat(2000).as_bytes()), Err(ReplyError::LineTooLong));
        assert_eq!(read("250-x\r\n".repeat(500).as_bytes()), Err(ReplyError::ReplyTooLong));
        assert!(read(format!("{}250 x\r\n", "250-x\r\n".repeat(127)).as_bytes()).unwrap().is_some());
        let long = format!("250-{}\r\n", "x".repeat(900));
        assert_eq!(read(long.repeat(10).as_bytes()), Err(ReplyError::ReplyTooLong));
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_pieces_make_no_difference(
            bytes in prop::collection::vec(prop_oneof![Just(b'2'), Just(b'5'), Just(b' '), Just(b'-'), Just(b'\r'),
                Just(b'\n'), any::<u8>()], 0..200),
            at in 0_usize..200,
        ) {
            let at = at.min(bytes.len());
            let whole = read(&bytes);
            let mut reader = ReplyReader::default();
            let (mut head, mut tail) = bytes.split_at(at);
            let pieces = match reader.read(&mut head) {
                Ok(None) => reader.read(&mut tail),
                done => done,
            };
            prop_assert_eq!(whole, pieces);
        }
    }
}
