use api::{Code, LinkId, Problem, SessionId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Call, Organisation};

/// Keeps a new link's hash.
#[derive(Serialize, Deserialize)]
pub(crate) struct AddLink {
    pub(crate) id: LinkId,
    pub(crate) hash: String,
    pub(crate) at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

impl Call for AddLink {
    type Reply = ();
    const NAME: &'static str = "add_link";
}

/// Uses a link up: once, and a session begins.
#[derive(Serialize, Deserialize)]
pub(crate) struct OpenLink {
    pub(crate) id: LinkId,
    pub(crate) hash: String,
    pub(crate) session: SessionId,
    pub(crate) session_hash: String,
    pub(crate) at: Timestamp,
    pub(crate) session_ends_at: Timestamp,
}

impl Call for OpenLink {
    type Reply = ();
    const NAME: &'static str = "open_link";
}

impl Organisation {
    pub(super) fn add_link(&self, call: &AddLink) -> Result<(), Problem> {
        self.profile()?;
        self.sql.run("DELETE FROM link WHERE expires_at <= ?", vec![call.at.millis().into()])?;
        self.sql.run(
            "INSERT INTO link (id, hash, expires_at) VALUES (?, ?, ?)",
            vec![call.id.to_string().into(), call.hash.as_str().into(), call.expires_at.millis().into()],
        )
    }

    pub(super) fn open_link(&self, call: &OpenLink) -> Result<(), Problem> {
        #[derive(Deserialize)]
        struct Row {
            hash: String,
            expires_at: i64,
        }
        self.profile()?;
        let id = || vec![call.id.to_string().into()];
        let row: Option<Row> = self.sql.row("SELECT hash, expires_at FROM link WHERE id = ?", id())?;
        let holds = row.is_some_and(|row| {
            row.expires_at > call.at.millis()
                && gateway::same_secret(row.hash.as_bytes(), call.hash.as_bytes())
        });
        if !holds {
            return Err(Problem::new(Code::LinkSpent, "a link opens a page once, within its time"));
        }
        self.sql.run("DELETE FROM link WHERE id = ?", id())?;
        self.sql.run("DELETE FROM session WHERE ends_at <= ?", vec![call.at.millis().into()])?;
        self.sql.run(
            "INSERT INTO session (id, hash, ends_at) VALUES (?, ?, ?)",
            vec![
                call.session.to_string().into(),
                call.session_hash.as_str().into(),
                call.session_ends_at.millis().into(),
            ],
        )
    }
}
