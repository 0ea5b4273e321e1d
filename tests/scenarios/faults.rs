//! Every fault there is while a long queue drains, with few mails by SMTP; `cargo xtask soak` has more.

use api::{Code, MessageState, MessageView};
use end_to_end::company::Company;
use end_to_end::message::letter;
use end_to_end::soak::Way;
use end_to_end::soak::faults::all_while_draining;
use end_to_end::{Stack, scenario, until};
use serde_json::json;

/// How long after its refusal a message is committed all the same, in milliseconds.
const LATE_MS: i64 = 3000;

#[test]
fn every_fault_of_graph_in_a_draining_queue_ends_as_it_must() {
    in_short(Way::Graph, 3, 1000);
}

#[test]
fn every_fault_of_smtp_in_a_draining_queue_ends_as_it_must() {
    in_short(Way::Smtp, 1, 60);
}

fn in_short(way: Way, times: usize, count: usize) {
    let table = scenario(all_while_draining(way, times, count));
    eprintln!("{table}");
    table.must_be_right();
}

#[test]
fn what_microsoft_commits_after_a_504_is_unknown_and_arrives_once() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "alsnog").await;
        let late = json!({ "at": "send_mail", "account": company.account.upn,
                           "do": { "status": 504, "commit_after_ms": LATE_MS } });
        arrives_late(&company, late).await;
    });
}

#[test]
fn what_exchange_commits_after_a_cut_is_unknown_and_arrives_once() {
    scenario(async {
        let company = Company::by_smtp(Stack::shared().await, "alsnog").await;
        let late =
            json!({ "at": "smtp", "account": company.account.upn, "do": { "commit_after_ms": LATE_MS } });
        arrives_late(&company, late).await;
    });
}

/// First by itself, then where the organisation would rather have a mail twice than not at all.
async fn arrives_late(company: &Company<'_>, order: serde_json::Value) {
    for (number, repeated) in [(1, false), (2, true)] {
        company.person().await.save(|settings| settings.repeat_unknown = repeated).await;
        company.stack.sandbox.fault(order.clone()).await;
        let message = letter(&company.account.upn, "Alsnog");
        let view: MessageView = company.post(&message, Some(20)).await.expect(200).json();
        assert_eq!(view.failure.as_ref().unwrap().code, Code::OutcomeUnknown, "{view:?}");
        assert_eq!(company.mails().await.len(), number - 1, "it is told before it has arrived");
        let expected = if repeated { MessageState::WillRetry } else { MessageState::Unknown };
        assert_eq!(view.state, expected, "{view:?}");
        // Whatever was still under way has arrived by then.
        let wait_s = view.next_attempt_at.map(|at| at.since(view.changed_at) / 1000);
        assert_eq!(wait_s, repeated.then_some(300), "{view:?}");

        until("it arrives", async || (company.mails().await.len() == number).then_some(())).await;
        let after = company.look(view.id).await;
        assert_eq!((after.state, after.attempts), (expected, 1), "nobody has told us: {after:?}");
    }
}
