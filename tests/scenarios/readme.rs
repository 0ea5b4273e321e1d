//! The README's commands: each is carried out here, or by what it names; one that nobody knows is a failure.

use std::process::Command;

use api::{MessageState, MessageView};
use end_to_end::company::Company;
use end_to_end::sandbox::TENANT;
use end_to_end::{Options, Places, Stack, scenario};

/// The commands in the README's `sh` blocks, each on one line.
fn commands() -> Vec<String> {
    let readme = std::fs::read_to_string(Places::here().root.join("README.md")).unwrap();
    let blocks = readme.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned());
    let joined = blocks.map(|block| block.replace("\\\n", " "));
    let lines = joined.flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>());
    lines
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    scenario(async {
        let commands = commands();
        assert!(commands.len() >= 3, "they are read: {commands:?}");
        for command in commands {
            match command.as_str() {
                line if line.starts_with("curl ") => sends_a_mail(line).await,
                line if line.starts_with("npx wrangler deploy --dry-run") => is_deployable().await,
                line if line.starts_with("cargo xtask ") => is_known_to_xtask(line),
                other => panic!("nobody checks this command of README.md: {other}"),
            }
        }
    });
}

/// Runs the line as it stands, but for the port of `cargo xtask dev`, which may be in use.
async fn sends_a_mail(line: &str) {
    let stack = Stack::start(Options::default()).await;
    let facturen = stack.sandbox.built_in("facturen").await;
    let company = Company::of(&stack, "curl", facturen, Some(TENANT)).await;
    company.person().await.sign_in(&company.account).await;
    assert!(line.contains("http://localhost:8787/"), "{line}");
    let line = line.replace("http://localhost:8787", &stack.origin);
    let answer = output(Command::new("sh").args(["-c", &line]).env("POSTBODE_KEY", &company.key)).await;
    let view: MessageView = serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
    assert_eq!(view.state, MessageState::HandedOver);
    let mails = company.mails().await;
    assert_eq!(mails.len(), 1);
    assert!(line.contains(&mails[0].subject) && line.contains(&mails[0].to[0].address), "{mails:?}");
}

/// wrangler takes configuration and what is built, up to the point where an account would be needed.
async fn is_deployable() {
    let out = std::env::temp_dir().join(format!("postbode-dry-run-{}", std::process::id()));
    let mut deploy = Places::here().wrangler();
    let told = output(deploy.args(["deploy", "--dry-run", "--outdir"]).arg(&out)).await;
    std::fs::remove_dir_all(out).unwrap();
    for binding in ["TOKENS", "ORGANISATION", "MAILBOX", "DIRECTORY", "ASSETS"] {
        assert!(told.contains(binding), "{binding} is not bound: {told}");
    }
}

/// `cargo xtask test` runs us; running it or `dev` from here would be a circle. That xtask knows the word is checked.
fn is_known_to_xtask(line: &str) {
    let word = line.trim_start_matches("cargo xtask ").split(' ').next().unwrap();
    let main = std::fs::read_to_string(Places::here().root.join("crates/xtask/src/main.rs")).unwrap();
    assert!(main.contains(&format!("\"{word}\" => ")), "xtask does not know: {line}");
}

async fn output(command: &mut Command) -> String {
    let mut command = std::mem::replace(command, Command::new("true"));
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
