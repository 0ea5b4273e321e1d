//! Where people may not consent themselves: an administrator is asked, Microsoft tells nobody how that ended, and the next
//! sign-in is the truth.

use std::collections::BTreeSet;

use api::{ApprovalView, Kind, MailboxState};
use end_to_end::browser::Browser;
use end_to_end::company::Company;
use end_to_end::http::Answer;
use end_to_end::message::letter;
use end_to_end::person::Person;
use end_to_end::sandbox::Account;
use end_to_end::{Stack, scenario, until};
use serde_json::json;

/// A company in a tenant of its own, since the tenant's rules change; with its administrator.
async fn company_in<'s>(stack: &'s Stack, tid: &str, name: &str) -> (Company<'s>, Account) {
    let account = stack.sandbox.account_with(name, json!({ "tid": tid })).await;
    let administrator = stack.sandbox.account_with("beheer", json!({ "tid": tid, "admin": true })).await;
    (Company::of(stack, name, account, Some(tid)).await, administrator)
}

async fn approval(person: &Person<'_>) -> ApprovalView {
    person.view().await.approval.expect("somebody is asked")
}

/// The scopes that a link asks for.
fn scopes(link: &str) -> BTreeSet<String> {
    let query = link.split_once('?').unwrap().1;
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let scope = pairs.find(|(name, _)| name == "scope").unwrap().1.into_owned();
    scope.split(' ').map(str::to_owned).collect()
}

/// The administrator opens the link in a browser of their own, and accepts.
async fn approve(link: &str, administrator: &Account) -> Browser {
    let browser = Browser::new().await;
    browser.open(link).await;
    browser.click(&format!("#account-{}", administrator.local_part())).await;
    browser.sign_in_at_microsoft(administrator).await;
    until("the administrator is back", async || {
        browser.client.current_url().await.unwrap().path().ends_with("/oauth/approved").then_some(())
    })
    .await;
    browser
}

/// What the page says about the refusal, without reference and time.
async fn said(browser: &Browser) -> String {
    browser.find("#notice[data-code=\"consent_not_given\"]").await;
    let script = "const notice = document.getElementById('notice').cloneNode(true);
        notice.querySelectorAll('details').forEach((details) => details.remove());
        return notice.outerHTML";
    browser.run(script).await.as_str().unwrap().to_owned()
}

/// Where Microsoft's page was opened.
async fn never_asks_anew(browser: &Browser) {
    let address = browser.client.current_url().await.unwrap();
    assert!(address.path().ends_with("/authorize"), "{address}");
    assert!(!address.query_pairs().any(|(name, _)| name == "prompt"), "{address}");
}

#[test]
fn an_administrator_approves_and_the_next_try_needs_no_consent() {
    const TENANT: &str = "a9940000-0000-4000-8000-000000000001";
    scenario(async {
        let stack = Stack::shared().await;
        let (company, administrator) = company_in(stack, TENANT, "goedkeuring").await;
        let (person, browser) = (company.person().await, Browser::new().await);
        browser.open(&company.link().await).await;

        // Cancelling, where everybody may consent.
        browser.click("#authenticate").await;
        browser.turn_to_new_window().await;
        browser.find("#password").await;
        never_asks_anew(&browser).await;
        browser.give_password(&company.account).await;
        browser.click("#cancel").await;
        browser.turn_back().await;
        let cancelled = said(&browser).await;

        // Not being allowed to.
        stack.sandbox.tenant(TENANT, json!({ "user_consent": "denied" })).await;
        browser.click("#retry").await;
        browser.turn_to_new_window().await;
        assert!(browser.text("h1").await.contains("Need admin approval"));
        never_asks_anew(&browser).await;
        browser.click("#return").await;
        browser.turn_back().await;
        assert_eq!(said(&browser).await, cancelled, "nobody can tell the two apart");
        assert!(browser.find("#retry").await.is_displayed().await.unwrap());
        assert_eq!(person.view().await.approval, None, "nobody is asked before the person chooses so");

        browser.click("#ask-approval").await;
        browser.until_state("waiting_for_approval").await;
        let view = person.view().await;
        let (state, asked) = (view.state, approval(&person).await);
        assert_eq!((state, asked.tenant.as_deref()), (MailboxState::WaitingForApproval, Some(TENANT)));
        assert!(asked.permissions.iter().any(|permission| permission == "Mail.Send"), "{asked:?}");
        let client_id = view.registration.unwrap().client_id;
        assert!(asked.link.contains(TENANT) && asked.link.contains(&client_id), "{}", asked.link);
        let shown = browser.find("#approval-link").await.prop("value").await.unwrap();
        assert_eq!(shown.as_deref(), Some(asked.link.as_str()));
        let mut letters = BTreeSet::new();
        for language in ["nl", "en"] {
            browser.click(&format!("#approval-mail-{language}")).await;
            browser.find(&format!("#approval-mail[lang=\"{language}\"]")).await;
            let letter = browser.text("#approval-mail").await;
            for fact in [client_id.as_str(), TENANT, &asked.link, &company.account.upn, "Mail.Send"] {
                assert!(letter.contains(fact), "{fact} is not in {letter}");
            }
            letters.insert(letter);
        }
        assert_eq!(letters.len(), 2, "each language has its own");

        let theirs = approve(&asked.link, &administrator).await;
        assert_eq!(theirs.errors().await, Vec::<String>::new());
        theirs.close().await;
        let wide = &stack.sandbox.consents().await["tenant_wide"][TENANT];
        let granted: BTreeSet<String> =
            wide.as_array().unwrap().iter().map(|scope| scope.as_str().unwrap().to_owned()).collect();
        assert!(granted.is_superset(&scopes(&asked.link)), "{granted:?}");
        assert_eq!(person.view().await.state, MailboxState::WaitingForApproval, "nobody told us");

        // Password known, consent given by another: Microsoft sends back at once, and nothing is clicked there.
        browser.click("#approval-try-again").await;
        browser.until_state("ready").await;
        assert!(!browser.has("#approval").await);
        let view = person.view().await;
        assert_eq!((view.state, view.approval), (MailboxState::Ready, None));
        let own = &stack.sandbox.consents().await["users"][&company.account.upn];
        assert!(own.is_null(), "the person consented to nothing: {own}");
        company.hand_over(&letter(&company.account.upn, "Goedgekeurd")).await;
        assert_eq!(company.mails().await[0].subject, "Goedgekeurd");
        assert_eq!(browser.faults().await, Vec::<String>::new());
        browser.close().await;
    });
}

#[test]
fn the_page_that_administrators_come_back_to_believes_nothing() {
    const TENANT: &str = "a9940000-0000-4000-8000-000000000002";
    scenario(async {
        let stack = Stack::shared().await;
        let (company, _) = company_in(stack, TENANT, "geloof").await;
        let person = company.person().await;
        person.ask_approval(true).await;
        let plain = Answer::to(stack.request("GET", "/oauth/approved")).await.expect(200);
        assert!(!plain.text().contains("<script") && !plain.text().contains("<form"));
        assert!(plain.header("content-security-policy").starts_with("default-src 'none';"));
        for claim in [
            format!("admin_consent=True&tenant={TENANT}&scope=x&state=approval"),
            "error=consent_required&error_description=AADSTS65004".to_owned(),
            "admin_consent=%3Cscript%3E".to_owned(),
        ] {
            let request = stack.request("GET", &format!("/oauth/approved?{claim}"));
            let answer = Answer::to(request.header("cookie", &person.cookie)).await.expect(200);
            assert_eq!(answer.body, plain.body, "{claim}");
            assert_eq!(answer.cookie(), None);
            for name in ["content-security-policy", "content-type", "cache-control"] {
                assert_eq!(answer.header(name), plain.header(name), "{claim}");
            }
        }
        assert_eq!(person.view().await.state, MailboxState::WaitingForApproval);
        assert_eq!(person.ask_approval(false).await.state, MailboxState::NotAuthenticated);
    });
}

#[test]
fn where_microsoft_passes_the_question_on_nothing_comes_back_and_the_page_helps() {
    const TENANT: &str = "a9940000-0000-4000-8000-000000000003";
    scenario(async {
        let stack = Stack::shared().await;
        let (company, administrator) = company_in(stack, TENANT, "aanvraag").await;
        stack
            .sandbox
            .tenant(TENANT, json!({ "user_consent": "denied", "admin_consent_workflow": true }))
            .await;
        let (person, browser) = (company.person().await, Browser::new().await);
        browser.open(&company.link().await).await;
        browser.click("#authenticate").await;
        browser.turn_to_new_window().await;
        browser.give_password(&company.account).await;
        browser.find("#justification").await.send_keys("Facturen versturen").await.unwrap();
        browser.click("#request-approval").await;
        browser.find("#request-sent").await;
        browser.client.close_window().await.unwrap();
        browser.turn_back().await;
        browser.until_state("signing_in").await;
        assert!(!browser.has("#notice").await, "nothing came back");

        browser.click("#not-back").await;
        browser.click("#ask-approval").await;
        browser.until_state("waiting_for_approval").await;
        assert!(!browser.has("#sign-in").await, "nobody waits for a window any more");
        approve(&approval(&person).await.link, &administrator).await.close().await;
        browser.click("#approval-try-again").await;
        browser.until_state("ready").await;
        assert_eq!(person.view().await.approval, None);
        assert_eq!(browser.faults().await, Vec::<String>::new());
        browser.close().await;
    });
}

#[test]
fn a_link_names_everything_that_its_tenant_uses_and_none_is_narrower_than_one_before_it() {
    const TENANT: &str = "a9940000-0000-4000-8000-000000000004";
    scenario(async {
        let stack = Stack::shared().await;
        let (company, administrator) = company_in(stack, TENANT, "beide").await;
        stack.sandbox.tenant(TENANT, json!({ "user_consent": "denied" })).await;
        let colleague = stack.sandbox.account_with("smtp", json!({ "tid": TENANT })).await;
        let person = company.person().await;
        person.ask_approval(true).await;
        let narrow = scopes(&approval(&person).await.link);

        let by_smtp = person.at(company.add_mailbox(&colleague).await);
        by_smtp.save(|settings| settings.kind = Kind::SmtpOAuth2).await;
        by_smtp.ask_approval(true).await;
        let wide = scopes(&approval(&by_smtp).await.link);
        let both = ["Mail.Send", "SMTP.Send"];
        for name in both {
            assert!(wide.iter().any(|scope| scope.ends_with(&format!("/{name}"))), "{name}: {wide:?}");
            assert!(approval(&by_smtp).await.permissions.iter().any(|permission| permission == name));
        }
        assert!(wide.is_superset(&narrow) && wide != narrow, "{narrow:?} {wide:?}");
        assert_eq!(scopes(&approval(&person).await.link), wide, "of the first mailbox, too");

        // Another organisation that only uses Graph would take the other kind's permission away.
        let neighbour = stack.sandbox.account_with("buur", json!({ "tid": TENANT })).await;
        let neighbour = Company::of(stack, "buur", neighbour, Some(TENANT)).await;
        let neighbours = neighbour.person().await;
        neighbours.ask_approval(true).await;
        let theirs = approval(&neighbours).await.link;
        assert!(scopes(&theirs).is_superset(&wide), "{theirs}");

        approve(&theirs, &administrator).await.close().await;
        let consents = stack.sandbox.consents().await;
        let granted = consents["tenant_wide"][TENANT].to_string();
        assert!(both.iter().all(|name| granted.contains(name)), "{granted}");
        for (person, account) in
            [(&person, &company.account), (&by_smtp, &colleague), (&neighbours, &neighbour.account)]
        {
            let view = person.sign_in(account).await;
            assert!(view.authentication.is_some() && view.approval.is_none(), "{view:?}");
        }
    });
}

#[test]
fn a_refused_consent_leaves_a_mailbox_that_sends_as_it_was() {
    const TENANT: &str = "a9940000-0000-4000-8000-000000000005";
    scenario(async {
        let stack = Stack::shared().await;
        let (company, _) = company_in(stack, TENANT, "blijft").await;
        let person = company.person().await;
        let before = person.sign_in(&company.account).await.authentication;
        assert!(before.is_some());
        // What is to be granted anew, nobody but an administrator may grant.
        stack.sandbox.revoke(&company.account, "consent_removed").await;
        stack.sandbox.tenant(TENANT, json!({ "user_consent": "denied" })).await;

        let browser = Browser::new().await;
        browser.open(&company.link().await).await;
        browser.until_state("ready").await;
        browser.click("#authenticate").await;
        browser.turn_to_new_window().await;
        browser.give_password(&company.account).await;
        browser.click("#return").await;
        browser.turn_back().await;
        said(&browser).await;
        browser.until_state("ready").await;
        browser.click("#ask-approval").await;
        browser.find("#approval-present").await;
        browser.until_state("ready").await;
        let view = person.view().await;
        assert_eq!((view.state, &view.authentication), (MailboxState::Ready, &before));
        assert!(view.approval.is_some());
        company.hand_over(&letter(&company.account.upn, "Toch")).await;
        assert_eq!(company.mails().await[0].subject, "Toch");

        browser.click("#approval-withdraw").await;
        until("nobody is asked any more", async || person.view().await.approval.is_none().then_some(()))
            .await;
        assert!(!browser.has("#approval").await);
        browser.until_state("ready").await;
        assert_eq!(browser.faults().await, Vec::<String>::new());
        browser.close().await;
    });
}
