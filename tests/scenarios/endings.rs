//! When Microsoft ends an authentication, or the app registration stops working: said so, held, and mended.

use api::{Code, MailboxState, MessageState, MessageView};
use end_to_end::browser::Browser;
use end_to_end::company::Company;
use end_to_end::gallery::Gallery;
use end_to_end::message::letter;
use end_to_end::sandbox::TENANT;
use end_to_end::{Options, Stack, random_text, scenario};

#[test]
fn what_ends_at_microsoft_is_said_and_holds_the_mail_until_it_is_mended() {
    scenario(async {
        // Its own: Microsoft forgets everything on the way.
        let stack = Stack::start(Options::default()).await;
        let facturen = stack.sandbox.built_in("facturen").await;
        let company = Company::of(&stack, "einde", facturen, Some(TENANT)).await;
        let person = company.person().await;
        person.sign_in(&company.account).await;
        let (browser, mut gallery) = (Browser::new().await, Gallery::new());
        browser.open(&company.link().await).await;
        browser.until_state("ready").await;

        let secret = stack.client_secret().to_owned();
        for (at_microsoft, code, state, word, picture) in [
            (secret.clone(), Code::SignInAgain, MailboxState::SignInAgain, "sign_in_again", "sign-in-again"),
            (
                random_text(),
                Code::RegistrationBroken,
                MailboxState::RegistrationBroken,
                "registration_broken",
                "registration-broken",
            ),
        ] {
            stack.restart_microsoft(&at_microsoft).await;
            let view: MessageView =
                company.post(&letter(&company.account.upn, word), Some(20)).await.expect(200).json();
            assert_eq!((view.state, view.failure.unwrap().code), (MessageState::Held, code));
            assert_eq!(person.view().await.state, state);
            assert!(company.mails().await.is_empty());
            browser.click("#status").await;
            browser.until_state(word).await;
            gallery.take(&browser, picture).await;

            stack.restart_microsoft(&secret).await;
            person.sign_in(&company.account).await;
            company.until(view.id, MessageState::HandedOver).await;
            let subjects: Vec<_> = company.mails().await.into_iter().map(|mail| mail.subject).collect();
            assert_eq!(subjects, [word], "each restart empties the inbox");
        }
        browser.close().await;
        gallery.must_be_right();
    });
}
