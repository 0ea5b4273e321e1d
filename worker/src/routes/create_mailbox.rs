use api::{CreateMailbox, CreatedMailbox, MailboxId, MailboxSettings, OrganisationId, Problem};
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use microsoft::Sending;

use super::answer::json;
use super::{Answer, App, input, who};
use crate::config::Config;
use crate::host::{now, random};
use crate::objects::{Objects, mailbox, organisation};

/// `POST /operator/organisations/{organisation}/mailboxes`
#[worker::send]
pub(super) async fn for_operator(State(app): State<App>, Path(id): Path<String>, request: Request) -> Answer {
    let config = app.config()?;
    who::operator(&config, request.headers())?;
    let organisation = input::id(&id)?;
    let wanted = input::small_json(request).await?;
    let id = create_mailbox(&app, &config, organisation, wanted).await?;
    json(StatusCode::CREATED, &CreatedMailbox { id })
}

/// `POST /api/mailboxes`
#[worker::send]
pub(super) async fn for_session(State(app): State<App>, request: Request) -> Answer {
    let employee = who::employee(&app, &request).await?;
    let wanted = input::small_json(request).await?;
    let id = create_mailbox(&app, &employee.config, employee.organisation, wanted).await?;
    json(StatusCode::CREATED, &CreatedMailbox { id })
}

/// Lists the mailbox in its organisation, then makes it.
pub(super) async fn create_mailbox(
    app: &App,
    config: &Config,
    organisation: OrganisationId,
    wanted: CreateMailbox,
) -> Result<MailboxId, Problem> {
    let settings = MailboxSettings {
        kind: wanted.kind,
        shared: wanted.shared,
        ..MailboxSettings::new(wanted.address.trim())
    };
    if settings.address.parse::<mail::EmailAddress>().is_err() {
        let detail = "an address looks like facturen@example.nl".to_owned();
        let error = api::FieldError { pointer: "/address".to_owned(), detail };
        return Err(
            Problem::new(api::Code::FieldsRefused, "the mailbox was not made").with_errors(vec![error])
        );
    }
    let at = now();
    let id = MailboxId::new(at, random()?);
    let objects = Objects::new(&app.env, &config.jurisdiction);
    let listing = organisation::AddMailbox { id, address: settings.address.clone() };
    let listed = objects.organisation(organisation)?;
    listed.call(&listing).await?;
    listed.call(&organisation::SetSending { mailbox: id, sending: Sending::from(&settings) }).await?;
    objects
        .mailbox(organisation, id)?
        .call(&mailbox::CreateMailbox { organisation, id, settings, at })
        .await?;
    Ok(id)
}
