//! What is slow holds up nobody else: no other mailbox, and no other turn of its own.

use std::time::Duration;

use api::MessageState;
use end_to_end::company::Company;
use end_to_end::soak::{batch, numbered};
use end_to_end::{Options, Stack, scenario, until};
use serde_json::json;
use tokio::time::Instant;

/// How long Microsoft takes for what is stalled, in milliseconds.
const STALL_MS: u64 = 20_000;

#[test]
fn while_one_mailbox_stalls_another_sends_at_full_pace() {
    scenario(async {
        // Its own: it measures.
        let stack = Stack::start(Options::default()).await;
        let (slow, fast) =
            (Company::signed_in(&stack, "traag").await, Company::signed_in(&stack, "vlot").await);
        let undisturbed = seconds_for(&fast, "Alleen").await;
        stall(&slow, 0, 1).await;
        let stalled = batch(&slow, &numbered(&slow, "Traag", 10)).await;
        until("its turn is stalled", async || {
            let sending =
                slow.newest(10).await.iter().filter(|view| view.state == MessageState::Sending).count();
            (sending == 1).then_some(())
        })
        .await;
        let beside = seconds_for(&fast, "Ernaast").await;
        eprintln!("50 mails: {undisturbed:.1} s alone, {beside:.1} s beside a stalled mailbox");
        assert_eq!(
            slow.look(stalled[0].id).await.state,
            MessageState::Sending,
            "it is stalled all the while"
        );
        assert!(beside < 2.0 * undisturbed + 2.0, "{undisturbed} s alone, {beside} s beside it");
        for view in stalled {
            slow.until(view.id, MessageState::HandedOver).await;
        }
        assert_eq!(slow.mails().await.len(), 10);
    });
}

/// By Graph a mailbox sends one message at a time, so that an outage costs one doubtful message (ADR 20): the others wait for
/// the stalled one, and go as soon as it is answered.
#[test]
fn a_stalled_request_delays_its_mailbox_until_it_is_answered() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "rij").await;
        // More than one run may hand over, and nobody posts while they go: it is the alarm that goes on.
        let held = batch(&company, &numbered(&company, "Rij", 61)).await;
        // Within what an alarm hands over: its run must not wait for it either.
        stall(&company, 25, 1).await;
        let begun = Instant::now();
        company.person().await.sign_in(&company.account).await;
        until("all have gone", async || {
            let views = company.newest(61).await;
            views.iter().all(|view| view.state == MessageState::HandedOver).then_some(())
        })
        .await;
        let took = begun.elapsed();
        eprintln!("61 mails, one of them stalled: {:.1} s", took.as_secs_f64());
        assert!(took >= Duration::from_millis(STALL_MS), "{took:?}");
        assert_eq!(company.mails().await.len(), held.len());
    });
}

/// After so many others, requests of that mailbox are stalled.
async fn stall(company: &Company<'_>, skip: u32, times: u32) {
    let action = json!({ "delay_work_ms": STALL_MS });
    let order = json!({ "at": "send_mail", "account": company.account.upn, "skip": skip, "times": times, "do": action });
    company.stack.sandbox.fault(order).await;
}

async fn seconds_for(company: &Company<'_>, what: &str) -> f64 {
    let begun = Instant::now();
    batch(company, &numbered(company, what, 50)).await;
    until("all have gone", async || {
        let views = company.newest(50).await;
        views.iter().all(|view| view.state == MessageState::HandedOver).then_some(())
    })
    .await;
    begun.elapsed().as_secs_f64()
}
