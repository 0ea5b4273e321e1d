//! A message that brings the program down each time it is its turn must not keep the others from theirs.

use std::time::Duration;

use api::{Code, MessageId, MessageState, MessageView, SendMessage};
use end_to_end::company::Company;
use end_to_end::http::Answer;
use end_to_end::soak::numbered;
use end_to_end::{Options, Stack, scenario, until};

const SUBJECT: &str = "Valstrik";

/// Beside it, other messages of the mailbox may be on their way to Graph: nobody knows what became of those.
const BESIDE_IT_MAX: usize = 3;

#[test]
fn a_message_that_brings_the_program_down_is_held_and_all_others_go_once() {
    scenario(async {
        let vars = vec![("SANDBOX_PANIC", SUBJECT.to_owned())];
        let stack = Stack::start(Options { vars, ..Options::default() }).await;
        let company = Company::signed_in(&stack, "valstrik").await;
        let mut handed_over = 0;
        for message in numbered(&company, "Ervoor", 3) {
            company.hand_over(&message).await;
            handed_over += 1;
        }

        let trap = SendMessage {
            idempotency_key: Some(SUBJECT.to_owned()),
            ..end_to_end::message::letter(&company.account.upn, SUBJECT)
        };
        let trap = accepted(&company, &trap).await;
        let mut beside = Vec::new();
        for message in numbered(&company, "Ernaast", 8) {
            beside.push(accepted(&company, &message).await);
        }
        let view = until_it_is(&company, trap, |view| view.state == MessageState::Held).await;
        assert_eq!(view.failure.as_ref().unwrap().code, Code::AttemptsLost, "{view:?}");
        assert_eq!(view.attempt_log.len(), 3, "{view:?}");
        let mut unknown = 0;
        for id in beside {
            match until_it_is(&company, id, |view| view.state.is_final()).await.state {
                MessageState::HandedOver => handed_over += 1,
                MessageState::Unknown => unknown += 1,
                state => panic!("{state:?}"),
            }
        }
        assert!(unknown <= 3 * BESIDE_IT_MAX, "{unknown}");

        // Whoever has mended the program asks for it again.
        let retry = stack.with_key("POST", &format!("/v1/messages/{trap}/retry"), &company.key);
        // Its answer may be lost with everything else.
        let _ = Answer::try_to(retry.json(&serde_json::json!({})).timeout(Duration::from_secs(2))).await;
        let again = |view: &MessageView| view.state == MessageState::Held && view.attempt_log.len() == 6;
        until_it_is(&company, trap, again).await;

        for message in numbered(&company, "Erna", 3) {
            let id = accepted(&company, &message).await;
            until_it_is(&company, id, |view| view.state == MessageState::HandedOver).await;
            handed_over += 1;
        }
        let arrived = stack.sandbox.ledger(&company.account).await;
        let mut subjects: Vec<_> = arrived.iter().map(|mail| mail.subject.as_str()).collect();
        subjects.sort_unstable();
        subjects.dedup();
        assert_eq!(arrived.len(), subjects.len(), "each once: {arrived:?}");
        assert!((handed_over..=handed_over + unknown).contains(&arrived.len()), "{arrived:?}");
    });
}

/// Posts until it is accepted: a panic ends whatever else is being asked, too.
async fn accepted(company: &Company<'_>, message: &SendMessage) -> MessageId {
    until("it is accepted", async || {
        let request = company.stack.with_key("POST", "/v1/messages", &company.key).json(message);
        let answer = Answer::try_to(request.timeout(Duration::from_secs(3))).await.ok()?;
        (answer.status == 202).then(|| answer.json::<MessageView>().id)
    })
    .await
}

async fn until_it_is(company: &Company<'_>, id: MessageId, so: impl Fn(&MessageView) -> bool) -> MessageView {
    until("it is where it should be", async || {
        let request = company.stack.with_key("GET", &format!("/v1/messages/{id}"), &company.key);
        let answer = Answer::try_to(request.timeout(Duration::from_secs(3))).await.ok()?;
        (answer.status == 200).then(|| answer.json()).filter(&so)
    })
    .await
}
