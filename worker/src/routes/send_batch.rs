use api::{BATCH_MESSAGES_MAX, BatchItem, BatchOutcome, Code, FieldError, Problem, REQUEST_BYTES_MAX};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde_json::Value;

use super::answer::json;
use super::send_message::accept;
use super::{Answer, App, input, posted, who};
use crate::host::now;
use crate::objects::Objects;
use crate::objects::mailbox::Accepted;
use crate::objects::organisation::{KeyMailboxes, not_allowed};

/// `POST /v1/messages/batch`: takes up to 100 mails, each for itself: one that can't be taken keeps no other from it.
#[worker::send]
pub(super) async fn send_batch(State(app): State<App>, request: Request) -> Answer {
    let config = app.config()?;
    let key = who::erp(&config, request.headers())?;
    input::expect_json(&request)?;
    if request.headers().contains_key("idempotency-key") {
        // One key can't tell a hundred messages apart, and whoever sends it counts on it.
        let detail =
            "in a batch each message has an idempotency_key of its own, and the request none".to_owned();
        let error = FieldError { pointer: "/idempotency_key".to_owned(), detail };
        return Err(posted::refused(vec![error]).into());
    }
    let body = input::bytes(request.into_body(), REQUEST_BYTES_MAX).await?;
    // One message that can't be read is that message's trouble alone.
    let messages: Vec<Value> = input::from_json(&body)?;
    drop(body);
    if messages.is_empty() || messages.len() > BATCH_MESSAGES_MAX {
        let detail = format!("a batch is a list of 1 to {BATCH_MESSAGES_MAX} messages");
        let error = FieldError { pointer: String::new(), detail: detail.clone() };
        return Err(Problem::new(Code::FieldsRefused, detail).with_errors(vec![error]).into());
    }
    let objects = Objects::new(&app.env, &config.jurisdiction);
    let asked = KeyMailboxes { id: key.id, hash: who::hash_text(&key.hash) };
    let mailboxes = objects.organisation(key.organisation)?.call(&asked).await?;
    let mut outcomes = Vec::with_capacity(messages.len());
    // In their order, which the outbox then keeps.
    for message in messages {
        let taken = async {
            let wire = input::from_value(message)?;
            let posted = posted::fields(wire, None, now())?;
            let mailbox = mailboxes.iter().find(|mailbox| mailbox.sends_from(&posted.from));
            let mailbox = mailbox.ok_or_else(|| not_allowed(&posted.from, &mailboxes))?;
            accept(&objects, key.organisation, mailbox.id, posted, 0).await
        };
        outcomes.push(item(taken.await));
    }
    json(StatusCode::OK, &BatchOutcome { outcomes })
}

fn item(taken: Result<Accepted, Problem>) -> BatchItem {
    match taken {
        Ok(Accepted { view, replayed }) => {
            let status = StatusCode::ACCEPTED.as_u16();
            BatchItem { status, message: Some(view), replayed, problem: None }
        }
        Err(problem) => {
            BatchItem { status: problem.status, message: None, replayed: false, problem: Some(problem) }
        }
    }
}
