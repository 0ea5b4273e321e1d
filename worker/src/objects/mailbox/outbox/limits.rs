use api::{MailboxLimits, Problem};
use gateway::message_bytes_effective;

use crate::host::now;
use crate::objects::mailbox::Inner;

impl Inner {
    /// How much the mailbox can take.
    pub(in crate::objects::mailbox) fn limits(&self) -> Result<MailboxLimits, Problem> {
        let (config, mailbox) = (self.config()?, self.store.mailbox()?);
        Ok(MailboxLimits {
            id: mailbox.id,
            message_bytes_max: message_bytes_effective(&mailbox.settings),
            kind: mailbox.settings.kind,
            address: mailbox.settings.address,
            waiting: self.store.open_messages()?,
            recipients_left: self.store.outbox()?.pacing.recipients_left(config.limits, now()),
        })
    }
}
