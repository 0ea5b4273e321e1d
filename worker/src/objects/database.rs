//! The SQLite of a Durable Object, as the rules of `gateway` need it.

use std::cell::Cell;

use api::Problem;
use gateway::store::{Database, Value};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use worker::{SqlCursor, SqlStorage, SqlStorageValue};

use super::sql::storage_failed;

#[wasm_bindgen]
extern "C" {
    /// `DurableObjectStorage`, of which the worker crate does not wrap `transactionSync`.
    type TransactionalStorage;

    /// Runs a callback in one transaction, which is rolled back when it throws (Durable Objects: SQLite storage API).
    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &TransactionalStorage,
        callback: &mut dyn FnMut() -> Result<JsValue, JsValue>,
    ) -> Result<JsValue, JsValue>;
}

/// The database of one object.
pub(super) struct DurableDatabase {
    sql: SqlStorage,
    storage: JsValue,
    written: Cell<u64>,
}

impl DurableDatabase {
    pub(super) fn new(storage: &worker::Storage) -> Self {
        let raw: &JsValue = storage.as_raw().as_ref();
        Self { sql: storage.sql(), storage: raw.clone(), written: Cell::new(0) }
    }
}

impl Database for DurableDatabase {
    fn rows(&self, statement: &str, values: Vec<Value>) -> Result<Vec<Vec<Value>>, Problem> {
        let values: Vec<SqlStorageValue> = values.into_iter().map(to_storage).collect();
        let cursor: SqlCursor = self.sql.exec(statement, values).map_err(|error| storage_failed(&error))?;
        let mut rows = Vec::new();
        for row in cursor.raw() {
            let row = row.map_err(|error| storage_failed(&error))?;
            rows.push(row.into_iter().map(from_storage).collect());
        }
        let written = u64::try_from(cursor.rows_written()).unwrap_or_default();
        self.written.set(self.written.get() + written);
        Ok(rows)
    }

    fn transaction(&self, work: &mut dyn FnMut() -> Result<(), Problem>) -> Result<(), Problem> {
        let mut problem = None;
        let storage: &TransactionalStorage = self.storage.unchecked_ref();
        let outcome = storage.transaction_sync(&mut || {
            work().map(|()| JsValue::UNDEFINED).map_err(|refused| {
                problem = Some(refused);
                // Any exception rolls the transaction back.
                JsValue::from_str("rolled back")
            })
        });
        match (outcome, problem) {
            (Ok(_), None) => Ok(()),
            (_, Some(problem)) => Err(problem),
            (Err(error), None) => Err(storage_failed(&worker::Error::from(error))),
        }
    }

    fn rows_written(&self) -> u64 {
        self.written.get()
    }
}

fn to_storage(value: Value) -> SqlStorageValue {
    match value {
        Value::Null => SqlStorageValue::Null,
        Value::Integer(number) => SqlStorageValue::Integer(number),
        Value::Text(text) => SqlStorageValue::String(text),
        Value::Blob(bytes) => SqlStorageValue::Blob(bytes),
    }
}

fn from_storage(value: SqlStorageValue) -> Value {
    match value {
        SqlStorageValue::Null => Value::Null,
        SqlStorageValue::Boolean(yes) => Value::Integer(i64::from(yes)),
        SqlStorageValue::Integer(number) => Value::Integer(number),
        #[expect(clippy::cast_possible_truncation, reason = "no column holds a fraction")]
        SqlStorageValue::Float(number) => Value::Integer(number as i64),
        SqlStorageValue::String(text) => Value::Text(text),
        SqlStorageValue::Blob(bytes) => Value::Blob(bytes),
    }
}
