use api::{Problem, Timestamp};

use super::{Database, Value, first, records, run};

/// The sealed chunks of messages, and those that no message owns yet.
pub struct ContentRows<'d>(pub(super) &'d dyn Database);

/// Sealed content that is ready to become a message's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StagedContent {
    /// One chunk, which is written together with its message.
    One(Vec<u8>),
    /// Several, written already under a key of their own. If no message takes them, the sweep deletes them.
    Several {
        /// The key.
        key: String,
        /// How many.
        chunks: u32,
    },
}

impl ContentRows<'_> {
    /// Writes one chunk.
    pub fn add(&self, key: &str, n: u32, sealed: Vec<u8>) -> Result<(), Problem> {
        let values = vec![key.into(), Value::Integer(i64::from(n)), Value::Blob(sealed)];
        run(self.0, "INSERT INTO chunk (message, n, sealed) VALUES (?, ?, ?)", values)
    }

    /// One chunk under a key, counted from 0; nothing after the last one.
    pub fn chunk(&self, key: &str, n: u32) -> Result<Option<Vec<u8>>, Problem> {
        let query = "SELECT sealed FROM chunk WHERE message = ? AND n = ?";
        let chunk = first(self.0, query, vec![key.into(), Value::Integer(i64::from(n))])?;
        chunk.map(Value::blob).transpose()
    }

    /// Deletes the chunks under a key.
    pub fn delete(&self, key: &str) -> Result<(), Problem> {
        run(self.0, "DELETE FROM chunk WHERE message = ?", vec![key.into()])
    }

    /// Notes that chunks are being written under a key that no message owns yet.
    pub fn begin_staging(&self, key: &str, at: Timestamp) -> Result<(), Problem> {
        run(self.0, "INSERT INTO staging (id, at) VALUES (?, ?)", vec![key.into(), at.into()])
    }

    /// Notes that a message owns them now, or that they are gone.
    pub fn end_staging(&self, key: &str) -> Result<(), Problem> {
        run(self.0, "DELETE FROM staging WHERE id = ?", vec![key.into()])
    }

    /// Deletes what was staged before `at` and never became a message's.
    pub fn delete_staged_before(&self, at: Timestamp) -> Result<(), Problem> {
        let rows = self.0.rows("SELECT id FROM staging WHERE at < ?", vec![at.into()])?;
        for row in rows {
            let key = row.into_iter().next().unwrap_or(Value::Null).text()?;
            self.delete(&key)?;
            self.end_staging(&key)?;
        }
        Ok(())
    }

    /// Keys of content that neither a message nor a staging owns. Always empty; tests and the simulation ask.
    pub fn orphans(&self) -> Result<Vec<String>, Problem> {
        let query = "SELECT json_quote(chunk.message) FROM chunk WHERE chunk.message NOT IN (SELECT id FROM staging) \
                     AND chunk.message NOT IN (SELECT coalesce(json_extract(json, '$.staging'), id) FROM message)";
        records(self.0, query, Vec::new())
    }
}
