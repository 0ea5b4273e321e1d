use api::{LIST_MESSAGES_MAX, MessageId, MessageView, Problem};
use gateway::MessageRecord;
use worker::SqlStorageValue;

use crate::objects::mailbox::Inner;
use crate::objects::mailbox::calls::ListMessages;
use crate::objects::sql::{Json, from_json};

/// An id is made before its message is stored, by another machine's clock: never so far apart, in milliseconds.
const APART_MS: i64 = 3_600_000;

impl Inner {
    /// Messages that fit, newest first: ids sort by when they were made.
    pub(in crate::objects::mailbox) fn list(&self, call: &ListMessages) -> Result<Vec<MessageView>, Problem> {
        self.store.mailbox()?;
        let mut query = "SELECT json FROM message WHERE 1".to_owned();
        let mut values: Vec<SqlStorageValue> = Vec::new();
        if !call.states.is_empty() {
            let marks = vec!["?"; call.states.len()].join(", ");
            query = format!("{query} AND state IN ({marks})");
            values.extend(call.states.iter().map(|state| SqlStorageValue::from(state.as_str())));
        }
        let (since, until) = (call.since, call.until);
        for (condition, value) in [
            (" AND id < ?", call.before.map(|id| id.to_string())),
            // Only the rows around those moments are looked at.
            (" AND id >= ?", since.map(|at| MessageId::first_of(at.plus_millis(-APART_MS)))),
            (" AND id < ?", until.map(|at| MessageId::first_of(at.plus_millis(APART_MS)))),
            (" AND json_extract(json, '$.accepted_at') >= ?", since.map(|at| at.to_string())),
            (" AND json_extract(json, '$.accepted_at') < ?", until.map(|at| at.to_string())),
            (" AND json_extract(json, '$.reference') = ?", call.reference.clone()),
        ] {
            if let Some(value) = value {
                query += condition;
                values.push(value.into());
            }
        }
        query += " ORDER BY id DESC LIMIT ?";
        let limit = call.limit.clamp(1, LIST_MESSAGES_MAX + 1);
        values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
        let rows: Vec<Json> = self.store.sql().rows(&query, values)?;
        rows.iter().map(|row| Ok(from_json::<MessageRecord>(&row.json)?.line())).collect()
    }
}
