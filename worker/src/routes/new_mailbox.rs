use api::{Code, CreateMailbox, FieldError, MailboxId, MailboxSettings, OrganisationId, Problem};
use microsoft::Sending;

use super::Installation;
use crate::host::{now, random};
use crate::objects::{mailbox, organisation};

/// Lists a mailbox in its organisation, then makes it.
pub(super) async fn new_mailbox(
    installation: &Installation,
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
        let error = FieldError { pointer: "/address".to_owned(), detail };
        return Err(Problem::new(Code::FieldsRefused, "the mailbox was not made").with_errors(vec![error]));
    }
    let at = now();
    let id = MailboxId::new(at, random()?);
    let listing = organisation::AddMailbox { id, address: settings.address.clone() };
    let listed = installation.organisation(organisation)?;
    listed.call(&listing).await?;
    listed.call(&organisation::SetSending { mailbox: id, sending: Sending::from(&settings) }).await?;
    installation
        .mailbox(organisation, id)?
        .call(&mailbox::CreateMailbox { organisation, id, settings, at })
        .await?;
    Ok(id)
}
