//! What a mailbox stores, and the few statements that read and write it.
//!
//! The rules own their SQL, so that a native test runs the very statements that run in production: the Worker hands in
//! the Durable Object's SQLite, tests and the simulation hand in `rusqlite` (ADR 19).
//!
//! In scope: tables, rows, and the JSON inside them. Out of scope: every decision about what a row should say.

mod consent_attempts;
mod content;
mod idempotency;
mod kv_queue;
mod messages;
mod records;
mod schema;

use std::cell::Cell;
use std::rc::Rc;

use api::{Code, Problem};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use consent_attempts::ConsentAttempts;
pub use content::{ContentRows, StagedContent};
pub use idempotency::{IdempotencyKeys, KeyedMessage};
pub use kv_queue::{KvOperation, KvQueue, KvTask, LastPut};
pub use messages::{HeldRows, MessageQuery, Messages};
pub use records::Records;

/// One value of a statement or row, as SQLite knows them.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// A whole number; JavaScript keeps it exact up to 2^53.
    Integer(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// SQLite as the rules need it: synchronous, with transactions that undo everything.
pub trait Database {
    /// Runs one statement and returns its rows.
    fn rows(&self, statement: &str, values: Vec<Value>) -> Result<Vec<Vec<Value>>, Problem>;

    /// Runs `work` in one transaction: all of its statements, or none when it fails. Not nested.
    fn transaction(&self, work: &mut dyn FnMut() -> Result<(), Problem>) -> Result<(), Problem>;

    /// Rows written so far, as Cloudflare counts them for its bill (Durable Objects pricing).
    fn rows_written(&self) -> u64;
}

/// The rows of one mailbox.
#[derive(Clone)]
pub struct Store {
    database: Rc<dyn Database>,
    /// Whether the tables are known to exist, which saves asking at every step.
    created: Cell<bool>,
}

impl Store {
    /// The rows in that database.
    #[must_use]
    pub fn new(database: Rc<dyn Database>) -> Self {
        Self { database, created: Cell::new(false) }
    }

    /// Runs a step: everything that it writes becomes durable together, or nothing does.
    pub fn transaction(&self, step: &mut dyn FnMut() -> Result<(), Problem>) -> Result<(), Problem> {
        self.database.transaction(step)
    }

    /// Whether the mailbox has been created. Until then nothing may be written, so that a call for a mailbox that does
    /// not exist leaves no trace.
    pub fn is_created(&self) -> Result<bool, Problem> {
        if !self.created.get() {
            let query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'mailbox'";
            self.created.set(!self.database.rows(query, Vec::new())?.is_empty());
        }
        Ok(self.created.get())
    }

    /// Refuses what is asked of a mailbox that does not exist.
    pub fn expect_created(&self) -> Result<(), Problem> {
        if self.is_created()? {
            return Ok(());
        }
        Err(Problem::new(Code::NotFound, "there is no such mailbox"))
    }

    /// Creates the tables, and those that came with later versions.
    pub fn migrate(&self) -> Result<(), Problem> {
        schema::TABLES.iter().try_for_each(|table| self.database.rows(table, Vec::new()).map(drop))
    }

    /// Settings, authentication and outbox state: one row each.
    #[must_use]
    pub fn records(&self) -> Records<'_> {
        Records(&*self.database)
    }

    /// The messages.
    #[must_use]
    pub fn messages(&self) -> Messages<'_> {
        Messages(&*self.database)
    }

    /// The sealed content of messages.
    #[must_use]
    pub fn content(&self) -> ContentRows<'_> {
        ContentRows(&*self.database)
    }

    /// The idempotency keys.
    #[must_use]
    pub fn idempotency(&self) -> IdempotencyKeys<'_> {
        IdempotencyKeys(&*self.database)
    }

    /// The consent attempts.
    #[must_use]
    pub fn consent_attempts(&self) -> ConsentAttempts<'_> {
        ConsentAttempts(&*self.database)
    }

    /// The work that KV still has to do.
    #[must_use]
    pub fn kv_queue(&self) -> KvQueue<'_> {
        KvQueue(&*self.database)
    }

    /// Rows written so far.
    #[must_use]
    pub fn rows_written(&self) -> u64 {
        self.database.rows_written()
    }
}

/// Runs a statement that returns no row.
fn run(database: &dyn Database, statement: &str, values: Vec<Value>) -> Result<(), Problem> {
    database.rows(statement, values).map(drop)
}

/// The first column of the first row.
fn first(database: &dyn Database, query: &str, values: Vec<Value>) -> Result<Option<Value>, Problem> {
    let first_row = database.rows(query, values)?.into_iter().next();
    Ok(first_row.and_then(|row| row.into_iter().next()))
}

/// The first column of the first row as a whole number; nothing when there is none, or it is `NULL`.
fn integer(database: &dyn Database, query: &str, values: Vec<Value>) -> Result<Option<i64>, Problem> {
    match first(database, query, values)? {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.integer().map(Some),
    }
}

/// The record in the first column of each row.
fn records<T: DeserializeOwned>(
    database: &dyn Database,
    query: &str,
    values: Vec<Value>,
) -> Result<Vec<T>, Problem> {
    let rows = database.rows(query, values)?;
    rows.into_iter().map(|row| from_json(row.into_iter().next().unwrap_or(Value::Null))).collect()
}

fn to_json<T: Serialize>(record: &T) -> Result<Value, Problem> {
    serde_json::to_string(record).map(Value::Text).map_err(|_| cannot("encode a record"))
}

/// From bytes, as calls are: reading from `str` would be the same code a second time for every type.
fn from_json<T: DeserializeOwned>(json: Value) -> Result<T, Problem> {
    serde_json::from_slice(json.text()?.as_bytes()).map_err(|_| cannot("decode a stored record"))
}

/// A number of rows, for a `LIMIT`.
fn bounded(limit: usize) -> Value {
    Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX))
}

/// A fault of ours in storage. The caller is told no more than that.
pub(crate) fn cannot(what: &str) -> Problem {
    Problem::new(Code::Internal, format!("storage failed: cannot {what}"))
}

impl Value {
    fn integer(self) -> Result<i64, Problem> {
        match self {
            Self::Integer(number) => Ok(number),
            _ => Err(cannot("read a number")),
        }
    }

    fn text(self) -> Result<String, Problem> {
        match self {
            Self::Text(text) => Ok(text),
            _ => Err(cannot("read a text")),
        }
    }

    fn blob(self) -> Result<Vec<u8>, Problem> {
        match self {
            Self::Blob(bytes) => Ok(bytes),
            _ => Err(cannot("read bytes")),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<api::Timestamp> for Value {
    fn from(moment: api::Timestamp) -> Self {
        Self::Integer(moment.millis())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
