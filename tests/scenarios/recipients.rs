//! By SMTP a server answers for each recipient, and so do we: who has the mail does not get it again.

use api::{Code, MessageState, MessageView, Recipients, SendMessage};
use end_to_end::company::Company;
use end_to_end::message::letter;
use end_to_end::{Stack, scenario};
use serde_json::json;

/// A letter to three.
fn to_three(company: &Company<'_>, subject: &str) -> SendMessage {
    let to = ["een@klant.example", "twee@klant.example", "drie@klant.example"].map(str::to_owned);
    SendMessage { to: Recipients::List(to.into()), ..letter(&company.account.upn, subject) }
}

async fn say(company: &Company<'_>, recipient: &str, reply: &str) -> u64 {
    let mishap = json!({ "reply": reply, "step": "rcpt", "recipient": recipient });
    let order = json!({ "at": "smtp", "do": mishap, "account": company.account.upn });
    company.stack.sandbox.fault(order).await
}

fn outline(view: &MessageView) -> Vec<(&str, MessageState, Option<u16>)> {
    let of = |recipient: &'_ api::RecipientView| recipient.upstream.as_ref().map(|upstream| upstream.status);
    view.recipients.iter().map(|one| (one.address.as_str(), one.state, of(one))).collect()
}

#[test]
fn who_is_taken_gets_it_once_who_is_refused_is_named_and_who_is_told_later_gets_it_later() {
    scenario(async {
        let company = Company::by_smtp(Stack::shared().await, "verdeeld").await;
        say(&company, "twee@klant.example", "550 5.1.1 User unknown").await;
        let later = say(&company, "drie@klant.example", "450 4.2.1 Try again later").await;

        let message = to_three(&company, "Verdeeld");
        let view: MessageView = company.post(&message, Some(20)).await.expect(200).json();
        assert_eq!(view.state, MessageState::WillRetry, "{view:?}");
        let failure = view.failure.as_ref().unwrap();
        assert!(failure.retryable && failure.detail.contains("Try again later"), "{failure:?}");
        assert_eq!(view.upstream.as_ref().unwrap().status, 450);
        assert_eq!(
            outline(&view),
            [
                ("een@klant.example", MessageState::HandedOver, None),
                ("twee@klant.example", MessageState::Refused, Some(550)),
                ("drie@klant.example", MessageState::WillRetry, Some(450)),
            ]
        );

        company.stack.sandbox.call_off(later).await;
        let view = company.until(view.id, MessageState::HandedOver).await;
        assert_eq!(
            outline(&view),
            [
                ("een@klant.example", MessageState::HandedOver, None),
                ("twee@klant.example", MessageState::Refused, Some(550)),
                ("drie@klant.example", MessageState::HandedOver, None),
            ]
        );
        let failure = view.failure.unwrap();
        assert_eq!(failure.code, Code::RecipientRefused);
        assert!(failure.detail.starts_with("twee@klant.example: 550 5.1.1 "), "{}", failure.detail);

        let mails = company.mails().await;
        let envelopes: Vec<Vec<String>> =
            mails.iter().map(|mail| mail.envelope.as_ref().unwrap().rcpt_to.clone()).collect();
        assert_eq!(envelopes, [["een@klant.example"], ["drie@klant.example"]]);
        // One mail in two deliveries: whoever gets both copies, say by a list, sees one.
        let sandbox = &company.stack.sandbox;
        assert_eq!(sandbox.raw(&mails[0]).await, sandbox.raw(&mails[1]).await);
    });
}

#[test]
fn when_nobody_is_taken_each_is_told_and_only_those_told_later_are_tried_again() {
    scenario(async {
        let company = Company::by_smtp(Stack::shared().await, "niemand").await;
        for recipient in ["een", "twee", "drie"] {
            say(&company, &format!("{recipient}@klant.example"), "550 5.1.1 User unknown").await;
        }
        let message = to_three(&company, "Niemand");
        let view: MessageView = company.post(&message, Some(20)).await.expect(200).json();
        let failure = view.failure.as_ref().unwrap();
        assert_eq!((view.state, failure.code), (MessageState::Refused, Code::RecipientRefused));
        assert_eq!(view.recipients.len(), 3);
        assert!(view.recipients.iter().all(|recipient| recipient.state == MessageState::Refused));
        assert!(company.mails().await.is_empty());
    });
}

#[test]
fn graph_is_not_asked_to_send_to_the_rest_since_it_would_send_to_everybody() {
    scenario(async {
        let company = Company::by_smtp(Stack::shared().await, "rest").await;
        let person = company.person().await;
        say(&company, "drie@klant.example", "450 4.2.1 Try again later").await;
        let message = to_three(&company, "De rest");
        let view: MessageView = company.post(&message, Some(20)).await.expect(200).json();
        assert_eq!(view.state, MessageState::WillRetry, "{view:?}");

        person.save(|settings| settings.kind = api::Kind::GraphOAuth2).await;
        person.sign_in(&company.account).await;
        let view = company.until(view.id, MessageState::HandedOver).await;
        assert_eq!(view.recipients[2].state, MessageState::Refused);
        assert!(view.failure.as_ref().unwrap().detail.contains("Graph"), "{view:?}");
        assert_eq!(company.mails().await.len(), 1);
    });
}
