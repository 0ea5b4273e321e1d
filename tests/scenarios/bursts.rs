//! Many mails at once.

use std::collections::BTreeSet;

use api::{MessageState, MessageView};
use end_to_end::company::Company;
use end_to_end::message::letter;
use end_to_end::{Options, Stack, scenario, until};
use futures_util::future::join_all;
use serde_json::json;

/// The working day's biggest run of a small company.
const MAILS: usize = 200;

#[test]
fn two_hundred_mails_with_an_expired_token_renew_it_once() {
    scenario(async {
        // Its own: for as long as it takes, tokens live three seconds for everybody.
        let stack = Stack::start(Options::default()).await;
        stack.sandbox.set(json!({ "access_token_seconds": 3, "send_delay_ms": 5 })).await;
        let company = Company::signed_in(&stack, "run").await;
        stack.sandbox.set(json!({ "access_token_seconds": 3600 })).await;
        let person = company.person().await;
        until("the access token has expired", async || {
            let view = person.view().await;
            let valid = view.authentication.unwrap().access_token_valid_until;
            valid.is_none_or(|until| until < view.now).then_some(())
        })
        .await;
        assert_eq!(stack.sandbox.grants(&company.account, "refresh_token").await, 0);

        let posted = join_all((0..MAILS).map(|n| {
            let message = letter(&company.account.upn, &format!("Factuur {n}"));
            let company = &company;
            async move { company.post(&message, None).await.expect(202).json::<MessageView>().id }
        }))
        .await;
        for id in posted {
            let view = company.until(id, MessageState::HandedOver).await;
            assert_eq!(view.failure, None);
        }
        let mails = company.mails().await;
        let subjects: BTreeSet<_> = mails.iter().map(|mail| mail.subject.clone()).collect();
        assert_eq!((mails.len(), subjects.len()), (MAILS, MAILS), "each once");
        assert_eq!(stack.sandbox.grants(&company.account, "refresh_token").await, 1);
    });
}
