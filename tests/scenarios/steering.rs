//! What was accepted can be read, called off, and sent again.

use api::{Code, MessageState, MessageView, Recipients, Route, SendMessage};
use end_to_end::company::Company;
use end_to_end::message::{attachment, letter, pdf};
use end_to_end::sandbox::graph_error;
use end_to_end::{Stack, scenario};
use serde_json::{Value, json};

/// Orders a mishap at `sendMail` for the company's account, until it is called off.
async fn mishap(company: &Company<'_>, mishap: Value) -> u64 {
    let order = json!({ "at": "send_mail", "account": company.account.upn, "times": null, "do": mishap });
    company.stack.sandbox.fault(order).await
}

/// Has the mail server say something else to one recipient, until it is called off.
async fn say(company: &Company<'_>, recipient: &str, reply: &str) -> u64 {
    let mishap = json!({ "reply": reply, "step": "rcpt", "recipient": recipient });
    let order = json!({ "at": "smtp", "do": mishap, "account": company.account.upn, "times": null });
    company.stack.sandbox.fault(order).await
}

async fn post(company: &Company<'_>, subject: &str) -> MessageView {
    company.post(&letter(&company.account.upn, subject), Some(20)).await.expect(200).json()
}

async fn subjects(company: &Company<'_>) -> Vec<String> {
    company.mails().await.into_iter().map(|mail| mail.subject).collect()
}

/// Has it sent again, and waits until it was.
async fn sent_again(company: &Company<'_>, view: &MessageView, wish: Option<Value>) -> MessageView {
    let again: MessageView = company.retry(view.id, wish).await.expect(202).json();
    assert_eq!((again.id, again.failure), (view.id, None));
    company.until(view.id, MessageState::HandedOver).await
}

#[test]
fn every_attempt_carries_the_same_message_id() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "tweemaal").await;
        let error = graph_error("InternalServerError");
        let lost = mishap(&company, json!({ "status": 500, "json": error, "after_work": true })).await;
        let view = post(&company, "Dezelfde").await;
        assert_eq!(view.state, MessageState::Unknown, "it was taken, and nobody said so");
        company.stack.sandbox.call_off(lost).await;
        sent_again(&company, &view, Some(json!({ "accept_duplicate": true }))).await;
        let ids: Vec<_> = company.mails().await.into_iter().map(|mail| mail.message_id.unwrap()).collect();
        let [first, second] = ids.as_slice() else { panic!("{ids:?}") };
        assert_eq!(first, second);
        assert!(first.starts_with(&format!("<{}@", view.id)), "{first}");
    });
}

#[test]
fn each_attempt_is_told_with_its_time_its_way_and_what_was_answered() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "pogingen").await;
        let broken = mishap(
            &company,
            json!({ "status": 503, "json": graph_error("ServiceUnavailable"), "retry_after": 600 }),
        )
        .await;
        let view = post(&company, "Tweede poging").await;
        assert_eq!(view.state, MessageState::WillRetry);
        company.stack.sandbox.call_off(broken).await;
        let view = sent_again(&company, &view, None).await;

        let [first, second] = view.attempt_log.as_slice() else { panic!("{view:?}") };
        assert_eq!((first.route, first.state), (Some(Route::Graph), MessageState::WillRetry));
        assert_eq!(first.code, Some(Code::MicrosoftUnavailable));
        assert!(!first.detail.as_ref().unwrap().is_empty());
        assert_eq!(first.upstream.as_ref().unwrap().status, 503);
        assert_eq!((second.route, second.state), (Some(Route::Graph), MessageState::HandedOver));
        assert_eq!((second.code, &second.detail), (None, &None));
        let upstream = second.upstream.as_ref().unwrap();
        assert!(upstream.status == 202 && upstream.request_id.is_some(), "{upstream:?}");
        let times = [view.accepted_at, first.at, first.ended_at, second.at, second.ended_at];
        assert!(times.is_sorted(), "{times:?}");
        assert_eq!((view.attempts, view.failure, view.next_attempt_at), (2, None, None));

        let company = Company::by_smtp(company.stack, "pogingen-smtp").await;
        let view = post(&company, "Per SMTP").await;
        let attempt = &view.attempt_log[0];
        assert_eq!((attempt.route, attempt.state), (Some(Route::Smtp), MessageState::HandedOver));
        assert_eq!(attempt.upstream.as_ref().unwrap().status, 250);
    });
}

#[test]
fn a_message_is_read_as_it_will_leave_until_it_has_left() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "leesbaar").await;
        let person = company.person().await;
        person.save(|settings| settings.kind = api::Kind::SmtpOAuth2).await;
        let message = SendMessage {
            bcc: Recipients::Text("archief@example.com".to_owned()),
            html: Some("<p>Beste <b>klant</b></p>".to_owned()),
            attachments: vec![attachment("Factuur – café.pdf", &pdf(50))],
            ..letter(&company.account.upn, "Factuur 4711 – élk jaar weer")
        };
        let held: MessageView = company.post(&message, Some(10)).await.expect(200).json();
        assert_eq!((held.state, held.content_kept), (MessageState::Held, true));
        let answer = company.mime(held.id).await.expect(200);
        assert_eq!(answer.header("content-type"), "message/rfc822");
        assert!(answer.header("content-disposition").starts_with("attachment"));
        let mime = answer.text();
        assert!(mime.contains("\r\nBcc: <archief@example.com>\r\n"), "its sender sees it: {mime}");

        person.sign_in(&company.account).await;
        company.until(held.id, MessageState::HandedOver).await;
        let mail = company.mails().await.pop().unwrap();
        assert_eq!(mail.envelope.as_ref().unwrap().rcpt_to, ["klant@example.com", "archief@example.com"]);
        let left = String::from_utf8(company.stack.sandbox.raw(&mail).await).unwrap();
        assert!(
            left == mime.replace("Bcc: <archief@example.com>\r\n", ""),
            "what left:\n{left}\nbut read:\n{mime}"
        );

        assert!(!company.look(held.id).await.content_kept);
        assert_eq!(company.mime(held.id).await.expect(410).problem().code, Code::ContentGone);
    });
}

#[test]
fn a_message_of_ones_own_is_read_byte_for_byte() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "eigen").await;
        let own = format!(
            "From: {}\r\nTo: klant@example.com\r\nBCC: archief@example.com\r\nSubject: =?utf-8?q?Eigen?=\r\n\
             X-Erp: a\r\n  b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nCaf",
            company.account.upn
        );
        let own = [own.as_bytes(), b"\xe9 \r\n.\r\n.. \r\n"].concat();
        let held: MessageView = company.post_raw(&own).await.expect(200).json();
        assert_eq!(held.state, MessageState::Held);
        assert!(company.mime(held.id).await.expect(200).body == own, "the bytes differ");
        company.person().await.sign_in(&company.account).await;
        company.until(held.id, MessageState::HandedOver).await;
        assert_eq!(company.mime(held.id).await.expect(410).problem().code, Code::ContentGone);
        assert_eq!(company.mails().await.len(), 1);
    });
}

#[test]
fn content_that_the_settings_keep_is_read_after_the_hand_over() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "bewaard").await;
        let gone = post(&company, "Niet bewaard").await;
        company.person().await.save(|settings| settings.content_days = 3).await;
        let kept = post(&company, "Bewaard").await;
        assert_eq!((kept.state, kept.content_kept), (MessageState::HandedOver, true));
        assert!(company.mime(kept.id).await.expect(200).text().contains("\r\nSubject: Bewaard\r\n"));
        assert_eq!(company.mime(gone.id).await.expect(410).problem().code, Code::ContentGone);
        let again = company.retry(kept.id, None).await.expect(409).problem();
        assert_eq!((again.code, &*again.params["state"]), (Code::MessageEnded, "handed_over"));
        assert_eq!(company.mails().await.len(), 2);
    });
}

#[test]
fn what_is_called_off_never_arrives_in_whatever_state_it_waited() {
    scenario(async {
        let stack = Stack::shared().await;
        let company = Company::new(stack, "afgezegd").await;
        let person = company.person().await;
        let from = &company.account.upn;
        let at = Some(person.view().await.now.plus_seconds(3600));
        let later = SendMessage { scheduled_at: at, ..letter(from, "Gepland") };
        let scheduled: MessageView = company.post(&later, None).await.expect(202).json();
        let held = post(&company, "Vastgehouden").await;
        let cancel = async |id, before| {
            assert_eq!(company.look(id).await.state, before);
            let first = company.cancel(id).await;
            assert_eq!((first.state, first.next_attempt_at), (MessageState::Cancelled, None));
            let second = company.cancel(id).await;
            assert_eq!(second, first, "called off twice is called off");
        };
        cancel(scheduled.id, MessageState::Scheduled).await;
        cancel(held.id, MessageState::Held).await;
        assert_eq!(person.view().await.waiting, 0);

        person.sign_in(&company.account).await;
        // The whole mailbox pauses, so that the next one stays in the queue.
        let busy = mishap(&company, json!({ "status": 429, "retry_after": 8 })).await;
        let will_retry = post(&company, "Straks weer").await;
        let queued: MessageView = company.post(&letter(from, "In de rij"), None).await.expect(202).json();
        cancel(will_retry.id, MessageState::WillRetry).await;
        cancel(queued.id, MessageState::Queued).await;
        stack.sandbox.call_off(busy).await;

        let sent = company.hand_over(&letter(from, "Deze wel")).await;
        let ended = company.try_to_cancel(sent.id).await.expect(409).problem();
        assert_eq!((ended.code, &*ended.params["state"]), (Code::MessageEnded, "handed_over"));
        assert_eq!(subjects(&company).await, ["Deze wel"]);
        assert_eq!(company.list("state=cancelled").await.messages.len(), 4);
    });
}

#[test]
fn what_is_leaving_cannot_be_called_off_and_what_was_called_off_can_be_sent_after_all() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "onderweg").await;
        let slow = mishap(&company, json!({ "delay_answer_ms": 5000 })).await;
        let message = letter(&company.account.upn, "Onderweg");
        let leaving: MessageView = company.post(&message, None).await.expect(202).json();
        company.until(leaving.id, MessageState::Sending).await;
        for answer in [company.try_to_cancel(leaving.id).await, company.retry(leaving.id, None).await] {
            let problem = answer.expect(409).problem();
            assert_eq!((problem.code, problem.retry_after), (Code::MessageUnderWay, Some(5)));
        }
        company.until(leaving.id, MessageState::HandedOver).await;
        company.stack.sandbox.call_off(slow).await;

        let at = Some(company.person().await.view().await.now.plus_seconds(3600));
        let later = SendMessage { scheduled_at: at, ..letter(&company.account.upn, "Toch wel") };
        let later: MessageView = company.post(&later, None).await.expect(202).json();
        company.cancel(later.id).await;
        sent_again(&company, &later, None).await;
        assert_eq!(subjects(&company).await, ["Onderweg", "Toch wel"]);
    });
}

#[test]
fn of_a_message_that_some_have_the_rest_is_called_off() {
    scenario(async {
        let company = Company::by_smtp(Stack::shared().await, "de-rest").await;
        let later = say(&company, "twee@klant.example", "450 4.2.1 Try again later").await;
        let to = Recipients::Text("een@klant.example, twee@klant.example".to_owned());
        let message = SendMessage { to, ..letter(&company.account.upn, "Half") };
        let half: MessageView = company.post(&message, Some(20)).await.expect(200).json();
        assert_eq!(half.state, MessageState::WillRetry, "{half:?}");
        let ended = company.cancel(half.id).await;
        let states: Vec<_> = ended.recipients.iter().map(|recipient| recipient.state).collect();
        assert_eq!(states, [MessageState::HandedOver, MessageState::Cancelled]);
        assert_eq!(ended.state, MessageState::HandedOver, "somebody has it");
        company.stack.sandbox.call_off(later).await;
        company.hand_over(&letter(&company.account.upn, "Daarna")).await;
        assert_eq!(subjects(&company).await, ["Half", "Daarna"]);
    });
}

#[test]
fn however_often_it_is_asked_to_go_now_it_arrives_once() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "ongeduldig").await;
        let broken = mishap(
            &company,
            json!({ "status": 503, "json": graph_error("ServiceUnavailable"), "retry_after": 600 }),
        )
        .await;
        let view = post(&company, "Nu").await;
        let wait_ms = view.next_attempt_at.unwrap().since(view.changed_at);
        assert!(wait_ms >= 600_000, "{wait_ms} ms");
        company.stack.sandbox.call_off(broken).await;
        let asked = (0..5).map(|_| company.retry(view.id, None));
        for answer in futures_util::future::join_all(asked).await {
            // The later ones find it leaving or gone.
            assert!(matches!(answer.status, 202 | 409), "{}", answer.text());
        }
        company.until(view.id, MessageState::HandedOver).await;
        assert_eq!(subjects(&company).await, ["Nu"]);
    });
}

#[test]
fn while_the_mailbox_pauses_nothing_goes_though_somebody_asks() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "pauze").await;
        let busy = mishap(&company, json!({ "status": 429, "retry_after": 4 })).await;
        let view = post(&company, "Na de pauze").await;
        let pause = view.next_attempt_at.unwrap();
        company.stack.sandbox.call_off(busy).await;
        let asked: MessageView = company.retry(view.id, None).await.expect(202).json();
        assert_eq!(asked.state, MessageState::Queued);
        let delay = company.person().await.view().await.delay.unwrap();
        assert_eq!((delay.code, delay.until), (Code::Throttled, pause), "and the page says why");
        let view = company.until(view.id, MessageState::HandedOver).await;
        assert!(view.attempt_log[1].at >= pause, "Microsoft's wait is kept: {view:?}");
        assert_eq!(subjects(&company).await, ["Na de pauze"]);
    });
}

#[test]
fn a_refused_message_goes_once_its_cause_is_gone() {
    scenario(async {
        let company = Company::by_smtp(Stack::shared().await, "geweigerd").await;
        let unknown = say(&company, "klant@example.com", "550 5.1.1 User unknown").await;
        let refused = post(&company, "Weer").await;
        assert_eq!((refused.state, refused.content_kept), (MessageState::Refused, true));
        company.stack.sandbox.call_off(unknown).await;
        let view = sent_again(&company, &refused, None).await;
        assert_eq!((view.attempts, view.attempt_log.len(), view.failure), (2, 2, None));
        assert_eq!(view.attempt_log[0].code, Some(Code::RecipientRefused));
        assert_eq!(subjects(&company).await, ["Weer"]);
        assert_eq!(company.retry(refused.id, None).await.expect(409).problem().code, Code::MessageEnded);
    });
}

#[test]
fn an_unknown_message_goes_again_only_for_who_accepts_a_duplicate() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "onbekend").await;
        // Microsoft had all of it, and did nothing about it; nobody can tell.
        let cut = mishap(&company, json!({ "cut": "after_request" })).await;
        let unknown = post(&company, "Misschien").await;
        assert_eq!((unknown.state, unknown.content_kept), (MessageState::Unknown, true), "{unknown:?}");
        company.stack.sandbox.call_off(cut).await;
        for wish in [None, Some(json!({})), Some(json!({ "accept_duplicate": false }))] {
            let problem = company.retry(unknown.id, wish).await.expect(409).problem();
            assert_eq!(problem.code, Code::DuplicatePossible);
        }
        assert_eq!(company.try_to_cancel(unknown.id).await.expect(409).problem().code, Code::MessageEnded);
        assert!(company.mails().await.is_empty());
        sent_again(&company, &unknown, Some(json!({ "accept_duplicate": true }))).await;
        assert_eq!(subjects(&company).await, ["Misschien"]);
    });
}

#[test]
fn the_refused_recipient_gets_it_alone() {
    scenario(async {
        let company = Company::by_smtp(Stack::shared().await, "alleen").await;
        let unknown = say(&company, "twee@klant.example", "550 5.1.1 User unknown").await;
        let to = ["een@klant.example", "twee@klant.example", "drie@klant.example"].map(str::to_owned);
        let message =
            SendMessage { to: Recipients::List(to.into()), ..letter(&company.account.upn, "Alsnog") };
        let view: MessageView = company.post(&message, Some(20)).await.expect(200).json();
        assert_eq!((view.state, view.content_kept), (MessageState::HandedOver, true));
        assert_eq!(view.failure.as_ref().unwrap().code, Code::RecipientRefused);

        company.stack.sandbox.call_off(unknown).await;
        let view = sent_again(&company, &view, Some(json!({ "recipients": "refused" }))).await;
        assert_eq!((view.failure, view.content_kept), (None, false));
        assert!(view.recipients.iter().all(|recipient| recipient.state == MessageState::HandedOver));
        let mails = company.mails().await;
        let envelopes: Vec<_> =
            mails.iter().map(|mail| mail.envelope.as_ref().unwrap().rcpt_to.clone()).collect();
        assert_eq!(envelopes, [vec!["een@klant.example", "drie@klant.example"], vec!["twee@klant.example"]]);
        let sandbox = &company.stack.sandbox;
        assert_eq!(sandbox.raw(&mails[0]).await, sandbox.raw(&mails[1]).await);
        let again = company.retry(view.id, Some(json!({ "recipients": "refused" }))).await;
        assert_eq!(again.expect(409).problem().code, Code::MessageEnded);
    });
}

#[test]
fn a_wish_that_cannot_be_read_or_met_changes_nothing() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "wens").await;
        let held = post(&company, "Ligt").await;
        for wish in [json!({ "recipient": "refused" }), json!({ "recipients": "all" }), json!("refused")] {
            let problem = company.retry(held.id, Some(wish)).await.expect(400).problem();
            assert_eq!(problem.code, Code::MalformedRequest);
        }
        let nobody = company.retry(held.id, Some(json!({ "recipients": "refused" }))).await;
        assert_eq!(nobody.expect(409).problem().code, Code::MessageEnded);
        assert_eq!(company.look(held.id).await, held);
        // Nobody has signed in: asked to go now, it waits again.
        company.retry(held.id, None).await.expect(202);
        company.until(held.id, MessageState::Held).await;
        assert!(company.mails().await.is_empty());
    });
}
