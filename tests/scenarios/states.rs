//! Pictures of what the page says when something stands in the way, comes to its end, or is asked.

use api::{Code, Kind, MailboxState, MessageState, MessageView, Reason};
use end_to_end::browser::Browser;
use end_to_end::company::Company;
use end_to_end::gallery::Gallery;
use end_to_end::http::Answer;
use end_to_end::message::letter;
use end_to_end::sandbox::{TENANT, graph_error};
use end_to_end::{Options, Stack, random_text, scenario, until};
use serde_json::json;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// Every send renews, so that a refusal comes when it is ordered.
async fn eager(vars: Vec<(&'static str, String)>) -> Stack {
    let vars = [vars, vec![("RENEW_AFTER_SECONDS", "0".to_owned())]].concat();
    Stack::start(Options { vars, ..Options::default() }).await
}

/// Waits until the page, asked anew, says that state.
async fn until_asked(browser: &Browser, state: &str) {
    browser.click("#status").await;
    browser.until_state(state).await;
}

#[test]
fn while_an_administrator_is_asked() {
    const TENANT: &str = "57a70000-0000-4000-8000-000000000001";
    scenario(async {
        let stack = Stack::shared().await;
        let account = stack.sandbox.account_with("vraag", json!({ "tid": TENANT })).await;
        let company = Company::of(stack, "vraag", account, Some(TENANT)).await;
        stack.sandbox.tenant(TENANT, json!({ "user_consent": "denied" })).await;
        let (browser, mut gallery) = (Browser::new().await, Gallery::new());
        browser.open(&company.link().await).await;
        browser.click("#authenticate").await;
        browser.turn_to_new_window().await;
        browser.give_password(&company.account).await;
        browser.click("#return").await;
        browser.turn_back().await;
        browser.find("#notice[data-code=\"consent_not_given\"] #ask-approval").await;
        gallery.take(&browser, "consent-not-given").await;
        browser.click("#ask-approval").await;
        browser.until_state("waiting_for_approval").await;
        gallery.take(&browser, "waiting-for-approval").await;

        stack.sandbox.tenant(TENANT, json!({ "user_consent": "allowed" })).await;
        let person = company.person().await;
        person.sign_in(&company.account).await;
        person.ask_approval(true).await;
        until_asked(&browser, "ready").await;
        browser.find("#approval-present").await;
        gallery.take(&browser, "ready-and-asked").await;
        browser.close().await;
        gallery.must_be_right();
    });
}

#[test]
fn while_nothing_comes_back() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "wacht").await;
        let (browser, mut gallery) = (Browser::new().await, Gallery::new());
        browser.open(&company.link().await).await;
        browser.click("#authenticate").await;
        browser.until_state("signing_in").await;
        browser.click("#not-back").await;
        browser.find("#sign-in-hint").await;
        gallery.take(&browser, "not-back").await;
        browser.close().await;
        gallery.must_be_right();
    });
}

#[test]
fn an_answer_that_nobody_here_waits_for() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "nergens").await;
        let (browser, mut gallery) = (Browser::new().await, Gallery::new());
        let answer = format!("{}/oauth/callback#code=x&state={}", company.stack.origin, random_text());
        for stand in ["stranger", "elsewhere"] {
            if stand == "elsewhere" {
                browser.open(&company.link().await).await;
                browser.until_state("not_authenticated").await;
            }
            browser.open(&answer).await;
            browser.find(&format!("#callback[data-stand=\"{stand}\"]")).await;
            gallery.take(&browser, &format!("callback-{stand}")).await;
        }
        browser.close().await;
        gallery.must_be_right();
    });
}

#[test]
fn what_passes_by_itself() {
    scenario(async {
        let stack = Stack::shared().await;
        let (browser, mut gallery) = (Browser::new().await, Gallery::new());
        for (picture, mishap, code) in [
            ("delayed-throttled", json!({ "status": 429, "retry_after": 600 }), "throttled"),
            (
                "delayed-unavailable",
                json!({ "status": 503, "json": graph_error("ServiceUnavailable"), "retry_after": 600 }),
                "microsoft_unavailable",
            ),
        ] {
            let company = Company::signed_in(stack, "traag").await;
            let account = &company.account.upn;
            let order = json!({ "at": "send_mail", "account": account, "times": null, "do": mishap });
            stack.sandbox.fault(order).await;
            let first: MessageView = company.post(&letter(account, "Een"), Some(5)).await.expect(200).json();
            assert_eq!(first.state, MessageState::WillRetry);
            company.post(&letter(account, "Twee"), None).await.expect(202);
            browser.open(&company.link().await).await;
            browser.until_state("delayed").await;
            browser.find(&format!("#next-try[data-code=\"{code}\"]")).await;
            browser.find("#held[data-count=\"2\"]").await;
            gallery.take(&browser, picture).await;
        }
        browser.close().await;
        gallery.must_be_right();
    });
}

#[test]
fn what_somebody_must_look_at() {
    scenario(async {
        let stack = Stack::shared().await;
        let company = Company::signed_in(stack, "aandacht").await;
        let account = &company.account.upn;
        let after = async |mishap: serde_json::Value, state: MessageState| {
            stack.sandbox.fault(json!({ "at": "send_mail", "account": account, "do": mishap })).await;
            let message = letter(account, state.as_str());
            let view: MessageView = company.post(&message, Some(20)).await.expect(200).json();
            assert_eq!(view.state, state, "{view:?}");
            view
        };
        let error = |code: &str| json!({ "status": 400, "json": graph_error(code) });
        // Nothing of this is a trouble of the mailbox itself.
        let held = after(error("ErrorInvalidParameter"), MessageState::Held).await;
        after(error("ErrorInvalidRecipients"), MessageState::Refused).await;
        after(json!({ "status": 504 }), MessageState::Unknown).await;

        let (browser, mut gallery) = (Browser::new().await, Gallery::new());
        browser.open(&company.link().await).await;
        browser.until_state("attention").await;
        browser.find("#held [data-code=\"request_rejected\"][data-count=\"1\"]").await;
        for said in ["#refused[data-count=\"1\"]", "#unknown[data-count=\"1\"]"] {
            browser.find(said).await;
        }
        gallery.take(&browser, "attention").await;

        browser.click("#seen").await;
        until("nothing is left to be seen", async || (!browser.has("#unseen").await).then_some(())).await;
        assert!(company.person().await.view().await.attention.is_empty());
        // What is held waits, seen or not.
        browser.until_state("attention").await;
        gallery.take(&browser, "attention-held").await;
        browser.click("#check-again").await;
        browser.until_state("ready").await;
        company.until(held.id, MessageState::HandedOver).await;
        browser.close().await;
        gallery.must_be_right();
    });
}

#[test]
fn what_somebody_must_mend() {
    scenario(async {
        let stack = eager(Vec::new()).await;
        let (browser, mut gallery) = (Browser::new().await, Gallery::new());
        for (number, state, picture) in [
            (53003, "administrator_needed", "administrator-needed"),
            (50105, "administrator_needed", "not-assigned"),
            (7_000_222, "registration_broken", "secret-expired"),
            (50076, "sign_in_again", "second-factor"),
            (65001, "sign_in_again", "consent-removed"),
        ] {
            let company = Company::signed_in(&stack, "storing").await;
            let account = &company.account.upn;
            let refuse = json!({ "at": "token", "grant": "refresh_token", "account": account, "times": null, "do": { "refuse": number } });
            stack.sandbox.fault(refuse).await;
            company.hand_over(&letter(account, "Vooraf")).await;
            let person = company.person().await;
            until("the renewal after it was refused", async || person.view().await.trouble).await;
            let held: MessageView = company.post(&letter(account, "Vast"), Some(5)).await.expect(200).json();
            assert_eq!(held.state, MessageState::Held);
            browser.open(&company.link().await).await;
            browser.until_state(state).await;
            browser.find("#held[data-count=\"1\"]").await;
            gallery.take(&browser, picture).await;
            browser.click("#trouble-details summary").await;
            assert!(browser.text("#trouble-details").await.contains(&format!("AADSTS{number}")));
            gallery.take(&browser, &format!("{picture}-details")).await;
        }
        browser.close().await;
        gallery.must_be_right();
    });
}

#[test]
fn smtp_auth_that_is_switched_off() {
    // Of its own: the switch of an organisation is for all of its mailboxes.
    const TENANT: &str = "57a70000-0000-4000-8000-000000000002";
    scenario(async {
        let stack = Stack::shared().await;
        let (browser, mut gallery) = (Browser::new().await, Gallery::new());
        let off = json!({ "smtp_auth_disabled": true });
        for (whose, reason, picture) in [
            ("mailbox", Reason::SmtpAuthOffMailbox, "smtp-auth-off-mailbox"),
            ("organisation", Reason::SmtpAuthOffOrganisation, "smtp-auth-off-organisation"),
        ] {
            let account = stack.sandbox.account_with(whose, json!({ "tid": TENANT })).await;
            let company = Company::of(stack, whose, account, Some(TENANT)).await;
            let person = company.person().await;
            person.save(|settings| settings.kind = Kind::SmtpOAuth2).await;
            person.sign_in(&company.account).await;
            if whose == "mailbox" {
                stack.sandbox.change(&company.account, off.clone()).await;
            } else {
                stack.sandbox.tenant(TENANT, off.clone()).await;
            }
            let message = letter(&company.account.upn, "Vast");
            let held: MessageView = company.post(&message, Some(20)).await.expect(200).json();
            assert_eq!(held.state, MessageState::Held);
            assert_eq!(person.view().await.trouble.unwrap().reason, Some(reason));
            browser.open(&company.link().await).await;
            browser.until_state("administrator_needed").await;
            let line = browser.text("#command").await;
            assert!(line.contains("Set-CASMailbox") && line.contains(&company.account.upn), "{line}");
            gallery.take(&browser, picture).await;

            // One line for both: the mailbox's own switch wins.
            stack.sandbox.change(&company.account, json!({ "smtp_auth_disabled": false })).await;
            browser.click("#check-again").await;
            browser.until_state("ready").await;
            company.until(held.id, MessageState::HandedOver).await;
        }
        browser.close().await;
        gallery.must_be_right();
    });
}

#[test]
fn after_removing() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "afgemeld").await;
        let person = company.person().await;
        assert_eq!(person.remove().await.state, MailboxState::Removed);
        let (browser, mut gallery) = (Browser::new().await, Gallery::new());
        browser.open(&company.link().await).await;
        browser.until_state("removed").await;
        assert!(browser.find("#since").await.is_displayed().await.unwrap());
        gallery.take(&browser, "removed").await;
        browser.close().await;
        gallery.must_be_right();
    });
}

#[test]
fn who_may_not_sign_in() {
    scenario(async {
        let stack = Stack::shared().await;
        let (browser, mut gallery) = (Browser::new().await, Gallery::new());
        let guest = json!({ "upn": "bezoek@elders.example", "guest": true });
        let guest = stack.sandbox.account_with("bezoek", guest).await;
        let address =
            end_to_end::sandbox::Account { upn: "bezoek@elders.example".to_owned(), ..guest.clone() };
        let company = Company::of(stack, "bezoek", address, Some(TENANT)).await;
        browser.open(&company.link().await).await;
        browser.click("#authenticate").await;
        browser.turn_to_new_window().await;
        browser.sign_in_at_microsoft(&guest).await;
        browser.turn_back().await;
        browser.find("#notice[data-code=\"guest_account\"]").await;
        gallery.take(&browser, "guest-account").await;
        browser.close().await;

        let company = Company::new(stack, "samen").await;
        company.person().await.save(|settings| settings.shared = true).await;
        let colleague = stack.sandbox.account("zonder-recht").await;
        let browser = Browser::new().await;
        browser.open(&company.link().await).await;
        browser.until_state("not_authenticated").await;
        gallery.take(&browser, "shared").await;
        browser.click("#authenticate").await;
        browser.turn_to_new_window().await;
        browser.click(&format!("#account-{}", colleague.local_part())).await;
        browser.sign_in_at_microsoft(&colleague).await;
        browser.turn_back().await;
        browser.find("#notice[data-code=\"send_as_denied\"] #command-notice").await;
        gallery.take(&browser, "send-as-denied").await;
        browser.close().await;
        gallery.must_be_right();
    });
}

#[test]
fn a_mailbox_that_may_no_longer_send_as_another() {
    scenario(async {
        let stack = Stack::shared().await;
        let company = Company::new(stack, "ingetrokken").await;
        let colleague =
            stack.sandbox.account_with("vertrouwd", json!({ "send_as": [company.account.upn] })).await;
        let person = company.person().await;
        person.save(|settings| settings.shared = true).await;
        person.sign_in(&colleague).await;
        stack.sandbox.change(&colleague, json!({ "send_as": [] })).await;
        let message = letter(&company.account.upn, "Mag niet meer");
        let view: MessageView = company.post(&message, Some(10)).await.expect(200).json();
        assert_eq!((view.state, view.failure.unwrap().code), (MessageState::Held, Code::SendAsDenied));
        let (browser, mut gallery) = (Browser::new().await, Gallery::new());
        browser.open(&company.link().await).await;
        browser.until_state("administrator_needed").await;
        browser.find("#command").await;
        gallery.take(&browser, "send-as-withdrawn").await;

        // Given back, it goes out without anybody signing in.
        stack.sandbox.change(&colleague, json!({ "send_as": [company.account.upn] })).await;
        browser.click("#check-again").await;
        browser.until_state("ready").await;
        company.until(view.id, MessageState::HandedOver).await;
        browser.close().await;
        gallery.must_be_right();
    });
}

#[test]
fn the_end_of_an_organisations_own_credential_is_told_ahead() {
    scenario(async {
        let stack = Stack::shared().await;
        let company = Company::new(stack, "eigen").await;
        let (client_id, secret) = ("57a70000-0000-4000-8000-00000000a991", random_text());
        let redirect_uris = [format!("{}/oauth/callback", stack.origin)];
        stack
            .sandbox
            .app(json!({
                "client_id": client_id, "client_secret": secret, "redirect_uris": redirect_uris,
                "audience": "AzureADMultipleOrgs",
            }))
            .await;
        let path = format!("/operator/organisations/{}/registration", company.id);
        let person = company.person().await;
        let set = async |days: i64| {
            let expires_at = person.view().await.now.plus_millis(days * DAY_MS + DAY_MS / 2);
            let credential = json!({ "type": "secret", "value": secret, "expires_at": expires_at });
            let wanted = json!({ "client_id": client_id, "credential": credential });
            Answer::to(stack.as_operator("PUT", &path).json(&wanted)).await.expect(200);
        };
        set(31).await;
        assert_eq!(person.view().await.registration.unwrap().warn_days_left, None, "too early to say so");
        person.sign_in(&company.account).await;
        let (browser, mut gallery) = (Browser::new().await, Gallery::new());
        browser.open(&company.link().await).await;
        browser.until_state("ready").await;
        assert!(!browser.has("#credential-warning").await);
        for (days, level) in [(30, "soon"), (14, "near"), (3, "now"), (-2, "over")] {
            set(days).await;
            browser.click("#status").await;
            browser.find(&format!("#credential-warning[data-level=\"{level}\"]")).await;
            gallery.take(&browser, &format!("credential-{level}")).await;
        }
        browser.close().await;
        gallery.must_be_right();
    });
}

#[test]
fn the_end_of_the_installations_secret_is_told_ahead() {
    scenario(async {
        // What day it is, the page tells.
        let today = Company::new(Stack::shared().await, "vandaag").await.person().await.view().await.now;
        let end = today.plus_millis(5 * DAY_MS);
        let day = end.to_string().chars().take(10).collect();
        let stack = eager(vec![("ENTRA_SECRET_EXPIRES", day)]).await;
        let company = Company::signed_in(&stack, "geheim").await;
        let (browser, mut gallery) = (Browser::new().await, Gallery::new());
        browser.open(&company.link().await).await;
        browser.until_state("ready").await;
        browser.find("#credential-warning[data-level=\"near\"]").await;
        gallery.take(&browser, "credential-installation").await;
        browser.close().await;
        gallery.must_be_right();
    });
}

#[test]
fn a_change_of_settings_that_ends_or_meets_something() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "instelling").await;
        let person = company.person().await;
        let (browser, mut gallery) = (Browser::new().await, Gallery::new());
        browser.open(&company.link().await).await;
        browser.until_state("ready").await;
        browser.click("label[for=\"kind-smtp_oauth2\"]").await;
        browser.find("#ends-authentication").await;
        browser.click("#save").await;
        browser.find("#change-dialog").await;
        gallery.take(&browser, "change-settings").await;
        browser.click("#change-cancel").await;
        browser.click("#undo").await;

        person.save(|settings| settings.message_bytes_max = 4 * 1024 * 1024).await;
        let aliases = browser.find("#aliases").await;
        aliases.send_keys("verkoop@bakkerijjansen.example").await.unwrap();
        browser.click("#save").await;
        browser.find("#notice[data-code=\"settings_changed\"] #conflict").await;
        gallery.take(&browser, "settings-conflict").await;
        browser.click("#conflict-save").await;
        browser.find("#save-said:not(:empty)").await;
        let saved = person.view().await.settings;
        assert_eq!(saved.message_bytes_max, 4 * 1024 * 1024, "what the other one saved stays");
        assert_eq!(saved.aliases, ["verkoop@bakkerijjansen.example"], "and so does what was typed here");
        browser.close().await;
        gallery.must_be_right();
    });
}
