use api::{Code, Problem};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Database, from_json, run, to_json};
use crate::mailbox::MailboxRecord;
use crate::outbox::OutboxState;
use crate::tokens::Authentication;

/// The records that a mailbox has one of.
pub struct Records<'d>(pub(super) &'d dyn Database);

impl Records<'_> {
    /// The mailbox itself.
    pub fn mailbox(&self) -> Result<MailboxRecord, Problem> {
        self.read("mailbox")?.ok_or_else(|| Problem::new(Code::NotFound, "there is no such mailbox"))
    }

    /// The mailbox itself, if it was created.
    pub fn mailbox_if_created(&self) -> Result<Option<MailboxRecord>, Problem> {
        self.read("mailbox")
    }

    /// Writes the mailbox itself.
    pub fn set_mailbox(&self, mailbox: &MailboxRecord) -> Result<(), Problem> {
        self.write("mailbox", mailbox)
    }

    /// What the outbox keeps about its sending as a whole.
    pub fn outbox(&self) -> Result<OutboxState, Problem> {
        Ok(self.read("outbox")?.unwrap_or_default())
    }

    /// Writes that, if it changed.
    pub fn set_outbox(&self, before: &OutboxState, outbox: &OutboxState) -> Result<(), Problem> {
        if before == outbox { Ok(()) } else { self.write("outbox", outbox) }
    }

    /// The authentication, if there is one.
    pub fn authentication(&self) -> Result<Option<Authentication>, Problem> {
        self.read("authentication")
    }

    /// Writes the authentication.
    pub fn set_authentication(&self, authentication: &Authentication) -> Result<(), Problem> {
        self.write("authentication", authentication)
    }

    /// Deletes the authentication.
    pub fn delete_authentication(&self) -> Result<(), Problem> {
        run(self.0, "DELETE FROM authentication", Vec::new())
    }

    fn read<T: DeserializeOwned>(&self, table: &str) -> Result<Option<T>, Problem> {
        let found = super::first(self.0, &format!("SELECT json FROM {table} WHERE one = 1"), Vec::new())?;
        found.map(from_json).transpose()
    }

    fn write<T: Serialize>(&self, table: &str, record: &T) -> Result<(), Problem> {
        let statement = format!(
            "INSERT INTO {table} (one, json) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET json = excluded.json"
        );
        run(self.0, &statement, vec![to_json(record)?])
    }
}
