//! How much may be sent, and how fast: told beforehand, kept to, and nothing is lost by it.

use api::{
    BATCH_MESSAGES_MAX, Code, IDEMPOTENCY_DAYS, Kind, MailboxState, MessageState, MessageView,
    RECIPIENTS_MAX, REQUEST_BYTES_MAX, Recipients, SCHEDULED_DAYS_MAX, SendMessage,
};
use end_to_end::company::Company;
use end_to_end::message::letter;
use end_to_end::{Options, Stack, scenario, until};

async fn with(name: &'static str, value: &str) -> Stack {
    Stack::start(Options { vars: vec![(name, value.to_owned())], ..Options::default() }).await
}

/// A letter to so many customers.
fn to(company: &Company<'_>, customers: usize) -> SendMessage {
    let to = (0..customers).map(|number| format!("klant{number}@example.com")).collect();
    SendMessage { to: Recipients::List(to), ..letter(&company.account.upn, &format!("Aan {customers}")) }
}

#[test]
fn a_day_of_recipients_is_counted_and_whoever_comes_after_it_waits() {
    scenario(async {
        let stack = with("RECIPIENTS_PER_DAY", "5").await;
        let company = Company::signed_in(&stack, "dag").await;
        let person = company.person().await;
        let account = stack.sandbox.account("ander").await;
        let other = company.add_signed_in(&account).await;
        let rest = async || {
            let mailboxes = company.limits().await.mailboxes;
            let of = |id| mailboxes.iter().find(|one| one.id == id).unwrap().clone();
            (of(company.mailbox), of(other).recipients_left)
        };

        let limits = company.limits().await;
        let (of_ours, _) = rest().await;
        assert_eq!(usize::try_from(limits.json_request_bytes_max).unwrap(), REQUEST_BYTES_MAX);
        assert_eq!(limits.batch_messages_max as usize, BATCH_MESSAGES_MAX);
        assert_eq!(limits.recipients_max as usize, RECIPIENTS_MAX);
        assert_eq!(limits.scheduled_days_max, SCHEDULED_DAYS_MAX);
        assert_eq!(limits.idempotency_days, IDEMPOTENCY_DAYS);
        assert_eq!((limits.messages_per_minute, limits.recipients_per_day), (0, 5));
        assert_eq!((&of_ours.address, of_ours.kind), (&company.account.upn, Kind::GraphOAuth2));
        assert_eq!(of_ours.message_bytes_max, person.view().await.message_bytes_effective);
        assert_eq!((of_ours.recipients_left, of_ours.waiting), (Some(5), 0));

        company.hand_over(&to(&company, 2)).await;
        assert_eq!(rest().await.0.recipients_left, Some(3));
        company.hand_over(&to(&company, 3)).await;
        assert_eq!(rest().await.0.recipients_left, Some(0));
        let sixth: MessageView = company.post(&to(&company, 1), Some(2)).await.expect(202).json();
        assert_eq!(sixth.state, MessageState::Queued);
        // Asking does not help.
        company.retry(sixth.id, None).await.expect(202);

        let (ours, others) = rest().await;
        assert_eq!((ours.recipients_left, ours.waiting, others), (Some(0), 1, Some(5)));
        let view = person.view().await;
        let delay = view.delay.unwrap();
        assert_eq!((view.state, delay.code), (MailboxState::Delayed, Code::QuotaReached));
        let hours = delay.until.since(view.now) / 3_600_000;
        assert!((23..=25).contains(&hours), "a day later: {hours} hours");

        // The other mailbox has a day of its own.
        company.hand_over(&letter(&account.upn, "Van het andere adres")).await;
        assert_eq!(rest().await.1, Some(4));

        stack.restart().await;
        let waits = company.look(sixth.id).await;
        assert_eq!((waits.state, waits.attempts, waits.content_kept), (MessageState::Queued, 0, true));
        assert_eq!(rest().await.0.recipients_left, Some(0), "what was counted is kept");
        assert!(company.mime(sixth.id).await.expect(200).text().contains("Subject: Aan 1\r\n"));
        assert_eq!(company.mails().await.len(), 2);
        company.cancel(sixth.id).await;
        assert_eq!(person.view().await.state, MailboxState::Ready, "nothing waits any more");
    });
}

#[test]
fn a_message_to_more_than_are_left_waits_and_the_page_says_why() {
    scenario(async {
        let stack = with("RECIPIENTS_PER_DAY", "5").await;
        let company = Company::signed_in(&stack, "ruimte").await;
        company.hand_over(&to(&company, 3)).await;
        let waits: MessageView = company.post(&to(&company, 4), Some(2)).await.expect(202).json();
        assert_eq!(waits.state, MessageState::Queued);
        let view = company.person().await.view().await;
        assert_eq!(view.delay.unwrap().code, Code::QuotaReached);
        assert_eq!(company.mails().await.len(), 1);
    });
}

#[test]
fn a_minute_of_messages_goes_at_once_and_the_rest_when_the_minute_is_over() {
    const PER_MINUTE: usize = 3;
    scenario(async {
        let stack = with("MESSAGES_PER_MINUTE", "3").await;
        let company = Company::signed_in(&stack, "minuut").await;
        let messages: Vec<SendMessage> =
            (0..5).map(|number| letter(&company.account.upn, &format!("Factuur {number}"))).collect();
        let outcomes = company.batch(&messages).await;
        let ids: Vec<_> = outcomes.iter().map(|item| item.message.as_ref().unwrap().id).collect();
        let ledger = async || stack.sandbox.ledger(&company.account).await;
        until("the first three arrived", async || (ledger().await.len() == PER_MINUTE).then_some(())).await;
        let begun = company.look(ids[0]).await.attempt_log[0].at;
        assert_eq!(company.limits().await.mailboxes[0].waiting, 2);

        // In two steps, since nobody here waits longer than a minute for anything.
        let person = company.person().await;
        until("half of it is over", async || {
            let so_far = ledger().await.len();
            assert_eq!(so_far, PER_MINUTE, "before the minute is over");
            (person.view().await.now.since(begun) > 30_000).then_some(())
        })
        .await;
        let mut starts = Vec::new();
        for id in ids {
            starts.push(company.until(id, MessageState::HandedOver).await.attempt_log[0].at);
        }
        assert!(starts.is_sorted(), "in their order: {starts:?}");
        for window in starts.windows(PER_MINUTE + 1) {
            assert!(window[PER_MINUTE].since(window[0]) >= 60_000, "{starts:?}");
        }
        assert!(starts[4].since(starts[0]) < 75_000, "and no later than needed: {starts:?}");
        let arrived = ledger().await;
        let subjects: Vec<&str> = arrived.iter().map(|mail| mail.subject.as_str()).collect();
        let mut sorted = subjects.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, ["Factuur 0", "Factuur 1", "Factuur 2", "Factuur 3", "Factuur 4"]);
        for window in arrived.windows(PER_MINUTE + 1) {
            // The way there takes a moment, not always the same.
            assert!(window[PER_MINUTE].at.since(window[0].at) > 58_000, "{arrived:?}");
        }
    });
}
