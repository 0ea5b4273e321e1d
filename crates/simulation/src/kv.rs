//! Workers KV.

use std::collections::BTreeMap;

use gateway::store::{KvOperation, KvTask};

use crate::host::{self, Work};
use crate::plan::SECOND;
use crate::story::Violation;
use crate::world::World;

/// What is in KV.
#[derive(Debug, Default)]
pub(crate) struct Kv {
    /// The values.
    pub(crate) values: BTreeMap<String, String>,
    /// Until when it fails.
    pub(crate) fails_until: i64,
}

/// Takes the next operation, if one is due.
pub(crate) fn look(world: &mut World<'_>) -> Result<(), Violation> {
    let mut next = None;
    host::run(world, "next_kv_task", |mailbox, context| {
        let outcome = mailbox.next_kv_task(context).map(|task| next = task);
        gateway::mailbox::Step { outcome, effects: Vec::new() }
    })?;
    let Some(task) = next else {
        world.host.works_on_kv = false;
        return Ok(());
    };
    let fails = world.clock.elapsed < world.kv.fails_until;
    if !fails {
        match &task.operation {
            KvOperation::Put { value, .. } => drop(world.kv.values.insert(task.key.clone(), value.clone())),
            KvOperation::Delete => drop(world.kv.values.remove(&task.key)),
        }
    }
    world.stats.count(if fails { "KV failures" } else { "KV operations" });
    let after_ms = if fails { 10 * SECOND } else { 60 };
    host::plan(world, after_ms, Work::KvDone(Box::new(task), !fails));
    Ok(())
}

/// Takes the end of an operation, and looks for the next.
pub(crate) fn done(world: &mut World<'_>, task: &KvTask, succeeded: bool) -> Result<(), Violation> {
    host::call(world, "kv_done", |mailbox, context| mailbox.kv_done(task, succeeded, context))?;
    host::plan(world, 1, Work::Kv);
    Ok(())
}
