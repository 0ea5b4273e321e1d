use axum::extract::State;
use axum::http::StatusCode;

use super::answer::json;
use super::{Answer, App};
use crate::objects::Objects;
use crate::objects::directory::ListOrganisations;

/// `GET /healthz`: whether the installation is set up and its objects and KV answer. Tells nothing about anybody.
#[worker::send]
pub(super) async fn health(State(app): State<App>) -> Answer {
    let config = app.config()?;
    let not_configured = |what: &str| api::Problem::new(api::Code::NotConfigured, what);
    app.env.kv("TOKENS").map_err(|_| not_configured("the binding TOKENS is missing"))?;
    Objects::new(&app.env, &config.jurisdiction).directory()?.call(&ListOrganisations {}).await?;
    json(StatusCode::OK, &serde_json::json!({ "status": "ok" }))
}
