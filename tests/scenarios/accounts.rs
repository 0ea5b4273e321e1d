//! Who signs in: the mailbox itself under any of its names, somebody with *Send As* on a shared one, and nobody else.

use api::{Code, ConfirmReason, ConsentOutcome, MailboxState};
use end_to_end::browser::Browser;
use end_to_end::company::Company;
use end_to_end::http::{Answer, client};
use end_to_end::message::letter;
use end_to_end::sandbox::{Account, DOMAIN, TENANT};
use end_to_end::{Options, Stack, scenario};
use serde_json::json;

/// Another organisation's tenant.
const STRANGERS: &str = "ac000000-0000-4000-8000-000000000001";
/// Where every personal Microsoft account is (Microsoft: id-token-claims-reference).
const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// The same account, called by another of its addresses.
fn called(account: &Account, address: &str) -> Account {
    Account { upn: address.to_owned(), ..account.clone() }
}

/// Goes to Microsoft in a window, picks that account there, and comes back.
async fn sign_in_as(browser: &Browser, button: &str, account: &Account, element: &str) {
    browser.click(button).await;
    browser.turn_to_new_window().await;
    if browser.find("#password, ul.accounts").await.tag_name().await.unwrap() == "input" {
        browser.click("#other-account").await;
    }
    browser.click(element).await;
    browser.sign_in_at_microsoft(account).await;
    browser.turn_back().await;
}

#[test]
fn a_wrong_account_is_named_with_the_right_one_and_another_can_be_chosen() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "juist").await;
        let somebody = company.stack.sandbox.account("verkeerd").await;
        let browser = Browser::new().await;
        browser.open(&company.link().await).await;
        let button = format!("#account-{}", somebody.local_part());
        sign_in_as(&browser, "#authenticate", &somebody, &button).await;
        browser.find("#notice[data-code=\"wrong_account\"]").await;
        let said = browser.text("#notice").await;
        assert!(said.contains(&somebody.upn) && said.contains(&company.account.upn), "{said}");
        assert_eq!(company.person().await.view().await.authentication, None);

        // Microsoft would take the account that is signed in there already; only the picker leads to another one.
        browser.click("#choose-account").await;
        browser.turn_to_new_window().await;
        browser.find("ul.accounts").await;
        let address = browser.client.current_url().await.unwrap();
        let names: Vec<_> = address.query_pairs().filter(|(name, _)| name == "prompt").collect();
        assert_eq!(names, [("prompt".into(), "select_account".into())]);
        assert!(
            !address.query_pairs().any(|(name, _)| name == "login_hint"),
            "the two must not meet: {address}"
        );
        browser.click(&format!("#account-{}", company.account.local_part())).await;
        browser.sign_in_at_microsoft(&company.account).await;
        browser.turn_back().await;
        browser.until_state("ready").await;
        assert!(!browser.has("#notice[data-code]").await, "the refusal is no longer said");
        assert!(browser.text("#authenticated-by").await.contains(&company.account.upn));
        assert_eq!(browser.faults().await, Vec::<String>::new());
        browser.close().await;
    });
}

#[test]
fn a_mailbox_may_be_called_by_its_alias() {
    scenario(async {
        let stack = Stack::shared().await;
        let alias = format!("verkoop-alias@{DOMAIN}");
        let account = stack.sandbox.account_with("bij", json!({ "aliases": [alias] })).await;
        let company = Company::of(stack, "bij", called(&account, &alias), Some(TENANT)).await;
        let person = company.person().await;
        let view = person.sign_in(&account).await;
        assert_eq!(view.authentication.unwrap().account.address, account.upn);
        company.hand_over(&letter(&alias, "Onder een bijnaam")).await;
        let mails = stack.sandbox.mails(&account).await;
        assert_eq!((mails.len(), mails[0].from.address.as_str()), (1, alias.as_str()));
    });
}

#[test]
fn an_alias_that_microsoft_does_not_tell_cannot_be_known() {
    scenario(async {
        let stack = Stack::shared().await;
        let alias = format!("geheime-alias@{DOMAIN}");
        let account =
            stack.sandbox.account_with("stil", json!({ "aliases": [alias], "show_aliases": false })).await;
        let company = Company::of(stack, "stil", called(&account, &alias), Some(TENANT)).await;
        let person = company.person().await;
        let mut sign_in = person.begin().await;
        sign_in.at_microsoft(&account).await;
        let problem = person.finish(&sign_in).await.expect(409).problem();
        assert_eq!(problem.code, Code::WrongAccount);
        assert_eq!(person.view().await.authentication, None);
    });
}

#[test]
fn a_user_name_may_differ_from_the_address() {
    scenario(async {
        let stack = Stack::shared().await;
        let address = format!("administratie@{DOMAIN}");
        let account = stack.sandbox.account_with("p.jansen", json!({ "mail": address })).await;
        for name in [&address, &account.upn] {
            let company = Company::of(stack, "naam", called(&account, name), Some(TENANT)).await;
            assert_eq!(company.person().await.sign_in(&account).await.state, MailboxState::Ready, "{name}");
            company.hand_over(&letter(name, name)).await;
        }
        let mails = stack.sandbox.mails(&account).await;
        let subjects: Vec<_> = mails.iter().map(|mail| mail.subject.as_str()).collect();
        assert_eq!(subjects, [address.as_str(), account.upn.as_str()]);
    });
}

#[test]
fn a_colleague_with_the_right_signs_a_shared_mailbox_in_and_a_mail_proves_it() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "gedeeld").await;
        let sandbox = &company.stack.sandbox;
        let shared = &company.account.upn;
        let colleague = sandbox.account_with("collega", json!({ "send_as": [shared] })).await;
        let person = company.person().await;
        person.save(|settings| settings.shared = true).await;
        let begun = person.begin().await.begun;
        assert_eq!((begun.prompt.as_deref(), begun.login_hint), (Some("select_account"), None));

        let view = person.sign_in(&colleague).await;
        assert_eq!(view.state, MailboxState::Ready);
        assert_eq!(view.authentication.unwrap().account.address, colleague.upn);
        let proof = sandbox.mails(&colleague).await;
        assert_eq!(proof.len(), 1, "one mail proves it");
        let (from, to) = (&proof[0].from.address, &proof[0].to);
        assert_eq!((from, to.len(), &to[0].address), (shared, 1, &colleague.upn));
        assert!(proof[0].text.as_ref().unwrap().contains(shared) && !proof[0].saved_to_sent, "{proof:?}");

        company.hand_over(&letter(shared, "Namens ons")).await;
        let mails = sandbox.mails(&colleague).await;
        let last = mails.last().unwrap();
        assert_eq!((mails.len(), &last.from.address, last.subject.as_str()), (2, shared, "Namens ons"));
        assert!(company.mails().await.is_empty(), "nobody signed in as the shared mailbox itself");
    });
}

#[test]
fn a_colleague_without_the_right_is_told_so_and_nothing_is_stored() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "afgeschermd").await;
        let sandbox = &company.stack.sandbox;
        let colleague = sandbox.account("onbevoegd").await;
        let person = company.person().await;
        person.save(|settings| settings.shared = true).await;
        let browser = Browser::new().await;
        browser.open(&company.link().await).await;
        let button = format!("#account-{}", colleague.local_part());
        sign_in_as(&browser, "#authenticate", &colleague, &button).await;
        browser.find("#notice[data-code=\"send_as_denied\"]").await;
        let line = browser.text("#command-notice").await;
        assert!(line.contains(&colleague.upn) && line.contains(&company.account.upn), "{line}");
        assert_eq!(sandbox.grants(&colleague, "authorization_code").await, 1, "the code was good");
        assert!(sandbox.mails(&colleague).await.is_empty());
        let view = person.view().await;
        assert_eq!((view.state, view.authentication), (MailboxState::NotAuthenticated, None));
        assert_eq!(company.stack.kv_keys(&format!("token/{}/", company.id)).await, Vec::<String>::new());

        // The right is given, and the same person tries again.
        sandbox.change(&colleague, json!({ "send_as": [company.account.upn] })).await;
        browser.click("#retry").await;
        browser.turn_to_new_window().await;
        browser.click(&button).await; // known there, and consented to
        browser.turn_back().await;
        browser.until_state("ready").await;
        assert_eq!(sandbox.mails(&colleague).await.len(), 1, "the proof");
        assert_eq!(browser.faults().await, Vec::<String>::new());
        browser.close().await;
    });
}

#[test]
fn a_guest_has_its_mailbox_elsewhere_and_is_refused() {
    scenario(async {
        let stack = Stack::shared().await;
        let home = "gast@elders.example";
        let guest = stack.sandbox.account_with("gast", json!({ "upn": home, "guest": true })).await;
        let company = Company::of(stack, "gast", called(&guest, home), Some(TENANT)).await;
        let (person, browser) = (company.person().await, Browser::new().await);
        browser.open(&company.link().await).await;
        browser.click("#authenticate").await;
        browser.turn_to_new_window().await;
        browser.sign_in_at_microsoft(&guest).await;
        browser.turn_back().await;
        browser.find("#notice[data-code=\"guest_account\"]").await;
        assert!(browser.text("#notice").await.contains(home), "it is named");
        assert!(browser.has("#choose-account").await);
        assert_eq!(stack.sandbox.grants(&guest, "authorization_code").await, 1, "Microsoft let it in");
        let view = person.view().await;
        assert_eq!((view.state, view.authentication), (MailboxState::NotAuthenticated, None));
        assert_eq!(browser.faults().await, Vec::<String>::new());
        browser.close().await;
    });
}

#[test]
fn a_stranger_who_carries_the_address_is_named_with_the_tenant_that_would_be_trusted() {
    scenario(async {
        let stack = Stack::shared().await;
        let company = Company::in_tenant(stack, "echte", None).await;
        let address = &company.account.upn;
        let stranger =
            stack.sandbox.account_with("valse", json!({ "tid": STRANGERS, "mail": address })).await;
        let (person, browser) = (company.person().await, Browser::new().await);
        browser.open(&company.link().await).await;
        let button = format!("#account-{}", stranger.local_part());
        sign_in_as(&browser, "#authenticate", &stranger, &button).await;
        let said = browser.text("#confirm-dialog").await;
        assert!(said.contains(STRANGERS) && said.contains(address), "{said}");
        assert_eq!(person.view().await.authentication, None, "nothing counts before the answer");
        browser.click("#confirm-no").await;
        browser.find("#notice").await;
        assert_eq!(person.view().await.authentication, None);
        browser.close().await;

        // Begun while the organisation was tied to no tenant, it ends after somebody tied it to the right one.
        let mut theirs = person.begin().await;
        theirs.at_microsoft(&stranger).await;
        let mut ours = person.begin().await;
        ours.at_microsoft(&company.account).await;
        person.finish(&ours).await.expect(200);
        person.answer(&ours, true).await.expect(200);
        let before = person.view().await.authentication;
        let problem = person.finish(&theirs).await.expect(409).problem();
        assert_eq!(problem.code, Code::WrongTenant);
        assert!(problem.detail.contains(STRANGERS), "{}", problem.detail);
        assert_eq!(person.view().await.authentication, before);

        // From then on Microsoft's own page does not let them in.
        let browser = Browser::new().await;
        browser.open(&company.link().await).await;
        browser.click("#authenticate").await;
        browser.turn_to_new_window().await;
        browser.click("#other-account").await;
        browser.click(&button).await;
        assert!(browser.text("#aadsts").await.contains("AADSTS50020"));
        browser.close().await;
    });
}

#[test]
fn a_personal_account_is_refused_where_microsoft_would_let_it_in() {
    scenario(async {
        // Its own: an installation whose operator set the tenant too wide.
        let vars = vec![("ENTRA_TENANT", "common".to_owned())];
        let stack = Stack::start(Options { vars, ..Options::default() }).await;
        let account = stack.sandbox.account_with("thuis", json!({ "tid": PERSONAL })).await;
        let company = Company::of(&stack, "thuis", account, None).await;
        let (person, browser) = (company.person().await, Browser::new().await);
        browser.open(&company.link().await).await;
        browser.click("#authenticate").await;
        browser.turn_to_new_window().await;
        browser.sign_in_at_microsoft(&company.account).await;
        browser.turn_back().await;
        browser.find("#notice[data-code=\"personal_account\"]").await;
        assert!(browser.has("#choose-account").await);
        assert_eq!(stack.sandbox.grants(&company.account, "authorization_code").await, 1);
        let view = person.view().await;
        assert_eq!((view.state, view.authentication), (MailboxState::NotAuthenticated, None));
        browser.close().await;
    });
}

#[test]
fn somebody_who_inherited_the_address_must_be_confirmed() {
    scenario(async {
        let stack = Stack::shared().await;
        let company = Company::signed_in(stack, "opvolger").await;
        let person = company.person().await;
        let before = person.view().await.authentication.unwrap();
        let address = &company.account.upn;
        let gone = format!("{}/sandbox/accounts/{address}", stack.sandbox.origin);
        Answer::to(client().delete(gone)).await.expect(204);
        let successor = stack
            .sandbox
            .account_with("opvolger", json!({ "upn": address, "name": "Nieuwe Opvolger" }))
            .await;
        assert_ne!(successor.oid, company.account.oid);

        let mut sign_in = person.begin().await;
        sign_in.at_microsoft(&successor).await;
        let outcome: ConsentOutcome = person.finish(&sign_in).await.expect(200).json();
        let ConsentOutcome::Confirm { account, reasons, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(account.name.as_deref(), Some("Nieuwe Opvolger"));
        assert_eq!(reasons, [ConfirmReason::AnotherAccount { before: before.account.clone() }]);
        assert_eq!(person.answer(&sign_in, false).await.status, 204);
        assert_eq!(person.view().await.authentication, Some(before.clone()), "declining changes nothing");

        let browser = Browser::new().await;
        browser.open(&company.link().await).await;
        browser.click("#authenticate").await;
        browser.turn_to_new_window().await;
        browser.give_password(&successor).await; // consented to a moment ago
        browser.turn_back().await;
        let said = browser.text("#confirm-dialog").await;
        assert!(
            said.contains("Nieuwe Opvolger") && said.contains(before.account.name.as_ref().unwrap()),
            "{said}"
        );
        browser.click("#confirm-yes").await;
        browser.find("#notice[data-tone=\"good\"]").await;
        let after = person.view().await.authentication.unwrap();
        assert_eq!(after.account.name.as_deref(), Some("Nieuwe Opvolger"));
        company.hand_over(&letter(address, "Van de opvolger")).await;
        assert_eq!(company.mails().await.len(), 1);
        assert_eq!(browser.faults().await, Vec::<String>::new());
        browser.close().await;
    });
}
