//! What is fixed for one run ([`Config`]) and what a test may change while it runs ([`Settings`]).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The first app registration, from the command line: on the Web platform (section 1.7), multi-tenant. Tests add others.
#[derive(Clone)]
pub struct Config {
    /// Application (client) id.
    pub client_id: String,
    /// The registration's secret. Never logged, never answered.
    pub client_secret: String,
    /// Redirect URIs of the Web platform, compared character by character.
    pub redirect_uris: Vec<String>,
}

impl Config {
    /// The client id when none is given.
    pub const CLIENT_ID: &str = "5a9db0c5-0000-4000-8000-000000000001";
    /// The redirect URIs when none are given: the app's callback page on wrangler's usual port.
    pub const REDIRECT_URIS: &str = "http://localhost:8787/callback";
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("client_id", &self.client_id)
            .field("client_secret", &"***")
            .field("redirect_uris", &self.redirect_uris)
            .finish()
    }
}

/// What `PATCH /sandbox/settings` changes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Life of an access token; `None` draws one between 60 and 90 minutes, as Entra does (section 1.6).
    pub access_token_seconds: Option<i64>,
    /// Life of an authorization code; about 10 minutes (section 1.4).
    pub code_seconds: i64,
    /// How long `sendMail` takes, or the answer to the end of DATA. Above zero, or nothing would ever be concurrent.
    pub send_delay_ms: u64,
    /// Whether a refused token gets a JSON challenge before its 535, as elsewhere (section 6.3).
    pub smtp_json_challenge: bool,
    /// How a foreign sender is refused.
    pub smtp_send_as_denied: SendAsDenied,
    /// Messages a mailbox may send by SMTP in a minute; Exchange's 30 (section 5) only where a test asks for it.
    pub smtp_messages_per_minute: Option<usize>,
    /// The mailbox's own limit by SMTP: 35 MB unless an administrator changed it (section 5).
    pub smtp_message_bytes_max: usize,
}

/// Exchange has two answers to a sender that is somebody else's (section 6.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SendAsDenied {
    /// `554 5.2.252 SendAsDenied` at the end of DATA, for envelope and `From` alike.
    #[serde(rename = "5.2.252")]
    EndOfData,
    /// `550 5.7.60`: the envelope's at MAIL, that of `From` at the end of DATA.
    #[serde(rename = "5.7.60")]
    Early,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            access_token_seconds: None,
            code_seconds: 600,
            send_delay_ms: 30,
            smtp_json_challenge: false,
            smtp_send_as_denied: SendAsDenied::EndOfData,
            smtp_messages_per_minute: None,
            smtp_message_bytes_max: 35 * 1024 * 1024,
        }
    }
}

impl Settings {
    /// A change of settings: what is absent stays, an explicit `null` for `access_token_seconds` means random again. An
    /// unknown name is an error, since a misspelt setting is a test that tests nothing.
    pub(crate) fn changed(self, change: Map<String, Value>) -> Result<Self, serde_json::Error> {
        let mut all = serde_json::to_value(self)?;
        if let Some(fields) = all.as_object_mut() {
            fields.extend(change);
        }
        serde_json::from_value(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_secret() {
        let config = Config { client_id: "id".into(), client_secret: "hush".into(), redirect_uris: vec![] };
        assert!(!format!("{config:?}").contains("hush"));
    }

    #[test]
    fn absent_stays_and_null_means_random() {
        let change = |settings: Settings, text: &str| settings.changed(serde_json::from_str(text).unwrap());
        let settings = change(Settings::default(), r#"{"access_token_seconds": 5}"#).unwrap();
        let settings = change(settings, r#"{"code_seconds": 1}"#).unwrap();
        assert_eq!((settings.access_token_seconds, settings.code_seconds), (Some(5), 1));
        let settings = change(settings, r#"{"access_token_seconds": null}"#).unwrap();
        assert_eq!((settings.access_token_seconds, settings.code_seconds), (None, 1));
        assert!(change(settings, r#"{"colour": 1}"#).is_err());
        assert!(change(settings, r#"{"code_seconds": null}"#).is_err());
    }
}
