//! SMTP basic: a mail server of one's own, here Dovecot before Postfix.

use api::{Code, Kind, MailboxSettings, MailboxState, MailboxView, MessageState, MessageView, Security};
use end_to_end::browser::Browser;
use end_to_end::company::Company;
use end_to_end::gallery::Gallery;
use end_to_end::message::letter;
use end_to_end::search::{Place, Secrets};
use end_to_end::servers::{PASSWORD, Servers, USER_NAME};
use end_to_end::{Stack, scenario};

use crate::servers::every_message_arrives;

/// Fills the tab in.
pub(crate) fn fill_in(settings: &mut MailboxSettings, port: u16, security: Security) {
    settings.kind = Kind::SmtpBasic;
    settings.server = "localhost".into();
    settings.port = port;
    settings.security = security;
    settings.server_authentication = true;
    settings.user_name = USER_NAME.into();
}

async fn post(company: &Company<'_>, subject: &str) -> MessageView {
    company.post(&letter(&company.account.upn, subject), Some(20)).await.expect(200).json()
}

#[test]
fn real_messages_arrive_with_each_security_and_way_to_sign_in() {
    scenario(async {
        let servers = Servers::start().await;
        let company = Company::new(&servers.stack, "eigen").await;
        let person = company.person().await;

        let starttls = |settings: &mut _| fill_in(settings, servers.submission_port, Security::Starttls);
        let view: MailboxView = person.type_access_code(PASSWORD, starttls).await.expect(200).json();
        assert_eq!((view.state, view.access_code_stored), (MailboxState::Ready, true));
        every_message_arrives(&servers, &company).await;

        let implicit = |settings: &mut _| fill_in(settings, servers.tls_port, Security::Tls);
        person.type_access_code(PASSWORD, implicit).await.expect(200);
        let view = post(&company, "Impliciete TLS").await;
        assert_eq!(view.state, MessageState::HandedOver, "{view:?}\n{}", servers.logs());

        let open = |settings: &mut MailboxSettings| {
            fill_in(settings, servers.mx_port, Security::None);
            settings.server_authentication = false;
        };
        assert_eq!(person.save(open).await.state, MailboxState::Ready);
        let view = post(&company, "Zonder").await;
        assert_eq!(view.state, MessageState::HandedOver, "{view:?}\n{}", servers.logs());
        servers.arrived(1, "\nSubject: Zonder\n").await;
    });
}

#[test]
fn every_way_to_sign_in_that_dovecot_knows() {
    scenario(async {
        for mechanism in ["scram-sha-256", "cram-md5", "login"] {
            let servers = Servers::offering(mechanism).await;
            let company = Company::new(&servers.stack, "wijze").await;
            let person = company.person().await;
            let change = |settings: &mut _| fill_in(settings, servers.submission_port, Security::Starttls);
            person.type_access_code(PASSWORD, change).await.expect(200);
            let view = post(&company, mechanism).await;
            assert_eq!(view.state, MessageState::HandedOver, "{view:?}\n{}", servers.logs());

            person.type_access_code("fout", change).await.expect(200);
            let view = post(&company, "Fout").await;
            let code = view.failure.as_ref().map(|failure| failure.code);
            assert_eq!(
                (view.state, code),
                (MessageState::Held, Some(Code::AccessCodeRefused)),
                "{mechanism}: {view:?}"
            );
        }
    });
}

#[test]
fn a_wrong_access_code_holds_the_mail_until_it_is_corrected() {
    scenario(async {
        let servers = Servers::start().await;
        let company = Company::new(&servers.stack, "code").await;
        let person = company.person().await;
        let right = |settings: &mut _| fill_in(settings, servers.submission_port, Security::Starttls);

        assert_eq!(person.save(right).await.state, MailboxState::AccessCodeMissing);
        let first = post(&company, "Eerst").await;
        assert_eq!((first.state, first.failure.unwrap().code), (MessageState::Held, Code::AccessCodeMissing));

        let view: MailboxView = person.type_access_code("fout", right).await.expect(200).json();
        assert_eq!(view.state, MailboxState::Ready, "nobody has tried it yet");
        let second = post(&company, "Dan").await;
        assert_eq!(
            (second.state, second.failure.unwrap().code),
            (MessageState::Held, Code::AccessCodeRefused)
        );
        let view = person.view().await;
        assert_eq!((view.state, view.waiting), (MailboxState::ServerRefuses, 2));
        let trouble = view.trouble.unwrap();
        assert_eq!((trouble.code, trouble.upstream.unwrap().status), (Code::AccessCodeRefused, 535));

        let (browser, mut gallery) = (Browser::new().await, Gallery::new());
        browser.open(&company.link().await).await;
        browser.until_state("server_refuses").await;
        gallery.take(&browser, "server-refuses").await;
        browser.find("#access-code").await.send_keys(PASSWORD).await.unwrap();
        browser.click("#save").await;
        browser.until_state("ready").await;
        gallery.take(&browser, "smtp_basic-ready").await;
        browser.close().await;
        gallery.must_be_right();
        for message in [first.id, second.id] {
            company.until(message, MessageState::HandedOver).await;
        }
        assert_eq!(person.view().await.state, MailboxState::Ready);
    });
}

#[test]
fn what_a_server_said_of_settings_of_before_does_not_count_against_new_ones() {
    scenario(async {
        let servers = Servers::start().await;
        let company = Company::new(&servers.stack, "intussen").await;
        let person = company.person().await;
        let right = |settings: &mut _| fill_in(settings, servers.submission_port, Security::Starttls);
        person.type_access_code("fout", right).await.expect(200);
        // Dovecot takes two seconds to say no.
        let message = letter(&company.account.upn, "Intussen");
        let accepted: MessageView = company.post(&message, None).await.expect(202).json();
        company.until(accepted.id, MessageState::Sending).await;
        person.type_access_code(PASSWORD, right).await.expect(200);
        assert_eq!(company.look(accepted.id).await.state, MessageState::Sending, "it was in time");
        company.until(accepted.id, MessageState::HandedOver).await;
        let view = person.view().await;
        assert_eq!((view.state, view.trouble), (MailboxState::Ready, None));
    });
}

#[test]
fn settings_that_do_not_fit_the_server_are_told_and_a_server_that_is_away_is_waited_for() {
    scenario(async {
        let servers = Servers::start().await;
        for (port, security, expected) in [
            // Postfix lets nobody sign in, and the settings say that one must.
            (servers.mx_port, Security::None, (MessageState::Held, Code::ServerRefused)),
            // Postfix has no certificate here.
            (servers.mx_port, Security::Starttls, (MessageState::Held, Code::ServerRefused)),
            // Each waits for the other to begin.
            (servers.submission_port, Security::Tls, (MessageState::WillRetry, Code::ServerUnavailable)),
            (9, Security::Starttls, (MessageState::WillRetry, Code::ServerUnavailable)),
        ] {
            let company = Company::new(&servers.stack, "past").await;
            let person = company.person().await;
            let change = |settings: &mut _| fill_in(settings, port, security);
            person.type_access_code(PASSWORD, change).await.expect(200);
            let view = post(&company, "Past niet").await;
            let failure = view.failure.clone().unwrap_or_else(|| panic!("{port} {security:?}: {view:?}"));
            assert_eq!((view.state, failure.code), expected, "{port} {security:?}: {}", failure.detail);
            let state = match view.state {
                MessageState::Held => MailboxState::ServerRefuses,
                _ => MailboxState::Delayed,
            };
            assert_eq!(person.view().await.state, state);
        }
    });
}

#[test]
fn an_access_code_is_sealed_and_never_comes_back() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "verzegeld").await;
        let person = company.person().await;
        let code = "nergens-te-lezen-4711-en-lang-genoeg-om-geen-toeval-te-zijn";
        let fill = |settings: &mut MailboxSettings| {
            fill_in(settings, 587, Security::Starttls);
            settings.server = "mail.example.com".into();
        };
        let saved = person.type_access_code(code, fill).await.expect(200);
        assert!(!saved.text().contains(code));
        let secrets = Secrets::new([("access code".to_owned(), code.to_owned())]);
        let stack = company.stack;
        let places = [Place::files("storage", &stack.state()), Place::files("log", &stack.log())].concat();
        assert_eq!(secrets.found_in(&places), [].into());
    });
}
