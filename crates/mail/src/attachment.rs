use std::fmt;
use std::io;

use base64::engine::general_purpose::STANDARD;
use base64::read::DecoderReader;

use crate::text::is_one_line;

/// A file of a mail: its name, media type and bytes; the bytes stay in base64, as both the ERP and Graph write them.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    filename: String,
    content_type: String,
    content_id: Option<String>,
    base64: String,
    bytes: u64,
}

/// Longest file name; Exchange and every file system take this many characters.
const FILENAME_CHARS_MAX: usize = 255;

impl Attachment {
    /// Reads one attachment of a request; tells everything that is wrong as field name and sentence.
    pub(crate) fn read(wire: api::Attachment) -> Result<Self, Vec<(&'static str, String)>> {
        let mut wrong = Vec::new();
        let name_chars = wire.filename.chars().count();
        if name_chars == 0 || name_chars > FILENAME_CHARS_MAX || !is_one_line(&wire.filename) {
            wrong.push((
                "filename",
                format!("a file name is one line of 1 to {FILENAME_CHARS_MAX} characters"),
            ));
        }
        let content_type = wire.content_type.unwrap_or_else(|| media_type_of(&wire.filename).to_owned());
        if !is_media_type(&content_type) {
            wrong.push(("content_type", "a media type looks like application/pdf".to_owned()));
        }
        if wire.content_id.as_deref().is_some_and(|id| !is_content_id(id)) {
            wrong.push((
                "content_id",
                "a content id is 1 to 255 letters, digits or . _ - @ without < and >, as in cid:logo"
                    .to_owned(),
            ));
        }
        let base64 = without_line_breaks(wire.content);
        let bytes = match decoded_bytes(&base64) {
            Ok(bytes) => bytes,
            Err(error) => {
                wrong.push((
                    "content",
                    format!("the bytes of a file are written in base64 (RFC 4648): {error}"),
                ));
                0
            }
        };
        if wrong.is_empty() {
            Ok(Self { filename: wire.filename, content_type, content_id: wire.content_id, base64, bytes })
        } else {
            Err(wrong)
        }
    }

    /// The name the reader sees.
    #[must_use]
    pub fn filename(&self) -> &str {
        &self.filename
    }

    /// The media type, e.g. `application/pdf`.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The id by which HTML shows it inline, without angle brackets (RFC 2392).
    #[must_use]
    pub fn content_id(&self) -> Option<&str> {
        self.content_id.as_deref()
    }

    /// The content in base64, standard alphabet, padded, without line breaks.
    #[must_use]
    pub fn base64(&self) -> &str {
        &self.base64
    }

    /// How many bytes the content decodes to.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attachment({:?}, {}, {} bytes)", self.filename, self.content_type, self.bytes)
    }
}

/// ERPs wrap base64 at 76 columns as MIME does; Graph takes it in one piece only.
fn without_line_breaks(mut base64: String) -> String {
    if base64.bytes().any(|byte| byte.is_ascii_whitespace()) {
        base64.retain(|character| !character.is_ascii_whitespace());
    }
    base64
}

/// Checks base64 and counts what it decodes to, holding a few kilobytes of it at a time.
fn decoded_bytes(base64: &str) -> io::Result<u64> {
    io::copy(&mut DecoderReader::new(base64.as_bytes(), &STANDARD), &mut io::sink())
}

/// `type/subtype` of RFC 6838 section 4.2 names; parameters are left to the route.
fn is_media_type(text: &str) -> bool {
    let is_name = |name: &str| {
        (1..=127).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    text.split_once('/').is_some_and(|(kind, subtype)| is_name(kind) && is_name(subtype))
}

fn is_content_id(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-@+".contains(&byte))
}

/// The media types of what ERPs send; everything else is bytes.
fn media_type_of(filename: &str) -> &'static str {
    let extension = filename.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    match extension.as_deref() {
        Some("pdf") => "application/pdf",
        Some("xml") => "application/xml",
        Some("json") => "application/json",
        Some("zip") => "application/zip",
        Some("csv") => "text/csv",
        Some("txt") => "text/plain",
        Some("html" | "htm") => "text/html",
        Some("ics") => "text/calendar",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("docx") => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use proptest::prelude::*;

    use super::*;

    fn wire(content: &str) -> api::Attachment {
        api::Attachment {
            filename: "factuur.PDF".into(),
            content: content.into(),
            content_type: None,
            content_id: None,
        }
    }

    #[test]
    fn the_media_type_follows_from_the_name() {
        assert_eq!(Attachment::read(wire("")).unwrap().content_type(), "application/pdf");
    }

    #[test]
    fn tells_all_that_is_wrong_at_once() {
        let wrong = Attachment::read(api::Attachment {
            filename: "a\r\nb".into(),
            content: "not base64!".into(),
            content_type: Some("pdf".into()),
            content_id: Some("<logo>".into()),
        });
        let fields: Vec<_> = wrong.unwrap_err().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["filename", "content_type", "content_id", "content"]);
    }

    proptest! {
        #[test]
        fn counts_what_base64_decodes_to(bytes: Vec<u8>, columns in 1_usize..80) {
            let base64 = STANDARD.encode(&bytes);
            let wrapped: Vec<String> =
                base64.as_bytes().chunks(columns).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
            let read = Attachment::read(wire(&wrapped.join("\r\n"))).unwrap();
            prop_assert_eq!(read.bytes(), bytes.len() as u64);
            prop_assert_eq!(read.base64(), base64);
        }
    }
}
