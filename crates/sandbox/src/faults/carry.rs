//! What is done to a request and its answer, in the order in which things happen to them.

use std::time::Duration;

use axum::{
    body::{Body, to_bytes},
    extract::{FromRequestParts as _, Request},
    http::header,
    middleware::Next,
    response::Response,
};
use futures_util::StreamExt as _;
use tokio::time::sleep;

use crate::{
    entra::catalogue::Place,
    faults::{
        act::Ordered,
        answer,
        order::{Action, Cut, Work},
    },
    origin::Origin,
    state::Sandbox,
};

/// The answer, if there is one, and whether the endpoint worked on the request before it.
pub(crate) async fn out(
    action: Action,
    mut request: Request,
    next: Next,
    sandbox: &Sandbox,
) -> (Option<Response>, bool) {
    match action {
        Action::Refuse { refusal, place: Place::Token } => {
            let (mut parts, _) = request.into_parts();
            let origin = match Origin::from_request_parts(&mut parts, &()).await {
                Ok(Origin(origin)) => origin,
                Err(never) => match never {},
            };
            (Some(refusal.response(sandbox.clock.now(), &origin)), false)
        }
        Action::Refuse { refusal, place } => {
            request.extensions_mut().insert(Ordered(refusal, place));
            (Some(next.run(request).await), true)
        }
        Action::Answer(ordered) => {
            match ordered.work {
                Work::Never => {}
                Work::Before => {
                    next.run(request).await;
                }
                Work::After { ms } => later(request, next, ms).await,
            }
            (Some(answer::ordered(&ordered)), ordered.work == Work::Before)
        }
        Action::Delay { ms } => {
            pause(ms).await;
            (Some(next.run(request).await), true)
        }
        Action::DelayWork { ms } => match whole(request).await {
            Some(request) => {
                pause(ms).await;
                (Some(next.run(request).await), true)
            }
            None => (None, false),
        },
        Action::DelayAnswer { ms } => {
            let response = next.run(request).await;
            pause(ms).await;
            (Some(response), true)
        }
        Action::Cut(Cut::BeforeWork) => (None, false),
        Action::Cut(Cut::MidRequest) => {
            half(request).await;
            (None, false)
        }
        Action::Cut(Cut::AfterRequest) => {
            whole(request).await;
            (None, false)
        }
        Action::Cut(Cut::AfterWork) => {
            next.run(request).await;
            (None, true)
        }
        Action::Cut(Cut::MidAnswer) => (Some(answer::torn(next.run(request).await).await), true),
        Action::Gibberish => (Some(answer::gibberish()), false),
    }
}

async fn pause(ms: u64) {
    sleep(Duration::from_millis(ms)).await;
}

/// Works on the request when its answer has long been given. Nobody gets to see whether it is refused then.
async fn later(request: Request, next: Next, ms: u64) {
    if let Some(request) = whole(request).await {
        tokio::spawn(async move {
            pause(ms).await;
            next.run(request).await;
        });
    }
}

/// The request with all of its body here; `None` when the client left before it had sent it.
async fn whole(request: Request) -> Option<Request> {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.ok()?;
    Some(Request::from_parts(parts, Body::from(bytes)))
}

/// Reads until half of the body has come; of one whose length nobody said, its first bytes.
async fn half(request: Request) {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let mut missing = length.and_then(|length| length.parse::<usize>().ok()).unwrap_or(2) / 2;
    let mut body = request.into_body().into_data_stream();
    while missing > 0 {
        let Some(Ok(chunk)) = body.next().await else { return };
        missing = missing.saturating_sub(chunk.len());
    }
}
