//! An outage of Microsoft Graph costs one doubtful message and not a queue (ADR 20), and what is doubtful stays doubtful.

use api::{Code, MailboxState, MessageState, MessageView, SendMessage};
use end_to_end::company::Company;
use end_to_end::message::letter;
use end_to_end::sandbox::graph_error;
use end_to_end::soak::{batch, numbered};
use end_to_end::{Stack, scenario, until};
use serde_json::{Value, json};

/// A queue that an hour of trouble would turn into work for a person.
const QUEUE: usize = 12;

/// Breaks something for the company's account until the order is deleted.
async fn break_down(company: &Company<'_>, at: &str, what: Value) -> u64 {
    let order = json!({ "at": at, "account": company.account.upn, "times": null, "do": what });
    company.stack.sandbox.fault(order).await
}

async fn counts(company: &Company<'_>) -> (usize, usize) {
    let views = company.newest(QUEUE).await;
    let of = |state| views.iter().filter(|view| view.state == state).count();
    (of(MessageState::Unknown), of(MessageState::HandedOver))
}

#[test]
fn an_outage_of_graph_costs_one_doubtful_message() {
    scenario(async {
        for (name, what) in [
            ("storing-504", json!({ "status": 504 })),
            ("storing-502", json!({ "status": 502, "html": "<h1>Bad Gateway</h1>" })),
            ("storing-weg", json!({ "cut": "before_work" })),
        ] {
            let company = Company::signed_in(Stack::shared().await, name).await;
            let person = company.person().await;
            let outage = break_down(&company, "graph", what).await;
            batch(&company, &numbered(&company, "Storing", QUEUE)).await;
            until("the circuit breaker tries a harmless request", async || {
                (company.stack.sandbox.hits(outage).await >= 3).then_some(())
            })
            .await;
            assert_eq!(counts(&company).await, (1, 0), "{name}");
            let view = person.view().await;
            assert_eq!(view.delay.map(|delay| delay.code), Some(Code::MicrosoftUnavailable), "{name}");
            assert_eq!((view.state, view.attention.unknown), (MailboxState::Attention, 1), "{name}");

            company.stack.sandbox.call_off(outage).await;
            until("the queue goes on", async || (counts(&company).await == (1, QUEUE - 1)).then_some(()))
                .await;
            assert_eq!(company.mails().await.len(), QUEUE - 1, "{name}");
        }
    });
}

#[test]
fn what_was_refused_before_it_was_taken_uses_up_no_day() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "dagruimte").await;
        let before = company.limits().await.mailboxes[0].recipients_left;
        let busy = json!({ "status": 503, "json": graph_error("ServiceUnavailable"), "retry_after": 1 });
        let order = json!({ "at": "send_mail", "account": company.account.upn, "times": 2, "do": busy });
        company.stack.sandbox.fault(order).await;
        let message = letter(&company.account.upn, "Later");
        let posted: MessageView = company.post(&message, None).await.expect(202).json();
        let sent = company.until(posted.id, MessageState::HandedOver).await;
        assert!(sent.attempts >= 3, "{sent:?}");
        let after = company.limits().await.mailboxes[0].recipients_left;
        assert_eq!(before.zip(after).map(|(before, after)| before - after), Some(1));
    });
}

/// Posts a message that Microsoft takes without saying so, in a mailbox that would rather have it twice than not at all.
async fn possibly_sent(company: &Company<'_>, subject: &str) -> MessageView {
    company.person().await.save(|settings| settings.repeat_unknown = true).await;
    let lost = break_down(company, "send_mail", json!({ "status": 500, "after_work": true })).await;
    let message: SendMessage = letter(&company.account.upn, subject);
    let view: MessageView = company.post(&message, Some(20)).await.expect(200).json();
    company.stack.sandbox.call_off(lost).await;
    assert_eq!((view.state, view.possibly_sent), (MessageState::WillRetry, true), "{view:?}");
    view
}

#[test]
fn a_possibly_sent_message_is_never_told_as_not_sent() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "twijfel").await;
        let view = possibly_sent(&company, "Ingetrokken").await;
        let refused = company.retry(view.id, None).await.expect(409).problem();
        assert_eq!(refused.code, Code::DuplicatePossible);
        let cancelled = company.cancel(view.id).await;
        assert_eq!((cancelled.state, cancelled.possibly_sent), (MessageState::Unknown, true));
        assert_eq!(cancelled.failure.map(|failure| failure.code), Some(Code::OutcomeUnknown));
        assert_eq!(company.mails().await.len(), 1, "it had arrived");
        company.retry(view.id, Some(json!({ "accept_duplicate": true }))).await.expect(202);
        company.until(view.id, MessageState::HandedOver).await;
    });
}

#[test]
fn held_and_refused_mail_is_counted_until_a_person_has_seen_it() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "gezien").await;
        let person = company.person().await;
        let bad = json!({ "status": 400, "json": graph_error("ErrorInvalidRecipients") });
        let order = json!({ "at": "send_mail", "account": company.account.upn, "times": 2, "do": bad });
        company.stack.sandbox.fault(order).await;
        for subject in ["Een", "Twee"] {
            let message = letter(&company.account.upn, subject);
            let view: MessageView = company.post(&message, Some(20)).await.expect(200).json();
            assert_eq!(view.state, MessageState::Refused);
        }
        let view = person.view().await;
        assert_eq!((view.state, view.attention.refused), (MailboxState::Attention, 2));
        let seen = person.seen(view.now).await;
        assert_eq!((seen.state, seen.attention.refused), (MailboxState::Ready, 0));

        let removed = person.remove().await;
        assert_eq!(removed.state, MailboxState::Removed);
        let message = letter(&company.account.upn, "Vast");
        let held: MessageView = company.post(&message, Some(20)).await.expect(200).json();
        assert_eq!(held.state, MessageState::Held);
        let view = person.view().await;
        let counts: Vec<_> = view.held.iter().map(|held| (held.code, held.count)).collect();
        assert_eq!((view.state, counts), (MailboxState::Removed, vec![(Code::NotAuthenticated, 1)]));
        person.sign_in(&company.account).await;
        company.until(held.id, MessageState::HandedOver).await;
        assert_eq!(person.view().await.state, MailboxState::Ready);
    });
}
