//! Wrong turns between the click and the answer: windows that close, answers that arrive elsewhere, twice, late or changed,
//! and errors that come back or never do.

use api::{Code, FixBy, MailboxState, Reason};
use end_to_end::browser::Browser;
use end_to_end::company::Company;
use end_to_end::person::sent_back;
use end_to_end::{Options, Stack, random_text, scenario, until};
use serde::Deserialize;
use serde_json::json;

/// The address that the tab at hand sent a person to.
async fn sent_to(browser: &Browser) -> String {
    let script = "return Object.values(sessionStorage).filter((value) => value.includes('\"verifier\"'))
        .map((value) => JSON.parse(value).url)[0] ?? null";
    let kept =
        until("this tab waits for somebody", async || browser.run(script).await.as_str().map(str::to_owned));
    kept.await
}

/// Opens a tab beside the others, and turns to it.
async fn new_tab(browser: &Browser, address: &str) {
    let tab = browser.client.new_window(true).await.unwrap();
    browser.client.switch_to_window(tab.handle).await.unwrap();
    browser.open(address).await;
}

/// What the callback page came to.
async fn until_stand(browser: &Browser, word: &str) {
    browser.find(&format!("#callback[data-stand=\"{word}\"]")).await;
}

/// Requests of this page that say anything about a sign-in.
async fn told(browser: &Browser) -> serde_json::Value {
    let script = "return performance.getEntriesByType('resource').map(({ name }) => name)
        .filter((name) => name.includes('/consent'))";
    browser.run(script).await
}

#[test]
fn a_window_that_a_blocker_closes_at_once_leaves_the_tab_to_go_itself() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "blokker").await;
        let browser = Browser::new().await;
        browser.open(&company.link().await).await;
        browser.until_state("not_authenticated").await;
        browser.run("window.open = () => ({ closed: true, document: null, location: null })").await;
        browser.click("#authenticate").await;
        browser.sign_in_at_microsoft(&company.account).await;
        browser.until_state("ready").await;
        assert_eq!(browser.client.windows().await.unwrap().len(), 1);
        assert_eq!(company.stack.sandbox.grants(&company.account, "authorization_code").await, 1);
        assert_eq!(browser.faults().await, Vec::<String>::new());
        browser.close().await;
    });
}

#[test]
fn after_closing_the_window_in_between_the_person_tries_again() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "dicht").await;
        let browser = Browser::new().await;
        browser.open(&company.link().await).await;
        browser.click("#authenticate").await;
        browser.turn_to_new_window().await;
        browser.give_password(&company.account).await;
        browser.find("#accept").await;
        browser.client.close_window().await.unwrap();
        browser.turn_back().await;
        browser.until_state("signing_in").await;
        browser.click("#not-back").await;
        browser.find("#sign-in-hint").await;
        assert!(browser.has("#ask-approval").await, "the other way out stands beside it");
        browser.click("#try-again").await;
        browser.turn_to_new_window().await;
        browser.click("#accept").await;
        browser.turn_back().await;
        browser.until_state("ready").await;
        assert_eq!(company.stack.sandbox.grants(&company.account, "authorization_code").await, 1);
        assert_eq!(browser.faults().await, Vec::<String>::new());
        browser.close().await;
    });
}

#[test]
fn a_tab_that_was_loaded_anew_still_waits() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "herladen").await;
        let browser = Browser::new().await;
        browser.open(&company.link().await).await;
        browser.click("#authenticate").await;
        browser.turn_to_new_window().await;
        let microsofts = browser.client.window().await.unwrap();
        browser.find("#password").await;
        browser.turn_to_first_window().await;
        browser.client.refresh().await.unwrap();
        browser.find("#open-again").await;
        browser.client.switch_to_window(microsofts).await.unwrap();
        browser.sign_in_at_microsoft(&company.account).await;
        browser.turn_back().await;
        browser.until_state("ready").await;
        assert_eq!(company.stack.sandbox.grants(&company.account, "authorization_code").await, 1);
        browser.close().await;
    });
}

#[test]
fn when_the_tab_was_closed_the_window_says_where_to_go_on() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "weg").await;
        let browser = Browser::new().await;
        browser.open(&company.link().await).await;
        browser.click("#authenticate").await;
        let waiting = browser.client.window().await.unwrap();
        browser.turn_to_new_window().await;
        let microsofts = browser.client.window().await.unwrap();
        browser.find("#password").await;
        browser.client.switch_to_window(waiting).await.unwrap();
        browser.client.close_window().await.unwrap();
        browser.client.switch_to_window(microsofts.clone()).await.unwrap();
        new_tab(&browser, &company.stack.origin).await;
        browser.until_state("signing_in").await;

        browser.client.switch_to_window(microsofts).await.unwrap();
        browser.sign_in_at_microsoft(&company.account).await;
        until_stand(&browser, "elsewhere").await;
        assert!(browser.find("#where-to").await.is_displayed().await.unwrap());
        assert_eq!(told(&browser).await, json!([]), "what it can't prove it does not post");
        assert_eq!(company.stack.sandbox.grants(&company.account, "authorization_code").await, 0);
        browser.click("#go-on").await;
        browser.run("window.open = () => null").await;
        browser.click("#authenticate").await; // known there and consented to: Microsoft sends back at once
        browser.until_state("ready").await;
        assert_eq!(company.stack.sandbox.grants(&company.account, "authorization_code").await, 1);
        browser.close().await;
    });
}

#[test]
fn an_answer_in_another_browser_is_not_posted_and_still_counts_where_it_was_awaited() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "elders").await;
        let person = company.person().await;
        let mut sign_in = person.begin().await;
        sign_in.at_microsoft(&company.account).await;
        let browser = Browser::new().await;
        for stand in ["stranger", "elsewhere"] {
            if stand == "elsewhere" {
                browser.open(&company.link().await).await; // with a session, though not that one
                browser.until_state("signing_in").await;
            }
            browser.open(&sign_in.way_back()).await;
            until_stand(&browser, stand).await;
            let address = browser.client.current_url().await.unwrap();
            assert_eq!((address.query(), address.fragment()), (None, None), "the code is gone");
            assert!(browser.find("#where-to").await.is_displayed().await.unwrap());
            assert_eq!(
                browser.has("#go-on").await,
                stand == "elsewhere",
                "the pages open only with a session"
            );
            assert_eq!(told(&browser).await, json!([]));
        }
        browser.close().await;
        assert_eq!(company.stack.sandbox.grants(&company.account, "authorization_code").await, 0);
        person.finish(&sign_in).await.expect(200);
        assert_eq!(person.view().await.state, MailboxState::Ready);
    });
}

#[test]
fn the_same_answer_twice_is_redeemed_once() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "tweemaal").await;
        let browser = Browser::new().await;
        browser.open(&company.link().await).await;
        browser.click("#authenticate").await;
        let answer = sent_back(&sent_to(&browser).await, &company.account).await;
        browser.turn_to_new_window().await;
        browser.open(&answer).await;
        browser.turn_back().await;
        browser.until_state("ready").await;
        assert_ne!(told(&browser).await, json!([]), "whoever waits, posts");
        let before = company.person().await.view().await.authentication;
        let page = browser.client.window().await.unwrap();
        new_tab(&browser, &answer).await;
        until_stand(&browser, "connected").await;
        assert_eq!(told(&browser).await, json!([]));
        browser.client.switch_to_window(page).await.unwrap();
        browser.until_state("ready").await;
        assert_eq!(company.person().await.view().await.authentication, before);
        assert_eq!(company.stack.sandbox.grants(&company.account, "authorization_code").await, 1);
        assert_eq!(browser.faults().await, Vec::<String>::new());
        browser.close().await;
    });
}

#[test]
fn an_answer_with_another_state_is_nobodys_and_the_right_one_still_counts() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "toestand").await;
        let browser = Browser::new().await;
        browser.open(&company.link().await).await;
        browser.click("#authenticate").await;
        let answer = sent_back(&sent_to(&browser).await, &company.account).await;
        let state = form_urlencoded::parse(answer.split_once('#').unwrap().1.as_bytes())
            .find_map(|(name, value)| (name == "state").then(|| value.into_owned()))
            .unwrap();
        browser.turn_to_new_window().await;
        for wrong in [random_text(), "x".to_owned(), String::new()] {
            browser.open("about:blank").await;
            browser.open(&answer.replace(&state, &wrong)).await;
            until_stand(&browser, "elsewhere").await;
            assert_eq!(told(&browser).await, json!([]));
        }
        assert_eq!(company.stack.sandbox.grants(&company.account, "authorization_code").await, 0);
        browser.open("about:blank").await;
        browser.open(&answer).await;
        browser.turn_back().await;
        browser.until_state("ready").await;
        assert_eq!(company.stack.sandbox.grants(&company.account, "authorization_code").await, 1);
        browser.close().await;
    });
}

#[test]
fn a_code_that_came_too_late_is_explained_and_the_next_one_counts() {
    scenario(async {
        // Its own: codes live a second for everybody, and the clock moves.
        let stack = Stack::start(Options::default()).await;
        let company = Company::new(&stack, "laat").await;
        let browser = Browser::new().await;
        browser.open(&company.link().await).await;
        stack.sandbox.set(json!({ "code_seconds": 1 })).await;
        browser.click("#authenticate").await;
        let answer = sent_back(&sent_to(&browser).await, &company.account).await;
        stack.sandbox.advance(2).await;
        browser.turn_to_new_window().await;
        browser.open(&answer).await;
        browser.turn_back().await;
        browser.find("#notice[data-code=\"consent_refused\"]").await;
        browser.until_state("not_authenticated").await;
        assert!(browser.text("#details").await.len() > 1);
        stack.sandbox.set(json!({ "code_seconds": 600 })).await;
        browser.click("#retry").await;
        browser.turn_to_new_window().await;
        browser.give_password(&company.account).await;
        browser.turn_back().await;
        browser.until_state("ready").await;
        browser.close().await;
    });
}

#[test]
fn two_mailboxes_in_two_tabs_get_what_is_theirs() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "links").await;
        let second = company.stack.sandbox.account("rechts").await;
        let mailboxes = [company.mailbox, company.add_mailbox(&second).await];
        let accounts = [&company.account, &second];
        let browser = Browser::new().await;
        browser.open(&company.link().await).await;
        browser.until_state("not_authenticated").await;
        let (mut tabs, mut windows, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        for (mailbox, account) in mailboxes.iter().zip(accounts) {
            let before = browser.client.windows().await.unwrap();
            new_tab(&browser, &format!("{}/mailboxes/{mailbox}", company.stack.origin)).await;
            let tab = browser.client.window().await.unwrap();
            browser.click("#authenticate").await;
            answers.push(sent_back(&sent_to(&browser).await, account).await);
            let opened = until("a window of its own opens", async || {
                let mut all = browser.client.windows().await.unwrap().into_iter();
                all.rfind(|one| !before.contains(one) && *one != tab)
            });
            windows.push(opened.await);
            tabs.push(tab);
        }
        assert_ne!(windows[0], windows[1]);
        // The other way round: each window brings what the other one was opened for.
        for (window, answer) in windows.iter().zip(answers.iter().rev()) {
            browser.client.switch_to_window(window.clone()).await.unwrap();
            browser.open(answer).await;
        }
        for ((tab, mailbox), account) in tabs.iter().zip(mailboxes).zip(accounts) {
            browser.client.switch_to_window(tab.clone()).await.unwrap();
            browser.until_state("ready").await;
            assert!(browser.text("#authenticated-by").await.contains(&account.upn));
            let view = company.person().await.at(mailbox).view().await;
            assert_eq!(view.authentication.unwrap().account.address, account.upn);
            assert_eq!(company.stack.sandbox.grants(account, "authorization_code").await, 1);
        }
        browser.close().await;
    });
}

#[derive(Debug, Deserialize)]
struct Row {
    number: u32,
    at: String,
    error: String,
    class: String,
    meaning: String,
}

/// What the sandbox's catalogue says about one place.
fn rows(at: &str) -> Vec<Row> {
    let file = include_str!("../../crates/sandbox/data/aadsts.csv");
    let rows = csv::Reader::from_reader(file.as_bytes()).into_deserialize();
    let rows: Vec<Row> = rows.map(Result::unwrap).collect();
    rows.into_iter().filter(|row| row.at == at).collect()
}

#[test]
fn every_error_that_comes_back_is_told_as_what_it_is_and_ends_its_attempt() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "fouten").await;
        let person = company.person().await;
        let rows = rows("redirect");
        assert!(rows.len() > 25);
        for row in rows {
            let sign_in = person.begin().await;
            let description = format!("AADSTS{}: {}", row.number, row.meaning);
            let answer = person.refuse(&sign_in, &row.error, Some(&description)).await;
            let problem = answer.problem();
            let fix_by = match row.class.as_str() {
                "USR" => FixBy::Employee,
                "ADM" => FixBy::Administrator,
                "TMP" => FixBy::Time,
                _ => FixBy::Operator,
            };
            assert_eq!(problem.fix_by, fix_by, "{row:?}: {problem:?}");
            assert_eq!(problem.retryable, fix_by == FixBy::Time, "{row:?}");
            let reason = problem.params.get("reason").map(String::as_str);
            let told = reason.is_some_and(|reason| reason != Reason::Other.as_str());
            assert!(told || fix_by == FixBy::Time, "{row:?} has no words: {problem:?}");
            assert_eq!(person.view().await.state, MailboxState::NotAuthenticated, "{row:?}");
            let again = person.refuse(&sign_in, &row.error, Some(&description)).await.problem();
            assert_eq!((again.code, &again.params), (problem.code, &problem.params), "{row:?}");
        }
    });
}

#[test]
fn an_error_with_a_foreign_state_ends_nothing() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "anders").await;
        let (person, other) = (company.person().await, company.person().await);
        let mut sign_in = person.begin().await;
        let mut forged = sign_in.clone();
        forged.finish.state = random_text();
        let problem = person.refuse(&forged, "access_denied", None).await.expect(409).problem();
        assert_eq!(problem.code, Code::ConsentMismatch);
        let problem = other.refuse(&sign_in, "access_denied", None).await.expect(409).problem();
        assert_eq!(problem.code, Code::ConsentAttemptEnded);
        sign_in.at_microsoft(&company.account).await;
        person.finish(&sign_in).await.expect(200);
        assert_eq!(person.view().await.state, MailboxState::Ready);
    });
}

#[test]
fn an_error_that_comes_back_reaches_the_page_with_its_way_out() {
    scenario(async {
        // Its own: before a sign-in nobody is known, so the mishap is everybody's.
        let stack = Stack::start(Options::default()).await;
        let company = Company::new(&stack, "terug").await;
        let browser = Browser::new().await;
        browser.open(&company.link().await).await;
        for (number, code, asks) in [
            (65004, "consent_not_given", true),
            (90093, "administrator_needed", true),
            (500_014, "administrator_needed", false),
            (90033, "microsoft_unavailable", false),
            (70011, "request_rejected", false),
        ] {
            stack.sandbox.fault(json!({ "at": "authorize", "do": { "refuse": number } })).await;
            browser.click("#authenticate").await;
            browser.find(&format!("#notice[data-code=\"{code}\"]")).await;
            browser.until_state("not_authenticated").await;
            assert_eq!(browser.has("#ask-approval").await, asks, "{number}");
            let details = browser.run("return document.getElementById('details').textContent").await;
            assert!(details.as_str().unwrap().contains(&format!("AADSTS{number}")), "{number}: {details}");
            browser.click("#notice-close").await;
        }
        browser.run("window.open = () => null").await;
        browser.click("#authenticate").await;
        browser.sign_in_at_microsoft(&company.account).await;
        browser.until_state("ready").await;
        browser.close().await;
    });
}

#[test]
fn an_error_that_stays_on_microsofts_page_leaves_a_page_that_helps() {
    scenario(async {
        let stack = Stack::start(Options::default()).await;
        let company = Company::new(&stack, "blijft").await;
        let browser = Browser::new().await;
        browser.open(&company.link().await).await;
        let rows = rows("page");
        let numbers = [50105, 53003, 50020, 700_016];
        assert!(numbers.iter().all(|number| rows.iter().any(|row| row.number == *number)));
        for number in numbers {
            stack.sandbox.fault(json!({ "at": "authorize", "do": { "refuse": number } })).await;
            browser.click("#authenticate").await;
            browser.turn_to_new_window().await;
            assert!(browser.text("#aadsts").await.contains(&format!("AADSTS{number}")));
            browser.client.close_window().await.unwrap();
            browser.turn_back().await;
            browser.until_state("signing_in").await;
            browser.click("#not-back").await;
            for way_out in ["#try-again", "#ask-approval"] {
                assert!(browser.find(way_out).await.is_displayed().await.unwrap(), "{number}: {way_out}");
            }
            assert!(!browser.has("#notice").await, "nobody told this page what it was");
            browser.click("#stop-waiting").await;
            browser.until_state("not_authenticated").await;
        }
        browser.click("#authenticate").await;
        browser.turn_to_new_window().await;
        browser.sign_in_at_microsoft(&company.account).await;
        browser.turn_back().await;
        browser.until_state("ready").await;
        browser.close().await;
    });
}
