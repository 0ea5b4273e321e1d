//! The host is asked before the end of a message leaves: after all the rest, once, and nothing ends without its yes.

use proptest::prelude::*;
use smtp::{Auth, Ending, Outcome, Phase, Security, Session, Stop, Verdict};

use crate::harness::{Canned, Hook, plan};
use crate::oracle;

const UP_TO_DATA: [&str; 5] = ["220 x\r\n", "250 x\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"];
const DATA: &str = "DATA\r\n";

/// A connection whose server takes the message, if it gets so far.
fn connection() -> Canned<'static> {
    let session = Session::new(plan(Security::None, Auth::None, &["a@example.com"]));
    Canned::new(session, &[&UP_TO_DATA[..], &["250 taken\r\n"]].concat())
}

/// What was written of the message.
fn of_message(written: &str) -> &str {
    written.split_once(DATA).map_or("", |(_, message)| message)
}

fn assert_nothing_left(outcome: &Outcome, stop: &Stop) {
    assert_eq!((&outcome.ending, outcome.phase), (&Ending::Stopped(stop.clone()), Phase::Body));
    assert_eq!(outcome.verdicts, [Verdict::NotSent]);
}

#[test]
fn it_comes_after_the_message_and_before_its_end() {
    let mut connection = connection();
    assert!(matches!(connection.first().ending, Ending::HandedOver { .. }));
    let [before] = &connection.host.hooked[..] else { panic!("{:?}", connection.host.hooked) };
    assert!(before.ends_with("\r\n...\r\nend"), "{before}");
    assert_eq!(connection.host.written, before.to_owned() + "\r\n.\r\n");
}

#[test]
fn a_cut_before_it_leaves_it_uncalled() {
    // EHLO, MAIL FROM, RCPT TO, DATA and some of the message's chunks.
    for writes in 0..8 {
        let mut connection = connection();
        connection.host.writes_left = writes;
        let outcome = connection.first();
        assert!(matches!(outcome.ending, Ending::Stopped(Stop::Closed)), "{writes}: {outcome:?}");
        assert!(outcome.phase <= Phase::Body && connection.host.hooked.is_empty(), "{writes}");
    }
}

#[test]
fn without_its_yes_the_message_does_not_end() {
    for hook in [Hook::Declines, Hook::Hangs] {
        let mut connection = connection();
        connection.host.hook = hook;
        assert_nothing_left(&connection.first(), &Stop::Abandoned);
        assert_eq!(connection.host.hooked.len(), 1);
        assert!(!connection.session.takes_another());
        let before = connection.host.hooked[0].clone();
        assert_eq!(connection.close(), before, "not another byte, and no goodbye that could end it");
    }
}

#[test]
fn a_cut_meanwhile_or_later_is_unknown() {
    for (hook, replies) in [(Hook::Breaks, &UP_TO_DATA[..]), (Hook::Agrees, &UP_TO_DATA)] {
        let session = Session::new(plan(Security::None, Auth::None, &["a@example.com"]));
        let mut connection = Canned::new(session, replies);
        connection.host.hook = hook;
        let outcome = connection.first();
        assert_eq!((outcome.ending, outcome.phase), (Ending::Unknown(Stop::Closed), Phase::EndOfData));
        assert_eq!((outcome.verdicts, connection.host.hooked.len()), (vec![Verdict::Unknown], 1));
    }
    let mut connection = Canned::new(connection().session, &UP_TO_DATA);
    connection.host.silent_at_the_end = true;
    assert_eq!(connection.first().ending, Ending::Unknown(Stop::TimedOut));
}

#[test]
fn a_goodbye_during_it_is_a_no() {
    let mut connection = Canned::new(connection().session, &[&UP_TO_DATA[..], &["421 bye\r\n"]].concat());
    let outcome = connection.first();
    assert!(matches!(&outcome.ending, Ending::Refused(reply) if reply.code() == 421));
    assert!(matches!(outcome.verdicts[..], [Verdict::TryLater(_)]));
}

#[test]
fn what_is_refused_earlier_never_gets_to_it() {
    for at in 0..UP_TO_DATA.len() {
        let session = connection().session;
        let mut connection = Canned::new(session, &[&UP_TO_DATA[..at], &["550 no\r\n"; 2]].concat());
        assert!(matches!(connection.first().ending, Ending::Refused(_) | Ending::NoRecipient), "{at}");
        assert!(connection.host.hooked.is_empty(), "{at}");
    }
}

proptest! {
    #[test]
    fn no_message_ends_before_it(
        message in "[\r\n.a]{0,24}",
        chunk_size in 1_usize..9,
    ) {
        let mut connection = connection().body(message.as_bytes(), chunk_size);
        let handed_over = matches!(connection.first().ending, Ending::HandedOver { .. });
        prop_assert!(handed_over);
        prop_assert_eq!(connection.host.hooked.len(), 1);
        let before = of_message(&connection.host.hooked[0]);
        // A server looks for the end from the line end of DATA on; some take less than CR LF for a line end.
        let as_read = format!("\n{}", before.replace('\r', ""));
        prop_assert!(!as_read.contains("\n.\n"), "{:?}", before);
        let whole = oracle::sent(message.as_bytes(), chunk_size);
        prop_assert_eq!(of_message(&connection.host.written).as_bytes(), &whole[..]);
        let end = &of_message(&connection.host.written)[before.len()..];
        prop_assert!(matches!(end, ".\r\n" | "\r\n.\r\n"), "{:?}", end);
    }
}
