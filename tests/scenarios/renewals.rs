//! What can go wrong while tokens are renewed: every caller gets an answer in time, the next send recovers, nothing that was
//! taken away comes back.

use std::time::Duration;

use api::{Code, MailboxState, MessageState, MessageView};
use end_to_end::company::Company;
use end_to_end::http::Answer;
use end_to_end::message::letter;
use end_to_end::{Options, Stack, scenario, until};
use futures_util::future::join_all;
use serde_json::{Value, json};

/// A mailbox whose access token has just ended, so that the next send renews first.
async fn expired<'s>(stack: &'s Stack, name: &str) -> Company<'s> {
    let company = Company::new(stack, name).await;
    expire(&company).await;
    company
}

async fn expire(company: &Company<'_>) {
    let (sandbox, person) = (&company.stack.sandbox, company.person().await);
    sandbox.set(json!({ "access_token_seconds": 1 })).await;
    person.sign_in(&company.account).await;
    sandbox.set(json!({ "access_token_seconds": null })).await;
    until("the access token has ended", async || {
        let authentication = person.view().await.authentication.unwrap();
        authentication.access_token_valid_until.is_none().then_some(())
    })
    .await;
}

async fn at_renewal(company: &Company<'_>, mishap: Value) -> u64 {
    let order = json!({
        "at": "token", "grant": "refresh_token", "account": company.account.upn, "do": mishap,
    });
    company.stack.sandbox.fault(order).await
}

async fn until_hit(stack: &Stack, fault: u64) {
    until("the mishap happens", async || (stack.sandbox.hits(fault).await > 0).then_some(())).await;
}

#[test]
fn an_answer_held_past_the_deadline_keeps_nobody_waiting() {
    scenario(async {
        let stack = Stack::start(Options::default()).await;
        let company = expired(&stack, "traag").await;
        at_renewal(&company, json!({ "delay_answer_ms": 40_000 })).await;
        let letters = (0..5).map(|n| letter(&company.account.upn, &format!("Brief {n}"))).collect::<Vec<_>>();
        let answers = join_all(letters.iter().map(|letter| company.post(letter, Some(25)))).await;
        let mut accepted = Vec::new();
        for answer in answers {
            let view: MessageView = answer.expect(200).json();
            assert_eq!(
                (view.state, view.failure.unwrap().code),
                (MessageState::WillRetry, Code::MicrosoftUnavailable)
            );
            accepted.push(view.id);
        }
        for id in accepted {
            company.until(id, MessageState::HandedOver).await;
        }
        assert_eq!(company.mails().await.len(), 5);
    });
}

#[test]
fn a_renewal_goes_on_when_whoever_asked_for_it_hangs_up() {
    scenario(async {
        let stack = Stack::start(Options::default()).await;
        let company = expired(&stack, "ophangen").await;
        let fault = at_renewal(&company, json!({ "delay_answer_ms": 3_000 })).await;
        let message = letter(&company.account.upn, "Blijft");
        let request = stack.with_key("POST", "/v1/messages", &company.key).json(&message);
        let hung_up = request.header("prefer", "wait=20").timeout(Duration::from_millis(1_500)).send().await;
        assert!(hung_up.unwrap_err().is_timeout());
        until_hit(&stack, fault).await;
        // Who comes meanwhile waits for the same renewal.
        company.hand_over(&letter(&company.account.upn, "Sluit aan")).await;
        until("both arrive", async || (company.mails().await.len() == 2).then_some(())).await;
        assert_eq!(stack.sandbox.grants(&company.account, "refresh_token").await, 1);
    });
}

#[test]
fn the_end_of_the_process_in_the_middle_of_a_renewal_costs_nothing() {
    scenario(async {
        let stack = Stack::start(Options::default()).await;
        let company = Company::new(&stack, "weggevallen").await;
        // Microsoft has issued the next refresh token, and nobody will ever read it.
        for mishap in [json!({ "delay_ms": 20_000 }), json!({ "delay_answer_ms": 20_000 })] {
            expire(&company).await;
            let fault = at_renewal(&company, mishap).await;
            let message = letter(&company.account.upn, "Door de klap heen");
            let accepted: MessageView = company.post(&message, None).await.expect(202).json();
            until_hit(&stack, fault).await;
            stack.kill_objects();
            stack.until_well().await;
            let view = company.person().await.view().await;
            assert!(matches!(view.state, MailboxState::Ready | MailboxState::Delayed), "{:?}", view.state);
            let next = company.post(&letter(&company.account.upn, "En verder"), Some(20)).await;
            let next: MessageView = next.expect(200).json();
            company.until(next.id, MessageState::HandedOver).await;
            // Nothing of the first had left, but a process that is gone can't know that.
            let ended = until("the first one has an end", async || {
                let view = company.look(accepted.id).await;
                view.state.is_final().then_some(view)
            })
            .await;
            assert!(matches!(ended.state, MessageState::HandedOver | MessageState::Unknown), "{ended:?}");
        }
    });
}

#[test]
fn the_end_of_the_module_in_the_middle_of_a_renewal_is_survived() {
    scenario(async {
        let vars = vec![("SANDBOX_PANIC", "De klap".to_owned())];
        let stack = Stack::start(Options { vars, ..Options::default() }).await;
        let company = expired(&stack, "paniek").await;
        let other = Company::signed_in(&stack, "klap").await;
        let fault = at_renewal(&company, json!({ "delay_answer_ms": 2_500 })).await;
        // What waits in the module that ends gets no answer from it; the caller's own patience is what counts.
        let post = |from: &Company<'_>, subject: &str| {
            let request = stack.with_key("POST", "/v1/messages", &from.key);
            let request = request.json(&letter(&from.account.upn, subject));
            request.timeout(Duration::from_secs(20)).send()
        };
        let waiting = post(&company, "Voor de klap");
        let blow = async {
            until_hit(&stack, fault).await;
            // Sending it brings the module down, once or again and again, until it is held.
            let _cut_off = post(&other, "De klap").await;
            until("the module has ended", async || {
                let log = std::fs::read_to_string(stack.log()).unwrap();
                log.contains("RuntimeError: unreachable").then_some(())
            })
            .await;
        };
        let _cut_off = futures_util::future::join(waiting, blow).await;
        stack.until_well().await;
        until("the message that does it is held", async || {
            let request = stack.with_key("GET", "/v1/messages?limit=1", &other.key);
            let answer = Answer::try_to(request.timeout(Duration::from_secs(3))).await.ok()?;
            let list: Option<api::MessageList> = (answer.status == 200).then(|| answer.json());
            list?.messages.first().filter(|view| view.state == MessageState::Held).map(drop)
        })
        .await;

        let next = company.post(&letter(&company.account.upn, "Na de klap"), Some(20)).await;
        let next: MessageView = next.expect(200).json();
        company.until(next.id, MessageState::HandedOver).await;
        assert_eq!(company.person().await.view().await.state, MailboxState::Ready);
    });
}

#[test]
fn a_renewal_that_returns_after_remove_is_thrown_away() {
    scenario(async {
        let stack = Stack::start(Options::default()).await;
        let company = expired(&stack, "terug").await;
        let person = company.person().await;
        let fault = at_renewal(&company, json!({ "delay_answer_ms": 2_000 })).await;
        let message = letter(&company.account.upn, "Blijft liggen");
        let accepted: MessageView = company.post(&message, None).await.expect(202).json();
        until_hit(&stack, fault).await;
        person.remove().await;
        company.until(accepted.id, MessageState::Held).await;
        let view = person.view().await;
        assert_eq!((view.state, view.authentication), (MailboxState::Removed, None));
        let ours = format!("token/{}/", company.id);
        until("nothing of it is in KV", async || stack.kv_keys(&ours).await.is_empty().then_some(())).await;
        assert!(company.mails().await.is_empty());
    });
}

#[test]
fn a_renewal_that_returns_after_somebody_signed_in_anew_changes_nothing() {
    scenario(async {
        let stack = Stack::start(Options::default()).await;
        let company = expired(&stack, "opnieuw").await;
        let person = company.person().await;
        let fault = at_renewal(&company, json!({ "delay_answer_ms": 4_000 })).await;
        let message = letter(&company.account.upn, "Gaat toch weg");
        let accepted: MessageView = company.post(&message, None).await.expect(202).json();
        until_hit(&stack, fault).await;
        person.remove().await;
        let signed_in = person.sign_in(&company.account).await.authentication.unwrap();
        company.until(accepted.id, MessageState::HandedOver).await;
        until("the old renewal was answered", async || {
            let requests = stack.sandbox.token_requests(&company.account).await;
            let asked = requests.iter().filter(|request| request.grant_type == "refresh_token").count();
            (asked == 1 && person.view().await.now.since(signed_in.authenticated_at) > 5_000).then_some(())
        })
        .await;
        let after = person.view().await.authentication.unwrap();
        assert_eq!(
            after.refresh_token_renewed_at, signed_in.refresh_token_renewed_at,
            "an old token came back"
        );
    });
}

#[test]
fn a_queue_does_not_ask_microsoft_once_a_message_while_login_is_away() {
    scenario(async {
        let stack = Stack::start(Options::default()).await;
        let company = expired(&stack, "wachtrij").await;
        let order = json!({
            "at": "token", "grant": "refresh_token", "account": company.account.upn, "times": null,
            "do": { "status": 503 },
        });
        let fault = stack.sandbox.fault(order).await;
        let mut accepted = Vec::new();
        for n in 0..30 {
            let message = letter(&company.account.upn, &format!("Brief {n}"));
            let view: MessageView = company.post(&message, None).await.expect(202).json();
            accepted.push(view.id);
        }
        for id in &accepted {
            until("it waits", async || {
                let view = company.look(*id).await;
                (view.state == MessageState::WillRetry).then_some(())
            })
            .await;
        }
        let asked = stack.sandbox.hits(fault).await;
        assert!(asked <= 4, "Microsoft was asked {asked} times for 30 messages");
        stack.sandbox.no_faults().await;
        for id in accepted {
            company.until(id, MessageState::HandedOver).await;
        }
    });
}

#[test]
fn without_kv_everything_works_and_kv_follows_when_it_is_back() {
    scenario(async {
        let stack = Stack::start(Options { without_kv: true, ..Options::default() }).await;
        let company = Company::signed_in(&stack, "zonderkv").await;
        for n in 0..3 {
            company.hand_over(&letter(&company.account.upn, &format!("Brief {n}"))).await;
        }
        assert_eq!(company.person().await.view().await.state, MailboxState::Ready);
        stack.restart_with_kv().await;
        company.hand_over(&letter(&company.account.upn, "Na de storing")).await;
        let ours = format!("token/{}/", company.id);
        until("the newest token is in KV", async || (stack.kv_keys(&ours).await.len() == 1).then_some(()))
            .await;
    });
}

#[test]
fn a_silent_mailbox_renews_itself_also_when_no_list_knows_it() {
    scenario(async {
        let vars = vec![("KEEPALIVE_SECONDS", "5".into())];
        let stack = Stack::start(Options { vars, ..Options::default() }).await;
        let company = Company::signed_in(&stack, "slaapt").await;
        // The list of organisations is lost, and with it every nudge of the cron.
        stack.stop();
        let directories = stack.state().join("v3/do/postbode-Directory");
        std::fs::remove_dir_all(&directories).unwrap();
        let before = stack.sandbox.grants(&company.account, "refresh_token").await;
        stack.restart().await;
        until("it renews itself, twice", async || {
            let now = stack.sandbox.grants(&company.account, "refresh_token").await;
            (now >= before + 2).then_some(())
        })
        .await;
    });
}

#[test]
fn an_outage_of_login_is_not_answered_with_a_loop() {
    scenario(async {
        let vars = vec![("KEEPALIVE_SECONDS", "1".into())];
        let stack = Stack::start(Options { vars, ..Options::default() }).await;
        let company = Company::signed_in(&stack, "storing").await;
        let order = json!({
            "at": "token", "grant": "refresh_token", "account": company.account.upn, "times": null,
            "do": { "status": 503 },
        });
        let fault = stack.sandbox.fault(order).await;
        until("the third try fails", async || (stack.sandbox.hits(fault).await >= 3).then_some(())).await;
        let requests = stack.sandbox.token_requests(&company.account).await;
        let times: Vec<i64> = requests.iter().map(|request| request.at.millis()).collect();
        let gaps: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).rev().take(2).collect();
        assert!(gaps.iter().all(|gap| *gap >= 1_900), "it asked again after {gaps:?} ms");
        assert_eq!(company.person().await.view().await.state, MailboxState::Ready);
        stack.sandbox.no_faults().await;
        until("it renews again", async || {
            let requests = stack.sandbox.token_requests(&company.account).await;
            requests.last().filter(|last| last.outcome == "issued").map(|_| ())
        })
        .await;
    });
}
