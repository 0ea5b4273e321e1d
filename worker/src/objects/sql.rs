use std::any::type_name;
use std::rc::Rc;
use std::str::FromStr;

use api::Problem;
use gateway::storage_refusal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::{SqlCursor, SqlStorage, SqlStorageValue};

use gateway::store::Database as _;

use super::call::internal;
use super::database::DurableDatabase;
use crate::host::now;

/// An object's SQLite, with its failures as problems.
#[derive(Clone)]
pub(super) struct Sql {
    storage: SqlStorage,
    database: Rc<DurableDatabase>,
}

impl Sql {
    pub(super) fn new(storage: &worker::Storage) -> Self {
        Self { storage: storage.sql(), database: Rc::new(DurableDatabase::new(storage)) }
    }

    /// Whether the object has been created: until then it has no table, and nothing may write.
    pub(super) fn has_table(&self, name: &str) -> Result<bool, Problem> {
        let query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?";
        Ok(self.row(query, vec![name.into()])?.is_some())
    }

    /// Runs `work` in one transaction: all of its statements, or none when it fails.
    pub(super) fn transaction<T>(&self, work: impl FnOnce() -> Result<T, Problem>) -> Result<T, Problem> {
        let (mut work, mut value) = (Some(work), None);
        self.database.transaction(&mut || {
            value = work.take().map(|work| work()).transpose()?;
            Ok(())
        })?;
        value.ok_or_else(|| internal("cannot complete a transaction"))
    }

    /// Runs a statement.
    pub(super) fn run(&self, statement: &str, values: Vec<SqlStorageValue>) -> Result<(), Problem> {
        self.cursor(statement, values).map(drop)
    }

    /// Runs a query and reads every row.
    pub(super) fn rows(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Vec<Row>, Problem> {
        let rows = self.cursor(query, values)?.raw();
        rows.map(|row| row.map(|row| Row(row.into_iter())).map_err(|error| storage_failed(&error))).collect()
    }

    /// Runs a query and reads its first row, if there is one.
    pub(super) fn row(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Option<Row>, Problem> {
        Ok(self.rows(query, values)?.into_iter().next())
    }

    /// Reads the JSON of a table that holds a single record.
    pub(super) fn record<T: DeserializeOwned>(&self, table: &str) -> Result<Option<T>, Problem> {
        let found = self.row(&format!("SELECT json FROM {table} WHERE one = 1"), Vec::new())?;
        found.map(|mut found| from_json(&found.text()?)).transpose()
    }

    /// Writes the JSON of a table that holds a single record.
    pub(super) fn set_record<T: Serialize>(&self, table: &str, value: &T) -> Result<(), Problem> {
        let json = to_json(value)?;
        let statement = format!(
            "INSERT INTO {table} (one, json) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET json = excluded.json"
        );
        self.run(&statement, vec![json.into()])
    }

    fn cursor(&self, statement: &str, values: Vec<SqlStorageValue>) -> Result<SqlCursor, Problem> {
        self.storage.exec(statement, values).map_err(|error| storage_failed(&error))
    }
}

/// A row, read column by column in the order of the query. Not by serde, which would bring code to read every kind of row
/// from JavaScript by the names of its columns.
pub(super) struct Row(std::vec::IntoIter<SqlStorageValue>);

impl Row {
    pub(super) fn text(&mut self) -> Result<String, Problem> {
        self.optional_text()?.ok_or_else(|| undecodable("text"))
    }

    pub(super) fn optional_text(&mut self) -> Result<Option<String>, Problem> {
        match self.0.next() {
            Some(SqlStorageValue::String(text)) => Ok(Some(text)),
            Some(SqlStorageValue::Null) => Ok(None),
            _ => Err(undecodable("text")),
        }
    }

    pub(super) fn integer(&mut self) -> Result<i64, Problem> {
        match self.0.next() {
            Some(SqlStorageValue::Integer(number)) => Ok(number),
            #[expect(clippy::cast_possible_truncation, reason = "no column holds a fraction")]
            Some(SqlStorageValue::Float(number)) => Ok(number as i64),
            _ => Err(undecodable("number")),
        }
    }

    /// An identifier, written as text.
    pub(super) fn id<T: FromStr>(&mut self) -> Result<T, Problem> {
        self.text()?.parse().map_err(|_| undecodable(type_name::<T>()))
    }
}

pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String, Problem> {
    let failed = |_| internal("cannot encode record").with_cause(type_name::<T>());
    serde_json::to_string(value).map_err(failed)
}

/// From bytes, as calls are: reading from `str` would be the same code a second time for every type.
pub(super) fn from_json<T: DeserializeOwned>(json: &str) -> Result<T, Problem> {
    serde_json::from_slice(json.as_bytes()).map_err(|_| undecodable(type_name::<T>()))
}

/// What the storage refused an operation with. Its words name tables and limits, so they go to the log.
pub(super) fn storage_failed(error: &impl ToString) -> Problem {
    let cause = error.to_string();
    storage_refusal(&cause, now()).unwrap_or_else(|| internal("storage failed")).with_cause(cause)
}

/// The cause is the type alone: serde's own words repeat what was stored.
fn undecodable(type_name: &str) -> Problem {
    internal("cannot decode stored record").with_cause(type_name)
}
