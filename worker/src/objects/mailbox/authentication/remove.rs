use api::{MailboxView, Problem};
use gateway::MailboxRecord;

use crate::host::{Line, log, now};
use crate::objects::mailbox::Inner;
use crate::objects::mailbox::calls::Around;

impl Inner {
    /// *Verwijderen*: our copies are gone at once, here and (as fast as KV answers) there; the queue is held.
    pub(in crate::objects::mailbox) fn remove(
        self: &std::rc::Rc<Self>,
        around: Around,
    ) -> Result<MailboxView, Problem> {
        let config = self.config()?;
        let mut mailbox = self.store.mailbox()?;
        self.forget_authentication(&mut mailbox)?;
        mailbox.removed_at = Some(now());
        self.store.set_mailbox(&mailbox)?;
        log(&Line {
            event: "remove",
            outcome: "removed",
            object: &mailbox.id.to_string(),
            ..Line::default()
        });
        self.page(&config, around)
    }

    /// Deletes the tokens and raises the epoch, so that a renewal under way finds itself outdated and nothing comes back.
    /// The caller writes `mailbox`.
    pub(in crate::objects::mailbox) fn forget_authentication(
        self: &std::rc::Rc<Self>,
        mailbox: &mut MailboxRecord,
    ) -> Result<(), Problem> {
        mailbox.epoch += 1;
        self.store.delete_authentication()?;
        self.store.delete_attempts()?;
        *self.token.borrow_mut() = None;
        self.delete_all_from_kv()?;
        let inner = self.clone();
        self.in_background(async move { inner.work_on_kv().await });
        Ok(())
    }
}
