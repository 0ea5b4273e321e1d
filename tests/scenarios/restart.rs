//! What was accepted survives the end of its process.

use api::{MessageState, MessageView};
use end_to_end::company::Company;
use end_to_end::message::letter;
use end_to_end::{Options, Stack, scenario};

/// More than one row of the outbox holds.
const BIG: usize = 1_500_000;

#[test]
fn an_accepted_message_survives_the_end_of_its_process() {
    scenario(async {
        // Its own: everything of it goes down.
        let stack = Stack::start(Options::default()).await;
        let company = Company::new(&stack, "stroom").await;
        let message = api::SendMessage {
            attachments: vec![end_to_end::message::attachment("groot.pdf", &end_to_end::message::pdf(BIG))],
            ..letter(&company.account.upn, "Ligt er nog")
        };
        let accepted: MessageView = company.post(&message, None).await.expect(202).json();
        let host = stack.host_of_objects();
        stack.kill_objects();
        stack.until_well().await;
        assert_ne!(stack.host_of_objects(), host, "it came back as another process");

        let view = company.until(accepted.id, MessageState::Held).await;
        assert_eq!(view.accepted_at, accepted.accepted_at);
        company.person().await.sign_in(&company.account).await;
        company.until(accepted.id, MessageState::HandedOver).await;
        let mails = company.mails().await;
        assert_eq!(mails.len(), 1);
        let arrived = stack.sandbox.bytes(mails[0].file("groot.pdf")).await;
        assert!(arrived == end_to_end::message::pdf(BIG), "the bytes differ");
    });
}
