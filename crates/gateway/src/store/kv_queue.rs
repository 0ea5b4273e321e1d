use api::{Problem, Timestamp};

use super::{Database, Value, cannot, integer, run};

/// Puts go first: an older copy stays until the newer one is there.
const DOABLE: &str =
    "(work = 'put' OR (work = 'delete' AND NOT EXISTS (SELECT 1 FROM kv WHERE work = 'put')))";

/// The work that KV still has to do: `put`, then `stored`, then `delete`, then gone.
pub struct KvQueue<'d>(pub(super) &'d dyn Database);

/// What KV is to do with one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KvOperation {
    /// Write this value, to expire at that Unix time in seconds.
    Put {
        /// The value.
        value: String,
        /// When it expires, in Unix seconds.
        expires_at: i64,
    },
    /// Delete.
    Delete,
}

/// One operation that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KvTask {
    /// The key in KV; never used for two values.
    pub key: String,
    /// What to do.
    pub operation: KvOperation,
    /// When the key was made.
    pub at: Timestamp,
}

/// The newest copy in KV, or on its way there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastPut {
    /// When it was made.
    pub at: Timestamp,
    /// Which sealing key it is sealed with.
    pub sealed_by: String,
}

impl KvQueue<'_> {
    /// The newest copy.
    pub fn last_put(&self) -> Result<Option<LastPut>, Problem> {
        let query = "SELECT at, sealed_by FROM kv WHERE work IN ('put', 'stored') ORDER BY at DESC LIMIT 1";
        let Some(row) = self.0.rows(query, Vec::new())?.into_iter().next() else { return Ok(None) };
        let [at, sealed_by] = <[Value; 2]>::try_from(row).map_err(|_| cannot("read the KV queue"))?;
        let at = Timestamp::from_millis(at.integer()?);
        Ok(Some(LastPut { at, sealed_by: sealed_by.text()? }))
    }

    /// Queues a put; every older copy is deleted after it.
    pub fn replace(&self, task: &KvTask, sealed_by: &str) -> Result<(), Problem> {
        let KvOperation::Put { value, expires_at } = &task.operation else { return Ok(()) };
        run(
            self.0,
            "UPDATE kv SET work = 'delete', value = NULL, due_at = 0 WHERE work <> 'delete'",
            Vec::new(),
        )?;
        run(
            self.0,
            "INSERT INTO kv (key, work, value, at, due_at, sealed_by, good_until) VALUES (?, 'put', ?, ?, 0, ?, ?)",
            vec![
                task.key.as_str().into(),
                value.as_str().into(),
                task.at.into(),
                sealed_by.into(),
                (*expires_at).into(),
            ],
        )
    }

    /// Queues a delete of everything that is there, or on its way.
    pub fn delete_all(&self) -> Result<(), Problem> {
        run(self.0, "UPDATE kv SET work = 'delete', value = NULL, due_at = 0", Vec::new())
    }

    /// When the next operation is due.
    pub fn next_due_at(&self) -> Result<Option<Timestamp>, Problem> {
        let query = format!("SELECT min(due_at) FROM kv WHERE {DOABLE}");
        Ok(integer(self.0, &query, Vec::new())?.map(Timestamp::from_millis))
    }

    /// The next operation, if one is due.
    pub fn next(&self, now: Timestamp) -> Result<Option<KvTask>, Problem> {
        let query =
            format!("SELECT key, work, value, at, good_until FROM kv WHERE {DOABLE} AND due_at <= ? LIMIT 1");
        let Some(row) = self.0.rows(&query, vec![now.into()])?.into_iter().next() else { return Ok(None) };
        let [key, work, value, at, expires_at] =
            <[Value; 5]>::try_from(row).map_err(|_| cannot("read the KV queue"))?;
        let operation = match (work.text()?.as_str(), value) {
            ("put", Value::Text(value)) => KvOperation::Put { value, expires_at: expires_at.integer()? },
            _ => KvOperation::Delete,
        };
        Ok(Some(KvTask { key: key.text()?, operation, at: Timestamp::from_millis(at.integer()?) }))
    }

    /// Notes that an operation succeeded. If the key has been given other work meanwhile, that work stays.
    pub fn done(&self, task: &KvTask) -> Result<(), Problem> {
        let statement = match task.operation {
            KvOperation::Put { .. } => {
                "UPDATE kv SET work = 'stored', value = NULL WHERE key = ? AND work = 'put'"
            }
            KvOperation::Delete => "DELETE FROM kv WHERE key = ? AND work = 'delete'",
        };
        run(self.0, statement, vec![task.key.as_str().into()])
    }

    /// Tries an operation again at `at`.
    pub fn postpone(&self, task: &KvTask, at: Timestamp) -> Result<(), Problem> {
        run(self.0, "UPDATE kv SET due_at = ? WHERE key = ?", vec![at.into(), task.key.as_str().into()])
    }
}
