use api::{CreatedLink, LinkId, OrganisationId, Problem};
use gateway::sealing::Mint;
use gateway::sealing::purpose::Link;

use super::Installation;
use super::auth::hash_text;
use crate::host::{now, random};
use crate::objects::organisation::AddLink;

/// A link can be opened this long, in seconds: a colleague may find the mail after a weekend.
const LINK_SECONDS: i64 = 7 * 24 * 3600;

/// Makes a one-time link into the pages of an organisation.
pub(super) async fn new_link(
    installation: &Installation,
    organisation: OrganisationId,
) -> Result<CreatedLink, Problem> {
    let config = &installation.config;
    let at = now();
    let id = LinkId::new(at, random()?);
    let minted = Mint::new(&config.ring).make::<Link>(organisation, id, random()?);
    let expires_at = at.plus_seconds(LINK_SECONDS);
    let call = AddLink { id, hash: hash_text(&minted.hash), at, expires_at };
    installation.organisation(organisation)?.call(&call).await?;
    // Behind the `#`, so that it reaches no server log and no link preview uses it up.
    Ok(CreatedLink { id, url: format!("{}/open#{}", config.public_origin, minted.text), expires_at })
}
