//! The main job: what an ERP posts arrives as posted.

use std::time::Duration;

use api::{Attachment, Code, Importance, MessageList, MessageState, MessageView, Recipients, SendMessage};
use end_to_end::company::Company;
use end_to_end::http::Answer;
use end_to_end::mail::{Address, Header};
use end_to_end::message::{PIXEL, attachment, letter, pdf};
use end_to_end::sandbox::{DOMAIN, TENANT};
use end_to_end::{Stack, scenario};
use serde_json::json;

#[test]
fn an_invoice_arrives_byte_for_byte_while_the_caller_waits() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "factuur").await;
        let invoice = pdf(100_000);
        let message = SendMessage {
            attachments: vec![attachment("Factuur 4711.pdf", &invoice)],
            reference: Some("INV-4711".to_owned()),
            ..letter(&company.account.upn, "Factuur 4711")
        };
        let answer = company.post(&message, Some(10)).await.expect(200);
        assert_eq!(answer.header("preference-applied"), "wait=10");
        let view: MessageView = answer.json();
        assert_eq!((view.state, view.attempts), (MessageState::HandedOver, 1));
        assert_eq!(view.reference.as_deref(), Some("INV-4711"));
        assert!(view.upstream.unwrap().request_id.is_some(), "what Microsoft support will ask for");

        let mails = company.mails().await;
        assert_eq!(mails.len(), 1);
        let file = mails[0].file("Factuur 4711.pdf");
        assert_eq!((file.content_type.as_str(), file.inline), ("application/pdf", false));
        assert!(company.stack.sandbox.bytes(file).await == invoice, "the bytes differ");
    });
}

#[test]
fn everything_that_was_said_arrives() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "alles").await;
        let logo = Attachment { content_id: Some("logo".to_owned()), ..attachment("logo.gif", PIXEL) };
        let message = SendMessage {
            to: Recipients::Text("\"Jansen, Eva\" <eva@example.com>, piet@example.com".to_owned()),
            cc: Recipients::List(vec!["boekhouding@example.com".to_owned()]),
            bcc: Recipients::List(vec!["archief@example.com".to_owned()]),
            reply_to: Recipients::List(vec!["Verkoop <verkoop@example.com>".to_owned()]),
            text: None,
            html: Some("<p>Beste <b>Eva</b> <img src=\"cid:logo\" alt=\"\"></p>".to_owned()),
            importance: Some(Importance::High),
            headers: [("x-erp-document".to_owned(), "INV-4711".to_owned())].into(),
            save_to_sent: Some(false),
            attachments: vec![logo, attachment("prijzen.csv", "naam;€\r\nbrood;2,95\r\n".as_bytes())],
            ..letter(&format!("Bakkerij Jansen <{}>", company.account.upn), "")
        };
        for subject in ["Uw factuur: € 1.234,56 – élk jaar weer", "請求書 第4711号 ありがとうございます"]
        {
            company.hand_over(&SendMessage { subject: subject.to_owned(), ..message.clone() }).await;
            let mail = company.mails().await.pop().unwrap();
            assert_eq!(mail.subject, subject);
            assert_eq!(mail.from.address, company.account.upn);
            let to =
                [Address::of("eva@example.com", Some("Jansen, Eva")), Address::of("piet@example.com", None)];
            assert_eq!(mail.to, to);
            assert_eq!(mail.cc, [Address::of("boekhouding@example.com", None)]);
            assert_eq!(mail.bcc, [Address::of("archief@example.com", None)]);
            assert_eq!(mail.reply_to, [Address::of("verkoop@example.com", Some("Verkoop"))]);
            assert_eq!(mail.html, message.html);
            assert_eq!(mail.importance, "high");
            let header = Header { name: "x-erp-document".to_owned(), value: "INV-4711".to_owned() };
            assert!(mail.headers.contains(&header), "{:?}", mail.headers);
            assert!(!mail.saved_to_sent);
            let logo = mail.file("logo.gif");
            assert_eq!((logo.content_id.as_deref(), logo.inline), (Some("logo"), true));
            assert_eq!(company.stack.sandbox.bytes(logo).await, PIXEL);
            assert_eq!(mail.file("prijzen.csv").content_type, "text/csv");
        }
    });
}

#[test]
fn without_a_wish_to_wait_the_answer_comes_first_and_the_mail_after_it() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "straks").await;
        let answer = company.post(&letter(&company.account.upn, "Straks"), None).await.expect(202);
        let view: MessageView = answer.json();
        assert_eq!(view.state, MessageState::Queued);
        assert_eq!(answer.header("location"), format!("/v1/messages/{}", view.id));
        assert_eq!(answer.header("preference-applied"), "");
        let view = company.until(view.id, MessageState::HandedOver).await;
        assert_eq!(view.failure, None);
        let mails = company.mails().await;
        assert_eq!((mails.len(), mails[0].text.as_deref()), (1, Some("Beste klant, zie de bijlage.")));
        assert!(mails[0].saved_to_sent, "left out, a copy is kept");
    });
}

#[test]
fn a_caller_that_hangs_up_changes_nothing_for_the_message() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "ongeduldig").await;
        let account = company.account.upn.clone();
        let slow = json!({ "at": "send_mail", "account": account, "do": { "delay_work_ms": 2000 } });
        let slow = company.stack.sandbox.fault(slow).await;
        let message = SendMessage { reference: Some("weg".to_owned()), ..letter(&account, "Ongeduldig") };
        let request = company.stack.with_key("POST", "/v1/messages", &company.key);
        let request = request.header("prefer", "wait=20").json(&message).timeout(Duration::from_secs(1));
        assert!(Answer::try_to(request).await.is_err(), "it was not patient enough");
        let hits = company.stack.sandbox.hits(slow).await;
        assert_eq!((hits, company.mails().await.len()), (1, 0), "it hung up while the mail was on its way");

        let list = company.stack.with_key("GET", "/v1/messages?reference=weg", &company.key);
        let list: MessageList = Answer::to(list).await.expect(200).json();
        assert_eq!(list.messages.len(), 1);
        company.until(list.messages[0].id, MessageState::HandedOver).await;
        assert_eq!(company.mails().await.len(), 1);
    });
}

#[test]
fn an_alias_sends_when_the_page_lists_it_and_microsoft_knows_it() {
    scenario(async {
        let stack = Stack::shared().await;
        let known = format!("info@{DOMAIN}");
        let account = stack.sandbox.account_with("alias", json!({ "aliases": [known] })).await;
        let company = Company::of(stack, "alias", account, Some(TENANT)).await;
        let person = company.person().await;
        person.sign_in(&company.account).await;
        let from = |alias: &str| letter(alias, "Van een ander adres");
        assert_eq!(company.post(&from(&known), Some(20)).await.problem().code, Code::SenderNotAllowed);

        let unknown = format!("onbekend-{}", company.account.upn);
        person.save(|settings| settings.aliases = vec![known.clone(), unknown.clone()]).await;
        company.hand_over(&from(&known)).await;
        assert_eq!(company.mails().await[0].from.address, known);
        let view: MessageView = company.post(&from(&unknown), Some(20)).await.expect(200).json();
        assert_eq!((view.state, view.failure.unwrap().code), (MessageState::Refused, Code::SendAsDenied));
        assert_eq!(company.mails().await.len(), 1, "what Microsoft does not allow is not sent");
    });
}
