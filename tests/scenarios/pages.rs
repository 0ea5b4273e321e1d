//! What a person does at the page, from the link to the mail that goes out.

use api::{MessageState, MessageView};
use end_to_end::browser::Browser;
use end_to_end::company::Company;
use end_to_end::gallery::Gallery;
use end_to_end::message::letter;
use end_to_end::sandbox::TENANT;
use end_to_end::{Stack, scenario, until};

#[test]
fn signing_in_by_a_window() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "venster").await;
        let browser = Browser::new().await;
        browser.open(&company.link().await).await;
        browser.until_state("not_authenticated").await;
        assert!(
            !browser.client.current_url().await.unwrap().as_str().contains("pb_link"),
            "the link is gone"
        );

        browser.click("#authenticate").await;
        browser.turn_to_new_window().await;
        assert!(browser.find("#password").await.is_displayed().await.unwrap());
        browser.sign_in_at_microsoft(&company.account).await;
        browser.find("#callback button").await;
        let address = browser.client.current_url().await.unwrap();
        assert_eq!(
            (address.query(), address.fragment()),
            (None, None),
            "the code is gone from the address bar"
        );
        browser.turn_back().await;
        browser.until_state("ready").await;
        for date in ["#authenticated-at time", "#refresh-renewed-at time"] {
            let moment = browser.find(date).await.attr("datetime").await.unwrap().unwrap();
            let moment: api::Timestamp = serde_json::from_value(moment.into()).unwrap();
            let view = company.person().await.view().await;
            assert_eq!(Some(moment), view.authentication.map(|it| it.authenticated_at), "{date}");
        }
        assert!(browser.text("#authenticated-by").await.contains(&company.account.upn));
        assert_eq!(browser.text("#tenant").await, TENANT);
        assert!(browser.find("#refresh-token .life").await.is_displayed().await.unwrap());

        assert_eq!(company.stack.sandbox.grants(&company.account, "authorization_code").await, 1);
        company.hand_over(&letter(&company.account.upn, "Het werkt")).await;
        assert_eq!(company.mails().await[0].subject, "Het werkt");
        browser.click("#status").await;
        browser.find("#handed-over time").await;
        assert_eq!(browser.errors().await, Vec::<String>::new());
        browser.close().await;
    });
}

#[test]
fn signing_in_by_the_whole_page_where_windows_are_blocked() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "blokkade").await;
        let browser = Browser::new().await;
        browser.open(&company.link().await).await;
        browser.until_state("not_authenticated").await;
        browser.run("window.open = () => null").await;
        browser.click("#authenticate").await;
        browser.sign_in_at_microsoft(&company.account).await;
        browser.until_state("ready").await;
        assert_eq!(browser.client.windows().await.unwrap().len(), 1);
        let address = browser.client.current_url().await.unwrap();
        assert_eq!(
            (address.query(), address.fragment()),
            (None, None),
            "the code is gone from the address bar"
        );
        assert_eq!(company.stack.sandbox.grants(&company.account, "authorization_code").await, 1);
        assert_eq!(browser.errors().await, Vec::<String>::new());
        browser.close().await;
    });
}

#[test]
fn cancelling_says_so_and_leads_to_another_try() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "toch").await;
        let browser = Browser::new().await;
        browser.open(&company.link().await).await;
        browser.click("#authenticate").await;
        browser.turn_to_new_window().await;
        browser.give_password(&company.account).await;
        browser.click("#cancel").await;
        browser.turn_back().await;
        browser.find("#notice[data-tone=\"attention\"]").await;
        assert_eq!(company.stack.sandbox.grants(&company.account, "authorization_code").await, 0);
        // Not "signing in" for the rest of the ten minutes: nobody is there any more.
        browser.until_state("not_authenticated").await;
        browser.run("window.open = () => null").await;
        browser.click("#retry").await;
        browser.click("#accept").await; // the password is known by now
        browser.until_state("ready").await;
        browser.close().await;
    });
}

#[test]
fn removing_and_coming_back() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "verwijder").await;
        let browser = Browser::new().await;
        browser.open(&company.link().await).await;
        browser.until_state("ready").await;
        browser.click("#remove").await;
        browser.click("#remove-cancel").await;
        browser.until_state("ready").await;
        browser.click("#remove").await;
        browser.click("#remove-confirm").await;
        browser.until_state("removed").await;
        let ours = format!("token/{}/", company.id);
        until("nothing of it is left in KV", async || {
            company.stack.kv_keys(&ours).await.is_empty().then_some(())
        })
        .await;
        let message = letter(&company.account.upn, "Wacht even");
        let view: MessageView = company.post(&message, Some(5)).await.expect(200).json();
        assert_eq!(view.state, MessageState::Held);
        browser.click("#status").await;
        browser.find("#waiting[data-count=\"1\"]").await;

        browser.click("#authenticate").await;
        browser.turn_to_new_window().await;
        browser.give_password(&company.account).await;
        browser.turn_back().await;
        browser.until_state("ready").await;
        company.until(view.id, MessageState::HandedOver).await;
        assert_eq!(company.mails().await[0].subject, "Wacht even");
        assert_eq!(browser.errors().await, Vec::<String>::new());
        browser.close().await;
    });
}

#[test]
fn confirming_the_tenant_of_an_organisation_that_has_none() {
    scenario(async {
        let company = Company::in_tenant(Stack::shared().await, "bevestig", None).await;
        let browser = Browser::new().await;
        browser.open(&company.link().await).await;
        browser.until_state("not_authenticated").await;
        browser.run("window.open = () => null").await;
        browser.click("#authenticate").await;
        browser.sign_in_at_microsoft(&company.account).await;
        assert!(browser.text("#confirm-dialog").await.contains(TENANT));
        browser.click("#confirm-no").await;
        browser.find("#notice").await;
        assert_eq!(company.person().await.view().await.authentication, None);

        browser.run("window.open = () => null").await;
        browser.click("#authenticate").await; // known there and consented to: Microsoft sends back at once
        browser.click("#confirm-yes").await;
        browser.until_state("ready").await;
        assert_eq!(browser.errors().await, Vec::<String>::new());
        browser.close().await;
    });
}

#[test]
fn what_is_kept_and_repeated_is_chosen_in_a_section_that_opens_where_it_matters() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "bewaren").await;
        let (browser, mut gallery) = (Browser::new().await, Gallery::new());
        browser.open(&company.link().await).await;
        browser.until_state("not_authenticated").await;
        assert!(browser.has("#keeping:not([open])").await, "few need it");
        browser.click("#keeping summary").await;
        gallery.take(&browser, "keeping").await;

        let fill_in = async |field: &str, days: &str| {
            browser.find(field).await.clear().await.unwrap();
            browser.find(field).await.send_keys(days).await.unwrap();
        };
        fill_in("#content-days", "45").await;
        browser.click("#keeping summary").await;
        browser.find("#keeping:not([open])").await;
        browser.click("#save").await;
        browser.find("#keeping[open] #log-days-wrong").await;
        gallery.take(&browser, "keeping-refused").await;
        browser.click("#keeping summary").await;
        browser.click("#wrong-summary a[href=\"#log-days\"]").await;
        browser.find("#keeping[open] #log-days:focus").await;

        fill_in("#log-days", "60").await;
        browser.click("label[for=\"repeat-unknown\"]").await;
        browser.click("#save").await;
        browser.find("#save[data-changed=false]").await;
        let settings = company.person().await.view().await.settings;
        assert_eq!((settings.content_days, settings.log_days, settings.repeat_unknown), (45, 60, true));

        browser.client.refresh().await.unwrap();
        browser.find("#keeping[open] #repeat-unknown:checked").await;
        for (field, days) in [("#content-days", "45"), ("#log-days", "60")] {
            assert_eq!(browser.find(field).await.prop("value").await.unwrap().as_deref(), Some(days));
        }
        assert_eq!(browser.errors().await, Vec::<String>::new());
        browser.close().await;
        gallery.must_be_right();
    });
}
