use api::Problem;

use super::{Sql, calls, profile};
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

pub(super) fn set_registration(sql: &Sql, call: &SetRegistration) -> Result<(), Problem> {
    profile::profile(sql)?;
    sql.run(
        "CREATE TABLE IF NOT EXISTS registration (one INTEGER PRIMARY KEY, json TEXT NOT NULL)",
        Vec::new(),
    )?;
    match &call.registration {
        Some(registration) => sql.set_record(TABLE, registration),
        None => sql.run("DELETE FROM registration", Vec::new()),
    }
}

pub(super) fn registration(sql: &Sql) -> Result<Option<StoredRegistration>, Problem> {
    profile::profile(sql)?;
    if sql.has_table(TABLE)? { sql.record(TABLE) } else { Ok(None) }
}
