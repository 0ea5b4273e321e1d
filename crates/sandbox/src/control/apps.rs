//! App registrations besides the one from the command line, and what an administrator does to them.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    apps::{App, Audience},
    certificate::Certificate,
    control::{not_found, problem},
    state::Sandbox,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewApp {
    client_id: String,
    client_secret: Option<String>,
    redirect_uris: Vec<String>,
    audience: Audience,
    tid: Option<String>,
}

/// What is absent stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    client_secret: Option<String>,
    secret_expired: Option<bool>,
    disabled: Option<bool>,
    audience: Option<Audience>,
    redirect_uris: Option<Vec<String>>,
    /// PEM, each one certificate; replaces the earlier ones.
    certificates: Option<Vec<String>>,
}

pub(crate) async fn list(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    Json(sandbox.apps.all().iter().map(|app| shape(app)).collect())
}

/// `201` with the registration, without its secret.
pub(crate) async fn add(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Response {
    let new: NewApp = match serde_json::from_slice(&body) {
        Ok(new) => new,
        Err(error) => return problem(&error.to_string()),
    };
    if new.client_id.is_empty() {
        return problem("client_id is empty");
    }
    let mut app = App::new(new.client_id, new.redirect_uris);
    app.secret = new.client_secret;
    app.audience = new.audience;
    app.tid = new.tid.unwrap_or(app.tid);
    let answer = shape(&app);
    if sandbox.apps.add(app) {
        (StatusCode::CREATED, Json(answer)).into_response()
    } else {
        problem("client_id exists")
    }
}

pub(crate) async fn change(
    State(sandbox): State<Arc<Sandbox>>,
    Path(client_id): Path<String>,
    body: Bytes,
) -> Response {
    let change: Change = match serde_json::from_slice(&body) {
        Ok(change) => change,
        Err(error) => return problem(&error.to_string()),
    };
    let read = |all: Vec<String>| all.iter().map(|pem| Certificate::from_pem(pem)).collect();
    let certificates: Option<Vec<Certificate>> = match change.certificates.map(read).transpose() {
        Ok(certificates) => certificates,
        Err(text) => return problem(&text),
    };
    let changed = sandbox.apps.change(&client_id, |app| {
        if change.client_secret.is_some() {
            app.secret = change.client_secret;
        }
        app.secret_expired = change.secret_expired.unwrap_or(app.secret_expired);
        app.disabled = change.disabled.unwrap_or(app.disabled);
        app.audience = change.audience.unwrap_or(app.audience);
        if let Some(redirect_uris) = change.redirect_uris {
            app.redirect_uris = redirect_uris;
        }
        if let Some(certificates) = certificates {
            app.certificates = certificates;
        }
    });
    match changed {
        Some(app) => Json(shape(&app)).into_response(),
        None => not_found(),
    }
}

/// Its consents go with it; its codes and tokens are refused with AADSTS700016.
pub(crate) async fn remove(State(sandbox): State<Arc<Sandbox>>, Path(client_id): Path<String>) -> Response {
    if !sandbox.apps.remove(&client_id) {
        return not_found();
    }
    sandbox.store().consents.remove_of_app(&client_id);
    StatusCode::NO_CONTENT.into_response()
}

fn shape(app: &App) -> Value {
    json!({
        "client_id": app.client_id,
        "redirect_uris": app.redirect_uris,
        "audience": app.audience,
        "tid": app.tid,
        "has_secret": app.secret.is_some(),
        "secret_expired": app.secret_expired,
        "disabled": app.disabled,
        "certificates": app.certificates.iter().map(|one| &one.sha256).collect::<Vec<_>>(),
    })
}
