use api::{BATCH_MESSAGES_MAX, BatchItem, BatchOutcome, Code, FieldError, Problem, REQUEST_BYTES_MAX};
use axum::extract::Request;
use axum::http::StatusCode;
use serde_json::value::RawValue;

use super::message_payload;
use super::send::accept;
use crate::host::now;
use crate::objects::mailbox::Accepted;
use crate::objects::organisation::not_allowed;
use crate::routes::answer::{Answer, Json};
use crate::routes::auth::Erp;
use crate::routes::body;

/// `POST /v1/messages/batch`: takes up to 100 mails, each for itself: one that can't be taken keeps no other from it.
#[worker::send]
pub(super) async fn send(erp: Erp, request: Request) -> Answer<Json<BatchOutcome>> {
    body::expect_json(&request)?;
    if request.headers().contains_key("idempotency-key") {
        // One key can't tell a hundred messages apart, and whoever sends it counts on it.
        let detail =
            "in a batch each message has an idempotency_key of its own, and the request none".to_owned();
        let error = FieldError { pointer: "/idempotency_key".to_owned(), detail };
        return Err(message_payload::refused(vec![error]).into());
    }
    let body = body::bytes(request.into_body(), REQUEST_BYTES_MAX).await?;
    // One message that can't be read is that message's trouble alone.
    let messages: Vec<Box<RawValue>> = body::from_json(&body)?;
    drop(body);
    if messages.is_empty() || messages.len() > BATCH_MESSAGES_MAX {
        let detail = format!("a batch is a list of 1 to {BATCH_MESSAGES_MAX} messages");
        let error = FieldError { pointer: String::new(), detail: detail.clone() };
        return Err(Problem::new(Code::FieldsRefused, detail).with_errors(vec![error]).into());
    }
    let mailboxes = erp.mailboxes().await?;
    let mut outcomes = Vec::with_capacity(messages.len());
    // In their order, which the outbox then keeps.
    for message in messages {
        let taken = async {
            let wire = body::from_json(message.get().as_bytes())?;
            let payload = message_payload::fields(wire, None, now())?;
            let mailbox = mailboxes.iter().find(|mailbox| mailbox.sends_from(&payload.from));
            let mailbox = mailbox.ok_or_else(|| not_allowed(&payload.from, &mailboxes))?;
            accept(&erp, mailbox.id, payload, 0).await
        };
        outcomes.push(item(taken.await));
    }
    Ok(Json(BatchOutcome { outcomes }))
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
