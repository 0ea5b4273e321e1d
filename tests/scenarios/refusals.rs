//! What Microsoft refuses while nobody is there: each refusal is told as what it is, holds the mail, and is over when it is
//! mended. What passes by itself changes nothing.

use api::{Code, FixBy, MailboxState, MessageState, MessageView, Reason};
use end_to_end::company::Company;
use end_to_end::http::Answer;
use end_to_end::message::letter;
use end_to_end::sandbox::graph_error;
use end_to_end::{Options, Stack, scenario, until};
use serde::Deserialize;
use serde_json::json;

#[derive(Debug, Deserialize)]
struct Row {
    number: u32,
    at: String,
    class: String,
}

/// What the token endpoint can refuse with, from the sandbox's own catalogue.
fn rows() -> Vec<Row> {
    let file = include_str!("../../crates/sandbox/data/aadsts.csv");
    let rows = csv::Reader::from_reader(file.as_bytes()).into_deserialize();
    let rows: Vec<Row> = rows.map(Result::unwrap).collect();
    rows.into_iter().filter(|row| row.at == "token").collect()
}

/// Every send renews, so that a refusal comes when it is ordered.
async fn eager() -> Stack {
    Stack::start(Options { vars: vec![("RENEW_AFTER_SECONDS", "0".into())], ..Options::default() }).await
}

#[test]
fn every_refusal_is_told_as_what_it_is_and_is_over_when_it_is_mended() {
    scenario(async {
        let stack = eager().await;
        let company = Company::signed_in(&stack, "weigering").await;
        let (person, account) = (company.person().await, &company.account);
        refuse(&company, 53003).await;
        company.hand_over(&letter(&account.upn, "Vooraf")).await;
        until("the renewal after it was refused", async || person.view().await.trouble).await;
        let held: MessageView = company.post(&letter(&account.upn, "Vast"), Some(5)).await.expect(200).json();
        assert_eq!(held.state, MessageState::Held);

        let rows: Vec<_> = rows().into_iter().filter(|row| row.class != "TMP").collect();
        assert!(rows.len() > 80);
        for row in rows {
            stack.sandbox.no_faults().await;
            refuse(&company, row.number).await;
            let view = person.check_again().await;
            let trouble = view.trouble.unwrap_or_else(|| panic!("nothing stands in the way of {row:?}"));
            let (state, fix_by) = match row.class.as_str() {
                "USR" => (MailboxState::SignInAgain, FixBy::Employee),
                "ADM" => (MailboxState::AdministratorNeeded, FixBy::Administrator),
                _ => (MailboxState::RegistrationBroken, FixBy::Operator),
            };
            assert_eq!((view.state, trouble.code.fix_by()), (state, fix_by), "{row:?}");
            assert!(!matches!(trouble.reason, None | Some(Reason::Other)), "{row:?} has no words");
            let upstream = trouble.upstream.unwrap();
            assert_eq!(upstream.code.unwrap(), format!("AADSTS{}", row.number));
            assert!(upstream.request_id.is_some(), "an administrator searches with it");
            assert_eq!(view.waiting, 1, "nothing is lost meanwhile");
        }
        stack.sandbox.no_faults().await;
        let view = person.check_again().await;
        assert_eq!((view.state, view.trouble), (MailboxState::Ready, None));
        company.until(held.id, MessageState::HandedOver).await;
    });
}

#[test]
fn what_passes_by_itself_is_not_the_end_of_a_sign_in() {
    scenario(async {
        let stack = eager().await;
        // Each its own mailbox: a renewal that failed leaves Microsoft alone for a while.
        let rows: Vec<_> = rows().into_iter().filter(|row| row.class == "TMP").collect();
        assert!(rows.len() > 5);
        let passing = rows.iter().map(|row| {
            let stack = &stack;
            async move {
                let company = Company::signed_in(stack, "voorbij").await;
                let fault = refuse(&company, row.number).await;
                company.hand_over(&letter(&company.account.upn, "Eén")).await;
                until("the renewal was refused", async || {
                    (stack.sandbox.hits(fault).await > 0).then_some(())
                })
                .await;
                let view = company.person().await.view().await;
                assert_eq!((view.state, view.trouble), (MailboxState::Ready, None), "{row:?}");
                // The next one goes out with the token at hand.
                company.hand_over(&letter(&company.account.upn, "Twee")).await;
            }
        });
        futures_util::future::join_all(passing).await;
    });
}

#[test]
fn a_message_that_waits_for_microsoft_says_so_and_goes_out_by_itself() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "later").await;
        let (sandbox, account) = (&company.stack.sandbox, &company.account);
        for (mishap, code) in [
            (
                json!({ "status": 503, "json": graph_error("ServiceUnavailable"), "retry_after": 2 }),
                Code::MicrosoftUnavailable,
            ),
            (json!({ "status": 429, "retry_after": 2.5 }), Code::Throttled),
        ] {
            sandbox.fault(json!({ "at": "send_mail", "account": account.upn, "do": mishap })).await;
            let view: MessageView =
                company.post(&letter(&account.upn, code.as_str()), Some(1)).await.expect(200).json();
            assert_eq!((view.state, view.failure.unwrap().code), (MessageState::WillRetry, code));
            let page = company.person().await.view().await;
            assert_eq!(page.state, MailboxState::Delayed);
            let delay = page.delay.unwrap();
            assert_eq!((delay.code, Some(delay.until)), (code, view.next_attempt_at));
            company.until(view.id, MessageState::HandedOver).await;
            assert_eq!(company.person().await.view().await.state, MailboxState::Ready);
        }
        assert_eq!(company.mails().await.len(), 2);
    });
}

#[test]
fn a_fresh_token_that_graph_refuses_asks_for_a_person() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "nooit").await;
        let (sandbox, account) = (&company.stack.sandbox, &company.account);
        let refused = json!({ "status": 401, "json": { "error": { "code": "InvalidAuthenticationToken", "message": "No." } } });
        sandbox.fault(json!({ "at": "send_mail", "account": account.upn, "times": 2, "do": refused })).await;
        let view: MessageView =
            company.post(&letter(&account.upn, "Wacht"), Some(10)).await.expect(200).json();
        assert_eq!((view.state, view.failure.unwrap().code), (MessageState::Held, Code::SignInAgain));
        let page = company.person().await.view().await;
        assert_eq!(page.state, MailboxState::SignInAgain);
        assert_eq!(page.trouble.unwrap().reason, Some(Reason::FreshTokenRefused));
        assert_eq!(sandbox.grants(account, "refresh_token").await, 1, "one fresh token, not a loop");
        company.person().await.sign_in(account).await;
        company.until(view.id, MessageState::HandedOver).await;
    });
}

#[test]
fn ninety_days_without_a_mail_and_a_revoked_session_end_in_signing_in_again() {
    scenario(async {
        let stack = eager().await;
        let company = Company::signed_in(&stack, "stil").await;
        let (person, account) = (company.person().await, &company.account);
        for (mishap, reason) in [("unused", Reason::Unused), ("revoked", Reason::SessionsRevoked)] {
            if mishap == "unused" {
                stack.sandbox.advance(91 * 24 * 3600).await;
            } else {
                stack.sandbox.revoke(account, "sessions_revoked").await;
            }
            let view: MessageView =
                company.post(&letter(&account.upn, mishap), Some(20)).await.expect(200).json();
            let page = until("the renewal was refused", async || {
                let page = person.view().await;
                page.trouble.is_some().then_some(page)
            })
            .await;
            assert_eq!(page.state, MailboxState::SignInAgain);
            assert_eq!(page.trouble.unwrap().reason, Some(reason));
            if mishap == "unused" {
                stack.sandbox.advance(-91 * 24 * 3600).await;
            }
            person.sign_in(account).await;
            company.until(view.id, MessageState::HandedOver).await;
        }
    });
}

#[test]
fn what_the_next_sign_in_must_repeat_is_repeated() {
    scenario(async {
        let stack = eager().await;
        let company = Company::signed_in(&stack, "factor").await;
        let person = company.person().await;
        assert_eq!(person.begin().await.begun.claims, None);
        stack.sandbox.change(&company.account, json!({ "refresh_refused": 50076 })).await;
        company.hand_over(&letter(&company.account.upn, "Tweede factor")).await;
        let trouble = until("the renewal was refused", async || person.view().await.trouble).await;
        assert_eq!(trouble.reason, Some(Reason::SecondFactor));
        let claims = person.begin().await.begun.claims.expect("claims to repeat");
        assert!(serde_json::from_str::<serde_json::Value>(&claims).unwrap().is_object());
        // Signing in with the second factor mends it.
        assert_eq!(person.sign_in(&company.account).await.state, MailboxState::Ready);
        assert_eq!(person.begin().await.begun.claims, None);
    });
}

#[test]
fn looking_again_asks_nothing_when_nothing_stands_in_the_way() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "kijken").await;
        let view = company.person().await.check_again().await;
        assert_eq!(view.state, MailboxState::Ready);
        assert_eq!(company.stack.sandbox.grants(&company.account, "refresh_token").await, 0);
        let request =
            company.stack.request("POST", &format!("/api/mailboxes/{}/authentication/renewal", view.id));
        let nobody = Answer::to(request.header("x-postbode", "1").json(&json!({}))).await;
        assert_eq!(nobody.expect(401).problem().code, Code::SessionEnded);
    });
}

async fn refuse(company: &Company<'_>, number: u32) -> u64 {
    let order = json!({
        "at": "token", "grant": "refresh_token", "account": company.account.upn, "times": null,
        "do": { "refuse": number },
    });
    company.stack.sandbox.fault(order).await
}

#[test]
fn what_goes_wrong_while_somebody_signs_in_is_told_and_leaves_everything_as_it_was() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "halverwege").await;
        let (person, account, sandbox) = (company.person().await, &company.account, &company.stack.sandbox);
        let before = person.view().await.authentication;
        let at_token = |mishap: serde_json::Value| json!({ "at": "token", "do": mishap });
        for (mut order, code, reason) in [
            (at_token(json!({ "refuse": 53003 })), Code::AdministratorNeeded, Some(Reason::AccessPolicy)),
            (at_token(json!({ "refuse": 7_000_222 })), Code::RegistrationBroken, Some(Reason::SecretExpired)),
            (at_token(json!({ "refuse": 50079 })), Code::ConsentRefused, Some(Reason::SecondFactorMissing)),
            (at_token(json!({ "refuse": 54005 })), Code::ConsentRefused, Some(Reason::TokenNotAccepted)),
            (at_token(json!({ "refuse": 90033 })), Code::MicrosoftUnavailable, Some(Reason::Other)),
            (at_token(json!({ "status": 503 })), Code::MicrosoftUnavailable, None),
            (at_token(json!({ "gibberish": true })), Code::MicrosoftUnavailable, None),
            (at_token(json!({ "cut": "after_work" })), Code::MicrosoftUnavailable, None),
            (json!({ "at": "me", "do": { "status": 503 } }), Code::MicrosoftUnavailable, None),
            // A question may be asked again by the runtime itself, so it breaks more than once.
            (
                json!({ "at": "me", "times": 5, "do": { "cut": "before_work" } }),
                Code::MicrosoftUnavailable,
                None,
            ),
        ] {
            order.as_object_mut().unwrap().insert("account".to_owned(), account.upn.as_str().into());
            let mut sign_in = person.begin().await;
            sign_in.at_microsoft(account).await;
            let fault = sandbox.fault(order.clone()).await;
            let answer = person.finish(&sign_in).await;
            let problem = answer.expect(code.status()).problem();
            let told = problem.params.get("reason").map(String::as_str);
            assert_eq!((problem.code, told), (code, reason.map(Reason::as_str)), "{order}");
            // A second post gets the same, and the code is not tried again.
            assert_eq!(person.finish(&sign_in).await.expect(code.status()).problem().code, code);
            sandbox.call_off(fault).await;
            let view = person.view().await;
            assert_eq!((view.state, &view.authentication), (MailboxState::Ready, &before), "{order}");
        }
        company.hand_over(&letter(&account.upn, "Nog steeds")).await;
        person.sign_in(account).await;
    });
}
