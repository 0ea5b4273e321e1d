//! What administrators are asked to approve. An approval replaces the one before it, so every link must name everything
//! that is in use, and everything that was ever asked for in that tenant.

use api::{MailboxId, Problem};
use microsoft::Sending;

use super::super::sql::{from_json, to_json};
use super::{Sql, calls, profile};

calls! {
    /// Notes how a mailbox sends.
    SetSending {
        mailbox: MailboxId,
        sending: Sending,
    } -> (), "set_sending";

    /// Notes which permissions an administrator was asked for, by this organisation or another one in its tenant.
    NoteAsked {
        scopes: Vec<String>,
    } -> (), "note_asked";
}

pub(super) fn set_sending(sql: &Sql, call: &SetSending) -> Result<(), Problem> {
    profile::profile(sql)?;
    sql.run(
        "CREATE TABLE IF NOT EXISTS sending (mailbox TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID",
        Vec::new(),
    )?;
    let json = to_json(&call.sending)?;
    let id = call.mailbox.to_string();
    let known = "SELECT json FROM sending WHERE mailbox = ? AND json = ?";
    if sql.row(known, vec![id.as_str().into(), json.as_str().into()])?.is_some() {
        return Ok(());
    }
    let statement = "INSERT OR REPLACE INTO sending (mailbox, json) VALUES (?, ?)";
    sql.run(statement, vec![id.into(), json.into()])
}

/// How its mailboxes send.
pub(super) fn sendings(sql: &Sql) -> Result<Vec<Sending>, Problem> {
    if !sql.has_table("sending")? {
        return Ok(Vec::new());
    }
    let rows = sql.rows("SELECT json FROM sending ORDER BY mailbox", Vec::new())?;
    rows.into_iter().map(|mut row| from_json(&row.text()?)).collect()
}

pub(super) fn note_asked(sql: &Sql, call: &NoteAsked) -> Result<(), Problem> {
    profile::profile(sql)?;
    sql.run("CREATE TABLE IF NOT EXISTS asked (one INTEGER PRIMARY KEY, json TEXT NOT NULL)", Vec::new())?;
    sql.set_record("asked", &call.scopes)
}

pub(super) fn asked(sql: &Sql) -> Result<Vec<String>, Problem> {
    if sql.has_table("asked")? { Ok(sql.record("asked")?.unwrap_or_default()) } else { Ok(Vec::new()) }
}
