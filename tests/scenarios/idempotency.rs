//! `Idempotency-Key`: whoever does not know whether a message was taken posts it again, and it is sent once.

use api::{Code, MessageState, MessageView, SendMessage};
use end_to_end::company::Company;
use end_to_end::http::Answer;
use end_to_end::message::letter;
use end_to_end::{Options, Stack, scenario};
use futures_util::future::join_all;
use serde_json::json;

const KEY: &str = "idempotency-key";

async fn post(company: &Company<'_>, message: &SendMessage, key: &str) -> Answer {
    let request = company.stack.with_key("POST", "/v1/messages", &company.key);
    Answer::to(request.header(KEY, key).json(message)).await
}

#[test]
fn a_repetition_gets_the_first_message_and_sends_nothing() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "nogmaals").await;
        let message = letter(&company.account.upn, "Eén keer");
        let first = post(&company, &message, "\"factuur-4711\"").await.expect(202);
        assert_eq!(first.header("idempotency-replayed"), "");
        let first: MessageView = first.json();
        company.until(first.id, MessageState::HandedOver).await;
        let again = post(&company, &message, "factuur-4711").await.expect(202);
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.header("location"), format!("/v1/messages/{}", first.id));
        let again: MessageView = again.json();
        assert_eq!((again.id, again.state), (first.id, MessageState::HandedOver));

        // The other way to say it, for who can't set headers.
        let in_body = SendMessage { idempotency_key: Some("factuur-4711".to_owned()), ..message.clone() };
        let again: MessageView = company.post(&in_body, None).await.expect(202).json();
        assert_eq!(again.id, first.id);
        let both = post(&company, &in_body, "factuur-4712").await.problem();
        assert_eq!((both.code, &*both.errors[0].pointer), (Code::FieldsRefused, "/idempotency_key"));

        let other = letter(&company.account.upn, "Iets anders");
        let reused = post(&company, &other, "factuur-4711").await.problem();
        assert_eq!((reused.status, reused.code), (422, Code::IdempotencyKeyReused));
        for wrong in ["", "x".repeat(256).as_str()] {
            let problem = post(&company, &message, wrong).await.problem();
            assert_eq!(
                (problem.code, &*problem.errors[0].pointer),
                (Code::FieldsRefused, "/idempotency_key")
            );
        }
        // A message that is not taken keeps no key.
        let two_lines = SendMessage { subject: "a\nb".to_owned(), ..message.clone() };
        assert_eq!(post(&company, &two_lines, "nieuw").await.problem().code, Code::FieldsRefused);
        let second: MessageView = post(&company, &message, "nieuw").await.expect(202).json();
        company.until(second.id, MessageState::HandedOver).await;
        assert_eq!(company.mails().await.len(), 2);
    });
}

#[test]
fn a_repetition_that_waits_gets_the_outcome() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "wacht").await;
        let slow =
            json!({ "at": "send_mail", "account": company.account.upn, "do": { "delay_answer_ms": 4000 } });
        company.stack.sandbox.fault(slow).await;
        let message = letter(&company.account.upn, "Wacht mee");
        let first: MessageView = post(&company, &message, "wacht").await.expect(202).json();
        assert!(!first.state.is_final(), "{first:?}");
        // Two of them, and one that has no patience.
        let waiting = |seconds: u32| {
            let request = company.stack.with_key("POST", "/v1/messages", &company.key);
            let request = request.header(KEY, "wacht").header("prefer", format!("wait={seconds}"));
            Answer::to(request.json(&message))
        };
        let (one, two, hasty) = tokio::join!(waiting(20), waiting(20), waiting(1));
        for (answer, status, state) in [
            (one, 200, MessageState::HandedOver),
            (two, 200, MessageState::HandedOver),
            (hasty, 202, MessageState::Sending),
        ] {
            let answer = answer.expect(status);
            assert_eq!(answer.header("idempotency-replayed"), "true");
            let view: MessageView = answer.json();
            assert_eq!((view.id, view.state), (first.id, state));
        }
        assert_eq!(company.mails().await.len(), 1);
    });
}

#[test]
fn a_key_is_about_one_mailbox() {
    scenario(async {
        let stack = Stack::shared().await;
        let company = Company::signed_in(stack, "mijn").await;
        let account = stack.sandbox.account("jouw").await;
        company.add_signed_in(&account).await;
        let mut ids = Vec::new();
        for from in [&company.account.upn, &account.upn] {
            let answer = post(&company, &letter(from, from), "factuur-1").await.expect(202);
            assert_eq!(answer.header("idempotency-replayed"), "");
            let view: MessageView = answer.json();
            company.until(view.id, MessageState::HandedOver).await;
            ids.push(view.id);
        }
        for (id, from) in ids.into_iter().zip([&company.account, &account]) {
            let again = post(&company, &letter(&from.upn, &from.upn), "factuur-1").await.expect(202);
            assert_eq!(again.header("idempotency-replayed"), "true");
            assert_eq!(again.json::<MessageView>().id, id);
            assert_eq!(stack.sandbox.mails(from).await.len(), 1);
        }
    });
}

#[test]
fn ten_at_once_are_one() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "tegelijk").await;
        let message = letter(&company.account.upn, "Tegelijk");
        let answers = join_all((0..10).map(|_| post(&company, &message, "tegelijk"))).await;
        let (mut ids, mut sent_away) = (Vec::new(), 0);
        for answer in answers {
            if answer.status == 409 {
                assert_eq!(answer.problem().code, Code::IdempotencyInProgress);
                sent_away += 1;
            } else {
                ids.push(answer.expect(202).json::<MessageView>().id);
            }
        }
        ids.dedup();
        assert_eq!(ids.len(), 1, "{sent_away} were told to come again");
        company.until(ids[0], MessageState::HandedOver).await;
        let again: MessageView = post(&company, &message, "tegelijk").await.expect(202).json();
        assert_eq!(again.id, ids[0]);
        assert_eq!(company.mails().await.len(), 1);
    });
}

#[test]
fn a_key_outlives_the_process_that_took_it() {
    scenario(async {
        // Its own: everything of it goes down.
        let stack = Stack::start(Options::default()).await;
        let company = Company::new(&stack, "overleeft").await;
        let message = letter(&company.account.upn, "Overleeft");
        let first: MessageView = post(&company, &message, "overleeft").await.expect(202).json();
        stack.kill_objects();
        stack.until_well().await;
        let again = post(&company, &message, "overleeft").await.expect(202);
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.json::<MessageView>().id, first.id);
    });
}
