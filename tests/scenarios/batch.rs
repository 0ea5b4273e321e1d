//! A batch: up to a hundred messages in one request, each for itself.

use std::collections::BTreeSet;

use api::{BATCH_MESSAGES_MAX, BatchItem, Code, MessageState, MessageView, REQUEST_BYTES_MAX, SendMessage};
use end_to_end::company::Company;
use end_to_end::http::Answer;
use end_to_end::message::letter;
use end_to_end::{Stack, scenario, until};
use serde_json::{Value, json};

/// Messages that can't be taken, by their place.
const UNKNOWN_FIELD: usize = 17;
const WRONG_SENDER: usize = 42;
const REUSED_KEY: usize = 63;
const NO_MESSAGE: usize = 99;

fn numbered(company: &Company<'_>, number: usize) -> Value {
    let message = SendMessage {
        reference: Some(format!("2026-{number:04}")),
        idempotency_key: Some(format!("factuur-{number}")),
        ..letter(&company.account.upn, &format!("Factuur {number}"))
    };
    serde_json::to_value(message).unwrap()
}

fn outcome(item: &BatchItem) -> (u16, Option<Code>, bool) {
    assert_ne!(item.message.is_some(), item.problem.is_some(), "{item:?}");
    (item.status, item.problem.as_ref().map(|problem| problem.code), item.replayed)
}

#[test]
fn a_hundred_messages_have_an_outcome_each_and_posted_again_none_goes_twice() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "honderd").await;
        let other = SendMessage {
            idempotency_key: Some(format!("factuur-{REUSED_KEY}")),
            ..letter(&company.account.upn, "Eerder")
        };
        company.hand_over(&other).await;
        let mut messages: Vec<Value> = (0..BATCH_MESSAGES_MAX).map(|n| numbered(&company, n)).collect();
        messages[UNKNOWN_FIELD]["subjet"] = json!("x");
        messages[WRONG_SENDER]["from"] = json!("directie@elders.example");
        messages[NO_MESSAGE] = json!("Factuur 99");

        let first = company.batch(&messages).await;
        let again = company.batch(&messages).await;
        assert_eq!((first.len(), again.len()), (BATCH_MESSAGES_MAX, BATCH_MESSAGES_MAX));
        for (number, (item, repeated)) in first.iter().zip(&again).enumerate() {
            let refused = match number {
                UNKNOWN_FIELD | NO_MESSAGE => Some((400, Code::MalformedRequest)),
                WRONG_SENDER => Some((403, Code::SenderNotAllowed)),
                REUSED_KEY => Some((422, Code::IdempotencyKeyReused)),
                _ => None,
            };
            if let Some((status, code)) = refused {
                assert_eq!(outcome(item), (status, Some(code), false), "{number}");
                assert_eq!(outcome(repeated), (status, Some(code), false), "{number}");
                continue;
            }
            assert_eq!(
                (outcome(item), outcome(repeated)),
                ((202, None, false), (202, None, true)),
                "{number}"
            );
            let (message, repeated) = (item.message.as_ref().unwrap(), repeated.message.as_ref().unwrap());
            assert_eq!(message.reference, Some(format!("2026-{number:04}")), "in their order");
            assert_eq!((message.state, repeated.id), (MessageState::Queued, message.id));
        }
        let problem = |number: usize| first[number].problem.as_ref().unwrap();
        assert_eq!(problem(UNKNOWN_FIELD).errors[0].pointer, "/subjet");
        assert_eq!(problem(WRONG_SENDER).params["allowed"], company.account.upn);

        until("all were handed over", async || {
            let list = company.list("state=handed_over&limit=100").await;
            (list.messages.len() == BATCH_MESSAGES_MAX - 4 + 1).then_some(())
        })
        .await;
        let arrived = company.stack.sandbox.ledger(&company.account).await;
        let subjects: BTreeSet<String> = arrived.iter().map(|mail| mail.subject.clone()).collect();
        let refused = [UNKNOWN_FIELD, WRONG_SENDER, REUSED_KEY, NO_MESSAGE];
        let taken = (0..BATCH_MESSAGES_MAX).filter(|number| !refused.contains(number));
        let expected: BTreeSet<String> =
            taken.map(|number| format!("Factuur {number}")).chain(["Eerder".to_owned()]).collect();
        assert_eq!(subjects, expected);
        assert_eq!(arrived.len(), expected.len(), "each once");
    });
}

#[test]
fn each_message_goes_its_own_way() {
    scenario(async {
        let stack = Stack::shared().await;
        let company = Company::signed_in(stack, "gemengd").await;
        let account = stack.sandbox.account("tweede").await;
        let second = company.add_signed_in(&account).await;
        let now = company.person().await.view().await.now;
        let from = &company.account.upn;
        let twice = SendMessage { idempotency_key: Some("tweemaal".to_owned()), ..letter(from, "Tweemaal") };
        let later = SendMessage { scheduled_at: Some(now.plus_seconds(3600)), ..letter(from, "Later") };
        let outcomes =
            company.batch(&[twice.clone(), letter(&account.upn, "Van de tweede"), later, twice]).await;
        let views: Vec<&MessageView> = outcomes.iter().map(|item| item.message.as_ref().unwrap()).collect();
        assert_eq!(views[1].mailbox, second);
        assert_eq!(views[2].state, MessageState::Scheduled);
        assert_eq!((views[3].id, outcomes[3].replayed), (views[0].id, true), "also within a batch");
        for view in &views[..2] {
            company.until(view.id, MessageState::HandedOver).await;
        }
        let of = async |account| stack.sandbox.ledger(account).await.into_iter().map(|mail| mail.subject);
        assert_eq!(of(&company.account).await.collect::<Vec<_>>(), ["Tweemaal"]);
        assert_eq!(of(&account).await.collect::<Vec<_>>(), ["Van de tweede"]);
    });
}

#[test]
fn what_is_no_batch_is_refused_as_a_whole() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "geen").await;
        let post = async |media_type: &str, body: Vec<u8>| {
            let request = company.stack.with_key("POST", "/v1/messages/batch", &company.key);
            Answer::to(request.header("content-type", media_type).body(body)).await.problem()
        };
        let json = async |value: Value| post("application/json", value.to_string().into_bytes()).await;
        let one = numbered(&company, 1);
        for messages in [Vec::new(), vec![one.clone(); BATCH_MESSAGES_MAX + 1]] {
            let problem = json(json!(messages)).await;
            assert_eq!((problem.status, problem.code), (422, Code::FieldsRefused));
            assert!(problem.detail.contains("1 to 100"), "{}", problem.detail);
        }
        for value in [one.clone(), json!({ "messages": [one] }), json!(null)] {
            let problem = json(value).await;
            assert_eq!((problem.status, problem.code), (400, Code::MalformedRequest));
        }
        let large = vec![b' '; REQUEST_BYTES_MAX + 1];
        let problem = post("application/json", large).await;
        assert_eq!((problem.status, problem.code), (413, Code::RequestTooLarge));
        let raw = post("message/rfc822", b"From: a@b.nl\r\n\r\n".to_vec()).await;
        assert_eq!((raw.status, raw.code), (415, Code::UnsupportedMediaType));
        let request = company.stack.with_key("POST", "/v1/messages/batch", &company.key);
        let with_key = request.header("idempotency-key", "alles").json(&[numbered(&company, 1)]);
        let problem = Answer::to(with_key).await.problem();
        assert_eq!((problem.status, &*problem.errors[0].pointer), (422, "/idempotency_key"));
        assert!(company.list("").await.messages.is_empty(), "none of them was taken");
    });
}
