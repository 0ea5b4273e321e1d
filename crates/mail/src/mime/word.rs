//! Encoded words (RFC 2047), for the two places where `mail-builder` does not write them: file names in the form that
//! Outlook reads, and texts that look like encoded words already.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail_builder::Writer;

/// Longest piece of UTF-8 in one word: 45 bytes are 60 characters of base64, 72 with `=?utf-8?B?` and `?=`. A word has at
/// most 75 characters and its line 76 (RFC 2047 section 2).
const WORD_BYTES_MAX: usize = 45;

/// Whether readers would take a part of this text for an encoded word, so that it must be written as one.
pub(super) fn looks_encoded(text: &str) -> bool {
    text.contains("=?")
}

/// Writes a text as encoded words, the first where the line stands and each further one on a line of its own.
pub(super) fn write_words(text: &str, out: &mut impl Writer) {
    for (index, piece) in pieces(text).into_iter().enumerate() {
        if index > 0 {
            out.write(b"\r\n ");
        }
        out.write(b"=?utf-8?B?");
        out.write(STANDARD.encode(piece).as_bytes());
        out.write(b"?=");
    }
}

/// Cuts between characters, never inside one: each word must be valid UTF-8 by itself (RFC 2047 section 5).
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((piece, after)) = rest.split_at_checked(rest.floor_char_boundary(WORD_BYTES_MAX))
        && !piece.is_empty()
    {
        pieces.push(piece);
        rest = after;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_between_characters_and_fit_their_line() {
        let mut out = Vec::new();
        write_words(&"請求書".repeat(12), &mut out);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.split("\r\n ").count(), 3);
        assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
        assert!(text.starts_with("=?utf-8?B?6KuL5rGC5pu4"), "{text}");
    }

    #[test]
    fn nothing_is_no_word() {
        let mut out = Vec::new();
        write_words("", &mut out);
        assert_eq!(out, b"");
    }
}
