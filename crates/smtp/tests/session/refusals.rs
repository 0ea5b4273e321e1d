//! Servers that say no, and what is lacking.

use smtp::{
    Auth, Class, Encoding, Ending, Message, Outcome, Phase, Plan, Security, Stop, Switch, Verdict, judge,
};

use crate::harness::{self, Pieces, Play, Script, address, password, plan, token};

/// Plays a script in every pieces; the outcome must be the same in all.
fn outcome(script: &str, plan: &Plan) -> Outcome {
    let script = Script::new(script);
    let whole = Play::new(&script, plan.clone()).run();
    assert!(whole.complete, "not played to its end: {whole:?}");
    for pieces in (0..script.server_bytes()).map(Pieces::CutBefore).chain([Pieces::Bytes]) {
        assert_eq!(Play { pieces, ..Play::new(&script, plan.clone()) }.run(), whole, "{pieces:?}");
    }
    whole.only().clone()
}

fn exchange(then: &str) -> Outcome {
    let script = [harness::EXCHANGE_UP_TO_AUTH, then, harness::FAREWELL].concat();
    outcome(&script, &plan(Security::StartTls, token(), &["a@example.com"]))
}

/// One recipient, no sign-in, the server offering these.
fn offering(lines: &[&str], then: &str) -> Outcome {
    outcome(&clear_script(lines, then), &plan(Security::None, Auth::None, &["a@example.com"]))
}

fn clear_script(lines: &[&str], then: &str) -> String {
    let offered: Vec<String> = lines.iter().map(|line| format!("S: 250-{line}\n")).collect();
    let offered = offered.concat();
    format!("S: 220 x\nC: EHLO mail.example.com\nS: 250-x\n{offered}S: 250 HELP\n{then}{}", harness::FAREWELL)
}

fn refusal(outcome: &Outcome) -> (u16, Class) {
    let Ending::Refused(reply) = &outcome.ending else { panic!("{outcome:?}") };
    (reply.code(), judge(reply, outcome.phase).class)
}

fn stopped(outcome: &Outcome) -> &Stop {
    let Ending::Stopped(stop) = &outcome.ending else { panic!("{outcome:?}") };
    stop
}

#[test]
fn a_token_is_refused_at_once_or_after_a_challenge() {
    let direct =
        exchange("\nS: 535 5.7.3 Authentication unsuccessful [SY5P282CA0097.AUSP282.PROD.OUTLOOK.COM]");
    assert_eq!(refusal(&direct), (535, Class::SignInAgain));
    assert_eq!((direct.phase, &direct.challenge), (Phase::Auth, &None));
    assert_eq!(direct.verdicts, [Verdict::NotSent]);

    let challenged = exchange(
        "
        S: 334 eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiYmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ==
        C:
        S: 535-5.7.8 Username and Password not accepted. For more information, go to
        S: 535 5.7.8 https://support.google.com/mail/?p=BadCredentials",
    );
    assert_eq!(refusal(&challenged), (535, Class::SignInAgain));
    let challenge = challenged.challenge.as_deref().unwrap();
    assert_eq!(challenge, r#"{"status":"400","schemes":"bearer","scope":"https://mail.google.com/"}"#);
    let text = challenged.reply().unwrap().to_string();
    assert_eq!(
        text,
        "535 5.7.8 Username and Password not accepted. For more information, go to https://support.google.com/mail/?p=BadCredentials"
    );
}

#[test]
fn a_switch_of_an_administrator_is_named() {
    let off = exchange(
        "\nS: 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit https://aka.ms/smtp_auth_disabled for more information.",
    );
    assert_eq!(refusal(&off), (535, Class::Administrator(Switch::SmtpAuthOfMailbox)));
    let send_as = exchange(&format!(
        "{}
        C: MAIL FROM:<erp@contoso.com> SIZE=27
        C: RCPT TO:<a@example.com>
        S: 250 2.1.0 Sender OK
        S: 250 2.1.5 Recipient OK
        C: DATA
        S: 354 Start mail input; end with <CRLF>.<CRLF>{}
        S: 554 5.2.252 SendAsDenied; erp@contoso.com not allowed to send as x@contoso.com; STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message",
        harness::EXCHANGE_SIGNED_IN,
        harness::SENT_BODY
    ));
    assert_eq!(refusal(&send_as), (554, Class::Administrator(Switch::SendAs)));
    assert_eq!(send_as.phase, Phase::EndOfData);
    assert!(matches!(&send_as.verdicts[..], [Verdict::Refused(reply)] if reply.code() == 554));
}

#[test]
fn a_refused_sender_ends_the_message_for_everybody() {
    let one_by_one = offering(
        &[],
        "C: MAIL FROM:<erp@contoso.com>\nS: 550 5.7.60 SMTP; Client does not have permissions to send as this sender",
    );
    assert_eq!(refusal(&one_by_one), (550, Class::Administrator(Switch::SendAs)));
    // The recipient's 503 is about the sender.
    let pipelined = offering(
        &["PIPELINING"],
        "C: MAIL FROM:<erp@contoso.com>\nC: RCPT TO:<a@example.com>\nS: 451 4.7.0 later\nS: 503 5.5.2 Need mail command",
    );
    assert_eq!((refusal(&pipelined), pipelined.phase), ((451, Class::TryLater), Phase::MailFrom));
    assert!(matches!(&pipelined.verdicts[..], [Verdict::TryLater(reply)] if reply.code() == 451));
}

#[test]
fn without_a_recipient_nothing_is_sent() {
    for (reply, later) in [("452 4.5.3 too many", true), ("550 5.1.1 unknown", false)] {
        let none = offering(
            &["PIPELINING"],
            &format!("C: MAIL FROM:<erp@contoso.com>\nC: RCPT TO:<a@example.com>\nS: 250 ok\nS: {reply}"),
        );
        assert_eq!((none.ending, none.phase), (Ending::NoRecipient, Phase::RcptTo));
        assert_eq!(matches!(none.verdicts[..], [Verdict::TryLater(_)]), later);
    }
}

#[test]
fn a_no_to_the_first_words_is_told_with_the_reply() {
    let plan = plan(Security::StartTls, token(), &["a@example.com"]);
    let greeting = outcome("S: 554 5.7.1 you are blocked\nC: QUIT\nS: 221 bye", &plan);
    assert_eq!((refusal(&greeting).0, greeting.phase), (554, Phase::Greeting));
    let draining = outcome("S: 421 4.3.2 Service not active", &plan);
    assert_eq!((refusal(&draining), draining.phase), ((421, Class::TryLater), Phase::Greeting));
    let ehlo = outcome("S: 220 x\nC: EHLO mail.example.com\nS: 502 what\nC: QUIT\nS: 221 bye", &plan);
    assert_eq!((refusal(&ehlo).0, ehlo.phase), (502, Phase::Ehlo));
    let tls = clear_script(&["STARTTLS"], "C: STARTTLS\nS: 454 4.7.0 TLS not available");
    let tls = outcome(&tls, &plan);
    assert_eq!((refusal(&tls), tls.phase), ((454, Class::TryLater), Phase::StartTls));
    let data = offering(
        &[],
        "C: MAIL FROM:<erp@contoso.com>\nS: 250 ok\nC: RCPT TO:<a@example.com>\nS: 250 ok\nC: DATA\nS: 554 5.5.1 no valid recipients",
    );
    assert_eq!((refusal(&data), data.phase), ((554, Class::MessageRefused), Phase::Data));
}

#[test]
fn a_farewell_in_the_middle_ends_it_without_another_word() {
    let plan = plan(Security::None, Auth::None, &["a@b.nl", "c@d.nl", "e@f.nl"]);
    let script = "S: 220 x\nC: EHLO mail.example.com\nS: 250-x\nS: 250 PIPELINING\nC: MAIL FROM:<erp@contoso.com>\nC: RCPT TO:<a@b.nl>\nC: RCPT TO:<c@d.nl>\nC: RCPT TO:<e@f.nl>\nS: 250 ok\nS: 250 ok\nS: 421 4.3.2 Service not active";
    let gone = outcome(script, &plan);
    assert_eq!((refusal(&gone), gone.phase), ((421, Class::TryLater), Phase::RcptTo));
    assert!(matches!(&gone.verdicts[..], [Verdict::NotSent, Verdict::TryLater(_), Verdict::NotSent]));
}

#[test]
fn what_the_server_lacks_is_told_before_the_sender() {
    assert_eq!(
        stopped(&offering(&["SIZE 26"], "")),
        &Stop::TooLarge { size: 27, limit: 26 },
        "nothing but QUIT follows"
    );
    let fits =
        offering(&["SIZE 27"], "C: MAIL FROM:<erp@contoso.com> SIZE=27\nS: 552 5.3.4 no, not even this");
    assert_eq!(refusal(&fits), (552, Class::MessageRefused));
    let with = |from: &str, encoding| {
        let message = Message::new(address(from), vec![address("a@b.nl")], 9, encoding).unwrap();
        let plan = Plan { message: Some(message), ..plan(Security::None, Auth::None, &[]) };
        outcome(&clear_script(&["HELP"], ""), &plan)
    };
    assert_eq!(stopped(&with("a@b.nl", Encoding::EightBit)), &Stop::EightBitNotOffered);
    assert_eq!(stopped(&with("a@b.nl", Encoding::Utf8Headers)), &Stop::Utf8NotOffered);
    assert_eq!(stopped(&with("zoë@b.nl", Encoding::SevenBit)), &Stop::Utf8NotOffered);
}

#[test]
fn no_way_to_sign_in_is_told() {
    let signing_in = |auth, security, lines: &[&str]| {
        let outcome = outcome(&clear_script(lines, ""), &plan(security, auth, &["a@b.nl"]));
        assert_eq!(outcome.phase, Phase::Auth);
        stopped(&outcome).clone()
    };
    let tls = Security::ImplicitTls;
    assert_eq!(signing_in(token(), tls, &["SIZE"]), Stop::SignInNotOffered);
    let offered = Stop::NoCommonMechanism { offered: "LOGIN PLAIN".into() };
    assert_eq!(signing_in(token(), tls, &["AUTH LOGIN PLAIN"]), offered);
    assert_eq!(signing_in(password(false), Security::None, &["AUTH PLAIN"]), Stop::SecretInClear);
    assert_eq!(signing_in(token(), Security::None, &["AUTH XOAUTH2"]), Stop::SecretInClear);
}

#[test]
fn tls_that_is_not_offered_is_not_done_without() {
    let outcome = outcome(
        &clear_script(&["AUTH PLAIN XOAUTH2"], ""),
        &plan(Security::StartTls, password(true), &["a@b.nl"]),
    );
    assert_eq!(stopped(&outcome), &Stop::StartTlsNotOffered);
}

#[test]
fn what_was_offered_in_the_clear_is_forgotten() {
    let script = "
        S: 220 x
        C: EHLO mail.example.com
        S: 250-x
        S: 250-AUTH XOAUTH2
        S: 250 STARTTLS
        C: STARTTLS
        S: 220 go
        TLS
        C: EHLO mail.example.com
        S: 250 x
        C: QUIT
        S: 221 bye";
    let outcome = outcome(script, &plan(Security::StartTls, token(), &["a@b.nl"]));
    assert_eq!(stopped(&outcome), &Stop::SignInNotOffered);
}
