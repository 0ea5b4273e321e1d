use std::fmt;

use serde::{Deserialize, Serialize};

/// What a relay is asked to do with the message that follows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The message's id; an order that comes again with the same id gets the first one's answer.
    pub id: String,
    /// Where to hand it over.
    pub server: Server,
    /// The name behind EHLO.
    pub ehlo_name: String,
    /// The envelope's sender.
    pub mail_from: String,
    /// The envelope's recipients; the answer names each in this order.
    pub rcpt_to: Vec<String>,
    /// Bytes of the message, with CR LF line ends and without dot-stuffing.
    pub size: u64,
    /// How they are written.
    pub encoding: Encoding,
}

/// A mail server, and how to sign in there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// How to sign in.
    pub auth: Auth,
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// Not at all.
    None,
    /// STARTTLS, and nothing before it (RFC 3207).
    Starttls,
    /// TLS from the first byte (RFC 8314).
    Tls,
}

/// How a message is written, and what the server must therefore offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// ASCII only.
    SevenBit,
    /// 8BITMIME (RFC 6152).
    EightBit,
    /// SMTPUTF8 (RFC 6531).
    Utf8Headers,
}

/// How to sign in at a mail server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Auth {
    /// Not at all.
    None,
    /// With a password.
    Password {
        /// Whose.
        user_name: String,
        /// The password.
        access_code: String,
    },
    /// With an OAuth2 access token.
    #[serde(rename = "xoauth2")]
    XOAuth2 {
        /// Whose.
        user_name: String,
        /// The token.
        access_token: String,
    },
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Password { user_name, .. } => write!(f, "Password({user_name}, [redacted])"),
            Self::XOAuth2 { user_name, .. } => write!(f, "XOAuth2({user_name}, [redacted])"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        let auth = Auth::Password { user_name: "erp".into(), access_code: "geheim".into() };
        assert_eq!(format!("{auth:?}"), "Password(erp, [redacted])");
    }
}
