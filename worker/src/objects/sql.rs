use std::any::type_name;
use std::rc::Rc;

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
        let found: Vec<Count> = self.rows(
            "SELECT count(*) AS n FROM sqlite_master WHERE type = 'table' AND name = ?",
            vec![name.into()],
        )?;
        Ok(found.first().is_some_and(|count| count.n > 0))
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
    pub(super) fn rows<T: DeserializeOwned>(
        &self,
        query: &str,
        values: Vec<SqlStorageValue>,
    ) -> Result<Vec<T>, Problem> {
        self.cursor(query, values)?.to_array().map_err(|_| undecodable(type_name::<T>()))
    }

    /// Runs a query and reads its first row, if there is one.
    pub(super) fn row<T: DeserializeOwned>(
        &self,
        query: &str,
        values: Vec<SqlStorageValue>,
    ) -> Result<Option<T>, Problem> {
        Ok(self.rows(query, values)?.into_iter().next())
    }

    /// Reads the JSON of a table that holds a single record.
    pub(super) fn record<T: DeserializeOwned>(&self, table: &str) -> Result<Option<T>, Problem> {
        let found: Option<Json> = self.row(&format!("SELECT json FROM {table} WHERE one = 1"), Vec::new())?;
        found.map(|found| from_json(&found.json)).transpose()
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

#[derive(serde::Deserialize)]
struct Count {
    n: i64,
}

/// One column of JSON.
#[derive(serde::Deserialize)]
pub(super) struct Json {
    pub(super) json: String,
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
