//! A mail as it arrived.

use serde::Deserialize;

/// One mail in the sandbox's inbox.
#[derive(Clone, Debug, Deserialize)]
pub struct Mail {
    /// How it came: `graph-json`, `graph-mime` or `smtp`.
    pub route: String,
    /// Who was signed in.
    pub account: String,
    /// From.
    pub from: Address,
    /// To.
    pub to: Vec<Address>,
    /// Cc.
    pub cc: Vec<Address>,
    /// Bcc, of the envelope.
    pub bcc: Vec<Address>,
    /// Reply-To.
    pub reply_to: Vec<Address>,
    /// Subject.
    pub subject: String,
    /// `low`, `normal` or `high`.
    pub importance: String,
    /// Custom headers.
    pub headers: Vec<Header>,
    /// Its Message-ID, with angle brackets, where the sender gave it one.
    pub message_id: Option<String>,
    /// The body, if it is text.
    pub text: Option<String>,
    /// The body, if it is HTML.
    pub html: Option<String>,
    /// Whether a copy went to Sent Items.
    pub saved_to_sent: bool,
    /// Files.
    pub attachments: Vec<File>,
    /// What was said around it, by SMTP.
    pub envelope: Option<Envelope>,
    pub(crate) raw: Option<String>,
}

/// What an SMTP client said around a message.
#[derive(Clone, Debug, Deserialize)]
pub struct Envelope {
    /// Who it is from.
    pub mail_from: String,
    /// Who it is for.
    pub rcpt_to: Vec<String>,
}

impl Mail {
    /// The file of that name.
    pub fn file(&self, name: &str) -> &File {
        self.attachments
            .iter()
            .find(|file| file.filename == name)
            .unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }
}

/// An address in a mail.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Address {
    /// `anna@example.nl`
    pub address: String,
    /// The name before it, if there is one.
    pub name: Option<String>,
}

impl Address {
    /// As it is expected to arrive.
    pub fn of(address: &str, name: Option<&str>) -> Self {
        Self { address: address.to_owned(), name: name.map(str::to_owned) }
    }
}

/// A header.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// An attachment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct File {
    /// Its name.
    pub filename: String,
    /// Its media type.
    pub content_type: String,
    /// What `cid:` in HTML calls it.
    pub content_id: Option<String>,
    /// Whether it is shown within the text.
    pub inline: bool,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Where its bytes are, in the sandbox.
    pub url: String,
}
