use api::{Code, Problem};
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::{SqlCursor, SqlStorage, SqlStorageValue};

/// An object's SQLite, with its failures as problems.
#[derive(Clone)]
pub(super) struct Sql(SqlStorage);

impl Sql {
    pub(super) fn new(storage: &worker::Storage) -> Self {
        Self(storage.sql())
    }

    /// Whether the object has been created: until then it has no table, and nothing may write.
    pub(super) fn has_table(&self, name: &str) -> Result<bool, Problem> {
        let found: Vec<Count> = self.rows(
            "SELECT count(*) AS n FROM sqlite_master WHERE type = 'table' AND name = ?",
            vec![name.into()],
        )?;
        Ok(found.first().is_some_and(|count| count.n > 0))
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
        self.cursor(query, values)?.to_array().map_err(|_| failed("a row is of another version"))
    }

    /// Runs a query and reads its first row, if there is one.
    pub(super) fn row<T: DeserializeOwned>(
        &self,
        query: &str,
        values: Vec<SqlStorageValue>,
    ) -> Result<Option<T>, Problem> {
        Ok(self.rows(query, values)?.into_iter().next())
    }

    /// Runs a query for one column of bytes.
    pub(super) fn blobs(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Vec<Vec<u8>>, Problem> {
        let mut blobs = Vec::new();
        for row in self.cursor(query, values)?.raw() {
            match row.map_err(|_| failed("a row can't be read"))?.into_iter().next() {
                Some(SqlStorageValue::Blob(bytes)) => blobs.push(bytes),
                _ => return Err(failed("a row is of another version")),
            }
        }
        Ok(blobs)
    }

    /// Reads the JSON of a table that holds a single record.
    pub(super) fn record<T: DeserializeOwned>(&self, table: &str) -> Result<Option<T>, Problem> {
        let found: Option<Json> = self.row(&format!("SELECT json FROM {table} WHERE one = 1"), Vec::new())?;
        found.map(|found| from_json(&found.json)).transpose()
    }

    /// Writes the JSON of a table that holds a single record.
    pub(super) fn set_record<T: Serialize>(&self, table: &str, value: &T) -> Result<(), Problem> {
        let json = to_json(value)?;
        self.run(&format!("INSERT OR REPLACE INTO {table} (one, json) VALUES (1, ?)"), vec![json.into()])
    }

    fn cursor(&self, statement: &str, values: Vec<SqlStorageValue>) -> Result<SqlCursor, Problem> {
        // The cause names tables and limits, never values.
        self.0.exec(statement, values).map_err(|error| failed(&format!("storage refused: {error}")))
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
    serde_json::to_string(value).map_err(|_| failed("a record can't be written"))
}

pub(super) fn from_json<T: DeserializeOwned>(json: &str) -> Result<T, Problem> {
    serde_json::from_str(json).map_err(|_| failed("a stored record is of another version"))
}

fn failed(detail: &str) -> Problem {
    Problem::new(Code::Internal, detail)
}
