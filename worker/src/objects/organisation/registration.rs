use api::Problem;
use serde::{Deserialize, Serialize};

use super::{Call, Organisation};
use crate::registration::StoredRegistration;

/// Gives the organisation an app registration of its own, or takes it away.
#[derive(Serialize, Deserialize)]
pub(crate) struct SetRegistration {
    pub(crate) registration: Option<StoredRegistration>,
}

impl Call for SetRegistration {
    type Reply = ();
    const NAME: &'static str = "set_registration";
}

/// Asks which app registration is in use; none is the installation's.
#[derive(Serialize, Deserialize)]
pub(crate) struct AskRegistration {}

impl Call for AskRegistration {
    type Reply = Option<StoredRegistration>;
    const NAME: &'static str = "ask_registration";
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
