//! No token reaches a browser, a log or a disk in a way that somebody else could use.

use std::collections::BTreeSet;

use api::MessageState;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use end_to_end::browser::Browser;
use end_to_end::company::Company;
use end_to_end::http::Answer;
use end_to_end::message::letter;
use end_to_end::search::{Place, Secrets, percent_encoded};
use end_to_end::{Options, Stack, random_text, scenario, until};

/// Random characters and checksum at the end of a key, link or session; before them it has ids, which are no secret.
const SECRET_CHARS: usize = 32 + 26;

const ANSWER_HEADERS: &str = "headers of an answer";
const ANSWER_BODY: &str = "body of an answer";
const STORAGE: &str = "storage of the browser";
const PAGE: &str = "page";
const OBJECTS: &str = "objects";
const KV: &str = "KV";
const HOST: &str = "other files of the host";
const LOG: &str = "log";

#[test]
fn no_secret_is_found_anywhere_and_a_planted_one_is_found_everywhere() {
    scenario(async {
        let vars = vec![("RENEW_AFTER_SECONDS", "0".to_owned())];
        let stack = Stack::start(Options { recorded: true, vars, ..Options::default() }).await;
        let company = Company::in_tenant(&stack, "geheim", None).await;
        let browser = Browser::new().await;
        let link = company.link().await;
        let said = random_text();
        let mut kept = live(&stack, &company, &browser, &link, &said).await;

        let session = browser.client.get_named_cookie("__Host-postbode").await.unwrap().value().to_owned();
        let secrets =
            secrets(&stack, [("API key", &company.key), ("link", &link), ("session", &session)], &said).await;
        kept.extend(everything(&stack, &browser).await);
        let found = secrets.found_in(&kept);
        // The one place where a secret must be: the cookie is how the browser gets its session.
        assert_eq!(found, [("session", ANSWER_HEADERS, "POST /api/session".to_owned())].into());

        let planted = format!("{}.{}-{}_", random_text(), random_text(), random_text());
        plant(&stack, &company, &browser, &planted).await;
        let look = Secrets::new([("planted".to_owned(), planted)]);
        let kinds: BTreeSet<_> =
            look.found_in(&everything(&stack, &browser).await).into_iter().map(|(_, kind, _)| kind).collect();
        for kind in [ANSWER_BODY, STORAGE, PAGE, OBJECTS, KV, LOG] {
            assert!(kinds.contains(kind), "nothing would be found in: {kind}");
        }
        browser.close().await;
    });
}

/// Lives a whole life, and gives what could be seen on the way: a sign-in by window with a confirmation, sends with
/// renewals, an access code, a removal, held mail, a sign-in by the whole page.
async fn live(stack: &Stack, company: &Company<'_>, browser: &Browser, link: &str, said: &str) -> Vec<Place> {
    let mut kept = Vec::new();
    browser.open(link).await;
    browser.click("#authenticate").await;
    browser.turn_to_new_window().await;
    kept.extend(shown(browser).await);
    browser.sign_in_at_microsoft(&company.account).await;
    browser.turn_back().await;
    browser.find("#confirm-yes").await;
    kept.extend(everything(stack, browser).await);
    browser.click("#confirm-yes").await;
    browser.until_state("ready").await;

    let mut message = letter(&company.account.upn, said);
    message.text = Some(said.to_owned());
    for renewals in 1..=3 {
        company.hand_over(&message).await;
        until("the send has renewed the tokens", async || {
            (stack.sandbox.grants(&company.account, "refresh_token").await >= renewals).then_some(())
        })
        .await;
    }
    let person = company.person().await;
    let api::MailboxView { version, settings, .. } = person.view().await;
    let save = api::SaveSettings { version, settings, access_code: Some(said.to_owned()), relay_key: None };
    let _saved = Answer::to(person.request("PUT", "").json(&save)).await.expect(200);
    browser.click("#status").await;
    kept.extend(everything(stack, browser).await);

    browser.run("location.reload()").await;
    browser.click("#remove").await;
    browser.click("#remove-confirm").await;
    browser.until_state("removed").await;
    let held: api::MessageView = company.post(&message, Some(5)).await.expect(200).json();
    assert_eq!(held.state, MessageState::Held);
    kept.extend(everything(stack, browser).await);
    browser.run("window.open = () => null").await;
    browser.click("#authenticate").await;
    browser.until_state("ready").await;
    company.until(held.id, MessageState::HandedOver).await;
    kept
}

/// Everything that must not be found.
async fn secrets(stack: &Stack, ours: [(&str, &str); 3], said: &str) -> Secrets {
    let issued = stack.sandbox.issued().await;
    assert!(issued.codes.len() >= 2 && issued.refresh_tokens.len() >= 5 && issued.access_tokens.len() >= 5);
    let numbered = |name: &'static str, values: Vec<String>| {
        values.into_iter().enumerate().map(move |(n, value)| (format!("{name} {n}"), value))
    };
    let ours = ours
        .map(|(name, value)| (name.to_owned(), value.get(value.len() - SECRET_CHARS..).unwrap().to_owned()));
    let told = [("client secret", stack.client_secret()), ("what a mail says, and an access code", said)];
    let own = stack.own_secrets().into_iter().map(|secret| ("secret of the installation", secret));
    Secrets::new(
        numbered("code", issued.codes)
            .chain(numbered("access token", issued.access_tokens))
            .chain(numbered("refresh token", issued.refresh_tokens))
            .chain(ours)
            .chain(told.into_iter().chain(own).map(|(name, value)| (name.to_owned(), value.to_owned()))),
    )
}

/// Every place there is, as it is now.
async fn everything(stack: &Stack, browser: &Browser) -> Vec<Place> {
    let mut places = shown(browser).await;
    for passed in stack.proxy.as_ref().unwrap().passed() {
        places.push(Place::text(ANSWER_HEADERS, passed.request.clone(), &passed.headers));
        places.push(Place { kind: ANSWER_BODY, name: passed.request, bytes: passed.body });
    }
    let state = stack.state().join("v3");
    for entry in std::fs::read_dir(&state).unwrap() {
        let entry = entry.unwrap();
        let kind = match entry.file_name().to_str() {
            Some("do") => OBJECTS,
            Some("kv") => KV,
            _ => HOST,
        };
        places.extend(Place::files(kind, &entry.path()));
    }
    places.extend(Place::files(LOG, &stack.log()));
    places.extend(Place::files(LOG, &stack.host_logs()));
    places
}

/// What the window at hand shows and keeps.
async fn shown(browser: &Browser) -> Vec<Place> {
    let address = browser.client.current_url().await.unwrap();
    if address.path().contains("/oauth2/") || address.path().contains("/sign-in/") {
        return Vec::new(); // Microsoft's page
    }
    let storage =
        browser.run("return JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])").await;
    let page = browser.run("return document.documentElement.outerHTML").await;
    vec![
        Place::text(STORAGE, address.path(), storage.as_str().unwrap()),
        Place::text(PAGE, address.path(), page.as_str().unwrap()),
    ]
}

/// Puts it into each kind of place, each time written differently.
async fn plant(stack: &Stack, company: &Company<'_>, browser: &Browser, secret: &str) {
    let mut message = letter(&company.account.upn, "Geplant");
    message.reference = Some(secret.to_owned()); // which objects keep and answers tell
    company.hand_over(&message).await;
    stack.kv_put("planted", &format!("x{}", STANDARD.encode(secret))).await;
    let path = String::from_utf8(percent_encoded(secret.as_bytes())).unwrap();
    let _gone = Answer::to(stack.request("GET", &format!("/{path}"))).await.expect(404); // which the host logs
    browser.run(&format!("localStorage.setItem('planted', '{}')", URL_SAFE_NO_PAD.encode(secret))).await;
    browser.run(&format!("document.title = '{secret}'")).await;
}
