//! A forged key, link or session is refused before anything of it is looked at.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use end_to_end::company::Company;
use end_to_end::http::Answer;
use end_to_end::message::letter;
use end_to_end::{Options, Stack, scenario};
use serde_json::json;

#[test]
fn what_is_forged_makes_no_object() {
    scenario(async {
        // Its own: nobody else may make objects meanwhile.
        let stack = Stack::start(Options::default()).await;
        let company = Company::signed_in(&stack, "echt").await;
        let link = company.link().await;
        let person = company.person().await;
        let before = objects(&stack.state());
        assert!(before.len() >= 3, "a directory, an organisation, a mailbox: {before:?}");

        let message = letter(&company.account.upn, "Vals");
        for key in forged(&company.key) {
            let answer = Answer::to(stack.with_key("POST", "/v1/messages", &key).json(&message)).await;
            assert_eq!(answer.expect(401).problem().code, api::Code::CredentialsRefused, "{key}");
        }
        for link in forged(link.split_once('#').unwrap().1) {
            let request = stack
                .request("POST", "/api/session")
                .header("x-postbode", "1")
                .json(&json!({ "link": link }));
            assert_eq!(Answer::to(request).await.expect(410).problem().code, api::Code::LinkSpent, "{link}");
        }
        let (name, session) = person.cookie.split_once('=').unwrap();
        for session in forged(session) {
            let request = stack.request("GET", "/api/session").header("cookie", format!("{name}={session}"));
            assert_eq!(
                Answer::to(request).await.expect(401).problem().code,
                api::Code::SessionEnded,
                "{session}"
            );
        }
        assert_eq!(objects(&stack.state()), before);
        assert!(company.mails().await.is_empty());

        // The same look sees an object that is made.
        Company::new(&stack, "nieuw").await;
        assert_eq!(objects(&stack.state()).difference(&before).count(), 2, "an organisation and a mailbox");
    });
}

/// The credential with something changed in its organisation, its id, its secret and its MAC.
fn forged(credential: &str) -> Vec<String> {
    let body = credential.rfind('_').unwrap();
    let organisation = credential.get(..body).unwrap().rfind('_').unwrap() + 1;
    let places = [organisation + 3, body + 4, body + 40, credential.len() - 3];
    let change = |place: usize| {
        let mut bytes = credential.as_bytes().to_vec();
        let byte = bytes.get_mut(place).unwrap();
        *byte = if *byte == b'2' { b'3' } else { b'2' };
        String::from_utf8(bytes).unwrap()
    };
    places
        .into_iter()
        .map(change)
        .chain([credential.get(..credential.len() - 1).unwrap().to_owned()])
        .collect()
}

/// The objects that have a database.
fn objects(state: &Path) -> BTreeSet<PathBuf> {
    let classes = std::fs::read_dir(state.join("v3/do")).unwrap().map(|class| class.unwrap().path());
    let files = classes.flat_map(|class| std::fs::read_dir(class).unwrap()).map(|file| file.unwrap().path());
    files
        .filter(|file| file.extension().is_some_and(|end| end == "sqlite"))
        .filter(|file| file.file_stem().is_some_and(|name| name != "metadata"))
        .collect()
}
