//! What the relay says back: `docs/relay-contract.md`.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::Stream;
use relay_contract::{Event, Problem, ProblemCode};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::outcomes::Progress;

/// How often an empty line says that the relay is still there.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// When to come back, in seconds, where all conversations are taken.
const RETRY_AFTER: &str = "10";

pub(crate) fn problem(code: ProblemCode, detail: &str) -> Problem {
    Problem { code, detail: detail.to_owned() }
}

/// An order that was not taken.
pub(crate) fn refuse(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, axum::Json(problem)).into_response();
    if problem.code == ProblemCode::Busy {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
    }
    response
}

/// An order that was taken: its steps as they happen, and its outcome.
pub(crate) fn tell(progress: watch::Receiver<Progress>) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/x-ndjson"), (header::CACHE_CONTROL, "no-store")];
    (kind, Body::from_stream(lines(progress))).into_response()
}

fn lines(progress: watch::Receiver<Progress>) -> impl Stream<Item = Result<Bytes, Infallible>> {
    futures_util::stream::unfold(Some((progress, 0)), |state| async {
        let (mut progress, told) = state?;
        let mut closed = false;
        loop {
            let event = next(&progress.borrow_and_update(), told);
            match event {
                Some(event) => {
                    let is_last = matches!(event, Event::Outcome(_));
                    return Some((Ok(line(&event)), (!is_last).then_some((progress, told + 1))));
                }
                // The conversation is gone without an outcome: the answer breaks off, and nobody knows.
                None if closed => return None,
                None => {}
            }
            match timeout(HEARTBEAT, progress.changed()).await {
                Ok(changed) => closed = changed.is_err(),
                Err(_) => return Some((Ok(Bytes::from_static(b"\n")), Some((progress, told)))),
            }
        }
    })
}

fn next(progress: &Progress, told: usize) -> Option<Event> {
    match progress.steps.get(told) {
        Some(step) => Some(Event::Step(*step)),
        None => progress.outcome.clone().map(Event::Outcome),
    }
}

fn line(event: &Event) -> Bytes {
    let mut line = serde_json::to_vec(event).unwrap_or_default();
    line.push(b'\n');
    line.into()
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;
    use smtp::{Ending, Outcome, Phase, Step, Stop};

    use super::*;

    fn outcome() -> Outcome {
        Outcome {
            ending: Ending::Stopped(Stop::Closed),
            phase: Phase::Ehlo,
            verdicts: vec![],
            challenge: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn steps_come_as_they_happen_with_a_sign_of_life_between_them() {
        let (sender, receiver) = watch::channel(Progress::default());
        let mut lines = Box::pin(lines(receiver));
        assert_eq!(lines.next().await.unwrap().unwrap(), "\n");
        sender.send_modify(|progress| progress.steps.push(Step::Connected));
        assert_eq!(lines.next().await.unwrap().unwrap(), "{\"step\":\"connected\"}\n");
        sender.send_modify(|progress| {
            progress.steps.push(Step::Tls);
            progress.outcome = Some(outcome());
        });
        drop(sender);
        assert_eq!(lines.next().await.unwrap().unwrap(), "{\"step\":\"tls\"}\n");
        let last: Event = serde_json::from_slice(&lines.next().await.unwrap().unwrap()).unwrap();
        assert_eq!(last, Event::Outcome(outcome()));
        assert!(lines.next().await.is_none());
    }

    #[tokio::test]
    async fn without_an_outcome_the_answer_just_ends() {
        let (sender, receiver) = watch::channel(Progress::default());
        drop(sender);
        assert!(Box::pin(lines(receiver)).next().await.is_none());
    }
}
