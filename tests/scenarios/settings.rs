//! Changing one's mind while a mailbox is authenticated.

use api::{Code, Kind, MailboxState, MailboxView, MessageState, MessageView, SaveSettings, Security};
use end_to_end::company::Company;
use end_to_end::http::Answer;
use end_to_end::message::letter;
use end_to_end::person::Person;
use end_to_end::{Stack, scenario};

async fn save(
    person: &Person<'_>,
    before: &MailboxView,
    access_code: Option<&str>,
    change: impl FnOnce(&mut api::MailboxSettings),
) -> Answer {
    let mut settings = before.settings.clone();
    change(&mut settings);
    let save = SaveSettings {
        version: before.version,
        settings,
        access_code: access_code.map(Into::into),
        relay_key: None,
    };
    Answer::to(person.request("PUT", "").json(&save)).await
}

#[test]
fn another_address_ends_the_authentication_and_holds_the_queue() {
    scenario(async {
        let stack = Stack::shared().await;
        let company = Company::signed_in(stack, "verhuist").await;
        let other = stack.sandbox.account("nieuwadres").await;
        let person = company.person().await;
        let view = person.save(|settings| settings.address.clone_from(&other.upn)).await;
        assert_eq!((view.state, view.authentication), (MailboxState::NotAuthenticated, None));
        let held: MessageView = company.post(&letter(&other.upn, "Wacht"), Some(5)).await.expect(200).json();
        assert_eq!(held.state, MessageState::Held);
        let refused = company.post(&letter(&company.account.upn, "Oud adres"), None).await;
        assert_eq!(refused.expect(403).problem().code, Code::SenderNotAllowed);
        person.sign_in(&other).await;
        company.until(held.id, MessageState::HandedOver).await;
        assert_eq!(stack.sandbox.mails(&other).await.len(), 1);
    });
}

#[test]
fn becoming_a_shared_mailbox_asks_for_another_consent() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "gedeeld").await;
        let person = company.person().await;
        let view = person.save(|settings| settings.shared = true).await;
        assert_eq!((view.state, view.authentication), (MailboxState::NotAuthenticated, None));
        let begun = person.begin().await.begun;
        assert!(begun.scopes.iter().any(|scope| scope.ends_with("/Mail.Send.Shared")));
        assert_eq!((begun.login_hint, begun.prompt.as_deref()), (None, Some("select_account")));
    });
}

#[test]
fn what_does_not_concern_the_sign_in_leaves_it_alone() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "blijft").await;
        let person = company.person().await;
        let view = person
            .save(|settings| {
                settings.aliases.push("ander@bakkerijjansen.example".into());
                settings.message_bytes_max = 1_000_000;
                settings.server = "mail.example.com".into();
            })
            .await;
        assert_eq!(view.state, MailboxState::Ready);
        company.hand_over(&letter(&company.account.upn, "Gewoon door")).await;
    });
}

#[test]
fn an_access_code_goes_only_to_the_server_that_it_was_typed_for() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "code").await;
        let person = company.person().await;
        let basic = |settings: &mut api::MailboxSettings| {
            settings.kind = Kind::SmtpBasic;
            settings.server = "mail.example.com".into();
            settings.user_name = "jansen".into();
        };
        let typed = |view: MailboxView| {
            let person = &person;
            async move { save(person, &view, Some("geheim"), |_| {}).await.expect(200).json::<MailboxView>() }
        };
        let view = save(&person, &person.view().await, Some("geheim"), basic).await.expect(200);
        let mut view: MailboxView = view.json();
        assert!(view.access_code_stored);
        let changes: [fn(&mut api::MailboxSettings); 4] = [
            |settings| settings.server = "smtp.example.net".into(),
            |settings| settings.port = 2525,
            |settings| settings.security = Security::Tls,
            |settings| settings.user_name = "anna".into(),
        ];
        for change in changes {
            view = save(&person, &view, None, change).await.expect(200).json();
            assert!(!view.access_code_stored, "{:?}", view.settings);
            view = typed(view).await;
            assert!(view.access_code_stored);
        }
        view = save(&person, &view, None, |settings| settings.message_bytes_max = 500_000)
            .await
            .expect(200)
            .json();
        assert!(view.access_code_stored, "what is not about the server keeps it");
        // Typed with the change, it is kept for the new server.
        view = save(&person, &view, Some("anders"), |settings| settings.port = 465).await.expect(200).json();
        assert!(view.access_code_stored);
    });
}

#[test]
fn of_two_people_at_once_the_second_one_is_told() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "samen").await;
        let (anna, bert) = (company.person().await, company.person().await);
        let (annas, berts) = (anna.view().await, bert.view().await);
        save(&anna, &annas, None, |settings| settings.message_bytes_max = 1_000_000).await.expect(200);
        let answer = save(&bert, &berts, None, |settings| settings.kind = Kind::SmtpOAuth2).await;
        assert_eq!(answer.expect(409).problem().code, Code::SettingsChanged);
        let view = bert.view().await;
        assert_eq!((view.settings.kind, view.settings.message_bytes_max), (Kind::GraphOAuth2, 1_000_000));
        assert_eq!(view.state, MailboxState::Ready, "and nothing was ended by it");
        company.hand_over(&letter(&company.account.upn, "Nog altijd")).await;
    });
}
