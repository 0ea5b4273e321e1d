use api::{Code, MailboxSummary, Problem, SessionId, Timestamp};
use microsoft::Sending;
use serde::{Deserialize, Serialize};

use super::{Sql, approval, calls, mailboxes, profile, registration};
use crate::registration::StoredRegistration;

calls! {
    /// Asks whether a session still holds, and whose it is.
    UseSession {
        id: SessionId,
        hash: String,
        at: Timestamp,
    } -> SessionHolder, "use_session";

    /// Ends a session before its time.
    EndSession {
        id: SessionId,
        hash: String,
        at: Timestamp,
    } -> (), "end_session";
}

/// The organisation behind a session.
#[derive(Serialize, Deserialize)]
pub(crate) struct SessionHolder {
    pub(crate) name: String,
    pub(crate) tenant: Option<String>,
    pub(crate) mailboxes: Vec<MailboxSummary>,
    pub(crate) ends_at: Timestamp,
    /// Its own app registration, if it has one.
    pub(crate) registration: Option<StoredRegistration>,
    /// How its mailboxes send.
    pub(crate) sendings: Vec<Sending>,
    /// The permissions that administrators of its tenant were asked for so far.
    pub(crate) asked: Vec<String>,
}

pub(super) fn use_session(sql: &Sql, call: &UseSession) -> Result<SessionHolder, Problem> {
    let profile = profile::profile(sql)?;
    let id = vec![call.id.to_string().into()];
    let ended = || Problem::new(Code::SessionEnded, "the session has ended");
    let mut row = sql.row("SELECT hash, ends_at FROM session WHERE id = ?", id)?.ok_or_else(ended)?;
    let (hash, ends_at) = (row.text()?, row.integer()?);
    if ends_at <= call.at.millis() || !gateway::sealing::same_secret(hash.as_bytes(), call.hash.as_bytes()) {
        return Err(ended());
    }
    Ok(SessionHolder {
        name: profile.name,
        tenant: profile.tenant,
        mailboxes: mailboxes::list_mailboxes(sql)?,
        ends_at: Timestamp::from_millis(ends_at),
        registration: registration::registration(sql)?,
        sendings: approval::sendings(sql)?,
        asked: approval::asked(sql)?,
    })
}

pub(super) fn end_session(sql: &Sql, call: &EndSession) -> Result<(), Problem> {
    use_session(sql, &UseSession { id: call.id, hash: call.hash.clone(), at: call.at })?;
    sql.run("DELETE FROM session WHERE id = ?", vec![call.id.to_string().into()])
}
