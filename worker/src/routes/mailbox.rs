use api::{MailboxId, SaveSettings};
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use microsoft::Sending;

use super::answer::json;
use super::{Answer, App, input, who};
use crate::objects::mailbox::{AskSettings, Remove, Save, Status};
use crate::objects::organisation::{SetAddresses, SetSending};

/// `GET /api/mailboxes/{mailbox}`: the page, asked anew.
#[worker::send]
pub(super) async fn show(State(app): State<App>, Path(id): Path<String>, request: Request) -> Answer {
    let employee = who::employee(&app, &request).await?;
    let around = employee.around()?;
    json(StatusCode::OK, &employee.mailbox(input::id(&id)?)?.call(&Status { around }).await?)
}

/// `PUT /api/mailboxes/{mailbox}`: saves the page.
#[worker::send]
pub(super) async fn save(State(app): State<App>, Path(id): Path<String>, request: Request) -> Answer {
    let employee = who::employee(&app, &request).await?;
    let id: MailboxId = input::id(&id)?;
    let mut save: SaveSettings = input::small_json(request).await?;
    tidy(&mut save);
    gateway::check_settings(&save.settings, app.config()?.reach())?;
    let (organisation, mailbox) = (employee.organisation()?, employee.mailbox(id)?);
    let addresses: Vec<_> =
        [&save.settings.address].into_iter().chain(&save.settings.aliases).cloned().collect();
    // Old and new addresses together until the mailbox has changed: see `SetAddresses`.
    organisation.call(&SetAddresses { id, addresses: addresses.clone(), keep_old: true }).await?;
    let sending = Sending::from(&save.settings);
    let saved = mailbox.call(&Save { save, around: employee.around()? }).await;
    let settled = if saved.is_ok() {
        organisation.call(&SetSending { mailbox: id, sending }).await?;
        addresses
    } else {
        let current = mailbox.call(&AskSettings {}).await?;
        std::iter::once(current.address).chain(current.aliases).collect()
    };
    organisation.call(&SetAddresses { id, addresses: settled, keep_old: false }).await?;
    json(StatusCode::OK, &saved?)
}

/// `DELETE /api/mailboxes/{mailbox}/authentication`: *Verwijderen*.
#[worker::send]
pub(super) async fn remove(State(app): State<App>, Path(id): Path<String>, request: Request) -> Answer {
    let employee = who::employee(&app, &request).await?;
    let around = employee.around()?;
    json(StatusCode::OK, &employee.mailbox(input::id(&id)?)?.call(&Remove { around }).await?)
}

/// What people type around an address or a host name is not meant.
fn tidy(save: &mut SaveSettings) {
    let settings = &mut save.settings;
    for text in [
        &mut settings.address,
        &mut settings.server,
        &mut settings.user_name,
        &mut settings.relay_url,
        &mut settings.relay_id,
    ] {
        *text = text.trim().to_owned();
    }
    settings.aliases = settings.aliases.iter().map(|alias| alias.trim().to_owned()).collect();
    settings.aliases.retain(|alias| !alias.is_empty());
}
