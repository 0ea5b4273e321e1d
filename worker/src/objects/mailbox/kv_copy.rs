//! Does what KV still has to do.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use api::Timestamp;
use gateway::mailbox::Mailbox as Machine;
use gateway::store::{KvOperation, KvTask};
use worker::kv::KvStore;

use super::shell::Shell;
use crate::host::{Line, log, now, within};

/// How long one KV operation may take.
const LIMIT: Duration = Duration::from_secs(10);
/// Operations of one run, below what an invocation may do.
const RUN_MAX: usize = 20;
/// A run that takes longer than this has been cut off, in milliseconds.
const RUN_MS_MAX: i64 = 220_000;

/// The run over KV under way.
#[derive(Default)]
pub(super) struct KvCopy {
    busy_since: Cell<Option<Timestamp>>,
}

impl KvCopy {
    fn begin(&self) -> bool {
        if self.busy_since.get().is_some_and(|since| now().since(since) < RUN_MS_MAX) {
            return false;
        }
        self.busy_since.set(Some(now()));
        true
    }

    fn end(&self) {
        self.busy_since.set(None);
    }
}

/// Does what is due. One run at a time, so that a delete never overtakes the put of the same key.
pub(super) async fn work(shell: Rc<Shell>) {
    if !shell.kv_copy().begin() {
        return;
    }
    for _ in 0..RUN_MAX {
        let Ok(Some(task)) = shell.read(Machine::next_kv_task) else { break };
        let outcome = match shell.env().kv("TOKENS") {
            Ok(kv) => within(LIMIT, carry_out(&kv, &task)).await.unwrap_or(Err("no answer in time")),
            Err(_) => Err("the binding TOKENS does not work"),
        };
        if let Err(detail) = outcome {
            log(&Line { event: "kv", outcome: "failed", detail, ..Line::default() });
        }
        // If this can't be written, the operation stays due, and it can be repeated.
        if shell.step(|machine, context| machine.kv_done(&task, outcome.is_ok(), context)).is_err() {
            break;
        }
    }
    shell.kv_copy().end();
}

async fn carry_out(kv: &KvStore, task: &KvTask) -> Result<(), &'static str> {
    match &task.operation {
        KvOperation::Put { value, expires_at } => {
            // KV refuses an end less than a minute away; a token that old is of no use there.
            let end = u64::try_from(*expires_at).unwrap_or_default();
            let put = kv.put(&task.key, value.as_str()).map_err(|_| "put failed")?;
            put.expiration(end).execute().await.map_err(|_| "put failed")
        }
        KvOperation::Delete => kv.delete(&task.key).await.map_err(|_| "delete failed"),
    }
}
