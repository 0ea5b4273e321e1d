//! `scheduled_at`: a message leaves when its time has come, and not before.

use api::{Code, MessageState, MessageView, SCHEDULED_DAYS_MAX, SendMessage, Timestamp};
use end_to_end::company::Company;
use end_to_end::http::Answer;
use end_to_end::message::letter;
use end_to_end::{Options, Stack, scenario, until};

/// The Worker's clock.
async fn now(company: &Company<'_>) -> Timestamp {
    company.person().await.view().await.now
}

fn at(company: &Company<'_>, subject: &str, moment: Timestamp) -> SendMessage {
    SendMessage { scheduled_at: Some(moment), ..letter(&company.account.upn, subject) }
}

async fn schedule(company: &Company<'_>, subject: &str, moment: Timestamp) -> MessageView {
    // Whoever waits for an outcome is told at once that it is not yet its time.
    let view: MessageView = company.post(&at(company, subject, moment), Some(30)).await.expect(202).json();
    assert_eq!((view.state, view.scheduled_at), (MessageState::Scheduled, Some(moment)));
    view
}

/// Fails unless it left when its time had come, and soon after that.
fn left_in_time(view: &MessageView) {
    let began_ms = view.attempt_log[0].at.since(view.scheduled_at.unwrap());
    assert!((0..15_000).contains(&began_ms), "began {began_ms} ms after its time");
}

async fn subjects(company: &Company<'_>) -> Vec<String> {
    company.stack.sandbox.ledger(&company.account).await.into_iter().map(|mail| mail.subject).collect()
}

#[test]
fn a_message_waits_for_its_time_and_then_goes_by_itself() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "gepland").await;
        let moment = now(&company).await.plus_millis(5_000);
        let view = schedule(&company, "Gepland", moment).await;
        // Another one that is posted meanwhile does not take it along.
        company.hand_over(&letter(&company.account.upn, "Meteen")).await;
        assert_eq!(company.look(view.id).await.state, MessageState::Scheduled);
        assert_eq!(company.limits().await.mailboxes[0].waiting, 1);
        // Nobody asks, so that nobody wakes it.
        until("both arrived", async || (subjects(&company).await.len() == 2).then_some(())).await;
        let view = company.until(view.id, MessageState::HandedOver).await;
        left_in_time(&view);
        assert_eq!(view.scheduled_at, Some(moment), "and says when it was meant for");
        assert_eq!(subjects(&company).await, ["Meteen", "Gepland"]);
    });
}

#[test]
fn what_is_meant_for_the_past_goes_at_once_and_what_is_too_far_ahead_is_refused() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "verleden").await;
        let now = now(&company).await;
        company.hand_over(&at(&company, "Gisteren", now.plus_seconds(-24 * 3600))).await;

        let furthest = now.plus_seconds(i64::from(SCHEDULED_DAYS_MAX) * 24 * 3600);
        let too_far = at(&company, "Te ver", furthest.plus_seconds(60));
        let problem = company.post(&too_far, None).await.expect(422).problem();
        assert_eq!((problem.code, &*problem.errors[0].pointer), (Code::FieldsRefused, "/scheduled_at"));
        assert!(problem.errors[0].detail.contains(&SCHEDULED_DAYS_MAX.to_string()));
        let far = schedule(&company, "Net niet", furthest).await;
        company.cancel(far.id).await;
        let request = company.stack.with_key("POST", "/v1/messages", &company.key);
        let wrong = serde_json::json!({ "from": company.account.upn, "to": "k@example.com", "scheduled_at": "morgen" });
        let problem = Answer::to(request.json(&wrong)).await.expect(400).problem();
        assert!(problem.code == Code::MalformedRequest && problem.detail.contains("2026-11-23T18:40:00Z"));
        assert_eq!(subjects(&company).await, ["Gisteren"]);
    });
}

#[test]
fn a_form_and_a_raw_message_say_it_their_own_way() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "vormen").await;
        let from = &company.account.upn;
        let moment = now(&company).await.plus_millis(5_000);
        let form = |moment: &str| {
            let part = |name: &str, value: &str| {
                format!("--AaB03x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
            };
            let parts = [("from", from.as_str()), ("to", "k@example.com"), ("subject", "Formulier")];
            let parts: String = parts.map(|(name, value)| part(name, value)).concat();
            format!("{parts}{}--AaB03x--\r\n", part("scheduled_at", moment))
        };
        let raw = format!("From: {from}\r\nTo: k@example.com\r\nSubject: Heel\r\n\r\nHoi\r\n");
        let post = async |path: &str, media_type: &str, body: String| {
            let request = company.stack.with_key("POST", path, &company.key);
            Answer::to(request.header("content-type", media_type).body(body)).await
        };
        let multipart = "multipart/form-data; boundary=AaB03x";
        let in_form: MessageView =
            post("/v1/messages", multipart, form(&moment.to_string())).await.expect(202).json();
        // As an ERP in the Netherlands writes it: with its offset.
        let local = format!("/v1/messages?scheduled_at={}", offset(moment));
        let in_url: MessageView = post(&local, "message/rfc822", raw.clone()).await.expect(202).json();
        for view in [&in_form, &in_url] {
            assert_eq!((view.state, view.scheduled_at), (MessageState::Scheduled, Some(moment)));
        }

        let far = now(&company).await.plus_seconds(31 * 24 * 3600).to_string();
        let url = |value: &str| format!("/v1/messages?scheduled_at={value}");
        for (path, media_type, body) in [
            ("/v1/messages".to_owned(), multipart, form(&far)),
            ("/v1/messages".to_owned(), multipart, form("morgen")),
            (url(&far), "message/rfc822", raw.clone()),
            (url("morgen"), "message/rfc822", raw.clone()),
            // Beside a message that has a field for it.
            (url(&moment.to_string()), multipart, form("")),
        ] {
            let problem = post(&path, media_type, body).await.expect(422).problem();
            assert_eq!(problem.errors[0].pointer, "/scheduled_at", "{path} {media_type}");
        }
        for view in [in_form, in_url] {
            left_in_time(&company.until(view.id, MessageState::HandedOver).await);
        }
        let mut arrived = subjects(&company).await;
        arrived.sort();
        assert_eq!(arrived, ["Formulier", "Heel"]);
    });
}

/// The same moment as it is written an hour east of Greenwich, for a URL.
fn offset(moment: Timestamp) -> String {
    moment.plus_seconds(3600).to_string().replace('Z', "%2B01:00")
}

#[test]
fn called_off_before_its_time_it_never_goes_and_asked_to_go_now_it_goes_once() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "bedacht").await;
        let moment = now(&company).await.plus_millis(5_000);
        let off = schedule(&company, "Toch niet", moment).await;
        let early = schedule(&company, "Toch nu", moment).await;
        let last = schedule(&company, "Daarna", moment.plus_millis(1_500)).await;
        company.cancel(off.id).await;
        company.retry(early.id, None).await.expect(202);
        let early = company.until(early.id, MessageState::HandedOver).await;
        assert!(early.attempt_log[0].at < moment, "at once: {early:?}");
        left_in_time(&company.until(last.id, MessageState::HandedOver).await);
        assert_eq!(subjects(&company).await, ["Toch nu", "Daarna"]);
        assert_eq!(company.look(off.id).await.state, MessageState::Cancelled);
    });
}

#[test]
fn when_its_time_comes_and_nobody_has_signed_in_it_waits_for_that_too() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "tweemaal").await;
        let view = schedule(&company, "Wacht nog", now(&company).await.plus_millis(4_000)).await;
        let later = schedule(&company, "Later", now(&company).await.plus_seconds(3600)).await;
        let held = company.until(view.id, MessageState::Held).await;
        assert_eq!(held.failure.unwrap().code, Code::NotAuthenticated);
        company.person().await.sign_in(&company.account).await;
        company.until(view.id, MessageState::HandedOver).await;
        assert_eq!(company.look(later.id).await.state, MessageState::Scheduled, "a sign-in hurries nobody");
        assert_eq!(subjects(&company).await, ["Wacht nog"]);
    });
}

#[test]
fn it_goes_in_time_though_everything_around_it_was_killed() {
    scenario(async {
        // Its own: everything of it goes down.
        let stack = Stack::start(Options::default()).await;
        let company = Company::signed_in(&stack, "overleeft").await;
        let view = schedule(&company, "Overleeft", now(&company).await.plus_millis(8_000)).await;
        stack.kill_objects();
        stack.until_well().await;
        // Its alarm alone brings it.
        until("it arrived", async || (!subjects(&company).await.is_empty()).then_some(())).await;
        left_in_time(&company.until(view.id, MessageState::HandedOver).await);
        assert_eq!(subjects(&company).await, ["Overleeft"]);
    });
}
