//! By SMTP a connection carries one message after another, and there are never more than Exchange allows.

use std::time::Duration;

use api::{Kind, MessageState};
use end_to_end::company::Company;
use end_to_end::soak::{batch, drained, numbered};
use end_to_end::{Stack, scenario};

const MESSAGES: usize = 30;

#[test]
fn thirty_messages_take_a_handful_of_connections_and_three_at_a_time() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "gesprek").await;
        let person = company.person().await;
        person.save(|settings| settings.kind = Kind::SmtpOAuth2).await;
        batch(&company, &numbered(&company, "Gesprek", MESSAGES)).await;
        person.sign_in(&company.account).await;
        let views = drained(&company, MESSAGES, Duration::from_mins(1)).await;
        assert!(views.iter().all(|view| view.state == MessageState::HandedOver), "{views:?}");
        assert_eq!(company.mails().await.len(), MESSAGES);
        let sessions = company.stack.sandbox.smtp_sessions(&company.account).await;
        eprintln!("{MESSAGES} messages by {sessions:?}");
        assert!(sessions.at_once <= 3, "{sessions:?}");
        assert!(sessions.signed_in <= MESSAGES / 3, "{sessions:?}");
    });
}
