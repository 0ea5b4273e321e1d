//! Many messages in, and out to the last one.

use std::time::Duration;

use api::{BatchOutcome, MessageView, SendMessage};
use tokio::time::{Instant, sleep};

use crate::company::Company;
use crate::http::Answer;
use crate::message::letter;

/// Messages of one batch.
const BATCH: usize = 100;

/// So many small messages, told apart by their subject, which is their reference, too.
pub fn numbered(company: &Company<'_>, what: &str, count: usize) -> Vec<SendMessage> {
    let one = |n| {
        let subject = format!("{what} {n}");
        SendMessage {
            reference: Some(subject.clone()),
            idempotency_key: Some(subject.clone()),
            ..letter(&company.account.upn, &subject)
        }
    };
    (0..count).map(one).collect()
}

/// Posts them a hundred at a time; all must be accepted.
pub async fn batch(company: &Company<'_>, messages: &[SendMessage]) -> Vec<MessageView> {
    let mut accepted = Vec::with_capacity(messages.len());
    for some in messages.chunks(BATCH) {
        let request = company.stack.with_key("POST", "/v1/messages/batch", &company.key).json(&some);
        let outcome: BatchOutcome = Answer::to(request).await.expect(200).json();
        accepted.extend(outcome.outcomes.into_iter().map(|item| match item.message {
            Some(view) if item.status == 202 => view,
            _ => panic!("not accepted: {item:?}"),
        }));
    }
    accepted
}

/// Waits until every message of the mailbox has come to its end, and tells how each did, oldest first, without its attempts.
pub async fn drained(company: &Company<'_>, count: usize, patience: Duration) -> Vec<MessageView> {
    let deadline = Instant::now() + patience;
    let person = company.person().await;
    loop {
        let waiting = person.view().await.waiting;
        if waiting == 0 {
            break;
        }
        let seconds = patience.as_secs();
        assert!(Instant::now() < deadline, "after {seconds} seconds {waiting} messages have not ended");
        sleep(Duration::from_millis(250)).await;
    }
    let mut views = company.newest(count).await;
    views.reverse();
    views
}
