//! The installation's settings and secrets, read and checked in one place.

use std::cell::OnceCell;
use std::ops::Deref;
use std::sync::Arc;

use api::{Cloud, Code, Kind, Problem, RegistrationOwner, Timestamp};
use gateway::outbox::{Limits, MESSAGES_PER_MINUTE, RECIPIENTS_PER_DAY};
use gateway::sealing::{KeyRing, sha256};
use gateway::settings::Reach;
use gateway::tokens::{DEFAULT_KEEPALIVE_MS, DEFAULT_RENEW_AFTER_MS, REFRESH_TOKEN_LIFE_MS};
use microsoft::Endpoints;
use relay_contract::Key;
use worker::Env;

use crate::host::Relay;
use crate::registration::{Credential, Registration};

/// The configuration of this installation: a handle on [`Settings`], cheap to clone.
#[derive(Clone)]
pub(crate) struct Config(Arc<Settings>);

impl Deref for Config {
    type Target = Settings;

    fn deref(&self) -> &Settings {
        &self.0
    }
}

/// Everything that `wrangler.toml` and the secrets say, checked.
pub(crate) struct Settings {
    /// Where this installation lives, without a trailing slash.
    pub(crate) public_origin: String,
    /// The installation's app registration, and the cloud it is in.
    pub(crate) registration: Registration,
    /// What everything is sealed with.
    pub(crate) ring: KeyRing,
    /// What makes organisations and links.
    pub(crate) operator_secret: String,
    /// Renew after a send unless the last renewal is younger, in milliseconds.
    pub(crate) renew_after_ms: i64,
    /// A mailbox that sends nothing renews itself after this, in milliseconds.
    pub(crate) keepalive_ms: i64,
    /// The subject of a message that brings the program down when it is its turn. For tests, and on one's own machine only.
    pub(crate) sandbox_panic: Option<String>,
    /// How fast one mailbox sends.
    pub(crate) limits: Limits,
    /// What mail goes through unless a mailbox names its own, and for which kinds.
    pub(crate) relay: Option<(Relay, Vec<Kind>)>,
    /// Where objects live (`eu`, …); empty for wherever Cloudflare sees fit.
    pub(crate) jurisdiction: String,
    /// Names this version with this configuration: when it changes, held messages are tried again.
    pub(crate) deployment: String,
}

/// Each message of a minute is remembered with its moment; more than this would make that row large.
const PER_MINUTE_MAX: u32 = 600;

/// An operator secret shorter than this could be guessed.
const OPERATOR_SECRET_CHARS_MIN: usize = 32;

thread_local! {
    /// An isolate's variables and secrets never change: a deployment or a new secret starts other isolates.
    static LOADED: OnceCell<Config> = const { OnceCell::new() };
}

impl Config {
    /// The configuration, parsed once per isolate. What is missing or wrong is a problem that names it.
    pub(crate) fn load(env: &Env) -> Result<Self, Problem> {
        LOADED.with(|loaded| {
            if let Some(config) = loaded.get() {
                return Ok(config.clone());
            }
            let config = Self(Arc::new(Settings::parse(env)?));
            Ok(loaded.get_or_init(|| config).clone())
        })
    }
}

impl Settings {
    fn parse(env: &Env) -> Result<Self, Problem> {
        let public_origin = var(env, "PUBLIC_ORIGIN")?.trim_end_matches('/').to_owned();
        if !public_origin.starts_with("https://") && !public_origin.starts_with("http://localhost:") {
            return Err(wrong("PUBLIC_ORIGIN is the https:// address that browsers and ERPs use"));
        }
        let endpoints = Endpoints::new(&var(env, "LOGIN_ORIGIN")?, &var(env, "GRAPH_ORIGIN")?)
            .map_err(|error| wrong(&format!("LOGIN_ORIGIN or GRAPH_ORIGIN: {error}")))?;
        let endpoints = match optional(env, "SANDBOX_SMTP") {
            Some(server) => endpoints
                .with_sandbox_smtp(&server)
                .map_err(|error| wrong(&format!("SANDBOX_SMTP: {error}")))?,
            None => endpoints,
        };
        let operator_secret = secret(env, "OPERATOR_SECRET")?;
        if operator_secret.len() < OPERATOR_SECRET_CHARS_MIN {
            return Err(wrong("OPERATOR_SECRET is at least 32 characters (openssl rand -base64 32)"));
        }
        let expires_at = optional(env, "ENTRA_SECRET_EXPIRES").map(|text| read_day(&text)).transpose()?;
        let credential = Credential::read(&secret(env, "ENTRA_CLIENT_SECRET")?, expires_at)
            .map_err(|error| wrong(&format!("ENTRA_CLIENT_SECRET: {error}")))?;
        Ok(Self {
            registration: Registration {
                owner: RegistrationOwner::Installation,
                cloud: Cloud::Installation,
                endpoints,
                client_id: var(env, "ENTRA_CLIENT_ID")?,
                tenant: var(env, "ENTRA_TENANT")?,
                credential,
            },
            ring: KeyRing::read(&secret(env, "SEALING_KEYS")?).map_err(|error| wrong(&error.to_string()))?,
            operator_secret,
            renew_after_ms: milliseconds(env, "RENEW_AFTER_SECONDS", DEFAULT_RENEW_AFTER_MS)?,
            // Two thirds of a refresh token's life at most, so that tries remain when Microsoft is away.
            keepalive_ms: milliseconds(env, "KEEPALIVE_SECONDS", DEFAULT_KEEPALIVE_MS)?
                .clamp(1000, REFRESH_TOKEN_LIFE_MS / 3 * 2),
            sandbox_panic: optional(env, "SANDBOX_PANIC")
                .filter(|_| public_origin.starts_with("http://localhost:")),
            limits: Limits {
                per_minute: number(env, "MESSAGES_PER_MINUTE", MESSAGES_PER_MINUTE)?.min(PER_MINUTE_MAX),
                recipients_per_day: number(env, "RECIPIENTS_PER_DAY", RECIPIENTS_PER_DAY)?,
            },
            relay: relay(env)?,
            jurisdiction: optional(env, "JURISDICTION").unwrap_or_default(),
            deployment: fingerprint(env),
            public_origin,
        })
    }

    /// Which mail servers the Worker can come to.
    pub(crate) fn reach(&self) -> Reach {
        if self.relay_for(Kind::SmtpBasic).is_some() {
            Reach::Relay
        } else if self.public_origin.starts_with("http://localhost:") {
            Reach::ThisMachine
        } else {
            Reach::Internet
        }
    }

    /// The installation's relay, if mail of this kind goes through it.
    pub(crate) fn relay_for(&self, kind: Kind) -> Option<&Relay> {
        self.relay.as_ref().filter(|(_, kinds)| kinds.contains(&kind)).map(|(relay, _)| relay)
    }

    /// Where Microsoft sends the browser back to; registered there exactly so.
    pub(crate) fn redirect_uri(&self) -> String {
        format!("{}/oauth/callback", self.public_origin)
    }

    /// Where Microsoft sends an administrator back to; registered there exactly so.
    pub(crate) fn approved_uri(&self) -> String {
        format!("{}/oauth/approved", self.public_origin)
    }
}

/// A hash of the version and of everything whose change may repair what messages are held for. One that can't be turned back
/// into a secret.
fn fingerprint(env: &Env) -> String {
    let names = [
        "ENTRA_CLIENT_ID",
        "ENTRA_TENANT",
        "LOGIN_ORIGIN",
        "GRAPH_ORIGIN",
        "RELAY_URL",
        "RELAY_ID",
        "RELAY_KINDS",
    ];
    let secrets = ["ENTRA_CLIENT_SECRET", "SEALING_KEYS", "RELAY_KEY"];
    let values = names.iter().map(|name| optional(env, name).unwrap_or_default());
    let values = values.chain(secrets.iter().map(|name| secret(env, name).unwrap_or_default()));
    let hashes: Vec<u8> = values.flat_map(|value| sha256(value.as_bytes())).collect();
    let hash = sha256(&hashes);
    let short = hash.first_chunk::<6>().copied().unwrap_or_default();
    format!("{} {}", env!("CARGO_PKG_VERSION"), base16ct::lower::encode_string(&short))
}

/// A day as Entra shows it, `2027-05-01`: a secret ends in the course of it, so its beginning counts.
fn read_day(text: &str) -> Result<Timestamp, Problem> {
    let day = format!("{text}T00:00:00Z").parse();
    day.map_err(|_| wrong("ENTRA_SECRET_EXPIRES is the day on which the secret ends, e.g. 2027-05-01"))
}

/// `RELAY_URL` with `RELAY_ID` and the secret `RELAY_KEY`, and `RELAY_KINDS` where it is not for basic SMTP alone.
fn relay(env: &Env) -> Result<Option<(Relay, Vec<Kind>)>, Problem> {
    let Some(url) = optional(env, "RELAY_URL") else { return Ok(None) };
    let key = Key::read(&secret(env, "RELAY_KEY")?).map_err(|error| wrong(&format!("RELAY_KEY: {error}")))?;
    let kinds = optional(env, "RELAY_KINDS").unwrap_or_else(|| "smtp_basic".to_owned());
    let kinds = kinds.split(',').map(|word| match word.trim() {
        "smtp_basic" => Ok(Kind::SmtpBasic),
        "smtp_oauth2" => Ok(Kind::SmtpOAuth2),
        _ => Err(wrong("RELAY_KINDS is smtp_basic, smtp_oauth2, or both with a comma between them")),
    });
    let relay = Relay { url: url.trim_end_matches('/').to_owned(), id: var(env, "RELAY_ID")?, key };
    Ok(Some((relay, kinds.collect::<Result<_, _>>()?)))
}

fn milliseconds(env: &Env, name: &str, default: i64) -> Result<i64, Problem> {
    let Some(text) = optional(env, name) else { return Ok(default) };
    let seconds: u32 = text.parse().map_err(|_| wrong(&format!("{name} is a number of seconds")))?;
    Ok(i64::from(seconds) * 1000)
}

fn number(env: &Env, name: &str, default: u32) -> Result<u32, Problem> {
    let Some(text) = optional(env, name) else { return Ok(default) };
    text.parse().map_err(|_| wrong(&format!("{name} is a number; 0 is no limit")))
}

fn optional(env: &Env, name: &str) -> Option<String> {
    env.var(name).ok().map(|value| value.to_string()).filter(|value| !value.is_empty())
}

fn var(env: &Env, name: &str) -> Result<String, Problem> {
    optional(env, name).ok_or_else(|| wrong(&format!("{name} is not set under [vars] in wrangler.toml")))
}

fn secret(env: &Env, name: &str) -> Result<String, Problem> {
    let value = env.secret(name).ok().map(|value| value.to_string()).filter(|value| !value.is_empty());
    value.ok_or_else(|| wrong(&format!("the secret {name} is not set (wrangler secret put {name})")))
}

fn wrong(detail: &str) -> Problem {
    Problem::new(Code::NotConfigured, detail)
}
