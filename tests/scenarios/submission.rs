//! Microsoft 365 SMTP OAuth2: the Worker itself speaks to the server, with the tokens of the same sign-in.

use api::{Attachment, Code, MailboxState, MessageState, MessageView, Reason, SendMessage};
use end_to_end::company::Company;
use end_to_end::message::{PIXEL, attachment, letter, pdf};
use end_to_end::relay::Relay;
use end_to_end::{Options, Stack, scenario};

use crate::routes::by_password;
use serde_json::{Value, json};

#[test]
fn real_messages_arrive_as_they_were_posted() {
    scenario(async {
        let company = Company::by_smtp(Stack::shared().await, "post").await;
        let scan = pdf(4_000_000);
        let logo = Attachment { content_id: Some("logo".to_owned()), ..attachment("logo.gif", PIXEL) };
        for (subject, attachments) in [
            ("Factuur 4711", vec![attachment("Factuur – café.pdf", &pdf(100_000))]),
            ("請求書 第4711号 ありがとうございます", vec![logo]),
            ("Scan", vec![attachment("scan.pdf", &scan)]),
        ] {
            let message = SendMessage {
                html: Some("<p>Beste <b>Eva</b> <img src=\"cid:logo\" alt=\"\"></p>".to_owned()),
                attachments: attachments.clone(),
                ..letter(&company.account.upn, subject)
            };
            let view = company.hand_over(&message).await;
            let upstream = view.upstream.unwrap();
            assert_eq!((upstream.status, upstream.code.as_deref()), (250, Some("2.0.0")));
            let mail = company.mails().await.pop().unwrap();
            assert_eq!(mail.subject, subject);
            assert_eq!(mail.text.as_deref().map(str::trim_end), Some("Beste klant, zie de bijlage."));
            assert!(mail.html.unwrap().contains("cid:logo"));
            let posted = &attachments[0];
            let file = mail.attachments.iter().find(|file| file.filename == posted.filename).unwrap();
            let bytes = company.stack.sandbox.bytes(file).await;
            assert!(
                end_to_end::message::attachment("x", &bytes).content == posted.content,
                "the bytes differ"
            );
        }
    });
}

#[test]
fn every_mishap_on_the_way_ends_in_a_stated_outcome() {
    scenario(async {
        // Its own: a mishap before the sign-in hits whoever comes next.
        every_mishap(&Stack::start(Options::default()).await, Company::by_smtp, |code| code).await;
    });
}

#[test]
fn every_mishap_behind_a_relay_ends_in_the_same_outcome() {
    scenario(async {
        let relay = Relay::new();
        let stack = Stack::start(Options { vars: relay.vars("smtp_oauth2"), ..Options::default() }).await;
        relay.start(&stack, &["--private-servers", "localhost:*"]).await;
        every_mishap(&stack, Company::by_smtp, |code| code).await;
        // One more order after the faults: the relay itself has come to no harm, and it was the way.
        assert!(relay.figures().await.contains("relay_conversations_total{ending=\"unknown\"} 1"));
    });
}

/// The same server with a password: an administrator can have that switched on, until Microsoft ends it for everybody.
async fn with_a_password<'s>(stack: &'s Stack, name: &str) -> Company<'s> {
    stack.sandbox.tenant("bakkerijjansen.example", json!({ "smtp_basic": "enabled" })).await;
    let company = Company::new(stack, name).await;
    by_password(&company).await;
    company
}

/// Its own server is told apart from Microsoft's only in whom to wait for.
fn of_own(code: Code) -> Code {
    if code == Code::MicrosoftUnavailable { Code::ServerUnavailable } else { code }
}

#[test]
fn every_mishap_with_a_password_ends_in_a_stated_outcome() {
    scenario(async {
        let stack = Stack::start(Options::default()).await;
        every_mishap(&stack, with_a_password, of_own).await;
    });
}

#[test]
fn every_mishap_with_a_password_behind_a_relay_ends_in_the_same_outcome() {
    scenario(async {
        let relay = Relay::new();
        let stack = Stack::start(Options { vars: relay.vars("smtp_basic"), ..Options::default() }).await;
        relay.start(&stack, &["--private-servers", "localhost:*"]).await;
        every_mishap(&stack, with_a_password, of_own).await;
        assert!(relay.figures().await.contains("relay_conversations_total{ending=\"unknown\"} 1"));
    });
}

/// What goes wrong between whoever speaks SMTP and Exchange, and what becomes of the message.
async fn every_mishap<'s>(
    stack: &'s Stack,
    company: impl AsyncFn(&'s Stack, &str) -> Company<'s>,
    told_as: impl Fn(Code) -> Code,
) {
    for (mishap, state, code) in [
        (
            json!({ "reply": "421 4.3.2 Service not active", "step": "connect" }),
            MessageState::WillRetry,
            Code::MicrosoftUnavailable,
        ),
        (
            json!({ "reply": "451 4.7.0 Temporary server error. Please try again later. PRX4", "step": "auth" }),
            MessageState::WillRetry,
            Code::MicrosoftUnavailable,
        ),
        (
            json!({ "reply": "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit https://aka.ms/smtp_auth_disabled", "step": "auth" }),
            MessageState::Held,
            Code::AdministratorNeeded,
        ),
        (
            json!({ "reply": "550 5.1.1 User unknown", "step": "rcpt" }),
            MessageState::Refused,
            Code::RecipientRefused,
        ),
        (
            json!({ "reply": "432 4.3.2 Concurrent connections limit exceeded.", "step": "end_of_data" }),
            MessageState::WillRetry,
            Code::Throttled,
        ),
        (
            json!({ "reply": "554 5.2.252 SendAsDenied; not allowed", "step": "end_of_data" }),
            MessageState::Refused,
            Code::SendAsDenied,
        ),
        (json!({ "gibberish": "ehlo" }), MessageState::WillRetry, Code::MicrosoftUnavailable),
        (json!({ "endless": "ehlo" }), MessageState::WillRetry, Code::MicrosoftUnavailable),
        (json!({ "inject_before_tls": true }), MessageState::WillRetry, Code::MicrosoftUnavailable),
        (json!({ "certificate": "wrong_name" }), MessageState::WillRetry, Code::MicrosoftUnavailable),
        (json!({ "certificate": "untrusted" }), MessageState::WillRetry, Code::MicrosoftUnavailable),
        (json!({ "cut": { "step": "starttls" } }), MessageState::WillRetry, Code::MicrosoftUnavailable),
        (json!({ "cut": { "step": "mail" } }), MessageState::WillRetry, Code::MicrosoftUnavailable),
        (json!({ "accept_then_cut": true }), MessageState::Unknown, Code::OutcomeUnknown),
    ] {
        let company = company(stack, "pech").await;
        let fault = order(&company, &mishap).await;
        let message = letter(&company.account.upn, "Onderweg");
        let view: MessageView = company.post(&message, Some(25)).await.expect(200).json();
        let failure = view.failure.as_ref().unwrap_or_else(|| panic!("{mishap}: {view:?}"));
        assert_eq!((view.state, failure.code), (state, told_as(code)), "{mishap}: {view:?}");
        stack.sandbox.call_off(fault).await;
        let taken = usize::from(mishap.get("accept_then_cut").is_some());
        assert_eq!(company.mails().await.len(), taken, "{mishap}");
        if !state.is_final() {
            // Tried again, it would meet what is ordered for the next one.
            company.cancel(view.id).await;
        }
    }
}

#[test]
fn a_server_that_says_nothing_more_is_not_waited_for_for_ever() {
    scenario(async {
        // Its own: a mishap before the sign-in hits whoever comes next.
        silence(&Stack::start(Options::default()).await).await;
    });
}

#[test]
fn a_server_that_says_nothing_more_to_a_relay_is_not_waited_for_for_ever_either() {
    scenario(async {
        let relay = Relay::new();
        let stack = Stack::start(Options { vars: relay.vars("smtp_oauth2"), ..Options::default() }).await;
        relay.start(&stack, &["--private-servers", "localhost:*"]).await;
        silence(&stack).await;
    });
}

/// At each step the server falls silent, for one message each.
async fn silence(stack: &Stack) {
    let post = async |company: &Company<'_>, step: &str| -> MessageView {
        let message = letter(&company.account.upn, step);
        company.post(&message, None).await.expect(202).json()
    };
    let mut waiting = Vec::new();
    for step in ["mail", "rcpt", "data", "end_of_data"] {
        let company = Company::by_smtp(stack, "stil").await;
        let order = json!({ "at": "smtp", "account": company.account.upn, "do": { "stall": step } });
        stack.sandbox.fault(order).await;
        let accepted = post(&company, step).await;
        waiting.push((step, company, accepted.id));
    }
    // By now they are past the steps at which nobody knows yet whose mail it is.
    for (_, company, id) in &waiting {
        company.until(*id, MessageState::Sending).await;
    }
    for step in ["connect", "auth"] {
        let company = Company::by_smtp(stack, "stil").await;
        let fault = order(&company, &json!({ "stall": step })).await;
        let accepted = post(&company, step).await;
        company.until(accepted.id, MessageState::WillRetry).await;
        stack.sandbox.call_off(fault).await;
        waiting.push((step, company, accepted.id));
    }
    for (step, company, id) in &waiting {
        // After the end of the message it may have been taken: the server has the two minutes that we can give it, and
        // then nobody knows. Before, nothing is lost, and the second attempt, which nothing disturbs, brings it there.
        let (state, seconds, arrived) = match *step {
            "end_of_data" => (MessageState::Unknown, 150, 0),
            _ => (MessageState::HandedOver, 90, 1),
        };
        let mut view = company.look(*id).await;
        for _ in 0..300 {
            if view.state.is_final() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            view = company.look(*id).await;
        }
        assert_eq!(view.state, state, "{step}: {view:?}");
        assert!(view.changed_at.since(view.accepted_at) < seconds * 1000, "{step}: {view:?}");
        assert_eq!(company.mails().await.len(), arrived, "{step}");
    }
}

#[test]
fn smtp_auth_that_is_switched_off_shows_on_the_page_and_mail_goes_out_once_it_is_on() {
    scenario(async {
        let company = Company::by_smtp(Stack::shared().await, "schakelaar").await;
        let person = company.person().await;
        let sandbox = &company.stack.sandbox;
        sandbox.change(&company.account, json!({ "smtp_auth_disabled": true })).await;
        let message = letter(&company.account.upn, "Wacht op de beheerder");
        let view: MessageView = company.post(&message, Some(20)).await.expect(200).json();
        assert_eq!((view.state, view.failure.unwrap().code), (MessageState::Held, Code::AdministratorNeeded));
        let page = person.view().await;
        assert_eq!((page.state, page.waiting), (MailboxState::AdministratorNeeded, 1));
        let trouble = page.trouble.unwrap();
        assert_eq!(trouble.reason, Some(Reason::SmtpAuthOffMailbox));
        let upstream = trouble.upstream.unwrap();
        assert_eq!((upstream.status, upstream.code.as_deref()), (535, Some("5.7.139")));

        sandbox.change(&company.account, json!({ "smtp_auth_disabled": false })).await;
        assert_eq!(person.check_again().await.state, MailboxState::Ready);
        company.until(view.id, MessageState::HandedOver).await;
        assert_eq!(company.mails().await.len(), 1);
    });
}

async fn order(company: &Company<'_>, mishap: &Value) -> u64 {
    company.stack.sandbox.fault(json!({ "at": "smtp", "do": mishap })).await
}
