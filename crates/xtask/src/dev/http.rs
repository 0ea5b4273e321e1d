//! Calls to the servers on this machine.

use anyhow::{Context, Result, bail};
use serde_json::Value;

const TIMEOUT_SECONDS: u64 = 20;

/// The status of a GET; `None` when nobody answers.
pub(super) fn status(url: &str) -> Option<u16> {
    minreq::get(url).with_timeout(2).send().ok().map(|answer| answer.status_code)
}

pub(super) fn get_json(url: &str) -> Result<Value> {
    let answer =
        minreq::get(url).with_timeout(TIMEOUT_SECONDS).send().with_context(|| format!("GET {url}"))?;
    if answer.status_code != 200 {
        bail!("GET {url} answered {}: {}", answer.status_code, answer.as_str().unwrap_or("?"));
    }
    serde_json::from_slice(answer.as_bytes()).with_context(|| format!("GET {url} did not answer JSON"))
}

/// A POST of JSON with a bearer token. Any answer but success is an error with what it said.
pub(super) fn post(url: &str, token: &str, body: &Value) -> Result<Value> {
    let answer = minreq::post(url)
        .with_header("Authorization", format!("Bearer {token}"))
        .with_header("Content-Type", "application/json")
        .with_body(body.to_string())
        .with_timeout(TIMEOUT_SECONDS)
        .send()
        .with_context(|| format!("POST {url}"))?;
    if !(200..300).contains(&answer.status_code) {
        bail!("POST {url} answered {}: {}", answer.status_code, answer.as_str().unwrap_or("?"));
    }
    serde_json::from_slice(answer.as_bytes()).with_context(|| format!("POST {url} did not answer JSON"))
}

/// Whatever a GET answers.
pub(super) fn text(url: &str) -> Option<String> {
    let answer = minreq::get(url).with_timeout(TIMEOUT_SECONDS).send().ok()?;
    answer.as_str().ok().map(str::to_owned)
}
