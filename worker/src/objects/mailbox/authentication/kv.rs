//! The copy of the refresh token in KV: follows what the object has committed, and never stops sending.
//!
//! Every put has a key of its own, so neither KV's stale reads nor its one write a second matter. What is still to be done
//! stands in the table `kv`: `put`, then `stored`, then `delete`, then gone.

use std::time::Duration;

use api::{Problem, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gateway::{Authentication, KV_PUT_EVERY_MS, good_until};
use serde::Deserialize;
use worker::kv::KvStore;

use crate::config::Config;
use crate::host::{Line, log, now, random, within};
use crate::objects::mailbox::Inner;
use crate::objects::mailbox::store::At;

/// How long one KV operation may take.
const LIMIT: Duration = Duration::from_secs(10);
/// First and longest wait before a KV operation that failed is tried again, in milliseconds; in between, as long again as
/// the operation has been waiting already.
const RETRY_MS: (i64, i64) = (5_000, 5 * 60 * 1000);
/// Operations of one run, below what an invocation may do.
const RUN_MAX: usize = 20;
/// A run that takes longer than this has been cut off, in milliseconds.
const RUN_MS_MAX: i64 = 220_000;

/// Puts go first: an older copy stays until the newer one is there.
const DOABLE: &str =
    "(work = 'put' OR (work = 'delete' AND NOT EXISTS (SELECT 1 FROM kv WHERE work = 'put')))";

#[derive(Deserialize)]
struct Work {
    key: String,
    #[serde(rename = "work")]
    to_do: String,
    value: Option<String>,
    at: i64,
    good_until: i64,
}

impl Inner {
    /// Notes that KV must follow, if it is time: at a consent (`now_anyway`), when the sealing key has changed, and else
    /// every six hours.
    pub(super) fn follow_in_kv(
        &self,
        config: &Config,
        authentication: &Authentication,
        now_anyway: bool,
    ) -> Result<(), Problem> {
        #[derive(Deserialize)]
        struct Last {
            at: i64,
            sealed_by: String,
        }
        let (now, sql) = (now(), self.store.sql());
        let last: Option<Last> = sql.row(
            "SELECT at, sealed_by FROM kv WHERE work IN ('put', 'stored') ORDER BY at DESC LIMIT 1",
            Vec::new(),
        )?;
        let recent = last.is_some_and(|last| {
            now.since(Timestamp::from_millis(last.at)) < KV_PUT_EVERY_MS
                && last.sealed_by == config.ring.current()
        });
        if recent && !now_anyway {
            return Ok(());
        }
        let mailbox = self.store.mailbox()?;
        let token = &authentication.refresh;
        let random = URL_SAFE_NO_PAD.encode(random::<6>()?);
        let key = format!("token/{}/{}/{}-{random}", mailbox.organisation, mailbox.id, token.number);
        let value = serde_json::json!({
            "version": 1, "organisation": mailbox.organisation, "mailbox": mailbox.id, "number": token.number,
            "refresh_token": token.sealed, "tenant": authentication.tenant_id,
        });
        sql.run(
            "UPDATE kv SET work = 'delete', value = NULL, due_at = 0 WHERE work <> 'delete'",
            Vec::new(),
        )?;
        sql.run(
            "INSERT INTO kv (key, work, value, at, due_at, sealed_by, good_until) VALUES (?, 'put', ?, ?, 0, ?, ?)",
            vec![
                key.into(),
                value.to_string().into(),
                now.millis().into(),
                config.ring.current().into(),
                good_until(authentication.renewed_at).seconds().into(),
            ],
        )
    }

    /// Notes that everything in KV must go.
    pub(super) fn delete_all_from_kv(&self) -> Result<(), Problem> {
        let statement = "UPDATE kv SET work = 'delete', value = NULL, due_at = 0";
        self.store.sql().run(statement, Vec::new())
    }

    /// When the next KV operation is due.
    pub(in crate::objects::mailbox) fn kv_due(&self) -> Result<Option<Timestamp>, Problem> {
        let query = format!("SELECT min(due_at) AS at FROM kv WHERE {DOABLE}");
        let row: Option<At> = self.store.sql().row(&query, Vec::new())?;
        Ok(row.and_then(|row| row.at).map(Timestamp::from_millis))
    }

    /// Does what is due. One run at a time, so that a delete never overtakes the put of the same key.
    pub(in crate::objects::mailbox) async fn work_on_kv(&self) {
        if self.kv_busy_since.get().is_some_and(|since| now().since(since) < RUN_MS_MAX) {
            return;
        }
        self.kv_busy_since.set(Some(now()));
        for _ in 0..RUN_MAX {
            match self.next_kv_work() {
                Ok(Some(work)) => self.do_kv_work(&work).await,
                _ => break,
            }
        }
        self.kv_busy_since.set(None);
        // What failed is tried again by the alarm.
        self.rearm().await;
    }

    fn next_kv_work(&self) -> Result<Option<Work>, Problem> {
        let query =
            format!("SELECT key, work, value, at, good_until FROM kv WHERE {DOABLE} AND due_at <= ? LIMIT 1");
        self.store.sql().row(&query, vec![now().millis().into()])
    }

    async fn do_kv_work(&self, work: &Work) {
        let sql = self.store.sql();
        let outcome = match self.env.kv("TOKENS") {
            Ok(kv) => within(LIMIT, carry_out(&kv, work)).await.unwrap_or(Err("no answer in time")),
            Err(_) => Err("the binding TOKENS does not work"),
        };
        let key = || vec![work.key.as_str().into()];
        // If the bookkeeping itself fails, the row stays due and the operation, which can be repeated, is.
        let _ = match (outcome, work.to_do.as_str()) {
            (Ok(()), "put") => {
                sql.run("UPDATE kv SET work = 'stored', value = NULL WHERE key = ? AND work = 'put'", key())
            }
            (Ok(()), _) => sql.run("DELETE FROM kv WHERE key = ? AND work = 'delete'", key()),
            (Err(detail), _) => {
                log(&Line { event: "kv", outcome: "failed", detail, ..Line::default() });
                let (now, (first_ms, longest_ms)) = (now(), RETRY_MS);
                let waited_ms = now.since(Timestamp::from_millis(work.at));
                let due_at = now.plus_millis(waited_ms.clamp(first_ms, longest_ms)).millis();
                sql.run(
                    "UPDATE kv SET due_at = ? WHERE key = ?",
                    vec![due_at.into(), work.key.as_str().into()],
                )
            }
        };
    }
}

async fn carry_out(kv: &KvStore, work: &Work) -> Result<(), &'static str> {
    match &work.value {
        Some(value) if work.to_do == "put" => {
            // KV refuses an end less than a minute away; a token that old is of no use there.
            let end = u64::try_from(work.good_until).unwrap_or_default();
            let put = kv.put(&work.key, value.as_str()).map_err(|_| "put failed")?;
            put.expiration(end).execute().await.map_err(|_| "put failed")
        }
        _ => kv.delete(&work.key).await.map_err(|_| "delete failed"),
    }
}
