use api::{Code, LinkId, Problem, SessionId, Timestamp};

use super::{Sql, calls, profile};

calls! {
    /// Keeps a new link's hash.
    AddLink {
        id: LinkId,
        hash: String,
        at: Timestamp,
        expires_at: Timestamp,
    } -> (), "add_link";

    /// Uses a link up: once, and a session begins.
    OpenLink {
        id: LinkId,
        hash: String,
        session: SessionId,
        session_hash: String,
        at: Timestamp,
        session_ends_at: Timestamp,
    } -> (), "open_link";
}

pub(super) fn add_link(sql: &Sql, call: &AddLink) -> Result<(), Problem> {
    profile::profile(sql)?;
    sql.run("DELETE FROM link WHERE expires_at <= ?", vec![call.at.millis().into()])?;
    sql.run(
        "INSERT INTO link (id, hash, expires_at) VALUES (?, ?, ?)",
        vec![call.id.to_string().into(), call.hash.as_str().into(), call.expires_at.millis().into()],
    )
}

pub(super) fn open_link(sql: &Sql, call: &OpenLink) -> Result<(), Problem> {
    profile::profile(sql)?;
    let id = || vec![call.id.to_string().into()];
    let holds = match sql.row("SELECT hash, expires_at FROM link WHERE id = ?", id())? {
        Some(mut row) => {
            let (hash, expires_at) = (row.text()?, row.integer()?);
            expires_at > call.at.millis()
                && gateway::sealing::same_secret(hash.as_bytes(), call.hash.as_bytes())
        }
        None => false,
    };
    if !holds {
        return Err(Problem::new(Code::LinkSpent, "a link opens a page once, within its time"));
    }
    sql.run("DELETE FROM link WHERE id = ?", id())?;
    sql.run("DELETE FROM session WHERE ends_at <= ?", vec![call.at.millis().into()])?;
    sql.run(
        "INSERT INTO session (id, hash, ends_at) VALUES (?, ?, ?)",
        vec![
            call.session.to_string().into(),
            call.session_hash.as_str().into(),
            call.session_ends_at.millis().into(),
        ],
    )
}
