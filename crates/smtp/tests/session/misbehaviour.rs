//! Servers, and people on the way, that break the rules.

use smtp::{Auth, Ending, Outcome, Phase, ReplyError, Security, Session, Stop, Verdict, Wish};

use crate::harness::{BODY, message, password, plan, token};

/// Feeds replies one by one, each as a whole, and carries the wishes between them out. Gives what was written, too.
fn talk(session: &mut Session, replies: &[&str]) -> (Option<Outcome>, Vec<u8>) {
    let mut replies = replies.iter();
    let (mut outcome, mut written) = (None, Vec::new());
    let mut chunks = BODY.chunks(9);
    loop {
        match session.wish() {
            Wish::Write(bytes) => written.extend(bytes),
            Wish::Read => match replies.next() {
                Some(reply) => session.received(reply.as_bytes()),
                None => session.timed_out(),
            },
            Wish::UpgradeToTls => session.tls_ready(),
            Wish::NextChunk => match chunks.next() {
                Some(chunk) => session.chunk(chunk),
                None => session.end_of_message(),
            },
            Wish::Finished(told) => outcome = Some(told),
            Wish::Close => return (outcome, written),
        }
    }
}

fn clear(replies: &[&str]) -> (Outcome, String) {
    let mut session = Session::new(plan(Security::None, Auth::None, &["a@example.com"]));
    let (outcome, written) = talk(&mut session, replies);
    (outcome.unwrap(), String::from_utf8(written).unwrap())
}

const UP_TO_DATA: [&str; 4] = ["220 x\r\n", "250 x\r\n", "250 ok\r\n", "250 ok\r\n"];

#[test]
fn bytes_before_tls_are_refused() {
    for injected in ["220 go\r\n250 x\r\n", "220 go\r\n421 bye\r\n", "220 go\r\n\0", "220 go\r\n\r\n"] {
        let mut session = Session::new(plan(Security::StartTls, token(), &["a@b.nl"]));
        let (outcome, written) = talk(&mut session, &["220 x\r\n", "250-x\r\n250 STARTTLS\r\n", injected]);
        let outcome = outcome.unwrap();
        assert_eq!(outcome.ending, Ending::Stopped(Stop::BytesBeforeTls));
        assert_eq!(outcome.phase, Phase::StartTls);
        assert!(written.ends_with(b"STARTTLS\r\n"), "nothing after it");
    }
}

#[test]
fn bytes_while_tls_begins_are_refused() {
    let mut session = Session::new(plan(Security::StartTls, token(), &["a@b.nl"]));
    for reply in ["220 x\r\n", "250-x\r\n250 STARTTLS\r\n", "220 go\r\n"] {
        while matches!(session.wish(), Wish::Write(_)) {}
        session.received(reply.as_bytes());
    }
    assert_eq!(session.wish(), Wish::UpgradeToTls);
    session.received(b"250 x\r\n");
    assert!(
        matches!(session.wish(), Wish::Finished(told) if told.ending == Ending::Stopped(Stop::BytesBeforeTls))
    );
    session.tls_ready();
    assert_eq!(session.wish(), Wish::Close);
}

#[test]
fn tls_that_fails_is_told_apart() {
    for fail in [Session::tls_failed, Session::closed] {
        let mut session = Session::new(plan(Security::StartTls, token(), &["a@b.nl"]));
        for reply in ["220 x\r\n", "250-x\r\n250 STARTTLS\r\n", "220 go\r\n"] {
            while matches!(session.wish(), Wish::Write(_)) {}
            session.received(reply.as_bytes());
        }
        // Some runtimes say that TLS stands, and then close.
        session.tls_ready();
        assert!(matches!(session.wish(), Wish::Write(ehlo) if ehlo.starts_with(b"EHLO")));
        fail(&mut session);
        let Wish::Finished(outcome) = session.wish() else { panic!() };
        assert_eq!((outcome.ending, outcome.phase), (Ending::Stopped(Stop::TlsFailed), Phase::StartTls));
    }
}

#[test]
fn an_answer_to_nothing_is_never_taken_for_the_next() {
    // Every reply in turn brings one more than was asked for.
    let all = [&UP_TO_DATA[..], &["354 go\r\n", "250 taken\r\n"]].concat();
    for at in 0..5 {
        let with_more = format!("{}250 taken\r\n", all[at]);
        let mut replies = all.clone();
        replies[at] = &with_more;
        let (outcome, written) = clear(&replies);
        assert_eq!(outcome.ending, Ending::Stopped(Stop::OutOfTurn(None)), "after reply {at}");
        assert!(!written.contains("\r\n.\r\n"));
    }
}

#[test]
fn an_early_farewell_is_heard_when_its_turn_comes() {
    let (outcome, written) = clear(&["220 x\r\n", "250 x\r\n421 4.3.2 Service not active\r\n"]);
    assert!(matches!(&outcome.ending, Ending::Refused(reply) if reply.code() == 421));
    assert!(!written.contains("QUIT"));
    let endless = format!("250 x\r\n421-{}", "x".repeat(9000));
    let (outcome, _) = clear(&["220 x\r\n", &endless]);
    assert_eq!(outcome.ending, Ending::Stopped(Stop::OutOfTurn(None)));
    let (outcome, _) = clear(&["220 x\r\n", "250 x\r\n42", "1 bye\r\n"]);
    assert!(matches!(&outcome.ending, Ending::Refused(reply) if reply.code() == 421));
}

#[test]
fn a_no_during_the_message_keeps_its_end_back() {
    let mut session = Session::new(plan(Security::None, Auth::None, &["a@example.com"]));
    for reply in [&UP_TO_DATA[..], &["354 go\r\n"]].concat() {
        while matches!(session.wish(), Wish::Write(_)) {}
        session.received(reply.as_bytes());
    }
    assert_eq!(session.wish(), Wish::NextChunk);
    session.chunk(b"Subject: x\r\n");
    session.end_of_message();
    session.received(b"552 5.3.4 too");
    session.received(b" big\r\n");
    let Wish::Finished(outcome) = session.wish() else { panic!() };
    assert!(matches!(&outcome.ending, Ending::Refused(reply) if reply.code() == 552));
    assert_eq!(outcome.phase, Phase::Body);
    assert_eq!(session.wish(), Wish::Close);
}

#[test]
fn a_farewell_behind_the_last_reply_ends_the_connection() {
    let mut session = Session::new(plan(Security::None, Auth::None, &["a@example.com"]));
    let mut replies = [&UP_TO_DATA[..], &["354 go\r\n", "250 taken\r\n421 bye\r\n"]].concat().into_iter();
    let outcome = loop {
        match session.wish() {
            Wish::Read => session.received(replies.next().unwrap().as_bytes()),
            Wish::NextChunk => session.end_of_message(),
            Wish::Finished(outcome) => break outcome,
            _ => {}
        }
    };
    assert!(matches!(outcome.ending, Ending::HandedOver { .. }));
    assert!(!session.takes_another());
    let another = message(&["b@example.com"]);
    assert_eq!(session.next_message(another.clone()), Err(another));
    assert_eq!(session.wish(), Wish::Close);
}

#[test]
fn the_end_has_not_left_while_what_is_before_it_has_not() {
    let mut session = Session::new(plan(Security::None, Auth::None, &["a@example.com"]));
    for reply in [&UP_TO_DATA[..], &["354 go\r\n"]].concat() {
        while matches!(session.wish(), Wish::Write(_)) {}
        session.received(reply.as_bytes());
    }
    session.chunk(b"Subject: x\r\n");
    session.end_of_message();
    assert_eq!(session.wish(), Wish::Write(b"Subject: x\r\n".to_vec()));
    session.closed();
    assert!(matches!(session.wish(), Wish::Finished(told) if told.ending == Ending::Stopped(Stop::Closed)));
}

#[test]
fn a_refused_sender_stays_refused_when_the_rest_is_lost() {
    for lost in [Session::closed, |session: &mut Session| session.received(b"421 bye\r\n")] {
        let mut session = Session::new(plan(Security::None, Auth::None, &["a@example.com"]));
        for reply in ["220 x\r\n", "250-x\r\n250 PIPELINING\r\n", "550 5.7.60 not you\r\n"] {
            while matches!(session.wish(), Wish::Write(_)) {}
            session.received(reply.as_bytes());
        }
        lost(&mut session);
        let Wish::Finished(outcome) = session.wish() else { panic!() };
        assert!(matches!(&outcome.ending, Ending::Refused(reply) if reply.code() == 550));
        assert!(matches!(&outcome.verdicts[..], [Verdict::Refused(_)]));
        assert_eq!((outcome.phase, session.wish()), (Phase::MailFrom, Wish::Close));
    }
}

#[test]
fn gibberish_and_endless_replies_end_every_step() {
    let endless_line = "250 ".to_owned() + &"x".repeat(100_000);
    let endless_lines = "250-x\r\n".repeat(100_000);
    let all = [&UP_TO_DATA[..], &["354 go\r\n", "250 taken\r\n"]].concat();
    for at in 0..all.len() {
        for (bad, error) in [
            ("HTTP/1.1 400 Bad Request\r\n", ReplyError::Gibberish),
            ("\0\u{1}\r\n", ReplyError::Gibberish),
            ("250-a\r\n500 b\r\n", ReplyError::CodesDiffer),
            (&endless_line, ReplyError::LineTooLong),
            (&endless_lines, ReplyError::ReplyTooLong),
        ] {
            let replies = [&all[..at], &[bad]].concat();
            let (outcome, _) = clear(&replies);
            let stop = Stop::Gibberish(error);
            let expected = if at + 1 == all.len() { Ending::Unknown(stop) } else { Ending::Stopped(stop) };
            assert_eq!(outcome.ending, expected, "reply {at}: {bad:.20}");
        }
    }
}

#[test]
fn a_yes_that_does_not_fit_is_none() {
    for (at, reply, unknown) in [
        (0, "354 x\r\n", false),
        (2, "354 go\r\n", false),
        (4, "250 ok\r\n", false),
        (5, "354 go on\r\n", true),
    ] {
        let all = [&UP_TO_DATA[..], &["354 go\r\n"]].concat();
        let (outcome, _) = clear(&[&all[..at], &[reply]].concat());
        match outcome.ending {
            Ending::Unknown(Stop::OutOfTurn(Some(_))) => assert!(unknown, "{at}"),
            Ending::Stopped(Stop::OutOfTurn(Some(_))) => assert!(!unknown, "{at}"),
            other => panic!("{at}: {other:?}"),
        }
        let expected = if unknown { Verdict::Unknown } else { Verdict::NotSent };
        assert_eq!(outcome.verdicts, [expected]);
    }
    // Only 220 begins TLS.
    let mut session = Session::new(plan(Security::StartTls, token(), &["a@b.nl"]));
    let (outcome, _) = talk(&mut session, &["220 x\r\n", "250-x\r\n250 STARTTLS\r\n", "250 ok\r\n"]);
    assert!(matches!(outcome.unwrap().ending, Ending::Stopped(Stop::OutOfTurn(Some(_)))));
    // Let in before anything was shown, or asked for more after everything was.
    for replies in [&["235 welcome\r\n"][..], &["334 \r\n", "334 \r\n", "334 \r\n"]] {
        let mut session = Session::new(plan(Security::ImplicitTls, token(), &["a@b.nl"]));
        let (outcome, _) =
            talk(&mut session, &[&["220 x\r\n", "250-x\r\n250 AUTH XOAUTH2\r\n"], replies].concat());
        assert!(matches!(outcome.unwrap().ending, Ending::Stopped(Stop::OutOfTurn(Some(_)))));
    }
}

#[test]
fn the_hosts_own_mistakes_end_it() {
    for mistake in [Session::tls_ready, Session::end_of_message, |session: &mut Session| session.chunk(b"x")]
    {
        let mut session = Session::new(plan(Security::None, Auth::None, &["a@b.nl"]));
        mistake(&mut session);
        let Wish::Finished(outcome) = session.wish() else { panic!() };
        assert_eq!(outcome.ending, Ending::Stopped(Stop::HostOutOfTurn));
    }
}

#[test]
fn a_message_that_cannot_be_read_on_is_not_sent() {
    for give_up in [Session::abandon, |session: &mut Session| session.chunk("é".as_bytes())] {
        let mut session = Session::new(plan(Security::None, Auth::None, &["a@example.com"]));
        for reply in [&UP_TO_DATA[..], &["354 go\r\n"]].concat() {
            while matches!(session.wish(), Wish::Write(_)) {}
            session.received(reply.as_bytes());
        }
        session.chunk(b"Subject: x\r\n");
        give_up(&mut session);
        let Wish::Finished(outcome) = session.wish() else { panic!() };
        assert!(matches!(outcome.ending, Ending::Stopped(Stop::Abandoned | Stop::EightBitUnannounced)));
        assert_eq!((outcome.verdicts, session.wish()), (vec![Verdict::NotSent], Wish::Close));
    }
}

#[test]
fn nothing_prints_a_secret() {
    let mut session = Session::new(plan(Security::ImplicitTls, password(false), &["a@b.nl"]));
    assert_eq!(session.wish(), Wish::Read);
    session.received(b"220 x\r\n");
    let mut printed = vec![format!("{session:?}")];
    while let wish @ Wish::Write(_) = session.wish() {
        printed.push(format!("{wish:?}"));
    }
    session.received(b"250-x\r\n250 AUTH LOGIN\r\n");
    for _ in 0..3 {
        printed.push(format!("{session:?}"));
        while let wish @ Wish::Write(_) = session.wish() {
            printed.push(format!("{wish:?}{session:?}"));
        }
        session.received(b"334 x\r\n");
    }
    let printed = printed.concat();
    assert!(!printed.contains("s3cret") && !printed.contains("czNjcmV0"), "{printed}");
}

#[test]
fn a_step_has_its_time_and_many_recipients_more() {
    let names: Vec<String> = (0..20).map(|n| format!("r{n}@example.com")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut session = Session::new(plan(Security::None, Auth::None, &names));
    let mut seconds = Vec::new();
    let mut replies = vec!["220 x\r\n", "250-x\r\n250 PIPELINING\r\n", "250 ok\r\n"];
    replies.extend([&["250 ok\r\n"; 20][..], &["354 go\r\n", "250 ok\r\n", "221 bye\r\n"]].concat());
    let mut replies = replies.into_iter();
    loop {
        match session.wish() {
            Wish::Read => {
                seconds.push(session.deadline().as_secs());
                session.received(replies.next().unwrap().as_bytes());
            }
            Wish::NextChunk => session.end_of_message(),
            Wish::Close => break,
            _ => {}
        }
    }
    // Greeting, EHLO, the sender with 20 recipients, the last of them, DATA, the end, QUIT.
    assert_eq!([seconds[0], seconds[1], seconds[2], seconds[22]], [30, 30, 30 + 80, 34]);
    assert_eq!(seconds[23..], [30, 120, 2]);
    let names = ["r@example.com"; 50];
    let mut session = Session::new(plan(Security::None, Auth::None, &names));
    for reply in ["220 x\r\n", "250-x\r\n250 PIPELINING\r\n"] {
        session.received(reply.as_bytes());
        assert!(matches!(session.wish(), Wish::Write(_)));
    }
    assert_eq!(session.deadline().as_secs(), 120, "and never more than the end of a message");
}
