//! *Testen*: each step is told when it happens, and the one that fails says what to do.

use api::{Code, MailboxSettings, MailboxState, MessageState, MessageView, Security};
use api::{TestFailure, TestLine, TestStep};
use end_to_end::browser::Browser;
use end_to_end::company::Company;
use end_to_end::gallery::Gallery;
use end_to_end::http::Answer;
use end_to_end::message::letter;
use end_to_end::person::Person;
use end_to_end::relay::{ID, Relay};
use end_to_end::servers::{PASSWORD, Servers};
use end_to_end::{Stack, scenario, until};
use serde_json::json;

use crate::own_server::fill_in;

fn read(answer: &Answer) -> Vec<TestLine> {
    answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn test(person: &Person<'_>) -> Vec<TestLine> {
    read(&Answer::to(person.request("POST", "/test").json(&json!({}))).await.expect(200))
}

fn steps(lines: &[TestLine]) -> Vec<TestStep> {
    lines.iter().filter_map(|line| if let TestLine::Step(step) = line { Some(*step) } else { None }).collect()
}

fn failure(lines: &[TestLine]) -> &TestFailure {
    match lines.last() {
        Some(TestLine::Failed(failure)) => failure,
        _ => panic!("it did not fail: {lines:?}"),
    }
}

#[test]
fn a_test_signs_in_sends_nothing_and_lets_go_what_waited() {
    scenario(async {
        use TestStep::{Connected, Greeted, SignedIn, Tls};
        let servers = Servers::start().await;
        let company = Company::new(&servers.stack, "proef").await;
        let person = company.person().await;
        let right = |settings: &mut _| fill_in(settings, servers.submission_port, Security::Starttls);
        person.type_access_code("fout", right).await.expect(200);
        let lines = test(&person).await;
        assert_eq!(lines[0], TestLine::Plan(vec![Connected, Greeted, Tls, SignedIn]));
        assert_eq!(steps(&lines), [Connected, Greeted, Tls]);
        let failed = failure(&lines);
        assert_eq!((failed.step, failed.trouble.code), (SignedIn, Code::AccessCodeRefused));
        assert_eq!(failed.trouble.upstream.as_ref().unwrap().status, 535);
        assert_eq!(person.view().await.state, MailboxState::ServerRefuses);
        let waits: MessageView =
            company.post(&letter(&company.account.upn, "Wacht"), Some(20)).await.expect(200).json();
        assert_eq!(waits.state, MessageState::Held);

        person.type_access_code(PASSWORD, right).await.expect(200);
        company.until(waits.id, MessageState::HandedOver).await;
        let lines = test(&person).await;
        assert_eq!(steps(&lines), [Connected, Greeted, Tls, SignedIn]);
        assert!(matches!(lines.last(), Some(TestLine::Passed { .. })), "{lines:?}");
        assert_eq!(person.view().await.state, MailboxState::Ready);

        // The same for whoever has a key.
        let from = json!({ "from": company.account.upn });
        let by_key = company.stack.with_key("POST", "/v1/test", &company.key).json(&from);
        assert_eq!(steps(&read(&Answer::to(by_key).await.expect(200))), [Connected, Greeted, Tls, SignedIn]);
        let other = json!({ "from": "niemand@elders.example" });
        let refused = company.stack.with_key("POST", "/v1/test", &company.key).json(&other);
        assert_eq!(Answer::to(refused).await.problem().code, Code::SenderNotAllowed);
        servers.arrived(1, "\nSubject: Wacht\n").await;
        assert_eq!(servers.mails().len(), 1, "a test sends nothing");
    });
}

#[test]
fn the_step_that_fails_is_named() {
    scenario(async {
        let servers = Servers::start().await;
        let relay = Relay::new();
        let company = Company::new(&servers.stack, "stap").await;
        let person = company.person().await;
        for (port, security, step, code) in [
            (9, Security::Starttls, TestStep::Connected, Code::ServerUnavailable),
            (servers.submission_port, Security::Tls, TestStep::Tls, Code::ServerUnavailable),
            (servers.mx_port, Security::Starttls, TestStep::Tls, Code::ServerRefused),
            (servers.mx_port, Security::None, TestStep::SignedIn, Code::ServerRefused),
        ] {
            let change = |settings: &mut _| fill_in(settings, port, security);
            person.type_access_code(PASSWORD, change).await.expect(200);
            let lines = test(&person).await;
            let failed = failure(&lines);
            assert_eq!((failed.step, failed.trouble.code), (step, code), "{port} {security:?}: {lines:?}");
        }
        let own = |settings: &mut MailboxSettings| {
            fill_in(settings, servers.submission_port, Security::Starttls);
            settings.relay_url.clone_from(&relay.origin);
            settings.relay_id = ID.into();
        };
        person.type_relay_key(&relay.key, PASSWORD, own).await.expect(200);
        let lines = test(&person).await;
        assert_eq!(failure(&lines).step, TestStep::Relay, "{lines:?}");
        relay.start(&servers.stack, &["--private-servers", "localhost:*"]).await;
        let lines = test(&person).await;
        assert_eq!(steps(&lines).len(), 5, "{lines:?}");
        assert!(matches!(lines.last(), Some(TestLine::Passed { .. })), "{lines:?}");
    });
}

#[test]
fn a_kind_that_signs_in_at_microsoft_has_no_server_to_test() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "soort").await;
        let person = company.person().await;
        let refused = Answer::to(person.request("POST", "/test").json(&json!({}))).await;
        assert_eq!(refused.problem().code, Code::KindNotAvailable);
    });
}

#[test]
fn the_page_shows_what_was_reached_while_the_server_thinks() {
    scenario(async {
        let servers = Servers::start().await;
        let relay = Relay::new();
        relay.start(&servers.stack, &["--private-servers", "localhost:*"]).await;
        let company = Company::new(&servers.stack, "stappen").await;
        let (browser, mut gallery) = (Browser::new().await, Gallery::new());
        let person = company.person().await;
        person
            .type_access_code("fout", |settings| {
                fill_in(settings, servers.submission_port, Security::Starttls);
            })
            .await
            .expect(200);
        browser.open(&company.link().await).await;
        browser.until_state("ready").await;
        browser.click("#by-relay").await;
        for (field, text) in [("#relay-url", &*relay.origin), ("#relay-id", ID), ("#relay-key", &relay.key)] {
            browser.find(field).await.send_keys(text).await.unwrap();
        }
        gallery.take(&browser, "relay-fields").await;
        // Another way, so the code must be typed again.
        browser.find("#access-code").await.send_keys("fout").await.unwrap();
        browser.click("#save").await;
        until("it is saved", async || person.view().await.relay_key_stored.then_some(())).await;
        browser.find("#save[data-changed=false]").await;
        browser.click("#test-server").await;
        // Dovecot takes two seconds over a wrong password.
        for step in ["relay", "connected", "greeted", "tls"] {
            browser.find(&format!("[data-step={step}][data-progress=done]")).await;
        }
        browser.find("[data-step=signed_in][data-progress=doing]").await;
        browser.find("#server-test-result[data-end=failed]").await;
        browser.find("[data-step=signed_in][data-progress=failed]").await;
        browser.until_state("server_refuses").await;
        gallery.take(&browser, "test-failed").await;

        browser.find("#access-code").await.send_keys(PASSWORD).await.unwrap();
        browser.click("#save").await;
        browser.until_state("ready").await;
        browser.click("#test-server").await;
        browser.find("#server-test-result[data-end=passed]").await;
        gallery.take(&browser, "test-passed").await;
        browser.close().await;
        gallery.must_be_right();
    });
}
