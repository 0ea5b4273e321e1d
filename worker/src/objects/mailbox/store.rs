use api::{AttemptId, Code, MessageId, Problem, Timestamp};
use gateway::{AttemptRecord, Authentication, MailboxRecord, OutboxRecord};
use serde::Deserialize;

use super::super::sql::{Json, Sql, from_json, to_json};

/// The mailbox's rows. Every method is one synchronous step: nothing else runs while it does.
#[derive(Clone)]
pub(super) struct Store(Sql);

const TABLES: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS mailbox (one INTEGER PRIMARY KEY, json TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS authentication (one INTEGER PRIMARY KEY, json TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS attempt (id TEXT PRIMARY KEY, at INTEGER NOT NULL, json TEXT NOT NULL) WITHOUT ROWID",
    // `due_at` is set while the message is open, so that the index holds open messages only. The index of earlier versions had
    // `state` in it and was written anew with every change of state.
    "CREATE TABLE IF NOT EXISTS message (id TEXT PRIMARY KEY, state TEXT NOT NULL, due_at INTEGER, json TEXT NOT NULL) \
     WITHOUT ROWID",
    "DROP INDEX IF EXISTS open_message",
    "CREATE INDEX IF NOT EXISTS open_by_due ON message (due_at) WHERE due_at IS NOT NULL",
    "CREATE TABLE IF NOT EXISTS chunk (message TEXT NOT NULL, n INTEGER NOT NULL, sealed BLOB NOT NULL, \
     PRIMARY KEY (message, n)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS kv (key TEXT PRIMARY KEY, work TEXT NOT NULL, value TEXT, at INTEGER NOT NULL, \
     due_at INTEGER NOT NULL, sealed_by TEXT NOT NULL, good_until INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS idempotency (key TEXT PRIMARY KEY, body TEXT NOT NULL, message TEXT NOT NULL, \
     at INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS outbox (one INTEGER PRIMARY KEY, json TEXT NOT NULL)",
    // Chunks that no message has yet: they are of nobody if whoever wrote them is gone.
    "CREATE TABLE IF NOT EXISTS staging (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID",
];

impl Store {
    pub(super) fn new(storage: &worker::Storage) -> Self {
        Self(Sql::new(storage))
    }

    pub(super) fn sql(&self) -> &Sql {
        &self.0
    }

    /// Gives a mailbox of an earlier version the tables that came since.
    pub(super) fn bring_up_to_date(&self) -> Result<(), Problem> {
        if !self.0.has_table("mailbox")? {
            return Ok(());
        }
        TABLES.iter().try_for_each(|table| self.0.run(table, Vec::new()))
    }

    pub(super) fn create(&self, record: &MailboxRecord) -> Result<(), Problem> {
        TABLES.iter().try_for_each(|table| self.0.run(table, Vec::new()))?;
        match self.0.record::<MailboxRecord>("mailbox")? {
            Some(_) => Ok(()), // a repeated call changes nothing
            None => self.set_mailbox(record),
        }
    }

    /// The record of a mailbox that exists.
    pub(super) fn mailbox(&self) -> Result<MailboxRecord, Problem> {
        let missing = || Problem::new(Code::NotFound, "there is no such mailbox");
        if !self.0.has_table("mailbox")? {
            return Err(missing());
        }
        self.0.record("mailbox")?.ok_or_else(missing)
    }

    pub(super) fn set_mailbox(&self, record: &MailboxRecord) -> Result<(), Problem> {
        self.0.set_record("mailbox", record)
    }

    pub(super) fn outbox(&self) -> Result<OutboxRecord, Problem> {
        Ok(self.0.record("outbox")?.unwrap_or_default())
    }

    pub(super) fn set_outbox(&self, record: &OutboxRecord) -> Result<(), Problem> {
        self.0.set_record("outbox", record)
    }

    pub(super) fn authentication(&self) -> Result<Option<Authentication>, Problem> {
        self.0.record("authentication")
    }

    pub(super) fn set_authentication(&self, authentication: &Authentication) -> Result<(), Problem> {
        self.0.set_record("authentication", authentication)
    }

    pub(super) fn delete_authentication(&self) -> Result<(), Problem> {
        self.0.run("DELETE FROM authentication", Vec::new())
    }

    pub(super) fn attempt(&self, id: AttemptId) -> Result<Option<AttemptRecord>, Problem> {
        let found: Option<Json> =
            self.0.row("SELECT json FROM attempt WHERE id = ?", vec![id.to_string().into()])?;
        found.map(|row| from_json(&row.json)).transpose()
    }

    pub(super) fn latest_attempt(&self) -> Result<Option<AttemptRecord>, Problem> {
        let found: Option<Json> =
            self.0.row("SELECT json FROM attempt ORDER BY at DESC LIMIT 1", Vec::new())?;
        found.map(|row| from_json(&row.json)).transpose()
    }

    pub(super) fn set_attempt(&self, record: &AttemptRecord) -> Result<(), Problem> {
        self.0.run(
            "INSERT OR REPLACE INTO attempt (id, at, json) VALUES (?, ?, ?)",
            vec![
                record.attempt.id.to_string().into(),
                record.attempt.begun_at.millis().into(),
                to_json(record)?.into(),
            ],
        )
    }

    pub(super) fn delete_attempts(&self) -> Result<(), Problem> {
        self.0.run("DELETE FROM attempt", Vec::new())
    }

    pub(super) fn delete_attempts_before(&self, at: Timestamp) -> Result<(), Problem> {
        self.0.run("DELETE FROM attempt WHERE at < ?", vec![at.millis().into()])
    }

    /// Which message came with this idempotency key, and what it was.
    pub(super) fn idempotency(&self, key: &str) -> Result<Option<Keyed>, Problem> {
        self.0.row("SELECT body, message, at FROM idempotency WHERE key = ?", vec![key.into()])
    }

    pub(super) fn keep_idempotency(
        &self,
        key: &str,
        body: &str,
        message: MessageId,
        at: Timestamp,
    ) -> Result<(), Problem> {
        let values = vec![key.into(), body.into(), message.to_string().into(), at.millis().into()];
        self.0.run("INSERT OR REPLACE INTO idempotency (key, body, message, at) VALUES (?, ?, ?, ?)", values)
    }

    pub(super) fn forget_idempotency_before(&self, at: Timestamp) -> Result<(), Problem> {
        self.0.run("DELETE FROM idempotency WHERE at < ?", vec![at.millis().into()])
    }
}

/// What came with an idempotency key.
#[derive(Deserialize)]
pub(super) struct Keyed {
    /// The fingerprint of the request.
    pub(super) body: String,
    pub(super) message: String,
    pub(super) at: i64,
}

#[derive(Deserialize)]
pub(super) struct At {
    pub(super) at: Option<i64>,
}
