/// Every table, and what changed since the first version. Each statement may run again.
///
/// Records are JSON, so that a field can come without a migration; what a query orders or filters by is a column.
pub(super) const TABLES: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS mailbox (one INTEGER PRIMARY KEY, json TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS authentication (one INTEGER PRIMARY KEY, json TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS attempt (id TEXT PRIMARY KEY, at INTEGER NOT NULL, json TEXT NOT NULL) WITHOUT ROWID",
    // `due_at` is set while the message is open, so that the index holds open messages only. The index of earlier
    // versions had `state` in it and was written anew with every change of state.
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
    // Chunks that no message owns yet.
    "CREATE TABLE IF NOT EXISTS staging (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID",
];
