//! The Durable Object `Directory`: ids and names of organisations, the nightly round over their mailboxes, and what
//! administrators were asked to approve. No mailbox depends on being listed here.

mod round;

use api::{OrganisationId, Problem, Timestamp};
use worker::{DurableObject, Env, Request, Response, State, durable_object};

use super::call::{calls, dispatch};
use super::sql::{Row, Sql};

/// The list.
#[durable_object(alarm)]
pub struct Directory {
    state: State,
    env: Env,
    sql: Sql,
}

calls! {
    /// Adds an organisation.
    Enlist {
        id: OrganisationId,
        name: String,
        at: Timestamp,
    } -> (), "enlist";

    /// Asks whether the object answers.
    Ping {} -> (), "ping";

    /// Begins the nightly round, or goes on with one that has not ended.
    BeginRound {} -> (), "begin_round";

    /// Notes which permissions administrators of a tenant are asked for, and answers with all that they ever were: an approval
    /// replaces the one before, also when another organisation of that tenant asked for it.
    WidenApproval {
        client_id: String,
        tenant: String,
        scopes: Vec<String>,
    } -> Vec<String>, "widen_approval";
}

impl DurableObject for Directory {
    fn new(state: State, env: Env) -> Self {
        let sql = Sql::new(&state.storage());
        Self { state, env, sql }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        dispatch! { request =>
            Enlist(call) => self.enlist(&call),
            Ping(_) => self.sql.has_table("organisation").map(drop),
            BeginRound(_) => self.begin_round().await,
            WidenApproval(call) => self.widen_approval(&call),
        }
    }

    async fn alarm(&self) -> worker::Result<Response> {
        self.go_on().await?;
        Response::empty()
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
        self.sql.rows(query, Vec::from(app()))?.iter_mut().map(Row::text).collect()
    }

    /// The organisations after that one, in the order of their making.
    fn organisations_after(
        &self,
        last: Option<OrganisationId>,
        limit: u32,
    ) -> Result<Vec<OrganisationId>, Problem> {
        if !self.sql.has_table("organisation")? {
            return Ok(Vec::new());
        }
        let last = last.map(|last| last.to_string()).unwrap_or_default();
        let query = "SELECT id FROM organisation WHERE id > ? ORDER BY id LIMIT ?";
        self.sql.rows(query, vec![last.into(), i64::from(limit).into()])?.iter_mut().map(Row::id).collect()
    }
}
