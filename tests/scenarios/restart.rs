//! What was accepted survives the end of its process.

use std::path::Path;

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
        let host = host_of_objects(&stack);
        kill(host);
        stack.until_well().await;
        assert_ne!(host_of_objects(&stack), host, "it came back as another process");

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

/// The process of this stack that has the objects' databases open.
fn host_of_objects(stack: &Stack) -> u32 {
    let databases = stack.state().join("v3/do");
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let mut hosts = processes.filter_map(|entry| {
        let id = entry.file_name().to_string_lossy().parse().ok()?;
        opens(&entry.path().join("fd"), &databases).then_some(id)
    });
    hosts.next().expect("some process has the databases open")
}

fn opens(descriptors: &Path, folder: &Path) -> bool {
    let Ok(open) = std::fs::read_dir(descriptors) else { return false };
    open.flatten().any(|file| std::fs::read_link(file.path()).is_ok_and(|target| target.starts_with(folder)))
}

fn kill(process: u32) {
    let killed =
        std::process::Command::new("sh").args(["-c", "kill -s KILL \"$0\"", &process.to_string()]).status();
    assert!(killed.unwrap().success());
}
