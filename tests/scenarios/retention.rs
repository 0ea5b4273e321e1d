//! What is kept for a while is gone afterwards. Nobody waits for a month: what was stored is made older while everything stands
//! still.

use std::collections::BTreeSet;

use api::{Code, MessageId, MessageState, MessageView, SendMessage};
use end_to_end::company::Company;
use end_to_end::http::Answer;
use end_to_end::message::letter;
use end_to_end::{Options, Stack, scenario, until};

const LONG_AGO: &str = "2020-01-01T00:00:00.000Z";
/// The first ten characters of a ULID, which are its time: 2019.
const OLD_TIME: &str = "01d0000000";

fn named(company: &Company<'_>, reference: &str) -> SendMessage {
    SendMessage { reference: Some(reference.to_owned()), ..letter(&company.account.upn, reference) }
}

#[test]
fn content_log_and_mail_that_nobody_let_go_end_in_their_time() {
    scenario(async {
        let stack = Stack::start(Options::default()).await;
        let company = Company::signed_in(&stack, "archief").await;
        company.person().await.save(|settings| settings.content_days = 1).await;
        let content = company.hand_over(&named(&company, "inhoud")).await;
        let fresh = company.hand_over(&named(&company, "vers")).await;
        let old = company.hand_over(&named(&company, "oud")).await;

        let waiting = Company::new(&stack, "vergeten").await;
        let held: MessageView = waiting.post(&named(&waiting, "gehouden"), None).await.expect(202).json();
        waiting.until(held.id, MessageState::Held).await;

        let aged: MessageId = format!("msg_{OLD_TIME}{}", &old.id.to_string()[14..]).parse().unwrap();
        stack.restart_after(|stack| make_older(stack, old.id, aged)).await;
        stack.run_cron().await;

        until("the oldest is forgotten", async || {
            let answer = get(&company, aged, "").await;
            (answer.status == 404).then_some(())
        })
        .await;
        assert_eq!(get(&company, content.id, "/mime").await.problem().code, Code::ContentGone);
        assert!(!company.look(content.id).await.content_kept, "and what became of it is known");
        get(&company, fresh.id, "/mime").await.expect(200);
        let shown = company.person().await.view().await.handed_over_at;
        assert_eq!(shown, Some(fresh.changed_at), "the page tells when mail last left");

        let expired = waiting.until(held.id, MessageState::Expired).await;
        assert_eq!(expired.failure.unwrap().code, Code::NotAuthenticated);
        assert!(expired.content_kept, "somebody may still want it sent");

        stack.stop();
        let query = "SELECT json_extract(json, '$.handed_over_at') FROM mailbox";
        let kept = stack.in_every_mailbox(query);
        assert!(
            kept.iter().any(|row| row[0] == LONG_AGO),
            "also of mail that is no longer in the log: {kept:?}"
        );
        let chunks = stack.in_every_mailbox("SELECT message FROM chunk");
        let chunks: BTreeSet<_> = chunks.iter().map(|row| row[0].as_str().unwrap().to_owned()).collect();
        assert_eq!(chunks, BTreeSet::from([fresh.id.to_string(), held.id.to_string()]));
    });
}

fn make_older(stack: &Stack, old: MessageId, aged: MessageId) {
    let of = |reference: &str| format!("json_extract(json, '$.reference') = '{reference}'");
    for statement in [
        format!("UPDATE mailbox SET json = json_set(json, '$.created_at', '{LONG_AGO}')"),
        format!(
            "UPDATE message SET json = json_set(json, '$.changed_at', '{LONG_AGO}') WHERE {}",
            of("inhoud")
        ),
        format!(
            "UPDATE message SET json = json_set(json, '$.changed_at', '{LONG_AGO}', '$.held_since', '{LONG_AGO}') WHERE {}",
            of("gehouden")
        ),
        format!(
            "UPDATE message SET id = '{aged}', json = json_set(json, '$.id', '{aged}', '$.changed_at', '{LONG_AGO}') WHERE {}",
            of("oud")
        ),
        format!("UPDATE chunk SET message = '{aged}' WHERE message = '{old}'"),
    ] {
        stack.in_every_mailbox(&statement);
    }
}

async fn get(company: &Company<'_>, id: MessageId, what: &str) -> Answer {
    Answer::to(company.stack.with_key("GET", &format!("/v1/messages/{id}{what}"), &company.key)).await
}
