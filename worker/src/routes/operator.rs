use api::{
    Code, CreateKey, CreateOrganisation, CreatedKey, CreatedOrganisation, FieldError, KeyId, OrganisationId,
    Problem,
};
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use gateway::Mint;
use gateway::purpose::ApiKey;

use super::answer::json;
use super::create_mailbox::create_mailbox;
use super::{Answer, App, input, who};
use crate::host::{now, random};
use crate::objects::Objects;
use crate::objects::directory::Enlist;
use crate::objects::organisation::{AddKey, Create};

/// Names of organisations and keys fit in one line.
const NAME_CHARS_MAX: usize = 100;

/// `POST /operator/organisations`: the call that an organisation's rows begin with.
#[worker::send]
pub(super) async fn create_organisation(State(app): State<App>, request: Request) -> Answer {
    let config = app.config()?;
    who::operator(&config, request.headers())?;
    let wanted: CreateOrganisation = input::small_json(request).await?;
    check_name(&wanted.name)?;
    let at = now();
    let id = OrganisationId::new(at, random()?);
    let objects = Objects::new(&app.env, &config.jurisdiction);
    let create = Create { name: wanted.name.clone(), tenant: wanted.tenant, at };
    objects.organisation(id)?.call(&create).await?;
    objects.directory()?.call(&Enlist { id, name: wanted.name, at }).await?;
    let mut mailboxes = Vec::new();
    for mailbox in wanted.mailboxes {
        mailboxes.push(create_mailbox(&app, &config, id, mailbox).await?);
    }
    json(StatusCode::CREATED, &CreatedOrganisation { id, mailboxes })
}

/// `POST /operator/organisations/{organisation}/keys`
#[worker::send]
pub(super) async fn create_key(State(app): State<App>, Path(id): Path<String>, request: Request) -> Answer {
    let config = app.config()?;
    who::operator(&config, request.headers())?;
    let organisation: OrganisationId = input::id(&id)?;
    let wanted: CreateKey = input::small_json(request).await?;
    check_name(&wanted.name)?;
    let at = now();
    let id = KeyId::new(at, random()?);
    let minted = Mint::new(&config.ring).make::<ApiKey>(organisation, id, random()?);
    let hash = who::hash_text(&minted.hash);
    let call = AddKey { id, hash, name: wanted.name, mailboxes: wanted.mailboxes, at };
    Objects::new(&app.env, &config.jurisdiction).organisation(organisation)?.call(&call).await?;
    json(StatusCode::CREATED, &CreatedKey { id, key: minted.text })
}

fn check_name(name: &str) -> Result<(), Problem> {
    let fits =
        (1..=NAME_CHARS_MAX).contains(&name.trim().chars().count()) && !name.chars().any(char::is_control);
    if fits {
        return Ok(());
    }
    let detail = format!("a name is one line of 1 to {NAME_CHARS_MAX} characters");
    let error = FieldError { pointer: "/name".to_owned(), detail: detail.clone() };
    Err(Problem::new(Code::FieldsRefused, detail).with_errors(vec![error]))
}
