use std::future::Future;
use std::sync::LazyLock;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

/// Scenarios share servers and connections, so they share what drives them.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// Scenarios at a time: each keeps a Worker, a browser or both busy, and CI has two cores.
static TURNS: Semaphore = Semaphore::const_new(2);

/// Longest that anything in a scenario may take; a loaded machine is slow, a broken one never gets there.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Runs a scenario when it is its turn.
pub fn scenario<T>(steps: impl Future<Output = T>) -> T {
    RUNTIME.block_on(async {
        let _turn = TURNS.acquire().await.unwrap();
        steps.await
    })
}

/// Looks again and again until there is something to see, and fails with `what` when it takes too long.
pub async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    let seen = until_or_else(look).await;
    seen.unwrap_or_else(|| panic!("after {} seconds still not: {what}", PATIENCE.as_secs()))
}

/// The same, for those who know better what to say when there was nothing.
pub(crate) async fn until_or_else<T>(mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(seen) = look().await {
            return Some(seen);
        }
        sleep(PAUSE).await;
    }
    None
}
