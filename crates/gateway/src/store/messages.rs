use api::{Code, LIST_MESSAGES_MAX, MessageId, MessageState, Problem, Timestamp};

use super::{Database, Value, bounded, cannot, first, from_json, integer, records, run, to_json};
use crate::outbox::{Message, NEVER, Unseen};

/// An id is made before its message is stored, by another machine's clock: never so far apart, in milliseconds.
const CLOCKS_APART_MS: i64 = 3_600_000;

/// Messages that wait for a moment, in SQL.
const WAITING: &str = "due_at IS NOT NULL AND state IN ('queued', 'will_retry', 'scheduled')";

/// The messages of the outbox, open and ended.
pub struct Messages<'d>(pub(super) &'d dyn Database);

/// Which messages a list is about; the newest come first.
#[derive(Clone, Debug, Default)]
pub struct MessageQuery {
    /// Only these states; all when empty.
    pub states: Vec<MessageState>,
    /// Only those with this reference.
    pub reference: Option<String>,
    /// Only those accepted at or after.
    pub since: Option<Timestamp>,
    /// Only those accepted before.
    pub until: Option<Timestamp>,
    /// Only those whose id sorts before this one.
    pub before: Option<MessageId>,
    /// At most so many.
    pub limit: usize,
}

/// Messages that wait for a person, for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldRows {
    /// The reason.
    pub code: Code,
    /// How many.
    pub count: u64,
    /// Since when the first of them waits.
    pub since: Timestamp,
}

impl Messages<'_> {
    /// The message with that id.
    pub fn get(&self, id: MessageId) -> Result<Option<Message>, Problem> {
        let found = first(self.0, "SELECT json FROM message WHERE id = ?", vec![id.to_string().into()])?;
        found.map(from_json).transpose()
    }

    /// Writes a message, new or changed.
    pub fn put(&self, message: &Message) -> Result<(), Problem> {
        run(
            self.0,
            "INSERT INTO message (id, state, due_at, json) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET \
             state = excluded.state, due_at = excluded.due_at, json = excluded.json",
            vec![
                message.id().to_string().into(),
                message.state().as_str().into(),
                message.due_at().into(),
                to_json(message)?,
            ],
        )
    }

    /// Writes a message that is being sent: its `due_at` stays, and with it the index.
    pub fn put_sending(&self, message: &Message) -> Result<(), Problem> {
        run(
            self.0,
            "UPDATE message SET state = ?, json = ? WHERE id = ?",
            vec![message.state().as_str().into(), to_json(message)?, message.id().to_string().into()],
        )
    }

    /// Deletes a message; its content is deleted by the caller.
    pub fn delete(&self, id: MessageId) -> Result<(), Problem> {
        run(self.0, "DELETE FROM message WHERE id = ?", vec![id.to_string().into()])
    }

    /// The message whose turn it is, if one is due.
    pub fn next_due(&self, now: Timestamp) -> Result<Option<Message>, Problem> {
        let query =
            format!("SELECT json FROM message WHERE {WAITING} AND due_at <= ? ORDER BY due_at, id LIMIT 1");
        first(self.0, &query, vec![now.into()])?.map(from_json).transpose()
    }

    /// Messages that are due, the longest first.
    pub fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Message>, Problem> {
        let query =
            format!("SELECT json FROM message WHERE {WAITING} AND due_at <= ? ORDER BY due_at, id LIMIT ?");
        records(self.0, &query, vec![now.into(), bounded(limit)])
    }

    /// When the next message is due.
    pub fn next_due_at(&self) -> Result<Option<Timestamp>, Problem> {
        let query = format!("SELECT due_at FROM message WHERE {WAITING} ORDER BY due_at LIMIT 1");
        Ok(integer(self.0, &query, Vec::new())?.map(Timestamp::from_millis))
    }

    /// The message that is tried again soonest.
    pub fn next_retry(&self) -> Result<Option<Message>, Problem> {
        let query = "SELECT json FROM message WHERE due_at IS NOT NULL AND state = 'will_retry' \
                     ORDER BY due_at LIMIT 1";
        first(self.0, query, Vec::new())?.map(from_json).transpose()
    }

    /// Messages that are marked as being sent.
    pub fn sending(&self) -> Result<Vec<Message>, Problem> {
        let query = "SELECT json FROM message WHERE due_at < ? AND state = 'sending'";
        records(self.0, query, vec![NEVER.into()])
    }

    /// Messages that began to wait for a person at or before `at`, oldest first; those that were cut off three times only
    /// when asked for.
    pub fn held_before(
        &self,
        at: Timestamp,
        with_cut_off: bool,
        limit: usize,
    ) -> Result<Vec<Message>, Problem> {
        let only = if with_cut_off {
            ""
        } else {
            "AND coalesce(json_extract(json, '$.failure.code'), '') <> 'attempts_lost' "
        };
        let query = format!(
            "SELECT json FROM message WHERE due_at = ? AND state = 'held' {only}AND \
             json_extract(json, '$.changed_at') <= ? ORDER BY id LIMIT ?"
        );
        records(self.0, &query, vec![NEVER.into(), at.to_string().into(), bounded(limit)])
    }

    /// The messages that have waited for a person since before `at`, oldest first.
    pub fn held_since_before(&self, at: Timestamp, limit: usize) -> Result<Vec<Message>, Problem> {
        // Records of 0.1.0 have no `held_since`; there `changed_at` says it.
        let query = "SELECT json FROM message WHERE due_at = ? AND state = 'held' AND \
                     coalesce(json_extract(json, '$.held_since'), json_extract(json, '$.changed_at')) <= ? \
                     ORDER BY id LIMIT ?";
        records(self.0, query, vec![NEVER.into(), at.to_string().into(), bounded(limit)])
    }

    /// How many messages wait for a person, by reason, most first.
    pub fn held_by_reason(&self) -> Result<Vec<HeldRows>, Problem> {
        let query = "SELECT coalesce(json_extract(json, '$.failure.code'), 'internal') AS code, count(*) AS n, \
                     min(coalesce(json_extract(json, '$.held_since'), json_extract(json, '$.changed_at'))) AS since \
                     FROM message WHERE due_at = ? AND state = 'held' GROUP BY 1 ORDER BY 2 DESC, 1";
        let rows = self.0.rows(query, vec![NEVER.into()])?;
        let read = |row: Vec<Value>| {
            let [code, count, since] = <[Value; 3]>::try_from(row).map_err(|_| cannot("count held mail"))?;
            Ok(HeldRows {
                code: code.text()?.into(),
                count: u64::try_from(count.integer()?).unwrap_or_default(),
                since: since.text()?.parse().unwrap_or_default(),
            })
        };
        rows.into_iter().map(read).collect()
    }

    /// What ended otherwise than handed over after that moment.
    pub fn unseen_after(&self, at: Timestamp) -> Result<Unseen, Problem> {
        let query = "SELECT state = 'unknown', count(*), min(json_extract(json, '$.changed_at')) FROM message \
                     WHERE due_at IS NULL AND state IN ('refused', 'expired', 'unknown') AND \
                     json_extract(json, '$.changed_at') > ? GROUP BY 1";
        let mut unseen = Unseen::default();
        for row in self.0.rows(query, vec![at.to_string().into()])? {
            let [unknown, count, since] =
                <[Value; 3]>::try_from(row).map_err(|_| cannot("count messages"))?;
            let count = u64::try_from(count.integer()?).unwrap_or_default();
            if unknown.integer()? == 1 {
                unseen.unknown = count;
            } else {
                unseen.refused = count;
            }
            let since: Option<Timestamp> = since.text()?.parse().ok();
            unseen.since = [unseen.since, since].into_iter().flatten().min();
        }
        Ok(unseen)
    }

    /// How many messages are accepted and have not ended.
    pub fn count_open(&self) -> Result<u64, Problem> {
        let query = "SELECT count(*) FROM message WHERE due_at IS NOT NULL";
        Ok(integer(self.0, query, Vec::new())?
            .and_then(|count| u64::try_from(count).ok())
            .unwrap_or_default())
    }

    /// Whether there is any message at all.
    pub fn any(&self) -> Result<bool, Problem> {
        Ok(first(self.0, "SELECT 1 FROM message LIMIT 1", Vec::new())?.is_some())
    }

    /// When a message was last handed over, as far as the log goes back.
    pub fn handed_over_at(&self) -> Result<Option<Timestamp>, Problem> {
        let query = "SELECT json FROM message WHERE state = 'handed_over' ORDER BY id DESC LIMIT 1";
        let found: Option<Message> = first(self.0, query, Vec::new())?.map(from_json).transpose()?;
        Ok(found.map(|message| message.changed_at()))
    }

    /// Messages that fit, newest first: ids sort by when they were made.
    pub fn list(&self, query: &MessageQuery) -> Result<Vec<Message>, Problem> {
        let mut statement = "SELECT json FROM message WHERE 1".to_owned();
        let mut values: Vec<Value> = Vec::new();
        if !query.states.is_empty() {
            let marks = vec!["?"; query.states.len()].join(", ");
            statement = format!("{statement} AND state IN ({marks})");
            values.extend(query.states.iter().map(|state| Value::from(state.as_str())));
        }
        let (since, until) = (query.since, query.until);
        for (condition, value) in [
            (" AND id < ?", query.before.map(|id| id.to_string())),
            // Only the rows around those moments are looked at.
            (" AND id >= ?", since.map(|at| MessageId::first_of(at.plus_millis(-CLOCKS_APART_MS)))),
            (" AND id < ?", until.map(|at| MessageId::first_of(at.plus_millis(CLOCKS_APART_MS)))),
            (" AND json_extract(json, '$.accepted_at') >= ?", since.map(|at| at.to_string())),
            (" AND json_extract(json, '$.accepted_at') < ?", until.map(|at| at.to_string())),
            (" AND json_extract(json, '$.reference') = ?", query.reference.clone()),
        ] {
            if let Some(value) = value {
                statement += condition;
                values.push(value.into());
            }
        }
        statement += " ORDER BY id DESC LIMIT ?";
        values.push(bounded(query.limit.clamp(1, LIST_MESSAGES_MAX + 1)));
        records(self.0, &statement, values)
    }

    /// Messages handed over to everybody before that moment whose content is still kept.
    pub fn with_old_content(&self, before: Timestamp, limit: usize) -> Result<Vec<Message>, Problem> {
        let query = "SELECT json FROM message WHERE state = 'handed_over' AND json_extract(json, '$.content_kept') = 1 \
                     AND json_extract(json, '$.failure') IS NULL AND json_extract(json, '$.changed_at') < ? LIMIT ?";
        records(self.0, query, vec![before.to_string().into(), bounded(limit)])
    }

    /// Messages that were accepted and have ended before that moment.
    pub fn ended_before(&self, before: Timestamp, limit: usize) -> Result<Vec<Message>, Problem> {
        let query = "SELECT json FROM message WHERE id < ? AND due_at IS NULL AND \
                     json_extract(json, '$.changed_at') < ? LIMIT ?";
        let (first, before) = (MessageId::first_of(before), before.to_string());
        records(self.0, query, vec![first.into(), before.into(), bounded(limit)])
    }
}
