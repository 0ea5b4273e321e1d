//! The rows of messages and of their content.

use api::{Failure, MessageId, Problem, Timestamp};
use gateway::{MessageRecord, NEVER};
use serde::Deserialize;
use worker::SqlStorageValue;

use crate::objects::mailbox::store::{At, Store};
use crate::objects::sql::{Json, from_json, to_json};

/// Messages that wait for their turn, in SQL.
const WAITING: &str = "due_at IS NOT NULL AND state IN ('queued', 'will_retry', 'scheduled')";

impl Store {
    pub(in crate::objects::mailbox) fn message(
        &self,
        id: MessageId,
    ) -> Result<Option<MessageRecord>, Problem> {
        let found: Option<Json> =
            self.sql().row("SELECT json FROM message WHERE id = ?", vec![id.to_string().into()])?;
        found.map(|row| from_json(&row.json)).transpose()
    }

    /// Writes a message, new or in another state.
    pub(super) fn set_message(&self, record: &MessageRecord) -> Result<(), Problem> {
        let due_at = record.due_at().map(Timestamp::millis);
        self.sql().run(
            "INSERT INTO message (id, state, due_at, json) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET \
             state = excluded.state, due_at = excluded.due_at, json = excluded.json",
            vec![
                record.id.to_string().into(),
                record.state.as_str().into(),
                due_at.into(),
                to_json(record)?.into(),
            ],
        )
    }

    /// Writes a message that is being sent: when it was due stays, and with it the index.
    pub(super) fn set_sending(&self, record: &MessageRecord) -> Result<(), Problem> {
        self.sql().run(
            "UPDATE message SET state = ?, json = ? WHERE id = ?",
            vec![record.state.as_str().into(), to_json(record)?.into(), record.id.to_string().into()],
        )
    }

    pub(super) fn delete_message(&self, id: MessageId) -> Result<(), Problem> {
        self.sql().run("DELETE FROM message WHERE id = ?", vec![id.to_string().into()])
    }

    /// The message whose turn it is, if one is due.
    pub(in crate::objects::mailbox) fn next_message(
        &self,
        now: Timestamp,
    ) -> Result<Option<MessageRecord>, Problem> {
        let query =
            format!("SELECT json FROM message WHERE {WAITING} AND due_at <= ? ORDER BY due_at, id LIMIT 1");
        let found: Option<Json> = self.sql().row(&query, vec![now.millis().into()])?;
        found.map(|row| from_json(&row.json)).transpose()
    }

    /// Messages that are marked as being sent.
    pub(in crate::objects::mailbox) fn sending(&self) -> Result<Vec<MessageRecord>, Problem> {
        let query = "SELECT json FROM message WHERE due_at < ? AND state = 'sending'";
        let rows: Vec<Json> = self.sql().rows(query, vec![NEVER.millis().into()])?;
        rows.iter().map(|row| from_json(&row.json)).collect()
    }

    /// When the next message is due.
    pub(in crate::objects::mailbox) fn next_due(&self) -> Result<Option<Timestamp>, Problem> {
        let query = format!("SELECT due_at AS at FROM message WHERE {WAITING} ORDER BY due_at LIMIT 1");
        let row: Option<At> = self.sql().row(&query, Vec::new())?;
        Ok(row.and_then(|row| row.at).map(Timestamp::from_millis))
    }

    /// The message that is tried again soonest.
    pub(in crate::objects::mailbox) fn next_retry(&self) -> Result<Option<MessageRecord>, Problem> {
        let query = "SELECT json FROM message WHERE due_at IS NOT NULL AND state = 'will_retry' \
                     ORDER BY due_at LIMIT 1";
        let found: Option<Json> = self.sql().row(query, Vec::new())?;
        found.map(|row| from_json(&row.json)).transpose()
    }

    /// How many messages are accepted and have not ended.
    pub(in crate::objects::mailbox) fn open_messages(&self) -> Result<u64, Problem> {
        #[derive(Deserialize)]
        struct Count {
            n: u64,
        }
        let row: Option<Count> =
            self.sql().row("SELECT count(*) AS n FROM message WHERE due_at IS NOT NULL", Vec::new())?;
        Ok(row.map_or(0, |row| row.n))
    }

    /// When a message was last handed over, as far as the log goes back.
    pub(in crate::objects::mailbox) fn handed_over_at(&self) -> Result<Option<Timestamp>, Problem> {
        let query = "SELECT json FROM message WHERE state = 'handed_over' ORDER BY id DESC LIMIT 1";
        let found: Option<Json> = self.sql().row(query, Vec::new())?;
        found.map(|row| from_json(&row.json).map(|record: MessageRecord| record.changed_at)).transpose()
    }

    /// Holds every message that is due: one statement, however many there are.
    pub(super) fn hold_due(&self, failure: &Failure, now: Timestamp) -> Result<(), Problem> {
        let statement = format!(
            "UPDATE message SET state = 'held', due_at = ?, json = json_set(json_remove(json, '$.next_attempt_at'), \
             '$.state', 'held', '$.changed_at', ?, '$.failure', json(?)) WHERE {WAITING} AND due_at <= ?"
        );
        let values = vec![
            NEVER.millis().into(),
            now.to_string().into(),
            to_json(failure)?.into(),
            now.millis().into(),
        ];
        self.sql().run(&statement, values)
    }

    /// Lets every held message go out again, but those that were cut off again and again.
    pub(in crate::objects::mailbox) fn release_held(&self, now: Timestamp) -> Result<(), Problem> {
        let statement = "UPDATE message SET state = 'queued', due_at = ?, json = json_set(json, '$.state', 'queued', \
                         '$.changed_at', ?, '$.since', ?) WHERE due_at IS NOT NULL AND state = 'held' AND \
                         coalesce(json_extract(json, '$.failure.code'), '') <> 'attempts_lost'";
        let moment = now.to_string();
        self.sql().run(statement, vec![now.millis().into(), moment.clone().into(), moment.into()])
    }

    pub(super) fn add_chunk(&self, key: &str, n: u32, sealed: Vec<u8>) -> Result<(), Problem> {
        let values = vec![key.into(), i64::from(n).into(), sealed.into()];
        self.sql().run("INSERT INTO chunk (message, n, sealed) VALUES (?, ?, ?)", values)
    }

    pub(super) fn chunks(&self, key: &str) -> Result<Vec<Vec<u8>>, Problem> {
        self.sql().blobs("SELECT sealed FROM chunk WHERE message = ? ORDER BY n", vec![key.into()])
    }

    pub(super) fn delete_chunks(&self, key: &str) -> Result<(), Problem> {
        self.sql().run("DELETE FROM chunk WHERE message = ?", vec![key.into()])
    }

    /// Notes that chunks are being written which no message has yet.
    pub(super) fn begin_staging(&self, key: &str, at: Timestamp) -> Result<(), Problem> {
        let values = vec![key.into(), at.millis().into()];
        self.sql().run("INSERT INTO staging (id, at) VALUES (?, ?)", values)
    }

    /// Notes that a message has them now.
    pub(super) fn end_staging(&self, key: &str) -> Result<(), Problem> {
        self.sql().run("DELETE FROM staging WHERE id = ?", vec![key.into()])
    }

    /// Stagings begun before that moment.
    pub(super) fn stagings_before(&self, at: Timestamp) -> Result<Vec<String>, Problem> {
        #[derive(Deserialize)]
        struct Row {
            id: String,
        }
        let values: Vec<SqlStorageValue> = vec![at.millis().into()];
        let rows: Vec<Row> = self.sql().rows("SELECT id FROM staging WHERE at < ?", values)?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }
}
