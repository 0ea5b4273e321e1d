//! A connection that carries one message after the other, and what happens between them.

use std::time::Duration;

use futures_util::FutureExt as _;
use smtp::{Auth, Ending, Outcome, Phase, Security, Session, Step, Stop, Verdict, converse, hand_over};

use crate::harness::{Canned, message, password, plan};

const SIGNED_IN: [&str; 3] = ["220 x\r\n", "250-x\r\n250-AUTH PLAIN\r\n250 PIPELINING\r\n", "235 in\r\n"];
const TAKEN: [&str; 3] = ["250 ok\r\n250 ok\r\n", "354 go\r\n", "250 taken\r\n"];
const OPENED: &str = "EHLO mail.example.com\r\nAUTH PLAIN AGVycABzM2NyZXQ=\r\n";
const BYE: &str = "221 bye\r\n";

/// Signed in, with these answers to what follows.
fn signed_in<'c>(replies: &[&'c str]) -> Canned<'c> {
    let session = Session::new(plan(Security::ImplicitTls, password(false), &[]));
    let mut connection = Canned::new(session, &[&SIGNED_IN[..], replies].concat());
    assert!(matches!(connection.first().ending, Ending::SignedIn(Some(_))));
    connection
}

fn envelope(recipient: &str) -> String {
    format!("MAIL FROM:<erp@contoso.com>\r\nRCPT TO:<{recipient}>\r\n")
}

fn sent(recipient: &str) -> String {
    envelope(recipient) + "DATA\r\nSubject: x\r\n\r\n..dot\r\n...\r\nend\r\n.\r\n"
}

fn is_handed_over(outcome: &Outcome) -> bool {
    matches!(outcome.ending, Ending::HandedOver { .. })
}

#[test]
fn three_messages_follow_each_other_and_one_goodbye() {
    let mut connection = signed_in(&[&TAKEN[..], &TAKEN, &TAKEN, &[BYE]].concat());
    for (nth, recipient) in ["a@b.nl", "c@d.nl", "e@f.nl"].into_iter().enumerate() {
        assert!(connection.session.takes_another());
        assert!(is_handed_over(&connection.another(message(&[recipient]))), "{recipient}");
        assert!(connection.host.written.ends_with("\r\n.\r\n"), "no goodbye");
        assert_eq!(connection.host.hooked.len(), nth + 1, "one hook for each message");
    }
    assert_eq!(connection.host.steps, [Step::Tls, Step::Greeted, Step::SignedIn], "told once");
    let all = [OPENED.to_owned(), sent("a@b.nl"), sent("c@d.nl"), sent("e@f.nl"), "QUIT\r\n".to_owned()];
    assert_eq!(connection.close(), all.concat());
}

#[test]
fn the_message_of_the_plan_can_be_the_first_of_two() {
    let session = Session::new(plan(Security::ImplicitTls, password(false), &["a@b.nl"]));
    let mut connection = Canned::new(session, &[&SIGNED_IN[..], &TAKEN, &TAKEN, &[BYE]].concat());
    assert!(is_handed_over(&connection.first()));
    assert!(is_handed_over(&connection.another(message(&["c@d.nl"]))));
    assert_eq!(connection.close(), [OPENED, &sent("a@b.nl"), &sent("c@d.nl"), "QUIT\r\n"].concat());
}

#[test]
fn a_refused_envelope_is_left_behind_before_the_next() {
    for (refused, ending) in [
        ("550 5.7.60 not you\r\n503 no sender\r\n", "refused"),
        ("250 ok\r\n550 5.1.1 unknown\r\n", "no recipient"),
    ] {
        let replies = [&TAKEN[..], &[refused, "250 reset\r\n"], &TAKEN, &[BYE]].concat();
        let mut connection = signed_in(&replies);
        assert!(is_handed_over(&connection.another(message(&["a@b.nl"]))));
        let outcome = connection.another(message(&["gone@d.nl"]));
        assert!(matches!(outcome.ending, Ending::Refused(_) | Ending::NoRecipient), "{ending}");
        assert!(!outcome.connection_was_gone() && connection.session.takes_another(), "{ending}");
        assert_eq!(connection.host.hooked.len(), 1, "nothing of it was to end");
        assert!(is_handed_over(&connection.another(message(&["e@f.nl"]))), "{ending}");
        let all = [OPENED, &sent("a@b.nl"), &envelope("gone@d.nl"), "RSET\r\n", &sent("e@f.nl"), "QUIT\r\n"];
        assert_eq!(connection.close(), all.concat(), "{ending}");
    }
}

#[test]
fn a_message_refused_at_its_end_is_the_last() {
    // The server may have said so in the middle, and takes the rest for commands: its answers come when it likes.
    let replies = [&TAKEN[..2], &["552 too big\r\n", BYE]].concat();
    let mut connection = signed_in(&replies);
    let outcome = connection.another(message(&["a@b.nl"]));
    assert!(matches!(&outcome.ending, Ending::Refused(reply) if reply.code() == 552));
    assert!(!connection.session.takes_another());
    assert_eq!(connection.close(), [OPENED, &sent("a@b.nl"), "QUIT\r\n"].concat());
}

#[test]
fn a_server_that_will_not_reset_gets_no_other_message() {
    let replies = ["250 ok\r\n550 unknown\r\n", "500 what\r\n", BYE];
    let mut connection = signed_in(&replies);
    assert_eq!(connection.another(message(&["gone@b.nl"])).ending, Ending::NoRecipient);
    let outcome = connection.another(message(&["a@b.nl"]));
    assert!(matches!(outcome.ending, Ending::Refused(_)));
    assert_eq!((outcome.phase, outcome.verdicts), (Phase::Reset, vec![Verdict::NotSent]));
    assert!(!connection.session.takes_another());
}

#[test]
fn a_farewell_that_came_with_the_last_reply_is_known_before_the_next_message() {
    let replies = [&TAKEN[..2], &["250 taken\r\n421 idle\r\n"]].concat();
    let mut connection = signed_in(&replies);
    assert!(is_handed_over(&connection.another(message(&["a@b.nl"]))));
    assert!(!connection.session.takes_another());
    let another = message(&["c@d.nl", "e@f.nl"]);
    assert_eq!(connection.session.next_message(another.clone()), Err(another));
    assert_eq!(connection.close(), [OPENED, &sent("a@b.nl")].concat());
    let outcome = Outcome::connection_gone(2);
    assert!(outcome.connection_was_gone());
    assert_eq!(outcome.verdicts, [Verdict::NotSent, Verdict::NotSent]);
}

#[test]
fn a_server_that_went_in_between_has_nothing_and_a_fresh_connection_may_do() {
    let gone: [&[&str]; 4] = [&[], &["421 4.4.2 idle\r\n"], &["421 4.4.2 id"], &["421 a\r\n421 b\r\n"]];
    for before_reset in [false, true] {
        for replies in gone {
            let first = if before_reset { vec!["250 ok\r\n550 unknown\r\n"] } else { TAKEN.to_vec() };
            let mut connection = signed_in(&[&first, replies].concat());
            connection.another(message(&["a@b.nl"]));
            let hooks = connection.host.hooked.len();
            let outcome = connection.another(message(&["c@d.nl"]));
            assert!(outcome.connection_was_gone(), "{replies:?}: {outcome:?}");
            let phase = if before_reset { Phase::Reset } else { Phase::MailFrom };
            assert_eq!((outcome.phase, connection.host.hooked.len()), (phase, hooks));
            assert!(matches!(outcome.verdicts[..], [Verdict::NotSent | Verdict::TryLater(_)]));
            assert!(!connection.session.takes_another());
            assert!(!connection.close().contains("QUIT"));
        }
    }
    // Or it is noticed when writing.
    let mut connection = signed_in(&TAKEN);
    connection.another(message(&["a@b.nl"]));
    connection.host.writes_left = 0;
    assert!(connection.another(message(&["c@d.nl"])).connection_was_gone());
}

#[test]
fn a_server_that_goes_later_has_had_its_say() {
    let later: [&[&str]; 7] = [
        &["250 ok\r\n"],
        &["250 ok\r\n421 bye\r\n"],
        &["450 not now\r\n450 not now\r\n"],
        &["550 no\r\n"],
        &TAKEN[..1],
        &TAKEN[..2],
        &["250 ok\r\n250 ok\r\n", "354 go\r\n", "421 bye\r\n"],
    ];
    for replies in later {
        let mut connection = signed_in(&[&TAKEN[..], replies].concat());
        connection.another(message(&["a@b.nl"]));
        let outcome = connection.another(message(&["c@d.nl"]));
        assert!(!outcome.connection_was_gone(), "{replies:?}: {outcome:?}");
    }
    let mut connection = signed_in(&TAKEN);
    connection.another(message(&["a@b.nl"]));
    connection.host.silent_at_the_end = true;
    let outcome = connection.another(message(&["c@d.nl"]));
    assert_eq!((outcome.ending.clone(), outcome.phase), (Ending::Stopped(Stop::TimedOut), Phase::MailFrom));
    assert!(!outcome.connection_was_gone(), "it took its time already");
}

#[test]
fn the_limit_counts_from_each_message() {
    let mut connection = signed_in(&[&TAKEN[..], &TAKEN, &TAKEN].concat());
    connection.host.pace = Duration::from_secs(49);
    assert!(is_handed_over(&connection.another(message(&["a@b.nl"]))));
    assert!(is_handed_over(&connection.another(message(&["c@d.nl"]))));
    // All is used up when the message may begin: its end would only make an unknown outcome.
    connection.host.pace = Duration::from_secs(75);
    let outcome = connection.another(message(&["e@f.nl"]));
    assert_eq!((outcome.ending, outcome.phase), (Ending::Stopped(Stop::TimedOut), Phase::Body));
    assert_eq!(connection.host.hooked.len(), 2);
}

#[test]
fn goodbye_is_not_waited_for() {
    let mut connection = signed_in(&TAKEN);
    connection.another(message(&["a@b.nl"]));
    connection.host.silent_at_the_end = true;
    assert!(connection.close().ends_with("\r\n.\r\nQUIT\r\n"));
    let mut connection = signed_in(&TAKEN);
    connection.another(message(&["a@b.nl"]));
    connection.host.writes_left = 0;
    assert!(connection.close().ends_with("\r\n.\r\n"));
}

#[test]
fn goodbye_gives_up_what_is_under_way() {
    let mut connection = signed_in(&TAKEN);
    connection.session.next_message(message(&["a@b.nl"])).unwrap();
    assert_eq!(connection.close(), OPENED);
}

#[test]
fn without_a_message_under_way_there_is_only_goodbye() {
    let mut connection = signed_in(&[BYE]);
    let outcome = hand_over(&mut connection.session, &mut connection.host).now_or_never().unwrap();
    assert_eq!((outcome, connection.close()), (None, OPENED.to_owned() + "QUIT\r\n"));
}

#[test]
fn a_whole_conversation_is_one_message_and_goodbye() {
    let session = Session::new(plan(Security::None, Auth::None, &["a@b.nl"]));
    let replies = [&["220 x\r\n", "250-x\r\n250 PIPELINING\r\n"], &TAKEN[..], &[BYE]].concat();
    let Canned { mut session, mut host } = Canned::new(session, &replies);
    let outcome = converse(&mut session, &mut host).now_or_never().unwrap();
    assert!(is_handed_over(&outcome.unwrap()));
    assert_eq!(host.written, ["EHLO mail.example.com\r\n", &sent("a@b.nl"), "QUIT\r\n"].concat());
}
