//! The time everything here goes by, which can be moved: 90 days take no longer than one request.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use chrono::SecondsFormat;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{control::problem, state::Sandbox};

/// Further than any test needs, and far from where dates end.
const SECONDS_MAX: i64 = 100 * 366 * 24 * 3600;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: i64,
}

pub(crate) async fn read(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    Json(shape(&sandbox))
}

pub(crate) async fn advance(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Response {
    let seconds = match serde_json::from_slice::<Advance>(&body) {
        Ok(Advance { advance_seconds }) => advance_seconds,
        Err(error) => return problem(&error.to_string()),
    };
    match moved(&sandbox, seconds) {
        Ok(()) => Json(shape(&sandbox)).into_response(),
        Err(text) => problem(text),
    }
}

pub(crate) fn moved(sandbox: &Sandbox, seconds: i64) -> Result<(), &'static str> {
    if sandbox.clock.moved_seconds().saturating_add(seconds).saturating_abs() > SECONDS_MAX {
        return Err("the clock moves by a hundred years at most");
    }
    sandbox.clock.advance(seconds);
    Ok(())
}

fn shape(sandbox: &Sandbox) -> Value {
    json!({
        "now": sandbox.clock.now().to_rfc3339_opts(SecondsFormat::Millis, true),
        "moved_seconds": sandbox.clock.moved_seconds(),
    })
}
