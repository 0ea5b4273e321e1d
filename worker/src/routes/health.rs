use api::{Code, Problem};
use axum::extract::State;
use serde::Serialize;

use super::App;
use super::answer::{Answer, Json};
use crate::objects::directory::Ping;

/// All is well.
#[derive(Serialize)]
pub(super) struct Health {
    status: &'static str,
}

/// `GET /healthz`: whether the installation is set up: its objects answer, and KV is bound. Tells nothing about anybody.
#[worker::send]
pub(super) async fn health(State(app): State<App>) -> Answer<Json<Health>> {
    let installation = app.installation()?;
    let missing = |_| Problem::new(Code::NotConfigured, "the binding TOKENS is missing");
    app.env.kv("TOKENS").map_err(missing)?;
    installation.directory()?.call(&Ping {}).await?;
    Ok(Json(Health { status: "ok" }))
}
