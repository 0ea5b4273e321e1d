use api::Reason;
use smtp::{Auth, Credentials, EhloName, Encoding, Message, Plan, Security, Session, Wish};

use super::*;

/// A conversation over an open line in which the server says these replies, and then hangs up.
fn after(replies: &[&str]) -> Submitted {
    after_naming(&["k@c.nl"], replies)
}

fn after_naming(recipients: &[&str], replies: &[&str]) -> Submitted {
    understand(&outcome(recipients, replies), ServerOwner::Microsoft)
}

fn outcome(recipients: &[&str], replies: &[&str]) -> Outcome {
    let recipients = recipients.iter().map(|address| address.parse().unwrap()).collect();
    let message = Message::new("a@b.nl".parse().unwrap(), recipients, 5, Encoding::SevenBit);
    let mut session = Session::new(Plan {
        ehlo_name: EhloName::new("localhost").unwrap(),
        security: Security::ImplicitTls,
        auth: Auth::XOAuth2(Credentials::new("a@b.nl", "token").unwrap()),
        message: Some(message.unwrap()),
    });
    let (mut replies, mut chunks) = (replies.iter(), ["hoi\r\n"].into_iter());
    loop {
        match session.wish() {
            Wish::Write(_) => {}
            Wish::Read => match replies.next() {
                Some(reply) => session.received(format!("{reply}\r\n").as_bytes()),
                None => session.closed(),
            },
            Wish::UpgradeToTls => session.tls_ready(),
            Wish::NextChunk => match chunks.next() {
                Some(chunk) => session.chunk(chunk.as_bytes()),
                None => session.end_of_message(),
            },
            Wish::Finished(outcome) => return outcome,
            Wish::Close => panic!("no outcome"),
        }
    }
}

const UP_TO_DATA: [&str; 7] = [
    "220 hello",
    "250-hello\r\n250 AUTH XOAUTH2",
    "334 ",
    "235 2.7.0 in",
    "250 2.1.0 ok",
    "250 2.1.5 ok",
    "354 go",
];

fn code(replies: &[&str]) -> (Code, Stage) {
    match after(replies) {
        Submitted::Refused(refusal, stage) => (refusal.code, stage),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_final_yes_is_a_hand_over() {
    let replies = [&UP_TO_DATA[..], &["250 2.0.0 OK <x@y> [Hostname=AM0.example]"]].concat();
    let Submitted::HandedOver(upstream) = after(&replies) else { panic!("not handed over") };
    assert_eq!((upstream.status, upstream.code.as_deref()), (250, Some("2.0.0")));
}

#[test]
fn each_no_is_whose_it_is() {
    let until = |count: usize, last: &'static str| code(&[&UP_TO_DATA[..count], &[last]].concat());
    let switched_off =
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.";
    assert_eq!(until(3, switched_off), (Code::AdministratorNeeded, Stage::Token));
    for (whose, reason) in
        [("Mailbox", Reason::SmtpAuthOffMailbox), ("Tenant", Reason::SmtpAuthOffOrganisation)]
    {
        let reply = switched_off.replace("Mailbox", whose);
        let Submitted::Refused(refusal, Stage::Token) = after(&[&UP_TO_DATA[..3], &[&*reply]].concat())
        else {
            panic!("not refused");
        };
        assert_eq!(refusal.reason(), Some(reason));
    }
    assert_eq!(until(0, "421 4.3.2 Service not active"), (Code::MicrosoftUnavailable, Stage::Token));
    assert_eq!(until(5, "550 5.1.1 nobody"), (Code::RecipientRefused, Stage::HandOver));
    let denied = "554 5.2.252 SendAsDenied; a@b.nl not allowed to send as x@b.nl";
    assert_eq!(until(7, denied), (Code::SendAsDenied, Stage::HandOver));
    let quota = "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException";
    assert_eq!(until(7, quota), (Code::QuotaReached, Stage::HandOver));
    let many = "432 4.3.2 Concurrent connections limit exceeded.";
    assert_eq!(until(7, many), (Code::Throttled, Stage::HandOver));
}

#[test]
fn a_token_that_is_not_taken_is_tried_afresh() {
    let replies = [&UP_TO_DATA[..3], &["535 5.7.3 Authentication unsuccessful"]].concat();
    assert!(matches!(after(&replies), Submitted::TokenRefused(refusal) if refusal.code == Code::SignInAgain));
}

#[test]
fn a_cut_before_the_end_loses_nothing_and_after_it_nobody_knows() {
    assert_eq!(code(&UP_TO_DATA[..5]), (Code::MicrosoftUnavailable, Stage::HandOver));
    assert_eq!(code(&UP_TO_DATA), (Code::OutcomeUnknown, Stage::HandOver));
    let stopped = Stop::Closed;
    assert!(
        after(&UP_TO_DATA[..1])
            == Submitted::Refused(
                Refusal::new(Code::MicrosoftUnavailable, format!("SMTP: {stopped}")),
                Stage::HandOver
            )
    );
}
/// What is said of three recipients, and after that of the message.
fn of_three(said: [&'static str; 3], then: &[&'static str]) -> Submitted {
    let replies = [&UP_TO_DATA[..5], &said, then].concat();
    after_naming(&["k@c.nl", "l@c.nl", "m@c.nl"], &replies)
}

fn outline(said: &[Said]) -> Vec<&'static str> {
    let word = |said: &Said| match said {
        Said::Taken => "taken",
        Said::Refused(_) => "refused",
        Said::Later(_) => "later",
    };
    said.iter().map(word).collect()
}

const OK: &str = "250 2.1.5 ok";
const NOBODY: &str = "550 5.1.1 nobody";
const LATER: &str = "450 4.2.1 greylisted";

#[test]
fn each_recipient_has_an_answer_of_their_own() {
    let Submitted::Divided { upstream, said, later } =
        of_three([OK, NOBODY, LATER], &["354 go", "250 2.0.0 taken"])
    else {
        panic!("not divided");
    };
    assert_eq!(outline(&said), ["taken", "refused", "later"]);
    assert_eq!(upstream.unwrap().status, 250);
    let later = later.unwrap();
    assert!(later.code.retryable() && later.detail.contains("greylisted"), "{later:?}");

    let too_many = "552 5.5.3 Too many recipients";
    let Submitted::Divided { said, later, .. } =
        of_three([OK, NOBODY, too_many], &["354 go", "250 2.0.0 taken"])
    else {
        panic!("not divided");
    };
    assert_eq!(outline(&said), ["taken", "refused", "later"]);
    assert!(later.unwrap().code.retryable());
}

#[test]
fn when_nobody_is_taken_those_told_later_are_not_given_up_for_the_first_who_does_not_exist() {
    let Submitted::Divided { upstream: None, said, later: Some(_) } = of_three([NOBODY, LATER, LATER], &[])
    else {
        panic!("not divided");
    };
    assert_eq!(outline(&said), ["refused", "later", "later"]);
    let Submitted::Divided { upstream: None, said, later: None } = of_three([NOBODY; 3], &[]) else {
        panic!("not divided");
    };
    assert_eq!(outline(&said), ["refused"; 3]);
}

#[test]
fn at_ones_own_server_the_settings_are_to_blame_and_not_microsoft() {
    let own = |replies: &[&str]| match understand(&outcome(&["k@c.nl"], replies), ServerOwner::Own) {
        Submitted::Refused(refusal, stage) => (refusal.code, stage),
        other => panic!("{other:?}"),
    };
    let until = |count: usize, last: &'static str| own(&[&UP_TO_DATA[..count], &[last]].concat());
    assert_eq!(until(3, "535 5.7.8 Wrong password"), (Code::AccessCodeRefused, Stage::Token));
    assert_eq!(until(4, "530 5.7.0 Authentication required"), (Code::AccessCodeRefused, Stage::Token));
    assert_eq!(until(0, "421 4.3.2 Busy"), (Code::ServerUnavailable, Stage::Token));
    assert_eq!(until(7, "451 4.3.0 Busy"), (Code::ServerUnavailable, Stage::HandOver));
    assert_eq!(own(&UP_TO_DATA[..1]), (Code::ServerUnavailable, Stage::HandOver));
    assert_eq!(until(5, "550 5.1.1 nobody"), (Code::RecipientRefused, Stage::HandOver));
    let without_auth = ["220 hello", "250-hello\r\n250 SIZE"];
    assert_eq!(own(&without_auth), (Code::ServerRefused, Stage::Token));
    assert_eq!(own(&UP_TO_DATA), (Code::OutcomeUnknown, Stage::HandOver));
}

#[test]
fn what_a_server_can_not_take_is_the_messages_fault_and_not_tried_for_days() {
    let small = ["220 hello", "250-hello\r\n250-SIZE 4\r\n250 AUTH XOAUTH2", "334 ", "235 2.7.0 in"];
    assert_eq!(code(&small), (Code::MessageTooLarge, Stage::HandOver));
    let Submitted::Refused(refusal, _) =
        understand(&outcome(&["zo\u{eb}@c.nl"], &UP_TO_DATA[..4]), ServerOwner::Own)
    else {
        panic!("not refused");
    };
    assert_eq!(refusal.code, Code::MessageRefused);
    assert!(!refusal.code.retryable());
}

#[test]
fn what_is_about_the_mailbox_is_no_recipients_fault() {
    let paused = "550 5.2.254 Sender paused";
    let Submitted::Refused(refusal, _) = of_three([NOBODY, LATER, paused], &[]) else {
        panic!("not refused");
    };
    assert_eq!(refusal.code, Code::QuotaReached);
}
