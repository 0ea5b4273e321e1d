use api::{
    Code, CreateKey, CreateLink, CreateMailbox, CreateOrganisation, CreatedKey, CreatedLink, CreatedMailbox,
    CreatedOrganisation, FieldError, KeyId, OrganisationId, Problem,
};
use gateway::sealing::Mint;
use gateway::sealing::purpose::ApiKey;

use crate::host::{now, random};
use crate::objects::directory::Enlist;
use crate::objects::organisation::{AddKey, Create};
use crate::routes::answer::{Answer, Created};
use crate::routes::auth::{Operator, hash_text};
use crate::routes::body::SmallJson;
use crate::routes::new_link::new_link;
use crate::routes::new_mailbox::new_mailbox;
use crate::routes::path::Id;

/// Names of organisations and keys fit in one line.
const NAME_CHARS_MAX: usize = 100;

/// `POST /operator/organisations`: the call that an organisation's rows begin with.
#[worker::send]
pub(super) async fn create(
    Operator { installation }: Operator,
    SmallJson(wanted): SmallJson<CreateOrganisation>,
) -> Answer<Created<CreatedOrganisation>> {
    check_name(&wanted.name)?;
    let at = now();
    let id = OrganisationId::new(at, random()?);
    let create = Create { name: wanted.name.clone(), tenant: wanted.tenant, at };
    installation.organisation(id)?.call(&create).await?;
    installation.directory()?.call(&Enlist { id, name: wanted.name, at }).await?;
    let mut mailboxes = Vec::new();
    for mailbox in wanted.mailboxes {
        mailboxes.push(new_mailbox(&installation, id, mailbox).await?);
    }
    Ok(Created(CreatedOrganisation { id, mailboxes }))
}

/// `POST /operator/organisations/{organisation}/mailboxes`
#[worker::send]
pub(super) async fn create_mailbox(
    Operator { installation }: Operator,
    Id(organisation): Id<OrganisationId>,
    SmallJson(wanted): SmallJson<CreateMailbox>,
) -> Answer<Created<CreatedMailbox>> {
    let id = new_mailbox(&installation, organisation, wanted).await?;
    Ok(Created(CreatedMailbox { id }))
}

/// `POST /operator/organisations/{organisation}/keys`
#[worker::send]
pub(super) async fn create_key(
    Operator { installation }: Operator,
    Id(organisation): Id<OrganisationId>,
    SmallJson(wanted): SmallJson<CreateKey>,
) -> Answer<Created<CreatedKey>> {
    check_name(&wanted.name)?;
    let at = now();
    let id = KeyId::new(at, random()?);
    let minted = Mint::new(&installation.config.ring).make::<ApiKey>(organisation, id, random()?);
    let hash = hash_text(&minted.hash);
    let call = AddKey { id, hash, name: wanted.name, mailboxes: wanted.mailboxes, at };
    installation.organisation(organisation)?.call(&call).await?;
    Ok(Created(CreatedKey { id, key: minted.text }))
}

/// `POST /operator/organisations/{organisation}/links`
#[worker::send]
pub(super) async fn create_link(
    Operator { installation }: Operator,
    Id(organisation): Id<OrganisationId>,
    SmallJson(CreateLink {}): SmallJson<CreateLink>,
) -> Answer<Created<CreatedLink>> {
    Ok(Created(new_link(&installation, organisation).await?))
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
