use api::{
    ATTACHMENTS_MAX, FieldError, HEADERS_MAX, Importance, RECIPIENTS_MAX, Recipients, SUBJECT_CHARS_MAX,
    SendMessage,
};

use crate::text::is_one_line;
use crate::{Attachment, Correspondent, Header};

/// Longest idempotency key.
const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;
/// Longest reference; it is stored in the log and shown in one line.
const REFERENCE_CHARS_MAX: usize = 200;

/// One mail, read and checked: every part can be written to any route as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Whom it is from.
    pub from: Correspondent,
    /// To.
    pub to: Vec<Correspondent>,
    /// Cc.
    pub cc: Vec<Correspondent>,
    /// Bcc: recipients that no other recipient may learn of.
    pub bcc: Vec<Correspondent>,
    /// Where answers go.
    pub reply_to: Vec<Correspondent>,
    /// One line.
    pub subject: String,
    /// What it says.
    pub body: Body,
    /// Files, inline images among them.
    pub attachments: Vec<Attachment>,
    /// Custom headers.
    pub headers: Vec<Header>,
    /// How urgent it looks.
    pub importance: Importance,
    /// Whether a copy goes to Sent Items; `None` is the route's own habit.
    pub save_to_sent: Option<bool>,
    /// The ERP's own words for it.
    pub reference: Option<String>,
}

/// What a mail says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Plain text only.
    Text(String),
    /// HTML only.
    Html(String),
    /// Both, saying the same.
    Both {
        /// The plain text.
        text: String,
        /// The HTML.
        html: String,
    },
}

/// Checks what tells a repetition from a second message; on failure, what it may be.
pub fn check_idempotency_key(key: &str) -> Result<(), String> {
    let fits =
        (1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|b| matches!(b, b' '..=b'~'));
    let sentence =
        || format!("a key is 1 to {IDEMPOTENCY_KEY_CHARS_MAX} printable ASCII characters, e.g. a UUID");
    if fits { Ok(()) } else { Err(sentence()) }
}

/// Checks the ERP's own words for a mail; on failure, what they may be.
pub fn check_reference(reference: &str) -> Result<(), String> {
    if is_one_line(reference) && reference.chars().count() <= REFERENCE_CHARS_MAX {
        return Ok(());
    }
    Err(format!("a reference is one line of at most {REFERENCE_CHARS_MAX} characters"))
}

impl Message {
    /// Reads what an ERP posted; on failure, everything that is wrong with it, field by field.
    pub fn read(wire: SendMessage) -> Result<Self, Vec<FieldError>> {
        let mut wrong = Wrong(Vec::new());
        let from = wrong.keep("/from".to_owned(), wire.from.parse::<Correspondent>());
        let [to, cc, bcc, reply_to] =
            [("/to", wire.to), ("/cc", wire.cc), ("/bcc", wire.bcc), ("/reply_to", wire.reply_to)]
                .map(|(pointer, recipients)| wrong.read_recipients(pointer, recipients));

        let recipients = to.len() + cc.len() + bcc.len();
        if recipients == 0 && wrong.0.is_empty() {
            wrong.note("/to", "a mail needs a recipient in to, cc or bcc");
        }
        if recipients > RECIPIENTS_MAX {
            wrong.note(
                "/to",
                format!("a mail has at most {RECIPIENTS_MAX} recipients, to, cc and bcc together"),
            );
        }
        if !is_one_line(&wire.subject) || wire.subject.chars().count() > SUBJECT_CHARS_MAX {
            wrong
                .note("/subject", format!("a subject is one line of at most {SUBJECT_CHARS_MAX} characters"));
        }
        let body = match (wire.text, wire.html) {
            (Some(text), Some(html)) => Body::Both { text, html },
            (None, Some(html)) => Body::Html(html),
            (text, None) => Body::Text(text.unwrap_or_default()),
        };
        if wire.attachments.len() > ATTACHMENTS_MAX {
            wrong.note("/attachments", format!("a mail has at most {ATTACHMENTS_MAX} attachments"));
        }
        let attachments = wrong.read_attachments(wire.attachments);
        if wire.headers.len() > HEADERS_MAX {
            wrong.note("/headers", format!("Microsoft Graph takes at most {HEADERS_MAX} custom headers"));
        }
        let headers = wire
            .headers
            .iter()
            .filter_map(|(name, value)| {
                wrong.keep(format!("/headers/{}", escape(name)), Header::new(name, value))
            })
            .collect();
        if let Some(Err(detail)) = wire.reference.as_deref().map(check_reference) {
            wrong.note("/reference", detail);
        }

        match from {
            Some(from) if wrong.0.is_empty() => Ok(Self {
                from,
                to,
                cc,
                bcc,
                reply_to,
                subject: wire.subject,
                body,
                attachments,
                headers,
                importance: wire.importance.unwrap_or_default(),
                save_to_sent: wire.save_to_sent,
                reference: wire.reference,
            }),
            _ => Err(wrong.0),
        }
    }

    /// The size that *Max. berichtgrootte* counts, in bytes: text, HTML and decoded files together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let body = match &self.body {
            Body::Text(one) | Body::Html(one) => one.len(),
            Body::Both { text, html } => text.len() + html.len(),
        };
        self.attachments.iter().map(Attachment::bytes).fold(body as u64, u64::saturating_add)
    }
}

/// Collects what is wrong, so that the ERP's programmer learns all of it from one answer, as far as it is worth listing.
struct Wrong(Vec<FieldError>);

/// Mistakes told at once; a message of nothing but mistakes is not listed whole.
pub(crate) const ERRORS_MAX: usize = 50;

impl Wrong {
    fn note(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        if self.0.len() < ERRORS_MAX {
            self.0.push(FieldError { pointer: pointer.into(), detail: detail.into() });
        }
    }

    fn keep<T, E: std::fmt::Display>(&mut self, pointer: String, read: Result<T, E>) -> Option<T> {
        read.map_err(|error| self.note(pointer, error.to_string())).ok()
    }

    fn read_recipients(&mut self, pointer: &str, recipients: Recipients) -> Vec<Correspondent> {
        match recipients {
            Recipients::Text(text) => {
                self.keep(pointer.to_owned(), Correspondent::read_list(&text)).unwrap_or_default()
            }
            Recipients::List(list) => list
                .iter()
                .enumerate()
                .filter_map(|(index, one)| self.keep(format!("{pointer}/{index}"), one.parse()))
                .collect(),
        }
    }

    fn read_attachments(&mut self, attachments: Vec<api::Attachment>) -> Vec<Attachment> {
        let mut read = Vec::with_capacity(attachments.len());
        for (index, wire) in attachments.into_iter().enumerate() {
            match Attachment::read(wire) {
                Ok(attachment) => read.push(attachment),
                Err(fields) => fields
                    .into_iter()
                    .for_each(|(field, detail)| self.note(format!("/attachments/{index}/{field}"), detail)),
            }
        }
        read
    }
}

/// Escapes one step of a JSON pointer (RFC 6901 section 3).
fn escape(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: serde_json::Value) -> Result<Message, Vec<String>> {
        let wire = serde_json::from_value(json).unwrap();
        Message::read(wire).map_err(|errors| errors.into_iter().map(|error| error.pointer).collect())
    }

    #[test]
    fn reads_a_plain_invoice() {
        let message = read(serde_json::json!({
            "from": "facturen@example.nl", "to": ["Klant <klant@example.com>"], "bcc": "a@b.nl, c@d.nl",
            "subject": "Factuur", "text": "Beste", "attachments": [{"filename": "f.pdf", "content": "AAAA"}]
        }))
        .unwrap();
        assert_eq!((message.to.len(), message.bcc.len(), message.bytes()), (1, 2, 5 + 3));
        assert_eq!(message.body, Body::Text("Beste".into()));
    }

    #[test]
    fn every_wrong_field_is_named() {
        let pointers = read(serde_json::json!({
            "from": "facturen", "to": ["a@b.nl", "b"], "cc": "x", "subject": "a\r\nBcc: x@y.nl",
            "attachments": [{"filename": "f", "content": "AAAA"}, {"filename": "", "content": "!"}],
            "headers": {"subject": "x", "x-a/b": "x"}, "reference": "a\nb"
        }));
        assert_eq!(
            pointers.unwrap_err(),
            [
                "/from",
                "/to/1",
                "/cc",
                "/subject",
                "/attachments/1/filename",
                "/attachments/1/content",
                "/headers/subject",
                "/headers/x-a~1b",
                "/reference"
            ]
        );
    }

    #[test]
    fn nobody_to_send_to_is_refused() {
        assert_eq!(read(serde_json::json!({"from": "a@b.nl", "subject": "x"})).unwrap_err(), ["/to"]);
    }

    #[test]
    fn bounds_hold_at_n_and_break_at_one_more() {
        let to = |count: usize| vec!["a@b.nl"; count];
        let mail = |count| read(serde_json::json!({"from": "a@b.nl", "to": to(count)}));
        assert!(mail(RECIPIENTS_MAX).is_ok());
        assert_eq!(mail(RECIPIENTS_MAX + 1).unwrap_err(), ["/to"]);
        let subject = |chars: usize| {
            read(serde_json::json!({"from": "a@b.nl", "to": to(1), "subject": "é".repeat(chars)}))
        };
        assert!(subject(SUBJECT_CHARS_MAX).is_ok());
        assert_eq!(subject(SUBJECT_CHARS_MAX + 1).unwrap_err(), ["/subject"]);
    }
}
