use api::Problem;

use super::{Organisation, calls};
use crate::registration::StoredRegistration;

calls! {
    /// Gives the organisation an app registration of its own, or takes it away.
    SetRegistration {
        registration: Option<StoredRegistration>,
    } -> (), "set_registration";

    /// Asks which app registration is in use; none is the installation's.
    AskRegistration {} -> Option<StoredRegistration>, "ask_registration";
}

const TABLE: &str = "registration";

impl Organisation {
    pub(super) fn set_registration(&self, call: &SetRegistration) -> Result<(), Problem> {
        self.profile()?;
        self.sql.run(
            "CREATE TABLE IF NOT EXISTS registration (one INTEGER PRIMARY KEY, json TEXT NOT NULL)",
            Vec::new(),
        )?;
        match &call.registration {
            Some(registration) => self.sql.set_record(TABLE, registration),
            None => self.sql.run("DELETE FROM registration", Vec::new()),
        }
    }

    pub(super) fn registration(&self) -> Result<Option<StoredRegistration>, Problem> {
        self.profile()?;
        if self.sql.has_table(TABLE)? { self.sql.record(TABLE) } else { Ok(None) }
    }
}
