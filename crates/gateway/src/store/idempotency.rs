use api::{MessageId, Problem, Timestamp};

use super::{Database, Value, bounded, cannot, run};

/// The idempotency keys of accepted messages, as hashes.
pub struct IdempotencyKeys<'d>(pub(super) &'d dyn Database);

/// What came with an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedMessage {
    /// The fingerprint of the request.
    pub body: String,
    /// The id of the message that it became.
    pub message: String,
    /// When.
    pub at: Timestamp,
}

impl IdempotencyKeys<'_> {
    /// The message that came with this key.
    pub fn get(&self, key: &str) -> Result<Option<KeyedMessage>, Problem> {
        let query = "SELECT body, message, at FROM idempotency WHERE key = ?";
        let Some(row) = self.0.rows(query, vec![key.into()])?.into_iter().next() else { return Ok(None) };
        let [body, message, at] =
            <[Value; 3]>::try_from(row).map_err(|_| cannot("read an idempotency key"))?;
        let at = Timestamp::from_millis(at.integer()?);
        Ok(Some(KeyedMessage { body: body.text()?, message: message.text()?, at }))
    }

    /// Remembers a key; an older message under the same key is forgotten.
    pub fn put(&self, key: &str, body: &str, message: MessageId, at: Timestamp) -> Result<(), Problem> {
        let values = vec![key.into(), body.into(), message.to_string().into(), at.into()];
        run(self.0, "INSERT OR REPLACE INTO idempotency (key, body, message, at) VALUES (?, ?, ?, ?)", values)
    }

    /// Forgets keys used before `at` whose message neither is open nor changed since then, at most so many; how many.
    pub fn forget_before(&self, at: Timestamp, limit: usize) -> Result<usize, Problem> {
        let statement = "DELETE FROM idempotency WHERE key IN (SELECT key FROM idempotency WHERE at < ? AND NOT EXISTS \
                         (SELECT 1 FROM message WHERE message.id = idempotency.message AND (due_at IS NOT NULL OR \
                         json_extract(json, '$.changed_at') >= ?)) LIMIT ?) RETURNING key";
        let values = vec![at.into(), at.to_string().into(), bounded(limit)];
        Ok(self.0.rows(statement, values)?.len())
    }
}
