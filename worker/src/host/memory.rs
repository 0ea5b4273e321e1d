//! The memory budget of this isolate (ADR 21). What a request, an object or a delivery holds while it waits for somebody is
//! reserved here first; whatever is too small to matter passes.
//!
//! The budget is the module's own: where the Worker and its objects share an isolate they share its three parts, and where
//! they don't, each isolate has a budget for itself.

use std::time::Duration;

use api::{Code, Problem};
use gateway::memory::{MemoryPool, RECEIVING, SENDING, STORING, Share};

use crate::host::now;

/// How long an object waits for memory before it refuses a message; its caller waits meanwhile.
const STORING_PATIENCE: Duration = Duration::from_secs(3);
/// How long a delivery waits. An attempt as a whole counts as lost after three minutes, of which it needs most.
const SENDING_PATIENCE: Duration = Duration::from_secs(8);
/// Between two looks of one that waits.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// When to come back, in seconds: what is in use is free again as soon as it is stored or has left.
const RETRY_AFTER: u32 = 2;

struct Memory {
    receiving: MemoryPool,
    storing: MemoryPool,
    sending: MemoryPool,
}

thread_local! {
    static MEMORY: Memory = Memory {
        // A client that uploads is heard of with each chunk.
        receiving: MemoryPool::new(RECEIVING, Duration::from_secs(50)),
        storing: MemoryPool::new(STORING, Duration::from_mins(1)),
        // Longer than an attempt can take.
        sending: MemoryPool::new(SENDING, Duration::from_secs(200)),
    };
}

/// Memory for a request, at once.
pub(crate) fn receive(bytes: u64) -> Result<Share, Problem> {
    MEMORY.with(|memory| memory.receiving.take(bytes, now())).ok_or_else(full)
}

/// Memory for a message that is to be stored.
pub(crate) async fn store(bytes: u64) -> Result<Share, Problem> {
    let pool = MEMORY.with(|memory| memory.storing.clone());
    wait(&pool, bytes, STORING_PATIENCE).await
}

/// Memory for a message that is to be sent or read.
pub(crate) async fn send(bytes: u64) -> Result<Share, Problem> {
    let pool = MEMORY.with(|memory| memory.sending.clone());
    wait(&pool, bytes, SENDING_PATIENCE).await
}

/// There is no memory left for this.
pub(crate) fn full() -> Problem {
    let detail = "large mails use the memory that there is for them at the moment";
    Problem::new(Code::Busy, detail).with_retry_after(RETRY_AFTER)
}

/// A buffer of exactly that size, or a refusal where an allocation would end the module.
pub(crate) fn buffer(bytes: usize) -> Result<Vec<u8>, Problem> {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(bytes).map_err(|_| full().with_cause("allocation failed"))?;
    Ok(buffer)
}

/// Looks again and again whether it is its turn: another object's event that woke it would run it as that object.
async fn wait(pool: &MemoryPool, bytes: u64, patience: Duration) -> Result<Share, Problem> {
    if let Some(share) = pool.take(bytes, now()) {
        return Ok(share);
    }
    let (place, begun) = (pool.queue(bytes, now()), now());
    while u128::from(now().since(begun).unsigned_abs()) < patience.as_millis() {
        worker::Delay::from(LOOK_EVERY).await;
        if let Some(share) = place.claim(now()) {
            return Ok(share);
        }
    }
    Err(full())
}
