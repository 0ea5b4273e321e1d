//! The Durable Object `Directory`: ids and names of organisations, for the operator and the cron, and what administrators
//! were asked to approve. No mailbox depends on being listed here.

use api::{OrganisationId, Problem, Timestamp};
use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Request, Response, State, durable_object};

use super::call::{Call, internal, read, reply};
use super::sql::Sql;

/// The list.
#[durable_object(fetch)]
pub struct Directory {
    sql: Sql,
}

/// Adds an organisation.
#[derive(Serialize, Deserialize)]
pub(crate) struct Enlist {
    pub(crate) id: OrganisationId,
    pub(crate) name: String,
    pub(crate) at: Timestamp,
}

impl Call for Enlist {
    type Reply = ();
    const NAME: &'static str = "enlist";
}

/// Lists organisations, oldest first, at most so many as one cron run can visit.
#[derive(Serialize, Deserialize)]
pub(crate) struct ListOrganisations {}

impl Call for ListOrganisations {
    type Reply = Vec<OrganisationId>;
    const NAME: &'static str = "list";
}

/// Notes which permissions administrators of a tenant are asked for, and answers with all that they ever were: an approval
/// replaces the one before, also when another organisation of that tenant asked for it.
#[derive(Serialize, Deserialize)]
pub(crate) struct WidenApproval {
    pub(crate) client_id: String,
    pub(crate) tenant: String,
    pub(crate) scopes: Vec<String>,
}

impl Call for WidenApproval {
    type Reply = Vec<String>;
    const NAME: &'static str = "widen_approval";
}

/// One cron run makes fewer subrequests than the 1,000 that an invocation has.
const LISTED_MAX: i64 = 400;

impl DurableObject for Directory {
    fn new(state: State, _env: Env) -> Self {
        Self { sql: Sql::new(&state.storage()) }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        match request.path().trim_start_matches('/') {
            Enlist::NAME => reply(read(&mut request).await.and_then(|call| self.enlist(&call))),
            ListOrganisations::NAME => reply(self.list()),
            WidenApproval::NAME => {
                reply(read(&mut request).await.and_then(|call| self.widen_approval(&call)))
            }
            _ => reply::<()>(Err(internal("no such call"))),
        }
    }
}

impl Directory {
    fn enlist(&self, call: &Enlist) -> Result<(), Problem> {
        self.sql.run(
            "CREATE TABLE IF NOT EXISTS organisation (id TEXT PRIMARY KEY, name TEXT NOT NULL, at INTEGER NOT NULL)",
            Vec::new(),
        )?;
        self.sql.run(
            "INSERT OR REPLACE INTO organisation (id, name, at) VALUES (?, ?, ?)",
            vec![call.id.to_string().into(), call.name.as_str().into(), call.at.millis().into()],
        )
    }

    fn widen_approval(&self, call: &WidenApproval) -> Result<Vec<String>, Problem> {
        #[derive(Deserialize)]
        struct Row {
            scope: String,
        }
        self.sql.run(
            "CREATE TABLE IF NOT EXISTS approval (client_id TEXT NOT NULL, tenant TEXT NOT NULL, scope TEXT NOT NULL, \
             PRIMARY KEY (client_id, tenant, scope)) WITHOUT ROWID",
            Vec::new(),
        )?;
        let app = || [call.client_id.as_str().into(), call.tenant.to_lowercase().into()];
        for scope in &call.scopes {
            let mut values = Vec::from(app());
            values.push(scope.as_str().into());
            self.sql
                .run("INSERT OR IGNORE INTO approval (client_id, tenant, scope) VALUES (?, ?, ?)", values)?;
        }
        let query = "SELECT scope FROM approval WHERE client_id = ? AND tenant = ? ORDER BY scope";
        let rows: Vec<Row> = self.sql.rows(query, Vec::from(app()))?;
        Ok(rows.into_iter().map(|row| row.scope).collect())
    }

    fn list(&self) -> Result<Vec<OrganisationId>, Problem> {
        #[derive(Deserialize)]
        struct Row {
            id: OrganisationId,
        }
        if !self.sql.has_table("organisation")? {
            return Ok(Vec::new());
        }
        let rows: Vec<Row> =
            self.sql.rows("SELECT id FROM organisation ORDER BY id LIMIT ?", vec![LISTED_MAX.into()])?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }
}
