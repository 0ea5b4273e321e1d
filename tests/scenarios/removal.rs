//! Taking the authentication away, and coming back.

use api::{Code, MailboxState, MessageState, MessageView};
use end_to_end::company::Company;
use end_to_end::message::letter;
use end_to_end::{Stack, scenario, until};

#[test]
fn removing_deletes_every_copy_and_holds_the_mail_until_somebody_signs_in() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "weg").await;
        let ours = format!("token/{}/", company.id);
        until("the refresh token has its copy in KV", async || {
            (company.stack.kv_keys(&ours).await.len() == 1).then_some(())
        })
        .await;

        let person = company.person().await;
        let view = person.remove().await;
        assert_eq!((view.state, view.authentication), (MailboxState::Removed, None));
        until("nothing of it is left in KV", async || {
            company.stack.kv_keys(&ours).await.is_empty().then_some(())
        })
        .await;

        let view: MessageView =
            company.post(&letter(&company.account.upn, "Blijft liggen"), Some(5)).await.expect(200).json();
        assert_eq!(view.state, MessageState::Held);
        assert_eq!(view.failure.unwrap().code, Code::NotAuthenticated);
        assert_eq!(person.view().await.waiting, 1);
        assert!(company.mails().await.is_empty());

        person.sign_in(&company.account).await;
        company.until(view.id, MessageState::HandedOver).await;
        assert_eq!(company.mails().await[0].subject, "Blijft liggen");
        assert_eq!(person.view().await.waiting, 0);
    });
}

#[test]
fn another_kind_ends_the_authentication() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "soort").await;
        let ours = format!("token/{}/", company.id);
        until("the refresh token has its copy in KV", async || {
            (company.stack.kv_keys(&ours).await.len() == 1).then_some(())
        })
        .await;
        let person = company.person().await;
        let view = person.save(|settings| settings.kind = api::Kind::SmtpOAuth2).await;
        assert_eq!(view.authentication, None);
        until("nothing of it is left in KV", async || {
            company.stack.kv_keys(&ours).await.is_empty().then_some(())
        })
        .await;
        let message = letter(&company.account.upn, "Nu niet");
        let held: MessageView = company.post(&message, Some(5)).await.expect(200).json();
        assert_eq!(held.state, MessageState::Held);
        let view = person.save(|settings| settings.kind = api::Kind::GraphOAuth2).await;
        assert_eq!(view.state, MailboxState::NotAuthenticated);
    });
}
