mod fields;
mod lines;
mod people;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use api::{FieldError, RECIPIENTS_MAX};
use fields::{Field, HEAD_BYTES_MAX, head_end, read_fields};

use crate::EmailAddress;

/// A caller's own `message/rfc822`, read as far as sending it needs and passed on byte for byte.
///
/// Three things are changed, because the wire demands them: a file whose lines all end in LF gets CRLF, a last line
/// without an end gets one, and Bcc is left out for SMTP.
#[derive(Clone, PartialEq, Eq)]
pub struct RawMessage {
    bytes: Vec<u8>,
    from: EmailAddress,
    senders: Vec<(&'static str, EmailAddress)>,
    recipients: Vec<EmailAddress>,
    hidden: Vec<Range<usize>>,
    is_resent: bool,
    needs_8bitmime: bool,
    needs_smtputf8: bool,
}

/// Fields that stand once or not at all (RFC 5322 section 3.6, RFC 2045 section 3). Readers who find two pick one, and not
/// the same one. Of a message that was resent twice nobody can tell for whom it is this time.
const AT_MOST_ONCE: [&str; 19] = [
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "bcc",
    "date",
    "subject",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "resent-from",
    "resent-sender",
    "resent-to",
    "resent-cc",
    "resent-bcc",
    "resent-date",
    "resent-message-id",
];

/// The fields that say whom a message is from, with the pointer of an error about them.
const SENDERS: [(&str, &str); 4] = [
    ("from", "/from"),
    ("sender", "/sender"),
    ("resent-from", "/resent_from"),
    ("resent-sender", "/resent_sender"),
];

/// The fields of an envelope's recipients: of the message, and of the message as it is resent.
const RECIPIENTS: [(&str, &str); 3] = [("to", "/to"), ("cc", "/cc"), ("bcc", "/bcc")];
const RESENT_RECIPIENTS: [(&str, &str); 3] =
    [("resent-to", "/resent_to"), ("resent-cc", "/resent_cc"), ("resent-bcc", "/resent_bcc")];

impl RawMessage {
    /// Reads what an ERP posted; on failure, what is wrong with it. An error about the message as a whole has an empty
    /// pointer.
    pub fn read(bytes: Vec<u8>) -> Result<Self, Vec<FieldError>> {
        let bytes = lines::on_the_wire(bytes).map_err(|detail| vec![whole(detail)])?;
        let (head, body) = bytes.split_at_checked(head_end(&bytes)).unwrap_or((&bytes, &[]));
        if head.len() > HEAD_BYTES_MAX {
            return Err(vec![whole(format!("the header section is larger than {HEAD_BYTES_MAX} bytes"))]);
        }
        let head = std::str::from_utf8(head)
            .map_err(|_| vec![whole("header fields are ASCII, or UTF-8 as RFC 6532 has it")])?;
        let fields = read_fields(head).map_err(|detail| vec![whole(detail)])?;

        let mut wrong = Vec::new();
        for name in AT_MOST_ONCE {
            if fields.iter().filter(|field| field.name == name).count() > 1 {
                wrong.push(error(
                    pointer(name),
                    format!("{name} stands more than once (RFC 5322 section 3.6)"),
                ));
            }
        }
        let is_resent =
            SENDERS.iter().skip(2).chain(&RESENT_RECIPIENTS).any(|(name, _)| find(&fields, name).is_some());
        let mut senders = Vec::new();
        for (name, pointer) in SENDERS {
            let is_needed = name == "from" || (is_resent && name == "resent-from");
            match find(&fields, name).map(|field| people::read_sender(value(head, field))) {
                Some(Ok(address)) => senders.push((pointer, address)),
                Some(Err(detail)) => wrong.push(error(pointer, detail)),
                None if is_needed => {
                    wrong.push(error(pointer, format!("a message says whom it is from: {name}")));
                }
                None => {}
            }
        }
        let mut recipients = Vec::new();
        for (name, pointer) in if is_resent { RESENT_RECIPIENTS } else { RECIPIENTS } {
            match find(&fields, name).map(|field| people::read_recipients(value(head, field))) {
                Some(Ok(found)) => recipients.extend(found),
                Some(Err(detail)) => wrong.push(error(pointer, detail)),
                None => {}
            }
        }
        let to = if is_resent { "/resent_to" } else { "/to" };
        if recipients.is_empty() && wrong.is_empty() {
            wrong.push(error(to, "a mail needs a recipient in To, Cc or Bcc"));
        }
        if recipients.len() > RECIPIENTS_MAX {
            wrong.push(error(
                to,
                format!("a mail has at most {RECIPIENTS_MAX} recipients, To, Cc and Bcc together"),
            ));
        }
        let from = match senders.first() {
            Some((_, from)) if wrong.is_empty() => from.clone(),
            _ => return Err(wrong),
        };
        let hidden = fields.into_iter().filter(|field| matches!(field.name.as_str(), "bcc" | "resent-bcc"));
        Ok(Self {
            hidden: hidden.map(|field| field.whole).collect(),
            needs_8bitmime: !body.is_ascii(),
            needs_smtputf8: !head.is_ascii(),
            from,
            senders,
            recipients,
            is_resent,
            bytes,
        })
    }

    /// The message again, as it goes on.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Whom it is from: the only mailbox of its only `From`.
    #[must_use]
    pub fn from(&self) -> &EmailAddress {
        &self.from
    }

    /// Every address that it claims to come from, with the pointer of the field: From, Sender, Resent-From,
    /// Resent-Sender. The sender rule holds for all of them.
    pub fn senders(&self) -> impl Iterator<Item = (&'static str, &EmailAddress)> {
        self.senders.iter().map(|(pointer, address)| (*pointer, address))
    }

    /// Whom the envelope names: To, Cc and Bcc, or for a message that is resent Resent-To, -Cc and -Bcc instead (RFC 5322
    /// section 3.6.6).
    #[must_use]
    pub fn recipients(&self) -> &[EmailAddress] {
        &self.recipients
    }

    /// Whether it is resent. Graph has no envelope and would send it to To, Cc and Bcc once more.
    #[must_use]
    pub fn is_resent(&self) -> bool {
        self.is_resent
    }

    /// Whether it has octets above 127 after its header section, so that SMTP needs 8BITMIME (RFC 6152).
    #[must_use]
    pub fn needs_8bitmime(&self) -> bool {
        self.needs_8bitmime
    }

    /// Whether its header section is not ASCII, so that SMTP needs SMTPUTF8 (RFC 6531).
    #[must_use]
    pub fn needs_smtputf8(&self) -> bool {
        self.needs_smtputf8
    }

    /// The message with its Bcc, for Graph and for storing it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same as [`Self::for_smtp`], without a copy where nothing is left out.
    #[must_use]
    pub fn into_smtp(self) -> Vec<u8> {
        if self.hidden.is_empty() { self.bytes } else { self.for_smtp().into_owned() }
    }

    /// The message without Bcc and Resent-Bcc, everything else byte for byte. Dots at the start of lines are left to SMTP.
    #[must_use]
    pub fn for_smtp(&self) -> Cow<'_, [u8]> {
        if self.hidden.is_empty() {
            return Cow::Borrowed(&self.bytes);
        }
        let mut shown = Vec::with_capacity(self.bytes.len());
        let mut start = 0;
        for hidden in &self.hidden {
            shown.extend_from_slice(self.bytes.get(start..hidden.start).unwrap_or_default());
            start = hidden.end;
        }
        shown.extend_from_slice(self.bytes.get(start..).unwrap_or_default());
        Cow::Owned(shown)
    }
}

impl fmt::Debug for RawMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawMessage({:?} to {:?}, {} bytes)", self.senders, self.recipients, self.bytes.len())
    }
}

fn find<'f>(fields: &'f [Field], name: &str) -> Option<&'f Field> {
    fields.iter().find(|field| field.name == name)
}

fn value<'h>(head: &'h str, field: &Field) -> &'h str {
    head.get(field.value.clone()).unwrap_or_default()
}

/// The pointer of a field: `/reply_to`, as JSON requests call it.
fn pointer(name: &str) -> String {
    format!("/{}", name.replace('-', "_"))
}

fn whole(detail: impl Into<String>) -> FieldError {
    error("", detail)
}

fn error(pointer: impl Into<String>, detail: impl Into<String>) -> FieldError {
    FieldError { pointer: pointer.into(), detail: detail.into() }
}

#[cfg(test)]
mod tests;
