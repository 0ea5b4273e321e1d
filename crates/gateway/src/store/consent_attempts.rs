use api::{AttemptId, Problem, Timestamp};

use super::{Database, first, from_json, records, run, to_json};
use crate::sign_in::ConsentRecord;

/// The consent attempts that are remembered.
pub struct ConsentAttempts<'d>(pub(super) &'d dyn Database);

impl ConsentAttempts<'_> {
    /// The attempt with that id.
    pub fn get(&self, id: AttemptId) -> Result<Option<ConsentRecord>, Problem> {
        let found = first(self.0, "SELECT json FROM attempt WHERE id = ?", vec![id.to_string().into()])?;
        found.map(from_json).transpose()
    }

    /// The attempt that was begun last.
    pub fn latest(&self) -> Result<Option<ConsentRecord>, Problem> {
        let query = "SELECT json FROM attempt ORDER BY at DESC LIMIT 1";
        first(self.0, query, Vec::new())?.map(from_json).transpose()
    }

    /// Attempts that hold tokens until a person confirms.
    pub fn unconfirmed(&self) -> Result<Vec<ConsentRecord>, Problem> {
        let query = "SELECT json FROM attempt WHERE json_extract(json, '$.progress.Confirm') IS NOT NULL";
        records(self.0, query, Vec::new())
    }

    /// Writes an attempt.
    pub fn put(&self, record: &ConsentRecord) -> Result<(), Problem> {
        run(
            self.0,
            "INSERT OR REPLACE INTO attempt (id, at, json) VALUES (?, ?, ?)",
            vec![record.attempt.id.to_string().into(), record.attempt.begun_at.into(), to_json(record)?],
        )
    }

    /// Forgets every attempt.
    pub fn delete_all(&self) -> Result<(), Problem> {
        run(self.0, "DELETE FROM attempt", Vec::new())
    }

    /// Forgets attempts begun before `at`.
    pub fn delete_before(&self, at: Timestamp) -> Result<(), Problem> {
        run(self.0, "DELETE FROM attempt WHERE at < ?", vec![at.into()])
    }
}
