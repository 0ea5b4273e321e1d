use api::{FieldError, ParseTimestampError, Recipients, SendMessage, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::parsers::MessageStream;

use crate::message::ERRORS_MAX;

/// Gathers the parts of a `multipart/form-data` request (RFC 7578) into the message that the same fields make as JSON.
///
/// Parts have the names of [`SendMessage`]; files are named `attachments`. What stands for a list may come several times.
#[derive(Debug, Default)]
pub struct MultipartForm {
    wire: SendMessage,
    given: Vec<Field>,
    wrong: Vec<FieldError>,
}

/// What the header of a part says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartHead {
    name: String,
    filename: Option<String>,
    media_type: Option<String>,
    charset: Option<String>,
    content_id: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    From,
    To,
    Cc,
    Bcc,
    ReplyTo,
    Subject,
    Text,
    Html,
    Attachments,
    Headers,
    Importance,
    SaveToSent,
    Reference,
    IdempotencyKey,
    ScheduledAt,
}

const FIELDS: [(&str, Field); 15] = [
    ("from", Field::From),
    ("to", Field::To),
    ("cc", Field::Cc),
    ("bcc", Field::Bcc),
    ("reply_to", Field::ReplyTo),
    ("subject", Field::Subject),
    ("text", Field::Text),
    ("html", Field::Html),
    ("attachments", Field::Attachments),
    ("headers", Field::Headers),
    ("importance", Field::Importance),
    ("save_to_sent", Field::SaveToSent),
    ("reference", Field::Reference),
    ("idempotency_key", Field::IdempotencyKey),
    ("scheduled_at", Field::ScheduledAt),
];

impl PartHead {
    /// Reads the header fields of a part, given without their line ends. File names come in all the ways that programs have
    /// (RFC 7578 section 4.2, RFC 2231, RFC 2047).
    #[must_use]
    pub fn read<'h>(fields: impl IntoIterator<Item = (&'h str, &'h [u8])>) -> Self {
        let mut head = Self::default();
        for (name, value) in fields {
            let line = [value, b"\r\n"].concat();
            head.read_field(name, &mut MessageStream::new(&line));
        }
        head
    }

    fn read_field(&mut self, name: &str, value: &mut MessageStream<'_>) {
        if name.eq_ignore_ascii_case("content-disposition") {
            let disposition = value.parse_content_type();
            let attributes = disposition.as_content_type().and_then(|it| it.attributes()).unwrap_or_default();
            let said = |wanted: &str| {
                // Who sends a name twice sends the plain one first, for old readers.
                let found = attributes.iter().rev().find(|attribute| attribute.name == wanted);
                found.map(|attribute| attribute.value.to_string())
            };
            self.name = said("name").unwrap_or_default();
            // Browsers write quotes like this (HTML: multipart/form-data encoding algorithm).
            self.filename = said("filename").map(|name| name.replace("%22", "\""));
        } else if name.eq_ignore_ascii_case("content-type") {
            let value = value.parse_content_type();
            let media_type = value.as_content_type();
            self.charset = media_type.and_then(|it| it.attribute("charset")).map(str::to_owned);
            self.media_type = media_type.and_then(|it| Some(format!("{}/{}", it.ctype(), it.subtype()?)));
        } else if name.eq_ignore_ascii_case("content-id") {
            self.content_id = value.parse_id().as_text().map(str::to_owned);
        }
    }

    fn field(&self) -> Option<Field> {
        let name = self.name.strip_suffix("[]").unwrap_or(&self.name);
        FIELDS.into_iter().find(|(known, _)| *known == name).map(|(_, field)| field)
    }
}

impl MultipartForm {
    /// Takes one part.
    pub fn add(&mut self, head: &PartHead, bytes: Vec<u8>) {
        if let Err(detail) = self.take(head, bytes)
            && self.wrong.len() < ERRORS_MAX
        {
            let name = head.name.replace('~', "~0").replace('/', "~1");
            self.wrong.push(FieldError { pointer: format!("/{name}"), detail });
        }
    }

    /// The message, or everything that was wrong with the parts.
    pub fn finish(mut self) -> Result<SendMessage, Vec<FieldError>> {
        if self.wrong.is_empty() && !self.given.contains(&Field::From) {
            let detail = "a mail says whom it is from".to_owned();
            self.wrong.push(FieldError { pointer: "/from".to_owned(), detail });
        }
        if self.wrong.is_empty() { Ok(self.wire) } else { Err(self.wrong) }
    }

    fn take(&mut self, head: &PartHead, bytes: Vec<u8>) -> Result<(), String> {
        let field = head.field().ok_or_else(|| {
            let known = FIELDS.map(|(name, _)| name).join(", ");
            format!("there is no part {:?}; the parts are {known}", head.name)
        })?;
        let is_list =
            matches!(field, Field::To | Field::Cc | Field::Bcc | Field::ReplyTo | Field::Attachments);
        if !self.given.contains(&field) {
            self.given.push(field);
        } else if !is_list {
            return Err("the part stands more than once".to_owned());
        }
        if field == Field::Attachments {
            return self.attach(head, &bytes);
        }
        let text = decode(head, bytes)?;
        let wire = &mut self.wire;
        match field {
            Field::From => wire.from = text,
            Field::To => also(&mut wire.to, &text),
            Field::Cc => also(&mut wire.cc, &text),
            Field::Bcc => also(&mut wire.bcc, &text),
            Field::ReplyTo => also(&mut wire.reply_to, &text),
            Field::Subject => wire.subject = text,
            // A form sends every one of its fields; those that nobody filled in are as good as absent.
            _ if text.is_empty() => {}
            Field::Text => wire.text = Some(text),
            Field::Html => wire.html = Some(text),
            Field::Reference => wire.reference = Some(text),
            Field::IdempotencyKey => wire.idempotency_key = Some(text),
            Field::ScheduledAt => {
                let moment: Timestamp =
                    text.trim().parse().map_err(|error: ParseTimestampError| error.to_string())?;
                wire.scheduled_at = Some(moment);
            }
            Field::Headers => {
                wire.headers = serde_json::from_slice(text.as_bytes())
                    .map_err(|error| format!("headers are JSON, such as {{\"x-erp\": \"4711\"}}: {error}"))?;
            }
            Field::Importance => {
                let word = serde_json::Value::String(text.trim().to_lowercase());
                let known = serde_json::from_value(word);
                wire.importance = Some(known.map_err(|_| "importance is low, normal or high".to_owned())?);
            }
            Field::SaveToSent => {
                let known = text.trim().to_lowercase().parse();
                wire.save_to_sent = Some(known.map_err(|_| "save_to_sent is true or false".to_owned())?);
            }
            Field::Attachments => {}
        }
        Ok(())
    }

    fn attach(&mut self, head: &PartHead, bytes: &[u8]) -> Result<(), String> {
        let filename = match head.filename.as_deref() {
            // Old Windows programs send the whole path.
            Some(name) if !name.is_empty() => name.rsplit(['/', '\\']).next().unwrap_or(name).to_owned(),
            // What a form sends for a file that nobody chose.
            _ if bytes.is_empty() => return Ok(()),
            _ => return Err("a file comes with a file name".to_owned()),
        };
        // Programs that do not know the type say octet-stream; the name tells more.
        let content_type = head.media_type.clone().filter(|known| known != "application/octet-stream");
        self.wire.attachments.push(api::Attachment {
            filename,
            content: STANDARD.encode(bytes),
            content_type,
            content_id: head.content_id.clone(),
        });
        Ok(())
    }
}

/// Adds one more text of addresses.
fn also(recipients: &mut Recipients, text: &str) {
    if text.trim().is_empty() {
        return;
    }
    match recipients {
        Recipients::Text(before) => {
            before.push_str(", ");
            before.push_str(text);
        }
        Recipients::List(_) => *recipients = Recipients::Text(text.to_owned()),
    }
}

/// The text of a part in the charset that it names, else in UTF-8.
fn decode(head: &PartHead, bytes: Vec<u8>) -> Result<String, String> {
    let charset = head.charset.as_deref().unwrap_or("utf-8");
    if charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8") {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(bytes);
        return String::from_utf8(bytes)
            .map_err(|_| "the text is not UTF-8; name its charset in the part's Content-Type".to_owned());
    }
    let decode = charset_decoder(charset.as_bytes());
    let decode = decode.ok_or_else(|| format!("the charset {charset:?} is unknown; write UTF-8"))?;
    Ok(decode(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(disposition: &str, media_type: Option<&str>) -> PartHead {
        let fields = [Some(("content-disposition", disposition)), media_type.map(|it| ("content-type", it))];
        PartHead::read(fields.into_iter().flatten().map(|(name, value)| (name, value.as_bytes())))
    }

    fn field(name: &str) -> PartHead {
        head(&format!("form-data; name=\"{name}\""), None)
    }

    fn pointers(form: MultipartForm) -> Vec<String> {
        form.finish().unwrap_err().into_iter().map(|error| error.pointer).collect()
    }

    #[test]
    fn parts_make_the_message_that_their_fields_make_as_json() {
        let mut form = MultipartForm::default();
        for (name, value) in [
            ("from", "Anna <a@b.nl>"),
            ("to", "k@c.nl, \"Bakker, Jan\" <j@c.nl>"),
            ("to", "l@c.nl"),
            ("cc", ""),
            ("subject", "Café"),
            ("text", ""),
            ("html", "<p>hoi</p>"),
            ("headers", r#"{"x-erp": "4711"}"#),
            ("importance", "High"),
            ("save_to_sent", "false"),
            ("reference", "4711"),
        ] {
            form.add(&field(name), value.as_bytes().to_vec());
        }
        let file =
            head("form-data; name=\"attachments[]\"; filename=\"f.pdf\"", Some("application/octet-stream"));
        form.add(&file, b"%PDF".to_vec());
        form.add(&head("form-data; name=\"attachments\"; filename=\"\"", None), Vec::new());
        let json = serde_json::json!({
            "from": "Anna <a@b.nl>", "to": "k@c.nl, \"Bakker, Jan\" <j@c.nl>, l@c.nl", "subject": "Café",
            "html": "<p>hoi</p>", "headers": {"x-erp": "4711"}, "importance": "high", "save_to_sent": false,
            "reference": "4711", "attachments": [{"filename": "f.pdf", "content": "JVBERg=="}]
        });
        assert_eq!(form.finish().unwrap(), serde_json::from_value(json).unwrap());
    }

    #[test]
    fn file_names_are_read_as_programs_write_them() {
        let name = "Factuur – café.pdf";
        for disposition in [
            format!("form-data; name=attachments; filename=\"{name}\""), // browsers, curl, Node
            "form-data; name=attachments; filename=\"=?utf-8?B?RmFjdHV1ciDigJMgY2Fmw6kucGRm?=\"; \
             filename*=utf-8''Factuur%20%E2%80%93%20caf%C3%A9.pdf" // .NET
                .to_owned(),
            "form-data; name=attachments; filename*=utf-8''Factuur%20%E2%80%93%20caf%C3%A9.pdf".to_owned(), // Python
            "form-data; name=attachments; filename=\"Factuur.pdf\"; filename*=utf-8''Factuur%20%E2%80%93%20caf%C3%A9.pdf"
                .to_owned(),
            format!("form-data; name=attachments; filename=\"/map/{name}\""),
        ] {
            let mut form = MultipartForm::default();
            form.add(&head(&disposition, Some("application/pdf")), b"x".to_vec());
            form.add(&field("from"), b"a@b.nl".to_vec());
            let message = form.finish().unwrap();
            assert_eq!(message.attachments[0].filename, name, "{disposition}");
            assert_eq!(message.attachments[0].content_type.as_deref(), Some("application/pdf"));
        }
        assert_eq!(
            head("form-data; name=attachments; filename=\"a %22b%22.pdf\"", None).filename.unwrap(),
            "a \"b\".pdf"
        );
    }

    #[test]
    fn a_content_id_makes_a_picture_inline() {
        let fields = [
            ("content-disposition", "form-data; name=\"attachments\"; filename=\"logo.gif\""),
            ("content-type", "image/gif"),
            ("content-id", "<logo@b.nl>"),
        ];
        let mut form = MultipartForm::default();
        form.add(&PartHead::read(fields.map(|(name, value)| (name, value.as_bytes()))), b"GIF".to_vec());
        form.add(&field("from"), b"a@b.nl".to_vec());
        assert_eq!(form.finish().unwrap().attachments[0].content_id.as_deref(), Some("logo@b.nl"));
    }

    #[test]
    fn a_text_is_read_in_its_charset() {
        let mut form = MultipartForm::default();
        form.add(&field("from"), b"a@b.nl".to_vec());
        form.add(
            &head("form-data; name=\"subject\"", Some("text/plain; charset=windows-1252")),
            b"Caf\xe9 \x80".to_vec(),
        );
        form.add(&field("text"), b"\xef\xbb\xbfhoi".to_vec());
        let message = form.finish().unwrap();
        assert_eq!((&*message.subject, message.text.as_deref()), ("Café €", Some("hoi")));

        let mut form = MultipartForm::default();
        form.add(&field("subject"), b"Caf\xe9".to_vec());
        form.add(&head("form-data; name=\"text\"", Some("text/plain; charset=klingon")), b"x".to_vec());
        assert_eq!(pointers(form), ["/subject", "/text"]);
    }

    #[test]
    fn what_would_be_lost_is_refused_and_named() {
        let mut form = MultipartForm::default();
        for (name, value) in [
            ("from", "a@b.nl"),
            ("from", "x@b.nl"),
            ("subjet", "typing error"),
            ("", "nameless"),
            ("a/b", "x"),
            ("importance", "huge"),
            ("save_to_sent", "nee"),
            ("headers", "x-erp: 4711"),
            ("attachments", "no file name"),
        ] {
            form.add(&field(name), value.as_bytes().to_vec());
        }
        assert_eq!(
            pointers(form),
            ["/from", "/subjet", "/", "/a~1b", "/importance", "/save_to_sent", "/headers", "/attachments"]
        );
        assert_eq!(pointers(MultipartForm::default()), ["/from"]);
        let mut form = MultipartForm::default();
        (0..1000).for_each(|_| form.add(&field("x"), Vec::new()));
        assert_eq!(form.finish().unwrap_err().len(), ERRORS_MAX);
    }
}
