use std::fmt;

use serde::{Deserialize, Serialize};

use crate::message::Message;

/// Everything that one connection is for; the host has opened it already.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The name that we say we have.
    pub ehlo_name: EhloName,
    /// How the connection is protected.
    pub security: Security,
    /// How to sign in.
    pub auth: Auth,
    /// The first message. Without one, signing in is all that is tried.
    pub message: Option<Message>,
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// Not at all.
    None,
    /// It begins in the clear and must be upgraded (RFC 3207); a server that does not offer it is refused.
    #[serde(rename = "starttls")]
    StartTls,
    /// TLS from the first byte (RFC 8314 section 3.3); the host has done it already.
    #[serde(rename = "tls")]
    ImplicitTls,
}

/// How to sign in.
#[derive(Clone, Debug)]
pub enum Auth {
    /// Not at all.
    None,
    /// With an OAuth2 access token, in two steps always: a token of real size makes the one line too long for some
    /// servers. Never over a connection in the clear.
    XOAuth2(Credentials),
    /// With a password, by what the server offers: SCRAM-SHA-256 (RFC 7677), then PLAIN (RFC 4616) and LOGIN, then CRAM-MD5
    /// (RFC 2195); in the clear those first that do not show the password.
    Password {
        /// User name and password.
        credentials: Credentials,
        /// Also over a connection in the clear. Somebody must have said so.
        even_in_clear: bool,
        /// Random, and used for this connection only.
        nonce: Nonce,
    },
}

/// Random bytes of a SCRAM client.
pub type Nonce = [u8; 18];

/// A user name with a password or an access token.
#[derive(Clone)]
pub struct Credentials {
    user: String,
    secret: String,
}

impl Credentials {
    /// Refuses what would mean something else inside a SASL message: control characters.
    pub fn new(user: impl Into<String>, secret: impl Into<String>) -> Result<Self, PlanError> {
        let (user, secret) = (user.into(), secret.into());
        if user.is_empty() || user.chars().any(char::is_control) {
            return Err(PlanError::User);
        }
        if secret.is_empty() || secret.chars().any(char::is_control) {
            return Err(PlanError::Secret);
        }
        Ok(Self { user, secret })
    }

    /// Whose.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).field("secret", &"[redacted]").finish()
    }
}

/// The name behind EHLO: a domain or an address literal (RFC 5321 sections 4.1.1.1 and 4.1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EhloName(String);

impl EhloName {
    /// `postbode.example.nl`, `[192.0.2.1]` or `[IPv6:2001:db8::1]`.
    pub fn new(name: &str) -> Result<Self, PlanError> {
        const NAME_MAX: usize = 255;
        let is_literal =
            |inner: &str| inner.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b':'));
        let is_domain = || {
            name.split('.').all(|label| {
                !label.is_empty()
                    && !label.starts_with('-')
                    && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            })
        };
        let fits = match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(inner) => !inner.is_empty() && is_literal(inner),
            None => is_domain(),
        };
        if fits && name.len() <= NAME_MAX { Ok(Self(name.to_owned())) } else { Err(PlanError::EhloName) }
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why something cannot be part of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Not a domain and not an address literal.
    #[error("the name for EHLO is neither a domain nor an address in square brackets")]
    EhloName,
    /// Missing, or with control characters.
    #[error("a user name is missing or holds control characters")]
    User,
    /// Missing, or with control characters.
    #[error("a password or token is missing or holds control characters")]
    Secret,
    /// Nobody to send to.
    #[error("the envelope has no recipient")]
    NoRecipient,
    /// Longer than 254 bytes (RFC 5321 section 4.5.3.1.3), or with brackets or spaces outside quotes.
    #[error("{0} cannot stand in an envelope")]
    Address(String),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_a_server_can_read() {
        for name in ["postbode.example.nl", "localhost", "[192.0.2.1]", "[IPv6:2001:db8::1]"] {
            assert!(EhloName::new(name).is_ok(), "{name}");
        }
        for name in
            ["", ".", "a..b", "-a", "a b", "a\r\nQUIT", "[", "[]", "[a]b", "café.nl", &"a".repeat(256)]
        {
            assert_eq!(EhloName::new(name), Err(PlanError::EhloName), "{name}");
        }
    }

    #[test]
    fn a_secret_is_not_printed() {
        let auth = Auth::XOAuth2(Credentials::new("a@b.nl", "eyJ0").unwrap());
        assert!(!format!("{auth:?}").contains("eyJ0"));
        assert!(Credentials::new("a\u{1}auth=Bearer x", "t").is_err());
        assert!(Credentials::new("a", "t\0").is_err());
    }

    proptest! {
        #[test]
        fn a_name_never_breaks_a_line(name in "\\PC{0,8}[\r\n\t\0 ]\\PC{0,8}") {
            prop_assert!(EhloName::new(&name).is_err());
        }
    }
}
