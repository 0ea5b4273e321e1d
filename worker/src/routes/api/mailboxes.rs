use std::time::Duration;

use api::{CreateMailbox, CreatedMailbox, MailboxId, MailboxView, SaveSettings, Seen};
use microsoft::Sending;

use crate::objects::Passed;
use crate::objects::mailbox::{AskSettings, MarkSeen, Remove, Save, Status};
use crate::objects::organisation::{SetAddresses, SetSending};
use crate::routes::answer::{Answer, Created};
use crate::routes::auth::Employee;
use crate::routes::body::SmallJson;
use crate::routes::new_mailbox::new_mailbox;
use crate::routes::path::Id;
use crate::routes::server_test::test_server;

/// `POST /api/mailboxes`
#[worker::send]
pub(super) async fn create(
    employee: Employee,
    SmallJson(wanted): SmallJson<CreateMailbox>,
) -> Answer<Created<CreatedMailbox>> {
    let id = new_mailbox(&employee.installation, employee.organisation, wanted).await?;
    Ok(Created(CreatedMailbox { id }))
}

/// `GET /api/mailboxes/{mailbox}`: the page, asked anew.
#[worker::send]
pub(super) async fn show(employee: Employee, Id(id): Id<MailboxId>) -> Answer<Passed<MailboxView>> {
    let around = employee.around()?;
    Ok(employee.mailbox(id)?.pass(&Status { around }, Duration::ZERO).await?)
}

/// `PUT /api/mailboxes/{mailbox}`: saves the page.
#[worker::send]
pub(super) async fn save(
    employee: Employee,
    Id(id): Id<MailboxId>,
    SmallJson(mut save): SmallJson<SaveSettings>,
) -> Answer<Passed<MailboxView>> {
    tidy(&mut save);
    gateway::settings::check_settings(&save.settings, employee.installation.config.reach())?;
    let (organisation, mailbox) = (employee.organisation()?, employee.mailbox(id)?);
    let addresses: Vec<_> =
        [&save.settings.address].into_iter().chain(&save.settings.aliases).cloned().collect();
    // Old and new addresses together until the mailbox has changed: see `SetAddresses`.
    organisation.call(&SetAddresses { id, addresses: addresses.clone(), keep_old: true }).await?;
    let sending = Sending::from(&save.settings);
    let saved = mailbox.pass(&Save { save, around: employee.around()? }, Duration::ZERO).await;
    let settled = if saved.is_ok() {
        organisation.call(&SetSending { mailbox: id, sending }).await?;
        addresses
    } else {
        let current = mailbox.call(&AskSettings {}).await?;
        std::iter::once(current.address).chain(current.aliases).collect()
    };
    organisation.call(&SetAddresses { id, addresses: settled, keep_old: false }).await?;
    Ok(saved?)
}

/// `DELETE /api/mailboxes/{mailbox}/authentication`: *Verwijderen*.
#[worker::send]
pub(super) async fn remove(employee: Employee, Id(id): Id<MailboxId>) -> Answer<Passed<MailboxView>> {
    let around = employee.around()?;
    Ok(employee.mailbox(id)?.pass(&Remove { around }, Duration::ZERO).await?)
}

/// `POST /api/mailboxes/{mailbox}/seen`: a person has seen what was refused or is unknown.
#[worker::send]
pub(super) async fn seen(
    employee: Employee,
    Id(id): Id<MailboxId>,
    SmallJson(seen): SmallJson<Seen>,
) -> Answer<Passed<MailboxView>> {
    let around = employee.around()?;
    Ok(employee.mailbox(id)?.pass(&MarkSeen { until: seen.until, around }, Duration::ZERO).await?)
}

/// `POST /api/mailboxes/{mailbox}/test`: *Testen*.
#[worker::send]
pub(super) async fn test(employee: Employee, Id(id): Id<MailboxId>) -> Answer {
    test_server(&employee.mailbox(id)?).await
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
