//! A message found good: into the inbox, and the last `250`; or what was ordered in their place.

use std::{io, sync::Arc, time::Duration};

use tokio::time::sleep;

use crate::{
    faults::smtp::Acceptance,
    inbox::Mail,
    log,
    smtp::{reply, session::Session, wire::ended},
    state::Sandbox,
};

impl Session {
    pub(crate) async fn accept(&mut self, mail: Mail, mailbox: String, message_id: &str) -> io::Result<()> {
        let sandbox = Arc::clone(&self.server.sandbox);
        let ordered = self.acceptance();
        if ordered.is_some() {
            log::smtp(self.verb, "fault");
        }
        match ordered {
            None => arrive(&sandbox, &mailbox, mail),
            Some(Acceptance::ThenCut) => {
                arrive(&sandbox, &mailbox, mail);
                return Err(ended());
            }
            Some(Acceptance::ThenDelay { ms }) => {
                arrive(&sandbox, &mailbox, mail);
                self.wire.silence(Duration::from_millis(ms)).await?;
            }
            Some(Acceptance::Late { ms, reply }) => {
                // The connection may end long before.
                tokio::spawn(async move {
                    sleep(Duration::from_millis(ms)).await;
                    arrive(&sandbox, &mailbox, mail);
                });
                return match reply {
                    Some(lines) => self.reply(&lines).await,
                    None => Err(ended()),
                };
            }
        }
        self.say(&reply::accepted(message_id));
        Ok(())
    }
}

fn arrive(sandbox: &Sandbox, mailbox: &str, mail: Mail) {
    let now = sandbox.clock.now();
    let mut store = sandbox.store();
    store.smtp.count(mailbox, now.timestamp());
    store.inbox.receive(Mail { received_at: now, ..mail });
}
