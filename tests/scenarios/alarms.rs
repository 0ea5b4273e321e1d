//! What an instance that died leaves behind is found: its alarm, and content that never became a message's.

use std::time::Duration;

use api::{MessageState, MessageView, SendMessage, Timestamp};
use end_to_end::company::Company;
use end_to_end::http::Answer;
use end_to_end::message::letter;
use end_to_end::{Options, Stack, scenario};
use serde_json::json;

/// A message that only an alarm would send: it waits for a moment that is over when the installation is up again.
async fn waiting(company: &Company<'_>, now: Timestamp) -> MessageView {
    let scheduled_at = Some(now.plus_seconds(3));
    let message = SendMessage { scheduled_at, ..letter(&company.account.upn, "Straks") };
    let view: MessageView = company.post(&message, None).await.expect(202).json();
    assert_eq!(view.state, MessageState::Scheduled);
    view
}

#[test]
fn an_alarm_that_was_lost_is_set_again_by_whoever_asks() {
    scenario(async {
        // Its own: everything of it goes down.
        let stack = Stack::start(Options::default()).await;
        let company = Company::signed_in(&stack, "wekker").await;
        let now = company.person().await.view().await.now;
        let message = waiting(&company, now).await;
        stack.restart_after(Stack::lose_alarms).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(company.mails().await.len(), 0, "nothing wakes the mailbox");
        company.until(message.id, MessageState::HandedOver).await;
        assert_eq!(company.mails().await.len(), 1);
    });
}

#[test]
fn an_alarm_that_was_lost_is_set_again_by_the_nightly_nudge() {
    scenario(async {
        let stack = Stack::start(Options::default()).await;
        let company = Company::signed_in(&stack, "nachtwaker").await;
        let now = company.person().await.view().await.now;
        waiting(&company, now).await;
        stack.restart_after(Stack::lose_alarms).await;
        stack.run_cron().await;
        end_to_end::until("the mail arrives though nobody asked for it", async || {
            (company.mails().await.len() == 1).then_some(())
        })
        .await;
    });
}

/// More mailboxes than one batch of the nightly round visits, in more than one organisation.
#[test]
fn the_nightly_round_reaches_every_mailbox() {
    const MAILBOXES: usize = 45;
    scenario(async {
        let stack = Stack::start(Options::default()).await;
        for name in ["ronde", "kring"] {
            let mailboxes: Vec<_> =
                (1..=MAILBOXES).map(|n| json!({ "address": format!("{name}{n}@example.nl") })).collect();
            let wanted = json!({ "name": name, "mailboxes": mailboxes });
            Answer::to(stack.as_operator("POST", "/operator/organisations").json(&wanted)).await.expect(201);
        }
        stack.run_cron().await;
        let told = end_to_end::until("the log tells of the whole round", async || {
            let log = std::fs::read_to_string(stack.log()).unwrap();
            log.lines().find(|line| line.contains(r#""event":"cron""#)).map(str::to_owned)
        })
        .await;
        assert!(told.contains("2 organisations, 90 mailboxes, 0 failed"), "{told}");
    });
}

#[test]
fn content_that_never_became_a_messages_is_swept() {
    scenario(async {
        let stack = Stack::start(Options::default()).await;
        let company = Company::new(&stack, "veger").await;
        let message: MessageView =
            company.post(&letter(&company.account.upn, "Blijft"), None).await.expect(202).json();
        company.until(message.id, MessageState::Held).await;
        // As an instance leaves it that is killed between two chunks.
        stack
            .restart_after(|stack| {
                for statement in [
                    "INSERT INTO staging (id, at) VALUES ('half', 1)",
                    "INSERT INTO chunk (message, n, sealed) VALUES ('half', 0, x'00')",
                    "INSERT INTO chunk (message, n, sealed) VALUES ('half', 1, x'00')",
                ] {
                    stack.in_every_mailbox(statement);
                }
                assert_eq!(stack.in_every_mailbox("SELECT count(*) FROM chunk"), [[3]]);
            })
            .await;
        company.look(message.id).await;
        stack
            .restart_after(|stack| {
                assert_eq!(stack.in_every_mailbox("SELECT count(*) FROM staging"), [[0]]);
                assert_eq!(stack.in_every_mailbox("SELECT count(*) FROM chunk"), [[1]], "the message's own");
            })
            .await;
        company.person().await.sign_in(&company.account).await;
        company.until(message.id, MessageState::HandedOver).await;
    });
}
