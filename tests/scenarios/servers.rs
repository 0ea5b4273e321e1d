//! Real messages through servers that nobody here wrote: Dovecot lets the Worker in by its token, Postfix keeps what it gets.

use api::{Attachment, Code, MessageState, MessageView, Recipients, SendMessage};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use end_to_end::company::Company;
use end_to_end::message::letter;
use end_to_end::scenario;
use end_to_end::servers::Servers;
use mail::fixtures::{self, Fixture, Input};
use mail_parser::{MessageParser, MessagePart, MimeHeaders as _};
use sha2::{Digest as _, Sha256};

/// A part as its reader gets it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct File {
    name: String,
    media_type: String,
    content_id: Option<String>,
    sha256: Vec<u8>,
}

impl File {
    fn posted(file: &Attachment) -> Self {
        let bytes = STANDARD.decode(&file.content).unwrap();
        Self {
            name: file.filename.clone(),
            media_type: file.content_type.clone().unwrap_or_else(|| media_type(&file.filename)),
            content_id: file.content_id.clone(),
            sha256: Sha256::digest(bytes).to_vec(),
        }
    }

    fn arrived(part: &MessagePart<'_>) -> Self {
        let media_type = part.content_type().unwrap();
        Self {
            name: part.attachment_name().unwrap().to_owned(),
            media_type: format!("{}/{}", media_type.ctype(), media_type.subtype().unwrap()),
            content_id: part.content_id().map(str::to_owned),
            sha256: Sha256::digest(part.contents()).to_vec(),
        }
    }
}

/// What the files of the set are by their names.
fn media_type(name: &str) -> String {
    let (_, extension) = name.rsplit_once('.').unwrap();
    let known =
        [("ics", "text/calendar"), ("jpg", "image/jpeg"), ("pdf", "application/pdf"), ("png", "image/png")];
    let found = known.into_iter().find(|(one, _)| *one == extension);
    found.unwrap_or_else(|| panic!("the set has a file of a new type: {name}")).1.to_owned()
}

fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").trim_end().to_owned()
}

/// The posted message, and what Postfix keeps for its only recipient.
fn compare(fixture: &str, posted: &SendMessage, arrived: &[u8]) {
    let mail = MessageParser::new().parse(arrived).unwrap();
    assert_eq!(mail.subject().unwrap_or_default(), posted.subject, "{fixture}");
    let correspondent = |address: Option<&mail_parser::Address<'_>>| {
        let one = address.and_then(|list| list.first()).unwrap();
        match &one.name {
            Some(name) => format!("{name} <{}>", one.address.as_ref().unwrap()),
            None => one.address.as_ref().unwrap().to_string(),
        }
    };
    assert_eq!(correspondent(mail.from()), posted.from, "{fixture}");
    let Recipients::List(to) = &posted.to else { panic!("{fixture} has a list of recipients") };
    assert_eq!(correspondent(mail.to()), to[0], "{fixture}");
    assert_eq!(mail.body_text(0).is_some(), posted.text.is_some() || posted.html.is_some(), "{fixture}");
    if let Some(text) = &posted.text {
        assert_eq!(lines(&mail.body_text(0).unwrap()), lines(text), "{fixture}");
    }
    if let Some(html) = &posted.html {
        assert_eq!(lines(&mail.body_html(0).unwrap()), lines(html), "{fixture}");
    }
    for (name, value) in &posted.headers {
        assert_eq!(mail.header(name.as_str()).and_then(|it| it.as_text()), Some(value.as_str()), "{fixture}");
    }
    let mut expected: Vec<File> = posted.attachments.iter().map(File::posted).collect();
    let named = mail.parts.iter().filter(|part| part.attachment_name().is_some());
    let mut found: Vec<File> = named.map(File::arrived).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected, "{fixture}");
}

/// Sends the whole set and compares what Postfix keeps of it.
pub(crate) async fn every_message_arrives(servers: &Servers, company: &Company<'_>) {
    for place in 0..fixtures::all("a@b.nl", "k@c.nl").len() {
        // Told apart by the sender, too: a test may send the set by more than one way.
        let (sender, _) = company.account.upn.split_once('@').unwrap();
        let to = format!("klant{place}-{sender}@klant.example");
        let Fixture { name, input } = fixtures::all(&company.account.upn, &to).swap_remove(place);
        let found = format!("\nDelivered-To: {to}\n");
        match input {
            Input::Json(message) => {
                let view = company.hand_over(&message).await;
                let queue_id = view.upstream.unwrap().request_id.unwrap();
                let mail = servers.arrived(1, &found).await.remove(0);
                compare(name, &message, &mail);
                assert!(String::from_utf8_lossy(&mail).contains(&queue_id), "{name}: {queue_id}");
            }
            Input::Raw(raw) => {
                let view: MessageView = company.post_raw(&raw).await.expect(200).json();
                assert_eq!(view.state, MessageState::HandedOver, "{view:?}");
                let mail = servers.arrived(1, &found).await.remove(0);
                // A Maildir has lines that end in LF.
                let text = String::from_utf8(raw).unwrap().replace("\r\n", "\n");
                let (before, rest) = text.split_once("Bcc: ").unwrap();
                let (_, after) = rest.split_once("\nSubject:").unwrap();
                let posted = format!("{before}Subject:{after}");
                let arrived = String::from_utf8(mail).unwrap();
                assert!(arrived.trim_end().ends_with(posted.trim_end()), "{name}: {arrived}");
                servers.arrived(1, "\nDelivered-To: audit@fixture.example\n").await;
            }
        }
    }
}

#[test]
fn real_messages_reach_postfix_by_dovecot_part_by_part() {
    scenario(async {
        let servers = Servers::start().await;
        let company = Company::by_smtp(&servers.stack, "dovecot").await;
        let from = company.account.upn.clone();
        every_message_arrives(&servers, &company).await;
        let to = "scan@klant.example";
        let scan = fixtures::scan(&from, to, 4_000_000);
        company.hand_over(&scan).await;
        compare("scan", &scan, &servers.arrived(1, &format!("\nDelivered-To: {to}\n")).await[0]);
    });
}

#[test]
fn dovecot_refuses_an_old_token_and_gets_a_fresh_one_and_postfix_refuses_whom_it_does_not_know() {
    scenario(async {
        let servers = Servers::start().await;
        let company = Company::by_smtp(&servers.stack, "echt").await;
        company.hand_over(&letter(&company.account.upn, "Eerste")).await;
        let renewals = company.stack.sandbox.grants(&company.account, "refresh_token").await;
        // For Microsoft the token has ended; the Worker's own clock says that it has not.
        company.stack.sandbox.advance(7200).await;
        company.hand_over(&letter(&company.account.upn, "Tweede")).await;
        assert!(company.stack.sandbox.grants(&company.account, "refresh_token").await > renewals);

        let to = ["een@klant.example", "niemand@klant.example", "straks@klant.example"].map(str::to_owned);
        let message = SendMessage {
            to: Recipients::List(to.into()),
            ..letter(&company.account.upn, "Drie antwoorden")
        };
        let view: MessageView = company.post(&message, Some(20)).await.expect(200).json();
        let states: Vec<_> = view.recipients.iter().map(|recipient| recipient.state).collect();
        assert_eq!(
            states,
            [MessageState::HandedOver, MessageState::Refused, MessageState::WillRetry],
            "{view:?}\n{}",
            servers.logs()
        );
        let words = view.recipients[1].upstream.as_ref().unwrap();
        assert_eq!((words.status, words.code.as_deref()), (550, Some("5.1.1")), "{words:?}");
        servers.arrived(1, "\nDelivered-To: een@klant.example\n").await;

        let alone = SendMessage {
            to: Recipients::Text("niemand@klant.example".to_owned()),
            ..letter(&company.account.upn, "Niemand")
        };
        let view: MessageView = company.post(&alone, Some(20)).await.expect(200).json();
        assert_eq!((view.state, view.failure.unwrap().code), (MessageState::Refused, Code::RecipientRefused));
    });
}
