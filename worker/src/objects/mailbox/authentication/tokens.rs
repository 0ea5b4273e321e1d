use std::rc::Rc;

use api::Code;
use gateway::access_token_usable;
use microsoft::{AccessToken, Refusal, Resource};

use super::refresh::{Usable, not_signed_in, own_fault};
use crate::host::{Vault, now};
use crate::objects::mailbox::Inner;

/// A renewal for another resource, or one that was outdated by a new sign-in, leads to another try; more would be a loop.
const TRIES: usize = 3;

impl Inner {
    /// A token to begin a send with. `refused` is the number of one that Microsoft did not take.
    pub(in crate::objects::mailbox) async fn access_token(
        self: &Rc<Self>,
        resource: Resource,
        refused: Option<u64>,
    ) -> Result<Usable, Refusal> {
        for _ in 0..TRIES {
            if let Some(usable) = self.stored_access_token(resource, refused).await? {
                return Ok(usable);
            }
            self.renew(resource).await?;
        }
        Err(Refusal::new(Code::Busy, "the mailbox was signed in anew again and again"))
    }

    async fn stored_access_token(
        &self,
        resource: Resource,
        refused: Option<u64>,
    ) -> Result<Option<Usable>, Refusal> {
        let authentication = self.store.authentication().map_err(own_fault)?.ok_or_else(not_signed_in)?;
        // Asking with tokens that are at their end would be a loop, which Entra answers with a refusal of its own.
        if let Some(trouble) = authentication.trouble.as_ref().filter(|trouble| trouble.ends_the_tokens()) {
            return Err(Refusal::new(trouble.code, trouble.detail.clone()));
        }
        let Some(access) = authentication.access_to(resource).filter(|access| {
            access_token_usable(access.issued_at, access.valid_until, now())
                && Some(access.token.number) != refused
        }) else {
            return Ok(None);
        };
        let number = access.token.number;
        if let Some((_, token)) = self.token.borrow().as_ref().filter(|(opened, _)| *opened == number) {
            return Ok(Some((number, token.clone())));
        }
        let config = self.config().map_err(own_fault)?;
        let record = self.store.mailbox().map_err(own_fault)?.sealed_as("access_token", number);
        let opened = Vault(&config.ring).open_text(&record, &access.token.sealed).await.map_err(own_fault)?;
        let token = AccessToken::new(opened);
        *self.token.borrow_mut() = Some((number, token.clone()));
        Ok(Some((number, token)))
    }
}
