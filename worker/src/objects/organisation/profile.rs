use api::{Code, Problem, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Organisation, calls};

calls! {
    /// Makes the organisation. Only an operator's request leads here.
    Create {
        name: String,
        tenant: Option<String>,
        at: Timestamp,
    } -> (), "create";

    /// Ties the organisation to a Microsoft tenant, after a person confirmed it.
    PinTenant {
        tenant: String,
    } -> (), "pin_tenant";
}

/// What is stored of the organisation itself.
#[derive(Serialize, Deserialize)]
pub(super) struct Profile {
    pub(super) name: String,
    pub(super) tenant: Option<String>,
    created_at: Timestamp,
}

impl Organisation {
    pub(super) fn create(&self, call: &Create) -> Result<(), Problem> {
        for table in [
            "CREATE TABLE IF NOT EXISTS organisation (one INTEGER PRIMARY KEY, json TEXT NOT NULL)",
            "CREATE TABLE IF NOT EXISTS mailbox (id TEXT PRIMARY KEY, addresses TEXT NOT NULL)",
            "CREATE TABLE IF NOT EXISTS api_key (id TEXT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL, \
             mailboxes TEXT, at INTEGER NOT NULL)",
            "CREATE TABLE IF NOT EXISTS link (id TEXT PRIMARY KEY, hash TEXT NOT NULL, expires_at INTEGER NOT NULL)",
            "CREATE TABLE IF NOT EXISTS session (id TEXT PRIMARY KEY, hash TEXT NOT NULL, ends_at INTEGER NOT NULL)",
        ] {
            self.sql.run(table, Vec::new())?;
        }
        let profile = Profile { name: call.name.clone(), tenant: call.tenant.clone(), created_at: call.at };
        self.sql.set_record("organisation", &profile)
    }

    /// The profile of an organisation that exists.
    pub(super) fn profile(&self) -> Result<Profile, Problem> {
        let missing = || Problem::new(Code::NotFound, "there is no such organisation");
        if !self.sql.has_table("organisation")? {
            return Err(missing());
        }
        self.sql.record("organisation")?.ok_or_else(missing)
    }

    pub(super) fn pin_tenant(&self, call: &PinTenant) -> Result<(), Problem> {
        let mut profile = self.profile()?;
        match &profile.tenant {
            Some(tenant) if tenant.eq_ignore_ascii_case(&call.tenant) => Ok(()),
            Some(tenant) => Err(Problem::new(
                Code::WrongTenant,
                format!("the organisation belongs to the Microsoft tenant {tenant}"),
            )),
            None => {
                profile.tenant = Some(call.tenant.clone());
                self.sql.set_record("organisation", &profile)
            }
        }
    }
}
