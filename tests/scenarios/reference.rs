//! The lines of `docs/api.md` do what stands around them.

use std::path::Path;
use std::process::Command;

use api::{BatchOutcome, Code, LimitsView, MessageList, MessageState, MessageView, Problem, SendMessage};
use end_to_end::company::Company;
use end_to_end::message::letter;
use end_to_end::sandbox::TENANT;
use end_to_end::{Options, Places, Stack, scenario};
use serde::de::DeserializeOwned;

/// What an ERP's programmer would copy, each `sh` block for itself.
fn lines() -> Vec<String> {
    let docs = std::fs::read_to_string(Places::here().root.join("docs/api.md")).unwrap();
    let blocks = docs.split("```sh\n").skip(1);
    blocks.map(|rest| rest.split("```").next().unwrap().trim().to_owned()).collect()
}

/// Runs a line as it stands, but for the port, and gives what it prints.
async fn run(company: &Company<'_>, line: &str, id: &str, directory: &Path) -> String {
    assert!(line.contains(" http://localhost:8787/"), "{line}");
    let line = line.replace("http://localhost:8787", &company.stack.origin);
    let mut command = Command::new("sh");
    command.args(["-c", &line]).current_dir(directory).env("POSTBODE_KEY", &company.key).env("ID", id);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn read<T: DeserializeOwned>(answer: &str) -> T {
    serde_json::from_str(answer).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

#[test]
fn every_line_of_the_reference_does_what_it_says() {
    scenario(async {
        let stack = Stack::start(Options::default()).await;
        let facturen = stack.sandbox.built_in("facturen").await;
        let company = Company::of(&stack, "naslag", facturen, Some(TENANT)).await;
        let held: MessageView =
            company.post(&letter(&company.account.upn, "Ligt"), Some(10)).await.expect(200).json();
        let at = Some(company.person().await.view().await.now.plus_seconds(3600));
        let later = SendMessage { scheduled_at: at, ..letter(&company.account.upn, "Later") };
        let later: MessageView = company.post(&later, None).await.expect(202).json();
        let id = later.id.to_string();
        let directory = std::env::temp_dir().join(format!("postbode-reference-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();

        let lines = lines();
        assert!(lines.len() >= 7, "they are read: {lines:?}");
        for line in lines {
            let path = line.split("http://localhost:8787").nth(1).unwrap().split_whitespace().next().unwrap();
            // Another scenario sends the form, which needs its file.
            if line.contains(" -F ") {
                continue;
            }
            let answer = run(&company, &line, &id, &directory).await;
            match path {
                "/v1/messages/batch" => {
                    let outcomes = read::<BatchOutcome>(&answer).outcomes;
                    assert_eq!(outcomes.iter().map(|item| item.status).collect::<Vec<_>>(), [202, 422]);
                    assert_eq!(outcomes[1].problem.as_ref().unwrap().errors[0].pointer, "/to");
                }
                "/v1/messages" => {
                    let list: MessageList = read(&answer);
                    assert!(list.messages.iter().any(|message| message.id == held.id), "{answer}");
                    assert!(list.messages.iter().all(|message| message.id != later.id), "{answer}");
                }
                "/v1/messages/$ID/mime" => {
                    let mime = std::fs::read_to_string(directory.join("message.eml")).unwrap();
                    assert!(mime.contains("\r\nSubject: Later\r\n"), "{mime}");
                }
                "/v1/messages/$ID/cancel" => {
                    assert_eq!(read::<MessageView>(&answer).state, MessageState::Cancelled);
                    company.person().await.sign_in(&company.account).await;
                }
                "/v1/messages/$ID/retry" => {
                    assert_eq!(read::<MessageView>(&answer).id, later.id);
                    company.until(later.id, MessageState::HandedOver).await;
                }
                "/v1/limits" => {
                    assert_eq!(read::<LimitsView>(&answer).mailboxes[0].address, company.account.upn);
                }
                "/v1/test" => assert_eq!(read::<Problem>(&answer).code, Code::KindNotAvailable),
                other => panic!("nobody checks {other} of docs/api.md"),
            }
        }
        std::fs::remove_dir_all(directory).unwrap();
        company.until(held.id, MessageState::HandedOver).await;
        let mut subjects: Vec<String> = company.mails().await.into_iter().map(|mail| mail.subject).collect();
        subjects.sort();
        assert_eq!(subjects, ["Factuur 43", "Later", "Ligt"]);
    });
}
