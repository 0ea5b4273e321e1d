//! What is fixed for one run ([`Config`]) and what a test may change while it runs ([`Settings`]).

use serde::{Deserialize, Deserializer, Serialize};

/// The app registration the sandbox knows: one, on the Web platform (section 1.7), multi-tenant.
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
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Settings {
    /// Life of an access token; `None` draws one between 60 and 90 minutes, as Entra does (section 1.6).
    pub access_token_seconds: Option<i64>,
    /// Life of an authorization code; about 10 minutes (section 1.4).
    pub code_seconds: i64,
    /// How long `sendMail` takes. Above zero, or nothing would ever be concurrent.
    pub send_delay_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { access_token_seconds: None, code_seconds: 600, send_delay_ms: 30 }
    }
}

/// A change of settings: what is absent stays, an explicit `null` for `access_token_seconds` means random again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsChange {
    #[serde(default, deserialize_with = "given")]
    access_token_seconds: Option<Option<i64>>,
    code_seconds: Option<i64>,
    send_delay_ms: Option<u64>,
}

/// Tells "absent" (`None`, by `default`) from "null" (`Some(None)`).
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<i64>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl SettingsChange {
    pub(crate) fn apply(&self, settings: &mut Settings) {
        if let Some(seconds) = self.access_token_seconds {
            settings.access_token_seconds = seconds;
        }
        settings.code_seconds = self.code_seconds.unwrap_or(settings.code_seconds);
        settings.send_delay_ms = self.send_delay_ms.unwrap_or(settings.send_delay_ms);
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
        let mut settings = Settings::default();
        let change = |text: &str| serde_json::from_str::<SettingsChange>(text);
        change(r#"{"access_token_seconds": 5}"#).unwrap().apply(&mut settings);
        change(r#"{"code_seconds": 1}"#).unwrap().apply(&mut settings);
        assert_eq!((settings.access_token_seconds, settings.code_seconds), (Some(5), 1));
        change(r#"{"access_token_seconds": null}"#).unwrap().apply(&mut settings);
        assert_eq!(settings.access_token_seconds, None);
        assert!(change(r#"{"colour": 1}"#).is_err());
    }
}
