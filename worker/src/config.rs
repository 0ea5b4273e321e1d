//! The installation's settings and secrets, read and checked in one place.

use api::{Code, Problem};
use gateway::{DEFAULT_RENEW_AFTER_MS, KeyRing};
use microsoft::{ClientSecret, Endpoints, Registration};
use worker::Env;

/// Everything that `wrangler.toml` and the secrets say, checked.
pub(crate) struct Config {
    /// Where this installation lives, without a trailing slash.
    pub(crate) public_origin: String,
    /// Entra and Graph.
    pub(crate) endpoints: Endpoints,
    /// The installation's app registration.
    pub(crate) registration: Registration,
    /// The tenant in URLs until an organisation is tied to one: `organizations`, or the registration's own.
    pub(crate) tenant: String,
    /// What everything is sealed with.
    pub(crate) ring: KeyRing,
    /// What makes organisations and links.
    pub(crate) operator_secret: String,
    /// Renew after a send unless the last renewal is younger, in milliseconds.
    pub(crate) renew_after_ms: i64,
    /// Where objects live (`eu`, …); empty for wherever Cloudflare sees fit.
    pub(crate) jurisdiction: String,
}

/// An operator secret shorter than this could be guessed.
const OPERATOR_SECRET_CHARS_MIN: usize = 32;

impl Config {
    /// Reads the environment; what is missing or wrong is a problem that names it.
    pub(crate) fn read(env: &Env) -> Result<Self, Problem> {
        let public_origin = var(env, "PUBLIC_ORIGIN")?.trim_end_matches('/').to_owned();
        if !public_origin.starts_with("https://") && !public_origin.starts_with("http://localhost:") {
            return Err(wrong("PUBLIC_ORIGIN is the https:// address that browsers and ERPs use"));
        }
        let endpoints = Endpoints::new(&var(env, "LOGIN_ORIGIN")?, &var(env, "GRAPH_ORIGIN")?)
            .map_err(|error| wrong(&format!("LOGIN_ORIGIN or GRAPH_ORIGIN: {error}")))?;
        let operator_secret = secret(env, "OPERATOR_SECRET")?;
        if operator_secret.len() < OPERATOR_SECRET_CHARS_MIN {
            return Err(wrong("OPERATOR_SECRET is at least 32 characters (openssl rand -base64 32)"));
        }
        Ok(Self {
            public_origin,
            endpoints,
            registration: Registration {
                client_id: var(env, "ENTRA_CLIENT_ID")?,
                client_secret: ClientSecret::new(secret(env, "ENTRA_CLIENT_SECRET")?),
            },
            tenant: var(env, "ENTRA_TENANT")?,
            ring: KeyRing::read(&secret(env, "SEALING_KEYS")?).map_err(|error| wrong(&error.to_string()))?,
            operator_secret,
            renew_after_ms: match optional(env, "RENEW_AFTER_SECONDS") {
                None => DEFAULT_RENEW_AFTER_MS,
                Some(text) => text
                    .parse::<u32>()
                    .map(|seconds| i64::from(seconds) * 1000)
                    .map_err(|_| wrong("RENEW_AFTER_SECONDS is a number of seconds"))?,
            },
            jurisdiction: optional(env, "JURISDICTION").unwrap_or_default(),
        })
    }

    /// Where Microsoft sends the browser back to; registered there exactly so.
    pub(crate) fn redirect_uri(&self) -> String {
        format!("{}/oauth/callback", self.public_origin)
    }
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
