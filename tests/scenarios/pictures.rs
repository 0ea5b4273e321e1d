//! Every state of the page, in both languages, both colours and two widths.

use api::MessageView;
use end_to_end::browser::Browser;
use end_to_end::company::Company;
use end_to_end::gallery::Gallery;
use end_to_end::message::letter;
use end_to_end::{Stack, scenario};

#[test]
fn without_a_session() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "buiten").await;
        let (browser, mut gallery) = (Browser::new().await, Gallery::new());
        browser.open(&company.stack.origin).await;
        browser.find("#no-session").await;
        gallery.take(&browser, "no-session").await;
        browser.open(&format!("{}/oauth/callback", company.stack.origin)).await;
        browser.find("#callback").await;
        gallery.take(&browser, "callback").await;
        browser.open(&format!("{}/open#pb_link_spent", company.stack.origin)).await;
        browser.find("#no-session[data-code=\"link_spent\"]").await;
        gallery.take(&browser, "link-spent").await;
        browser.close().await;
        gallery.must_be_right();
    });
}

#[test]
fn signing_in() {
    scenario(async {
        let company = Company::in_tenant(Stack::shared().await, "plaatjes", None).await;
        let somebody = company.stack.sandbox.account("iemand").await;
        let (browser, mut gallery) = (Browser::new().await, Gallery::new());
        browser.open(&company.link().await).await;
        browser.until_state("not_authenticated").await;
        gallery.take(&browser, "not-authenticated").await;

        browser.click("#authenticate").await;
        browser.until_state("signing_in").await;
        gallery.take(&browser, "signing-in").await;
        browser.turn_to_new_window().await;
        browser.click("#other-account").await;
        browser.click(&format!("#account-{}", somebody.local_part())).await;
        browser.sign_in_at_microsoft(&somebody).await;
        browser.turn_back().await;
        browser.find("#notice[data-code=\"wrong_account\"]").await;
        gallery.take(&browser, "wrong-account").await;

        browser.run("window.open = () => null").await;
        browser.click("#authenticate").await;
        browser.give_password(&company.account).await;
        browser.click("#cancel").await;
        browser.find("#notice[data-tone=\"attention\"]").await;
        gallery.take(&browser, "cancelled").await;

        browser.run("window.open = () => null").await;
        browser.click("#authenticate").await;
        browser.click("#accept").await;
        browser.find("#confirm-dialog").await;
        gallery.take(&browser, "confirm").await;
        browser.click("#confirm-yes").await;
        browser.until_state("ready").await;
        gallery.take(&browser, "connected").await;
        browser.close().await;
        gallery.must_be_right();
    });
}

#[test]
fn with_an_authentication() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "gereed").await;
        let message = letter(&company.account.upn, "Factuur");
        company.hand_over(&message).await;
        let (browser, mut gallery) = (Browser::new().await, Gallery::new());
        browser.open(&company.link().await).await;
        browser.until_state("ready").await;
        gallery.take(&browser, "ready").await;
        browser.click("#remove").await;
        browser.find("#remove-dialog").await;
        gallery.take(&browser, "remove").await;
        browser.click("#remove-confirm").await;
        browser.until_state("removed").await;
        let _held: MessageView = company.post(&message, Some(5)).await.expect(200).json();
        browser.click("#status").await;
        browser.find("#waiting[data-count=\"1\"]").await;
        gallery.take(&browser, "held").await;
        browser.close().await;
        gallery.must_be_right();
    });
}

#[test]
fn choosing_another_kind() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "keuze").await;
        let (browser, mut gallery) = (Browser::new().await, Gallery::new());
        browser.open(&company.link().await).await;
        browser.click("#which-kind summary").await;
        for answer in ["microsoft-yes", "large-yes", "smtp-yes"] {
            browser.click(&format!("label[for=\"advice-{answer}\"]")).await;
        }
        browser.find("#advice").await;
        gallery.take(&browser, "which-kind").await;
        browser.click("#advice-choose").await;
        browser.click("#which-kind summary").await;
        for (kind, state) in [("smtp_oauth2", "not_authenticated"), ("smtp_basic", "access_code_missing")] {
            browser.click(&format!("label[for=\"kind-{kind}\"]")).await;
            gallery.take(&browser, &format!("{kind}-chosen")).await;
            if kind == "smtp_basic" {
                browser.click("#save").await;
                browser.find("#wrong-summary").await;
                gallery.take(&browser, "fields-refused").await;
                browser.click("#fill-in-gmail").await;
                browser.find("#gmail-hint").await;
                gallery.take(&browser, "gmail").await;
                browser.find("#server").await.clear().await.unwrap();
                browser.find("#server").await.send_keys("smtp.office365.com").await.unwrap();
                browser.find("#microsoft-retires").await;
                gallery.take(&browser, "microsoft-retires").await;
                browser.find("#server").await.clear().await.unwrap();
                browser.find("#user-name").await.clear().await.unwrap();
                browser.find("#server").await.send_keys("mail.example.com").await.unwrap();
                browser.find("#user-name").await.send_keys("jansen").await.unwrap();
            }
            browser.click("#save").await;
            browser.find("#save-said:not(:empty)").await;
            browser.until_state(state).await;
            gallery.take(&browser, &format!("{kind}-saved")).await;
        }
        browser.close().await;
        gallery.must_be_right();
    });
}

#[test]
fn the_look_at_a_picture_sees_what_is_wrong() {
    scenario(async {
        let (browser, mut gallery) = (Browser::new().await, Gallery::new());
        browser.open(&Stack::shared().await.origin).await;
        browser.find("#no-session").await;
        browser
            .run(
                "const wrong = document.createElement('div');
                 wrong.style.width = '3000px';
                 wrong.append(document.createElement('input'));
                 document.querySelector('main').append(wrong)",
            )
            .await;
        gallery.look(&browser, "wrong on purpose").await;
        let wrong = gallery.wrong();
        for sign in ["stick out at the side", "label: "] {
            assert!(wrong.iter().any(|line| line.contains(sign)), "{sign} is not in {wrong:?}");
        }
        browser.close().await;
    });
}
