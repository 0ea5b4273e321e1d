use std::fmt;

use mail::EmailAddress;
use serde::{Deserialize, Serialize};
use smtp::{Credentials, EhloName, Encoding, Message, Nonce, Plan, PlanError, Security};

/// What a relay is asked to do, with the message that follows it or without one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Chosen by the Worker; an order that comes again with the same id gets the first one's answer.
    pub id: String,
    /// Which server to speak with.
    pub server: Server,
    /// The name behind EHLO.
    pub ehlo_name: String,
    /// What to hand over. Without it, signing in is all that is tried, and the body ends here.
    pub message: Option<Envelope>,
}

/// The envelope of the message that follows an order, and what must be said of it beforehand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// Its sender.
    pub mail_from: String,
    /// Its recipients; the answer has a verdict for each in this order.
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

/// Why an order can't be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// Not an address.
    #[error("{0} is not an e-mail address")]
    Address(String),
    /// Something that no conversation could hold.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

impl Order {
    /// What it means in SMTP. A password may travel in the clear where the order says that nothing is protected.
    pub fn plan(&self, nonce: Nonce) -> Result<Plan, OrderError> {
        let auth = match &self.server.auth {
            Auth::None => smtp::Auth::None,
            Auth::Password { user_name, access_code } => smtp::Auth::Password {
                credentials: Credentials::new(user_name, access_code)?,
                even_in_clear: self.server.security == Security::None,
                nonce,
            },
            Auth::XOAuth2 { user_name, access_token } => {
                smtp::Auth::XOAuth2(Credentials::new(user_name, access_token)?)
            }
        };
        Ok(Plan {
            ehlo_name: EhloName::new(&self.ehlo_name)?,
            security: self.server.security,
            auth,
            message: self.message.as_ref().map(Envelope::message).transpose()?,
        })
    }
}

impl Envelope {
    fn message(&self) -> Result<Message, OrderError> {
        let read =
            |text: &String| text.parse::<EmailAddress>().map_err(|_| OrderError::Address(text.clone()));
        let rcpt_to = self.rcpt_to.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Message::new(read(&self.mail_from)?, rcpt_to, self.size, self.encoding)?)
    }
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
