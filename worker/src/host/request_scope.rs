use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;

use api::RequestId;

thread_local! {
    static CURRENT: Cell<Option<RequestId>> = const { Cell::new(None) };
}

/// The request that the running code belongs to, if any.
pub(crate) fn current_request() -> Option<RequestId> {
    CURRENT.get()
}

/// Runs `work` as a part of that request (a task-local: set while `work` is polled, so that requests which interleave keep
/// theirs apart). Work that it starts in the background does not belong to the request.
pub(crate) async fn in_request<F: Future + Unpin>(id: Option<RequestId>, mut work: F) -> F::Output {
    poll_fn(move |context| {
        let outer = CURRENT.replace(id);
        let poll = Pin::new(&mut work).poll(context);
        CURRENT.set(outer);
        poll
    })
    .await
}
