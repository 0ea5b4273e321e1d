//! Encoded words (RFC 2047), for the two places where `mail-builder` does not write them: file names in the form that
//! Outlook reads, and texts that readers would not leave as they stand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail_builder::Writer as _;

use super::output::Output;

/// Longest line with a word in it, and what a word is beside its base64: `=?utf-8?B?` and `?=` (RFC 2047 section 2).
const LINE: usize = 76;
const AROUND: usize = 12;

/// Longest piece of UTF-8 in one word: 60 characters of base64, so that the word has at most 75 with all around it.
const PIECE_BYTES_MAX: usize = 45;

/// Shortest piece: one character of any kind. Beside a very long header name its line grows past 76.
const PIECE_BYTES_MIN: usize = 4;

/// Whether a text would not reach every reader as it stands, so that it must be written as encoded words: readers take
/// `=?` for the start of one, drop the space before a text and make one of several spaces.
pub(super) fn is_fragile(text: &str) -> bool {
    text.contains("=?") || text.starts_with(' ') || text.contains("  ")
}

/// Writes a text as encoded words: the first at that column, each further one on a line of its own.
pub(super) fn write_words(text: &str, column: usize, out: &mut Output) {
    for (index, piece) in pieces(text, column).into_iter().enumerate() {
        if index > 0 {
            out.write(b"\r\n ");
        }
        out.write(b"=?utf-8?B?");
        out.write(STANDARD.encode(piece).as_bytes());
        out.write(b"?=");
    }
}

/// Cuts between characters, never inside one: each word must be valid UTF-8 by itself (RFC 2047 section 5).
fn pieces(text: &str, column: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut column = column;
    while !rest.is_empty() {
        let room = LINE.saturating_sub(column + AROUND) / 4 * 3;
        let end = rest.floor_char_boundary(room.clamp(PIECE_BYTES_MIN, PIECE_BYTES_MAX));
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
        column = 1;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_between_characters_and_fit_their_line() {
        let mut out = Output::keeping(0);
        write_words(&"請求書".repeat(12), 9, &mut out);
        let text = String::from_utf8(out.into_bytes()).unwrap();
        assert_eq!(text.split("\r\n ").count(), 3);
        assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
        assert!(text.split("\r\n").next().unwrap().len() + 9 <= 76, "{text}");
        assert!(text.starts_with("=?utf-8?B?6KuL5rGC5pu4"), "{text}");
    }

    #[test]
    fn nothing_is_no_word() {
        let mut out = Output::counting();
        write_words("", 0, &mut out);
        assert_eq!(out.bytes(), 0);
    }
}
