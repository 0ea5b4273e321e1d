//! The Durable Object `Directory`: ids and names of organisations, for the operator and the cron, and what administrators
//! were asked to approve. No mailbox depends on being listed here.

use api::{OrganisationId, Problem, Timestamp};
use serde::Deserialize;
use worker::{DurableObject, Env, Request, Response, State, durable_object};

use super::call::{calls, dispatch};
use super::sql::Sql;

/// The list.
#[durable_object(fetch)]
pub struct Directory {
    sql: Sql,
}

calls! {
    /// Adds an organisation.
    Enlist {
        id: OrganisationId,
        name: String,
        at: Timestamp,
    } -> (), "enlist";

    /// Lists organisations, oldest first, at most so many as one cron run can visit.
    ListOrganisations {} -> Vec<OrganisationId>, "list";

    /// Notes which permissions administrators of a tenant are asked for, and answers with all that they ever were: an approval
    /// replaces the one before, also when another organisation of that tenant asked for it.
    WidenApproval {
        client_id: String,
        tenant: String,
        scopes: Vec<String>,
    } -> Vec<String>, "widen_approval";
}

/// One cron run makes fewer subrequests than the 1,000 that an invocation has.
const LISTED_MAX: i64 = 400;

impl DurableObject for Directory {
    fn new(state: State, _env: Env) -> Self {
        Self { sql: Sql::new(&state.storage()) }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        dispatch! { request =>
            Enlist(call) => self.enlist(&call),
            ListOrganisations(_) => self.list(),
            WidenApproval(call) => self.widen_approval(&call),
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
