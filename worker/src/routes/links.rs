use api::{CreateLink, CreatedLink, LinkId, OrganisationId, Problem};
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use gateway::Mint;
use gateway::purpose::Link;

use super::answer::json;
use super::{Answer, App, input, who};
use crate::config::Config;
use crate::host::{now, random};
use crate::objects::Objects;
use crate::objects::organisation::{AddLink, KeyUse, UseKey};

/// A link can be opened this long, in seconds: a colleague may find the mail after a weekend.
const LINK_SECONDS: i64 = 7 * 24 * 3600;

/// `POST /operator/organisations/{organisation}/links`
#[worker::send]
pub(super) async fn link_for_operator(
    State(app): State<App>,
    Path(id): Path<String>,
    request: Request,
) -> Answer {
    let config = app.config()?;
    who::operator(&config, request.headers())?;
    let organisation = input::id(&id)?;
    let CreateLink {} = input::small_json(request).await?;
    json(StatusCode::CREATED, &make(&app, &config, organisation).await?)
}

/// `POST /v1/links`: an ERP opens the E-mail server page for its user.
#[worker::send]
pub(super) async fn link_for_key(State(app): State<App>, request: Request) -> Answer {
    let config = app.config()?;
    let key = who::erp(&config, request.headers())?;
    let CreateLink {} = input::small_json(request).await?;
    let call = UseKey { id: key.id, hash: who::hash_text(&key.hash), wanted: KeyUse::Link };
    Objects::new(&app.env, &config.jurisdiction).organisation(key.organisation)?.call(&call).await?;
    json(StatusCode::CREATED, &make(&app, &config, key.organisation).await?)
}

async fn make(app: &App, config: &Config, organisation: OrganisationId) -> Result<CreatedLink, Problem> {
    let at = now();
    let id = LinkId::new(at, random()?);
    let minted = Mint::new(&config.ring).make::<Link>(organisation, id, random()?);
    let expires_at = at.plus_seconds(LINK_SECONDS);
    let call = AddLink { id, hash: who::hash_text(&minted.hash), at, expires_at };
    Objects::new(&app.env, &config.jurisdiction).organisation(organisation)?.call(&call).await?;
    // Behind the `#`, so that it reaches no server log and no link preview uses it up.
    Ok(CreatedLink { id, url: format!("{}/open#{}", config.public_origin, minted.text), expires_at })
}
