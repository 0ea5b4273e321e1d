use mail::EmailAddress;
use serde::{Deserialize, Serialize};

use crate::plan::PlanError;

/// How the bytes of a message are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// ASCII only.
    SevenBit,
    /// Bytes above 127 in bodies: the server must offer 8BITMIME (RFC 6152).
    EightBit,
    /// Bytes above 127 in headers: the server must offer SMTPUTF8 (RFC 6531).
    Utf8Headers,
}

/// One message to hand over: its envelope and what must be said of it beforehand. The bytes come later, in chunks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    mail_from: EmailAddress,
    rcpt_to: Vec<EmailAddress>,
    size: u64,
    encoding: Encoding,
}

impl Message {
    /// `size` counts the bytes with CR LF line ends, without dot-stuffing (RFC 1870 section 5).
    pub fn new(
        mail_from: EmailAddress,
        rcpt_to: Vec<EmailAddress>,
        size: u64,
        encoding: Encoding,
    ) -> Result<Self, PlanError> {
        if rcpt_to.is_empty() {
            return Err(PlanError::NoRecipient);
        }
        if let Some(address) = rcpt_to.iter().chain([&mail_from]).find(|address| !fits_path(address.as_str()))
        {
            return Err(PlanError::Address(address.to_string()));
        }
        Ok(Self { mail_from, rcpt_to, size, encoding })
    }

    /// Who answers for it.
    #[must_use]
    pub fn mail_from(&self) -> &EmailAddress {
        &self.mail_from
    }

    /// Who it is for; verdicts come in this order.
    #[must_use]
    pub fn rcpt_to(&self) -> &[EmailAddress] {
        &self.rcpt_to
    }

    /// How large it is.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How its bytes are written.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    pub(crate) fn needs_smtputf8(&self) -> bool {
        let mut addresses = self.rcpt_to.iter().chain([&self.mail_from]);
        self.encoding == Encoding::Utf8Headers || addresses.any(|address| !address.as_str().is_ascii())
    }
}

/// Whether an address stays inside the angle brackets of `MAIL FROM:<>` (RFC 5321 section 4.1.2), whatever else it is.
fn fits_path(address: &str) -> bool {
    const ADDRESS_MAX: usize = 254;
    let (mut in_quotes, mut escaped) = (false, false);
    for character in address.chars() {
        match character {
            _ if character.is_control() => return false,
            _ if escaped => escaped = false,
            '\\' if in_quotes => escaped = true,
            '"' => in_quotes = !in_quotes,
            '<' | '>' | ' ' if !in_quotes => return false,
            _ => {}
        }
    }
    !in_quotes && !escaped && address.len() <= ADDRESS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_stays_between_its_brackets() {
        for address in ["a@b.nl", r#""a b>c"@d.nl"#, r#""a\"b"@d.nl"#, "zoë@b.nl"] {
            assert!(fits_path(address), "{address}");
        }
        let long = format!("{}@b.nl", "a".repeat(250));
        for address in ["A <a@b.nl>", "a@b.nl> SIZE=1", "a@b.nl\r\nDATA", r#""a@b.nl"#, r#""a\"@b.nl"#, &long]
        {
            assert!(!fits_path(address), "{address}");
        }
    }
}
