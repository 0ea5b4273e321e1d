//! Asking an administrator, and looking whether what stood in the way is gone. Microsoft tells neither.

use std::rc::Rc;

use api::{Code, MailboxView, Problem};
use microsoft::Resource;

use crate::host::now;
use crate::objects::mailbox::Inner;
use crate::objects::mailbox::calls::{AskApproval, CheckAgain};

impl Inner {
    /// Notes that somebody asks an administrator, or no longer does. The authentication stays as it is.
    pub(in crate::objects::mailbox) fn ask_approval(
        &self,
        call: AskApproval,
    ) -> Result<MailboxView, Problem> {
        let config = self.config()?;
        let mut mailbox = self.store.mailbox()?;
        if !mailbox.settings.kind.signs_in() {
            return Err(Problem::new(Code::KindNotAvailable, "this kind needs nobody's approval"));
        }
        mailbox.approval_asked_at =
            if call.asked { mailbox.approval_asked_at.or_else(|| Some(now())) } else { None };
        self.store.set_mailbox(&mailbox)?;
        self.page(&config, call.around)
    }

    /// Renews now, if anything stands in the way; held messages go out when it works.
    pub(in crate::objects::mailbox) async fn check_again(
        self: &Rc<Self>,
        call: CheckAgain,
    ) -> Result<MailboxView, Problem> {
        let config = self.config()?;
        let mut mailbox = self.store.mailbox()?;
        if !mailbox.settings.kind.signs_in() {
            // Only a message can tell; the next one that waits is tried now.
            mailbox.server_trouble = None;
            self.store.set_mailbox(&mailbox)?;
            self.release_held()?;
            self.pump_soon();
        } else if self.store.authentication()?.is_some_and(|authentication| authentication.trouble.is_some())
        {
            let resource = Resource::of(mailbox.settings.kind).unwrap_or(Resource::Graph);
            // Its outcome stands in the authentication, which the page shows.
            let _ = self.renew(resource).await;
            self.pump_soon();
        }
        self.page(&config, call.around)
    }
}
