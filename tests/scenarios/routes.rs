//! The same set of real messages by every route: they arrive equal, and each difference that Exchange makes has a name here.

use api::{Code, Kind, MailboxSettings, MailboxState, MessageState, MessageView, Security};
use end_to_end::company::Company;
use end_to_end::mail::{Address, File, Header, Mail};
use end_to_end::message::letter;
use end_to_end::relay::Relay;
use end_to_end::{Options, Stack, scenario};
use mail::fixtures::{self, Input};
use serde_json::json;

/// What its reader gets of a mail, whatever transports may change taken away: line ends, and an end of line at the end.
#[derive(Debug, PartialEq, Eq)]
struct Arrived {
    from: Address,
    to: Vec<Address>,
    cc: Vec<Address>,
    bcc: Vec<Address>,
    subject: String,
    importance: String,
    own_headers: Vec<Header>,
    text: Option<String>,
    html: Option<String>,
    files: Vec<File>,
}

impl Arrived {
    fn of(mail: &Mail) -> Self {
        let lines = |text: &String| text.replace("\r\n", "\n").replace('\r', "\n").trim_end().to_owned();
        let files = mail.attachments.iter().cloned().map(|file| File { url: String::new(), ..file });
        // X-Priority says what `importance` says.
        let own = mail.headers.iter().filter(|header| {
            let name = header.name.to_ascii_lowercase();
            name.starts_with("x-") && name != "x-priority"
        });
        let mut bcc = mail.bcc.iter().map(|one| Address::of(&one.address, None)).collect::<Vec<_>>();
        bcc.sort_by(|one, other| one.address.cmp(&other.address));
        Self {
            from: mail.from.clone(),
            to: mail.to.clone(),
            cc: mail.cc.clone(),
            bcc,
            subject: mail.subject.clone(),
            importance: mail.importance.clone(),
            own_headers: own.cloned().collect(),
            text: mail.text.as_ref().map(lines),
            html: mail.html.as_ref().map(lines),
            files: files.collect(),
        }
    }

    /// What Exchange does to a message that Graph gets as JSON: of text and HTML it takes the HTML, and makes its own text;
    /// a sender without a name gets the account's.
    fn after_graph_json(self, account: &str) -> Self {
        let text = if self.html.is_some() { None } else { self.text };
        let name = self.from.name.or_else(|| Some(account.to_owned()));
        Self { from: Address { name, ..self.from }, text, ..self }
    }

    /// What Exchange does to a message that Graph gets as MIME: the sender's name is the account's, and custom headers go.
    fn after_graph_mime(self, account: &str) -> Self {
        let from = Address { name: Some(account.to_owned()), ..self.from };
        Self { from, own_headers: Vec::new(), ..self }
    }
}

async fn send(company: &Company<'_>, input: &Input) -> Mail {
    match input {
        Input::Json(message) => drop(company.hand_over(message).await),
        Input::Raw(raw) => {
            let view: MessageView = company.post_raw(raw).await.expect(200).json();
            assert_eq!(view.state, MessageState::HandedOver, "{view:?}");
        }
    }
    company.mails().await.pop().unwrap()
}

/// Has the mailbox send with its password instead of a token.
pub(crate) async fn by_password(company: &Company<'_>) {
    let person = company.person().await;
    let change = |settings: &mut MailboxSettings| {
        settings.kind = Kind::SmtpBasic;
        settings.server = "localhost".into();
        settings.port = company.stack.smtp_port;
        settings.security = Security::Starttls;
        settings.user_name.clone_from(&company.account.upn);
    };
    person.type_access_code(&company.account.password, change).await.expect(200);
}

/// Sends the set by Graph, by SMTP with a token, and by SMTP with a password.
async fn every_route(stack: &Stack) {
    stack.sandbox.tenant("bakkerijjansen.example", json!({ "smtp_basic": "enabled" })).await;
    let company = Company::new(stack, "routes").await;
    let person = company.person().await;
    assert_eq!(person.sign_in(&company.account).await.state, MailboxState::Ready);
    let set = fixtures::all(&company.account.upn, "klant@example.com");
    let mut by_graph = Vec::new();
    for fixture in &set {
        by_graph.push(send(&company, &fixture.input).await);
    }
    for kind in [Kind::SmtpOAuth2, Kind::SmtpBasic] {
        if kind == Kind::SmtpOAuth2 {
            person.save(|settings| settings.kind = Kind::SmtpOAuth2).await;
            assert_eq!(person.sign_in(&company.account).await.state, MailboxState::Ready);
        } else {
            by_password(&company).await;
        }
        for (fixture, by_graph) in set.iter().zip(&by_graph) {
            let by_smtp = send(&company, &fixture.input).await;
            assert_eq!(by_smtp.route, "smtp", "{kind:?} {}", fixture.name);
            let whole = matches!(fixture.name, "invitation" | "raw reminder");
            assert_eq!(by_graph.route, if whole { "graph-mime" } else { "graph-json" }, "{}", fixture.name);
            let expected = Arrived::of(&by_smtp);
            let expected = if whole {
                expected.after_graph_mime(&company.account.name)
            } else {
                expected.after_graph_json(&company.account.name)
            };
            assert_eq!(Arrived::of(by_graph), expected, "{kind:?} {}", fixture.name);
        }
    }
}

#[test]
fn real_messages_arrive_equal_by_graph_and_by_smtp() {
    scenario(async { every_route(&Stack::start(Options::default()).await).await });
}

#[test]
fn real_messages_arrive_equal_by_graph_and_through_a_relay() {
    scenario(async {
        let relay = Relay::new();
        let vars = relay.vars("smtp_basic,smtp_oauth2");
        let stack = Stack::start(Options { vars, ..Options::default() }).await;
        relay.start(&stack, &["--private-servers", "localhost:*"]).await;
        every_route(&stack).await;
        let both = 2 * fixtures::all("a@b.nl", "k@c.nl").len();
        let line = format!("relay_conversations_total{{ending=\"handed_over\"}} {both}\n");
        assert!(relay.figures().await.contains(&line), "{}", relay.figures().await);
    });
}

#[test]
fn a_raw_message_arrives_byte_for_byte_but_for_its_bcc() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "eml").await;
        let person = company.person().await;
        person.save(|settings| settings.kind = Kind::SmtpOAuth2).await;
        person.sign_in(&company.account).await;
        let raw = fixtures::raw_reminder(&company.account.upn, "klant@example.com");
        let view: MessageView = company.post_raw(&raw).await.expect(200).json();
        assert_eq!(view.state, MessageState::HandedOver, "{view:?}");
        let mail = company.mails().await.pop().unwrap();
        let text = String::from_utf8(raw).unwrap().replace("\r\n", "\n");
        let (before, rest) = text.split_once("Bcc: ").unwrap();
        let (_, after) = rest.split_once("\nSubject:").unwrap();
        let expected = format!("{before}Subject:{after}").replace('\n', "\r\n");
        let arrived = company.stack.sandbox.raw(&mail).await;
        assert_eq!(String::from_utf8(arrived).unwrap().trim_end(), expected.trim_end());
        let envelope = mail.envelope.unwrap();
        assert_eq!(envelope.mail_from, company.account.upn);
        assert_eq!(
            envelope.rcpt_to,
            ["klant@example.com", "archive@fixture.example", "audit@fixture.example"]
        );
    });
}

#[test]
fn a_raw_message_obeys_the_rule_about_senders() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "afzender").await;
        let own = &company.account.upn;
        for (head, code, pointer) in [
            ("From: directie@example.com\r\n".to_owned(), Code::SenderNotAllowed, "/from"),
            (format!("From: {own}\r\nSender: directie@example.com\r\n"), Code::SenderNotAllowed, "/sender"),
            (
                format!("From: {own}\r\nResent-From: {own}\r\nResent-To: x@example.com\r\n"),
                Code::FieldsRefused,
                "/resent_from",
            ),
            (format!("From: {own}\r\nFrom: x@example.com\r\n"), Code::FieldsRefused, "/from"),
        ] {
            let raw = format!("{head}To: klant@example.com\r\nSubject: Nee\r\n\r\nhoi\r\n");
            let problem = company.post_raw(raw.as_bytes()).await.problem();
            assert_eq!((problem.code, &*problem.errors[0].pointer), (code, pointer), "{head}: {problem:?}");
        }
        assert_eq!(company.mails().await.len(), 0);
    });
}

#[test]
fn what_waits_while_the_kind_is_changed_is_judged_again() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "overstap").await;
        let person = company.person().await;
        let alias = format!("verkoop.{}", company.account.upn);
        person
            .save(|settings| {
                settings.kind = Kind::SmtpOAuth2;
                settings.aliases = vec![alias.clone()];
            })
            .await;
        let raw = format!("From: {alias}\r\nTo: klant@example.com\r\nSubject: Wacht\r\n\r\nhoi\r\n");
        let waits: MessageView = company.post_raw(raw.as_bytes()).await.expect(200).json();
        assert_eq!(waits.state, MessageState::Held, "{waits:?}");
        person.save(|settings| settings.kind = Kind::GraphOAuth2).await;
        person.sign_in(&company.account).await;
        let refused = company.until(waits.id, MessageState::Refused).await;
        assert_eq!(refused.failure.unwrap().code, Code::FieldsRefused);
        assert_eq!(company.mails().await.len(), 0);
    });
}

#[test]
fn by_smtp_a_colleague_signs_in_and_the_shared_mailbox_sends() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "samen").await;
        let sandbox = &company.stack.sandbox;
        let shared = &company.account.upn;
        let colleague = sandbox.account_with("collega", json!({ "send_as": [shared] })).await;
        let person = company.person().await;
        person
            .save(|settings| {
                settings.kind = Kind::SmtpOAuth2;
                settings.shared = true;
            })
            .await;
        assert_eq!(person.sign_in(&colleague).await.state, MailboxState::Ready);
        company.hand_over(&letter(shared, "Namens ons")).await;
        let mail = sandbox.mails(&colleague).await.pop().unwrap();
        assert_eq!((&mail.from.address, mail.subject.as_str()), (shared, "Namens ons"));
        assert_eq!(mail.envelope.unwrap().mail_from, *shared);
    });
}
