use std::fmt;

use api::{BATCH_MESSAGES_MAX, BatchItem, BatchOutcome, Code, FieldError, Problem, REQUEST_BYTES_MAX};
use axum::extract::Request;
use axum::http::StatusCode;
use gateway::memory::to_receive_batch;
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::message_payload;
use super::send::accept;
use crate::host::{memory, now};
use crate::objects::mailbox::Accepted;
use crate::objects::organisation::not_allowed;
use crate::routes::answer::{Answer, Json};
use crate::routes::auth::Erp;
use crate::routes::body::{self, Large};

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
    let Large { bytes, memory: _memory } = body::large(request, REQUEST_BYTES_MAX, to_receive_batch).await?;
    // One message that can't be read is that message's trouble alone.
    let Texts { texts, count } = body::from_json(&bytes)?;
    if count == 0 || count > BATCH_MESSAGES_MAX {
        let detail = format!("a batch is a list of 1 to {BATCH_MESSAGES_MAX} messages");
        let error = FieldError { pointer: String::new(), detail: detail.clone() };
        return Err(Problem::new(Code::FieldsRefused, detail).with_errors(vec![error]).into());
    }
    let mailboxes = erp.mailboxes().await?;
    let mut outcomes = Vec::with_capacity(count);
    // In their order, which the outbox then keeps.
    for text in texts {
        let taken = async {
            let wire = body::from_json(text.get().as_bytes())?;
            let payload = message_payload::fields(wire, None, now())?;
            let mailbox = mailboxes.iter().find(|mailbox| mailbox.sends_from(&payload.from));
            let mailbox = mailbox.ok_or_else(|| not_allowed(&payload.from, &mailboxes))?;
            // Counted with the whole batch.
            let memory = memory::receive(0)?;
            accept(&erp, mailbox.id, payload, memory, 0).await
        };
        outcomes.push(item(taken.await));
    }
    Ok(Json(BatchOutcome { outcomes }))
}

/// The messages of a batch as texts within it, none of them read before it is its turn.
struct Texts<'b> {
    /// As many as there may be.
    texts: Vec<&'b RawValue>,
    /// How many there are.
    count: usize,
}

impl<'de> Deserialize<'de> for Texts<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Texts<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a list of messages")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut read = Texts { texts: Vec::new(), count: 0 };
                while let Some(text) = list.next_element()? {
                    if read.count < BATCH_MESSAGES_MAX {
                        read.texts.push(text);
                    }
                    read.count += 1;
                }
                Ok(read)
            }
        }
        deserializer.deserialize_seq(List)
    }
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
