use api::{Code, Problem};
use mail::{Content, EmailAddress};
use microsoft::{MESSAGE_BYTES_MAX, MIME_BYTES_MAX, REQUEST_BYTES_MAX, SendMail};
use serde::{Deserialize, Serialize};

use super::Form;

/// What the acceptance rule needs to know of a message. The Worker takes it from the message that it has parsed, so that the
/// mailbox need not parse it a second time.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each named where it is told")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageProfile {
    /// How it was posted.
    pub form: Form,
    /// Every address that the message claims to come from, with the JSON pointer of its field.
    pub senders: Vec<(String, String)>,
    /// Recipients that the envelope names.
    pub recipients: u32,
    /// Bytes of text and decoded files; of a raw message, all bytes.
    pub bytes: u64,
    /// Whether one `sendMail` request of Graph can carry it as JSON.
    pub fits_graph_json: bool,
    /// Whether it has a calendar invitation, which Graph's JSON has no place for.
    pub has_invitation: bool,
    /// Whether it has custom header fields.
    pub has_headers: bool,
    /// Whether a copy is to be kept in *Sent Items*, where that was said.
    pub save_to_sent: Option<bool>,
    /// Whether it is resent (RFC 5322 section 3.6.6).
    pub is_resent: bool,
}

impl MessageProfile {
    /// The profile of a parsed message.
    #[must_use]
    pub fn of(content: &Content) -> Self {
        let named = |pointer: &str, address: &EmailAddress| (pointer.to_owned(), address.to_string());
        let recipients = u32::try_from(content.recipients().len()).unwrap_or(u32::MAX);
        match content {
            Content::Fields(message) => Self {
                form: Form::Json,
                senders: vec![named("/from", message.from.address())],
                recipients,
                bytes: message.bytes(),
                fits_graph_json: SendMail::body_bytes_max(message) <= REQUEST_BYTES_MAX,
                has_invitation: message.has_invitation(),
                has_headers: !message.headers.is_empty(),
                save_to_sent: message.save_to_sent,
                is_resent: false,
            },
            Content::Raw(raw) => Self {
                form: Form::Raw,
                senders: raw.senders().map(|(pointer, address)| named(pointer, address)).collect(),
                recipients,
                bytes: u64::try_from(raw.as_bytes().len()).unwrap_or(u64::MAX),
                fits_graph_json: true,
                has_invitation: false,
                has_headers: false,
                save_to_sent: None,
                is_resent: raw.is_resent(),
            },
        }
    }

    /// The profile of stored content, which was valid when it was accepted.
    pub fn read(form: Form, body: Vec<u8>) -> Result<Self, Problem> {
        let content = form.decode(body);
        let content =
            content.ok_or_else(|| Problem::new(Code::Internal, "cannot decode an accepted message"))?;
        Ok(Self::of(&content))
    }

    /// The most that one request of Graph carries of such a message, in the same bytes.
    #[must_use]
    pub(super) const fn graph_bytes_max(&self) -> u64 {
        match self.form {
            Form::Json if self.has_invitation => INVITATION_BYTES_MAX,
            Form::Json => MESSAGE_BYTES_MAX,
            Form::Raw => MIME_BYTES_MAX as u64,
        }
    }
}

/// Largest message with a calendar invitation by Graph, in bytes of text and files: such a message goes as MIME, in which
/// files grow by a third, and then by a third again.
const INVITATION_BYTES_MAX: u64 = MIME_BYTES_MAX as u64 / 3 * 2;
