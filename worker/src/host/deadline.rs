use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};

/// Waits for `future` at most that long; `None` when it took longer.
///
/// The loser is dropped on our side only: what it had asked of the runtime goes on, so callers abort a `fetch` and leave
/// a socket alone.
pub(crate) async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    match select(pin!(future), pin!(worker::Delay::from(limit))).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}
