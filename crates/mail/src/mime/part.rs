//! The leaves of a message: a text, and a file.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail_builder::Writer as _;
use mail_builder::headers::Header as _;
use mail_builder::headers::content_type::ContentType;
use mail_builder::mime::MimePart;

use super::boundary::BOUNDARY_START;
use super::output::Output;
use super::word::{is_fragile, write_words};
use crate::Attachment;

/// Characters of base64 in one line (RFC 2045 section 6.8).
const BASE64_LINE: usize = 76;

/// How a file stands in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placement {
    /// Listed for the reader to save or open.
    Attached,
    /// Shown inside the HTML, which names its content id.
    Inline,
    /// The calendar's own view of the message, with its iTIP method.
    Invitation(&'static str),
}

/// Writes headers and body of a text: its lines, each ended by CRLF.
pub(super) fn write_text(content_type: &'static str, text: &str, out: &mut Output) {
    let text = with_crlf(text);
    if needs_base64(&text) {
        out.write(b"Content-Type: ");
        ContentType::new(content_type)
            .attribute("charset", "utf-8")
            .write_header(out, "Content-Type: ".len());
        write_base64(&STANDARD.encode(text.as_bytes()), out);
    } else {
        // Picks 7bit, quoted-printable or base64, whichever is shortest and keeps lines within 76.
        MimePart::new(content_type, text.as_ref()).write_part(out);
    }
}

/// A text as lines that CRLF ends, the last one too. Bare CR and bare LF are line ends that mail can't carry (RFC 5322
/// section 2.3).
pub(super) fn with_crlf(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let is_paired = |at: usize, byte: u8| match byte {
        b'\r' => bytes.get(at + 1) == Some(&b'\n'),
        b'\n' => at.checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b'\r'),
        _ => true,
    };
    let ended = text.is_empty() || text.ends_with("\r\n");
    if ended && bytes.iter().enumerate().all(|(at, byte)| is_paired(at, *byte)) {
        return Cow::Borrowed(text);
    }
    let mut lines = String::with_capacity(text.len() + text.len() / 16 + 2);
    let mut rest = text;
    while let Some((line, end)) = rest.find(['\r', '\n']).and_then(|at| rest.split_at_checked(at)) {
        lines.push_str(line);
        lines.push_str("\r\n");
        rest = end.strip_prefix("\r\n").or_else(|| end.get(1..)).unwrap_or_default();
    }
    if !rest.is_empty() {
        lines.push_str(rest);
        lines.push_str("\r\n");
    }
    Cow::Owned(lines)
}

/// `mail-builder` leaves ASCII of short lines as it is, with NUL and other control characters that servers refuse or
/// strip, and with lines that could be taken for a boundary.
fn needs_base64(text: &str) -> bool {
    let is_stray = |byte: u8| byte.is_ascii_control() && !matches!(byte, b'\r' | b'\n' | b'\t');
    text.bytes().any(is_stray) || text.lines().any(|line| line.starts_with(BOUNDARY_START))
}

/// Writes headers and body of a file, byte for byte in base64 whatever its type is.
pub(super) fn write_file(file: &Attachment, placement: Placement, out: &mut Output) {
    out.write(b"Content-Type: ");
    match placement {
        Placement::Invitation(method) => {
            // RFC 6047 section 2.4: the method stands here too, and calendars are UTF-8 (RFC 5545 section 3.1.4).
            out.write(b"text/calendar; charset=\"utf-8\"; method=");
            out.write(method.as_bytes());
        }
        Placement::Attached | Placement::Inline => out.write(media_type(file).as_bytes()),
    }
    out.write(b";\r\n ");
    write_name(file.filename(), out);
    let disposition = match placement {
        Placement::Attached => Some("attachment"),
        Placement::Inline => Some("inline"),
        // With a disposition Outlook lists a file instead of asking whether one comes.
        Placement::Invitation(_) => None,
    };
    if let Some(disposition) = disposition {
        out.write(b"Content-Disposition: ");
        write_disposition(disposition, file.filename(), out);
    }
    if let Some(id) = file.content_id() {
        out.write(b"Content-ID: <");
        out.write(id.as_bytes());
        out.write(b">\r\n");
    }
    write_base64(file.base64(), out);
}

/// RFC 2045 section 6.4 forbids base64 on `message` and `multipart`; readers disagree about what is inside then. The file
/// stays whole, and its name still says what it is.
fn media_type(file: &Attachment) -> &str {
    let kind = file.content_type().split('/').next().unwrap_or_default();
    if kind.eq_ignore_ascii_case("message") || kind.eq_ignore_ascii_case("multipart") {
        "application/octet-stream"
    } else {
        file.content_type()
    }
}

/// Writes `name`, which Outlook reads when it stands in encoded words, and the line end.
fn write_name(filename: &str, out: &mut Output) {
    out.write(b"name=\"");
    if is_plain(filename) {
        write_quoted(filename, out);
    } else {
        // RFC 2047 section 5 has no word in quotes; every mail program writes and reads it all the same.
        // After ` name="`, and before the closing quote.
        write_words(filename, 7, out);
    }
    out.write(b"\"\r\n");
}

/// Writes the disposition with `filename`, or with `filename*` as RFC 2231 has it, and the line end.
fn write_disposition(disposition: &'static str, filename: &str, out: &mut Output) {
    if is_plain(filename) {
        out.write(disposition.as_bytes());
        // Never cut: some programs don't put `filename*0` and `filename*1` together, and 255 characters fit in a line.
        out.write(b";\r\n filename=\"");
        write_quoted(filename, out);
        out.write(b"\"\r\n");
    } else if filename.is_ascii() {
        out.write(disposition.as_bytes());
        out.write(b";\r\n filename*=UTF-8''");
        for byte in filename.bytes() {
            match byte {
                byte if byte.is_ascii_alphanumeric() => out.write_byte(byte),
                byte => out.write(format!("%{byte:02X}").as_bytes()),
            }
        }
        out.write(b"\r\n");
    } else {
        ContentType::new(disposition)
            .attribute("filename", filename)
            .write_header(out, "Content-Disposition: ".len());
    }
}

/// Whether a file name means the same to every reader when it stands between quotes.
fn is_plain(filename: &str) -> bool {
    filename.is_ascii() && !is_fragile(filename)
}

/// Writes the inside of a quoted string (RFC 5322 section 3.2.4).
fn write_quoted(text: &str, out: &mut Output) {
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.write_byte(b'\\');
        }
        out.write_byte(byte);
    }
}

/// Writes the header and lines of base64. Files come and go as base64, so they are cut into lines and never decoded.
fn write_base64(base64: &str, out: &mut Output) {
    out.write(b"Content-Transfer-Encoding: base64\r\n\r\n");
    for line in base64.as_bytes().chunks(BASE64_LINE) {
        out.write(line);
        out.write(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_end_becomes_crlf() {
        assert_eq!(with_crlf("a\nb\rc\r\nd\n\re"), "a\r\nb\r\nc\r\nd\r\n\r\ne\r\n");
        assert_eq!(with_crlf(""), "");
        assert!(matches!(with_crlf("a\r\n\r\n.b\r\n"), Cow::Borrowed(_)));
        assert_eq!(with_crlf("a\r"), "a\r\n");
    }

    #[test]
    fn control_characters_and_boundary_lookalikes_are_hidden_in_base64() {
        assert!(needs_base64("a\0b\r\n"));
        assert!(needs_base64("a\r\n--=_0\r\n"));
        assert!(!needs_base64("a\tb\r\n--sig\r\n"));
    }
}
