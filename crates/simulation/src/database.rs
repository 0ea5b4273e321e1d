//! The `SQLite` of a Durable Object: in memory, and refusing what the platform refuses.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use api::{Code, MessageId, Problem, Timestamp};
use gateway::store::{Database, Value};
use rusqlite::types::{Value as SqlValue, ValueRef};
use rusqlite::{Connection, Statement, params_from_iter};

/// Largest row of a Durable Object (Cloudflare: Durable Objects limits, "Maximum string, BLOB or table row size").
const ROW_BYTES_MAX: usize = 2_000_000;

/// Why the platform refuses a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageError {
    /// The database is full.
    Full,
    /// The free plan's rows of the day are used up.
    DayQuota,
    /// Something that passes.
    Passing,
}

impl StorageError {
    fn text(self) -> &'static str {
        match self {
            Self::Full => "database or disk is full: SQLITE_FULL",
            Self::DayQuota => "Exceeded allowed rows written in Durable Objects free tier.",
            Self::Passing => "internal error; reference = 0123456789",
        }
    }

    /// Whether it refuses statements that only read.
    fn refuses_reads(self) -> bool {
        self == Self::Passing
    }
}

/// A single refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageFault {
    /// The statement after so many others.
    Statement(u32, StorageError),
    /// The next commit; the transaction is rolled back.
    Commit(StorageError),
}

/// The database of one mailbox.
pub struct Sqlite {
    connection: Connection,
    now: Cell<Timestamp>,
    in_transaction: Cell<bool>,
    rows_written: Cell<u64>,
    /// Statements that wrote and became durable.
    durable_writes: Cell<u64>,
    writes: Cell<u64>,
    refusals: Cell<u64>,
    fault: Cell<Option<StorageFault>>,
    outage: Cell<Option<StorageError>>,
    /// A read-only view: nothing is refused.
    inspected: Cell<bool>,
    /// Messages whose row was written since somebody asked.
    touched: RefCell<Vec<MessageId>>,
}

impl Sqlite {
    /// An empty database.
    ///
    /// # Panics
    ///
    /// When `SQLite` can't open a database in memory.
    #[must_use]
    pub fn new() -> Rc<Self> {
        let connection = Connection::open_in_memory().expect("SQLite opens a database in memory");
        connection.set_prepared_statement_cache_capacity(128);
        let fast = "PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY";
        connection.execute_batch(fast).expect("SQLite knows these");
        Rc::new(Self {
            connection,
            now: Cell::default(),
            in_transaction: Cell::default(),
            rows_written: Cell::default(),
            durable_writes: Cell::default(),
            writes: Cell::default(),
            refusals: Cell::default(),
            fault: Cell::default(),
            outage: Cell::default(),
            inspected: Cell::default(),
            touched: RefCell::default(),
        })
    }

    /// Tells the time, which decides how long a quota of the day lasts.
    pub fn set_now(&self, now: Timestamp) {
        self.now.set(now);
    }

    /// Lets the invariants look, without refusing them anything, or no longer.
    pub fn inspect(&self, inspected: bool) {
        self.inspected.set(inspected);
    }

    /// Refuses once.
    pub fn arm(&self, fault: StorageFault) {
        self.fault.set(Some(fault));
    }

    /// Forgets a single refusal that is still to come.
    pub fn disarm(&self) {
        self.fault.set(None);
    }

    /// Whether a single refusal is still to come.
    #[must_use]
    pub fn is_armed(&self) -> bool {
        self.fault.get().is_some()
    }

    /// Refuses from now on, or no longer.
    pub fn set_outage(&self, outage: Option<StorageError>) {
        self.outage.set(outage);
    }

    /// Whether anything may be refused now.
    #[must_use]
    pub fn is_faulty(&self) -> bool {
        self.is_armed() || self.outage.get().is_some()
    }

    /// Whether setting an alarm, which writes a row, is refused now.
    #[must_use]
    pub fn refuses_alarms(&self) -> bool {
        self.outage.get().is_some()
    }

    /// How many statements and commits were refused.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        self.refusals.get()
    }

    /// How many statements that write have become durable.
    #[must_use]
    pub fn durable_writes(&self) -> u64 {
        self.durable_writes.get()
    }

    /// The messages that were written since this was last asked.
    #[must_use]
    pub fn take_touched(&self) -> Vec<MessageId> {
        std::mem::take(&mut self.touched.borrow_mut())
    }

    /// Everything that is stored, as one number.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut hasher = DefaultHasher::new();
        let names = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
        for name in self.run(names, Vec::new()).unwrap_or_default().into_iter().flatten() {
            let Value::Text(name) = name else { continue };
            name.hash(&mut hasher);
            let all = format!("SELECT * FROM {name} ORDER BY 1, 2");
            format!("{:?}", self.run(&all, Vec::new())).hash(&mut hasher);
        }
        hasher.finish()
    }

    fn refuse(&self, error: &str) -> Problem {
        self.refusals.set(self.refusals.get() + 1);
        gateway::storage_refusal(error, self.now.get())
            .unwrap_or_else(|| Problem::new(Code::Internal, format!("storage failed: {error}")))
    }

    fn run(&self, statement: &str, values: Vec<Value>) -> rusqlite::Result<Vec<Vec<Value>>> {
        let mut prepared = self.connection.prepare_cached(statement)?;
        let values = values.into_iter().map(|value| match value {
            Value::Null => SqlValue::Null,
            Value::Integer(number) => SqlValue::Integer(number),
            Value::Text(text) => SqlValue::Text(text),
            Value::Blob(bytes) => SqlValue::Blob(bytes),
        });
        rows_of(&mut prepared, values)
    }

    fn plain(&self, statement: &str) -> Result<(), Problem> {
        self.run(statement, Vec::new()).map(drop).map_err(|error| self.refuse(&error.to_string()))
    }

    /// Whether this statement is to be refused.
    fn injected(&self, writes: bool) -> Option<StorageError> {
        if self.inspected.get() {
            return None;
        }
        let refuses = |error: StorageError| writes || error.refuses_reads();
        if let Some(error) = self.outage.get().filter(|error| refuses(*error)) {
            return Some(error);
        }
        match self.fault.get() {
            Some(StorageFault::Statement(0, error)) if refuses(error) => {
                self.fault.set(None);
                Some(error)
            }
            Some(StorageFault::Statement(left, error)) if refuses(error) => {
                self.fault.set(Some(StorageFault::Statement(left - 1, error)));
                None
            }
            _ => None,
        }
    }

    /// Counts the rows that a statement wrote as Cloudflare counts them: each row, and each entry of an index.
    fn count(&self, statement: &str, keys: &[Option<MessageId>]) {
        let rows = self.connection.changes();
        // Only open messages are in the index, and only what has ended is deleted.
        let with_index = statement.starts_with("INSERT INTO message");
        self.rows_written.set(self.rows_written.get() + if with_index { 2 * rows } else { rows });
        self.writes.set(self.writes.get() + 1);
        if !self.in_transaction.get() {
            self.durable_writes.set(self.writes.get());
        }
        self.touched.borrow_mut().extend(keys.iter().flatten());
    }
}

impl Database for Sqlite {
    fn rows(&self, statement: &str, values: Vec<Value>) -> Result<Vec<Vec<Value>>, Problem> {
        let writes = !statement.starts_with("SELECT");
        if let Some(error) = self.injected(writes) {
            return Err(self.refuse(error.text()));
        }
        let bytes: usize = values.iter().map(bytes_of).sum();
        if writes && bytes > ROW_BYTES_MAX {
            return Err(self.refuse("string or blob too big: SQLITE_TOOBIG"));
        }
        let keys = if writes { keys_of(statement, &values) } else { [None, None] };
        let rows = self.run(statement, values).map_err(|error| self.refuse(&error.to_string()))?;
        if writes && !statement.starts_with("CREATE") && !statement.starts_with("DROP") {
            self.count(statement, &keys);
        }
        Ok(rows)
    }

    fn transaction(&self, work: &mut dyn FnMut() -> Result<(), Problem>) -> Result<(), Problem> {
        self.plain("BEGIN")?;
        self.in_transaction.set(true);
        let mut outcome = work();
        self.in_transaction.set(false);
        if let (Ok(()), Some(StorageFault::Commit(error))) = (&outcome, self.fault.get()) {
            self.fault.set(None);
            outcome = Err(self.refuse(error.text()));
        }
        if outcome.is_ok() {
            self.durable_writes.set(self.writes.get());
            self.plain("COMMIT")
        } else {
            self.writes.set(self.durable_writes.get());
            self.plain("ROLLBACK")?;
            outcome
        }
    }

    fn rows_written(&self) -> u64 {
        self.rows_written.get()
    }
}

fn rows_of(
    prepared: &mut Statement<'_>,
    values: impl Iterator<Item = SqlValue>,
) -> rusqlite::Result<Vec<Vec<Value>>> {
    let columns = prepared.column_count();
    let mut rows = prepared.query(params_from_iter(values))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let cell = |column| {
            Ok(match row.get_ref(column)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) => Value::Integer(number),
                // JavaScript has one type for numbers; none of ours has a fraction.
                ValueRef::Real(_) => return Err(rusqlite::Error::InvalidQuery),
                ValueRef::Text(text) => Value::Text(std::str::from_utf8(text)?.to_owned()),
                ValueRef::Blob(bytes) => Value::Blob(bytes.to_owned()),
            })
        };
        all.push((0..columns).map(cell).collect::<rusqlite::Result<_>>()?);
    }
    Ok(all)
}

fn bytes_of(value: &Value) -> usize {
    match value {
        Value::Null | Value::Integer(_) => 8,
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
    }
}

/// The message whose row a statement writes, by the first value or the last.
fn keys_of(statement: &str, values: &[Value]) -> [Option<MessageId>; 2] {
    if !["INSERT INTO message", "UPDATE message", "DELETE FROM message"]
        .iter()
        .any(|it| statement.starts_with(it))
    {
        return [None, None];
    }
    let key = |value: Option<&Value>| match value {
        Some(Value::Text(text)) => text.parse().ok(),
        _ => None,
    };
    [key(values.first()), key(values.last())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Rc<Sqlite> {
        let database = Sqlite::new();
        database.rows("CREATE TABLE one (n INTEGER PRIMARY KEY)", Vec::new()).unwrap();
        database
    }

    fn insert(database: &Sqlite, n: i64) -> Result<(), Problem> {
        database.rows("INSERT INTO one VALUES (?)", vec![Value::Integer(n)]).map(drop)
    }

    fn numbers(database: &Sqlite) -> usize {
        database.rows("SELECT n FROM one", Vec::new()).unwrap().len()
    }

    #[test]
    fn a_refused_statement_undoes_its_transaction() {
        let database = table();
        let before = database.fingerprint();
        database.arm(StorageFault::Statement(1, StorageError::Full));
        let outcome = database.transaction(&mut || insert(&database, 1).and_then(|()| insert(&database, 2)));
        assert_eq!(outcome.unwrap_err().code, Code::StorageQuota);
        assert_eq!((numbers(&database), database.fingerprint()), (0, before));
        assert_eq!(database.durable_writes(), 0);
    }

    #[test]
    fn outside_a_transaction_earlier_statements_stand() {
        let database = table();
        database.arm(StorageFault::Statement(1, StorageError::Passing));
        insert(&database, 1).unwrap();
        assert_eq!(insert(&database, 2).unwrap_err().code, Code::Internal);
        assert_eq!((numbers(&database), database.durable_writes()), (1, 1));
    }

    #[test]
    fn a_refused_commit_undoes_everything() {
        let database = table();
        database.arm(StorageFault::Commit(StorageError::Passing));
        assert!(database.transaction(&mut || insert(&database, 1)).is_err());
        assert_eq!(numbers(&database), 0);
        database.transaction(&mut || insert(&database, 1)).unwrap();
        assert_eq!(numbers(&database), 1);
    }

    #[test]
    fn a_row_above_two_megabytes_is_refused() {
        let database = table();
        let row = vec![Value::Text("x".repeat(ROW_BYTES_MAX + 1))];
        assert!(database.rows("INSERT INTO one VALUES (?)", row).is_err());
    }
}
