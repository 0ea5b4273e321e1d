//! Whole conversations with the servers that we expect, in every pieces and cut at every byte.

use smtp::{Auth, Ending, Outcome, Phase, Plan, Security, Stop, Verdict};

use crate::harness::{self, Failure, Pieces, Play, Played, Script, address, message, password, plan, token};

/// A conversation that ends well, and what it ends with.
struct Case {
    name: &'static str,
    script: Script,
    plan: Plan,
    queue_id: Option<&'static str>,
    accepted: &'static [bool],
}

fn cases() -> Vec<Case> {
    use Security::{ImplicitTls, None as Clear, StartTls};
    let exchange = [
        harness::EXCHANGE_UP_TO_AUTH,
        harness::EXCHANGE_SIGNED_IN,
        harness::EXCHANGE_MESSAGE,
        harness::FAREWELL,
    ];
    let case = |name, script: &str, plan, queue_id, accepted| Case {
        name,
        script: Script::new(script),
        plan,
        queue_id,
        accepted,
    };
    vec![
        case(
            "Exchange",
            &exchange.concat(),
            plan(StartTls, token(), &["a@example.com", "gone@example.com"]),
            Some("af1@SY5P282MB0123.AUSP282.PROD.OUTLOOK.COM"),
            &[true, false],
        ),
        case(
            "Postfix",
            harness::POSTFIX,
            plan(ImplicitTls, password(false), &["a@example.com", "b@example.com"]),
            Some("4F2C91B3A"),
            &[true, false],
        ),
        case("Dovecot", harness::DOVECOT, plan(StartTls, token(), &["a@example.com"]), None, &[true]),
        case(
            "plain and old",
            harness::PLAIN_OLD,
            plan(Clear, password(true), &["a@example.com", "b@example.com"]),
            None,
            &[true, true],
        ),
    ]
}

impl Case {
    fn play(&self, pieces: Pieces, chunk_size: usize, failure: Option<Failure>) -> Played {
        Play { chunk_size, pieces, failure, ..Play::new(&self.script, self.plan.clone()) }.run()
    }
}

fn is_for_one(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Refused(_) | Verdict::TryLater(_))
}

#[test]
fn the_servers_that_we_expect_take_a_message() {
    for case in cases() {
        let played = case.play(Pieces::Whole, 7, None);
        assert!(played.complete, "{}", case.name);
        let outcome = played.only();
        let Ending::HandedOver { queue_id, reply } = &outcome.ending else {
            panic!("{}: {outcome:?}", case.name)
        };
        assert_eq!((queue_id.as_deref(), reply.code()), (case.queue_id, 250), "{}", case.name);
        let accepted: Vec<bool> = outcome.verdicts.iter().map(|one| *one == Verdict::Accepted).collect();
        assert_eq!(accepted, case.accepted, "{}", case.name);
        assert!(outcome.verdicts.iter().all(|one| *one == Verdict::Accepted || is_for_one(one)));
        assert_eq!(outcome.phase, Phase::EndOfData);
    }
}

#[test]
fn pieces_make_no_difference() {
    for case in cases() {
        let whole = case.play(Pieces::Whole, 7, None);
        assert_eq!(case.play(Pieces::Bytes, 1, None), whole, "{}", case.name);
        for at in 0..case.script.server_bytes() {
            assert_eq!(
                case.play(Pieces::CutBefore(at), 1 + at % 40, None),
                whole,
                "{} cut at {at}",
                case.name
            );
        }
    }
}

/// What a broken conversation must end with: handed over once the last reply has come, unknown between the final dot and
/// that, nothing before.
fn assert_stated(case: &Case, played: &Played, final_reply_came: bool, what: &str) {
    let outcome = played.only();
    let dot_left = String::from_utf8_lossy(&played.written).contains("\r\nend\r\n.\r\n");
    match &outcome.ending {
        Ending::HandedOver { .. } => assert!(final_reply_came, "{what}"),
        Ending::Unknown(_) => assert!(dot_left && !final_reply_came, "{what}"),
        Ending::Stopped(_) => {
            assert!(!dot_left, "{what}");
            let is_open = |one: &Verdict| *one == Verdict::NotSent || is_for_one(one);
            assert!(outcome.verdicts.iter().all(is_open), "{what}");
        }
        other => panic!("{what}: {other:?}"),
    }
    if dot_left {
        let told: Vec<bool> = outcome.verdicts.iter().map(|one| !is_for_one(one)).collect();
        assert_eq!(told, case.accepted, "{what}");
    }
}

#[test]
fn a_cut_at_any_byte_has_a_stated_outcome() {
    for case in cases() {
        let ends = case.script.ends_of_replies();
        let final_end = ends[ends.len() - 2];
        for at in 0..=case.script.server_bytes() {
            for (failure, stop) in
                [(Failure::Closed(at), Stop::Closed), (Failure::Silent(at), Stop::TimedOut)]
            {
                let played = case.play(Pieces::Whole, 100, Some(failure));
                let what = format!("{} {failure:?}", case.name);
                assert_stated(&case, &played, at >= final_end, &what);
                if let Ending::Unknown(told) | Ending::Stopped(told) = &played.only().ending {
                    // A refused certificate looks like this on some runtimes.
                    let is_tls = *told == Stop::TlsFailed && played.only().phase == Phase::StartTls;
                    assert!(*told == stop || (is_tls && stop == Stop::Closed), "{what}: {told:?}");
                }
            }
        }
    }
}

#[test]
fn a_write_that_fails_has_a_stated_outcome() {
    for case in cases() {
        for writes in 0..40 {
            // The harness counts what was written; of the write that fails, some may have left.
            let played = case.play(Pieces::Whole, 9, Some(Failure::WriteFails(writes)));
            let outcome = played.only();
            let written = String::from_utf8_lossy(&played.written);
            match &outcome.ending {
                Ending::Stopped(_) => {
                    assert!(!written.contains("\r\nend\r\n.\r\n"), "{} {writes}", case.name);
                }
                Ending::Unknown(Stop::Closed) => {
                    assert!(written.ends_with("\r\n...\r\nend"), "{} {writes}", case.name);
                }
                Ending::HandedOver { .. } => {
                    assert!(written.contains("\r\nend\r\n.\r\n"), "{} {writes}", case.name);
                }
                other => panic!("{} {writes}: {other:?}", case.name),
            }
        }
    }
}

#[test]
fn several_messages_use_one_connection() {
    let script = Script::new(
        "
        S: 220 x
        C: EHLO mail.example.com
        S: 250-x
        S: 250 PIPELINING
        C: MAIL FROM:<erp@contoso.com>
        C: RCPT TO:<gone@example.com>
        S: 250 ok
        S: 550 5.1.1 unknown
        C: RSET
        S: 250 ok
        C: MAIL FROM:<erp@contoso.com>
        C: RCPT TO:<a@example.com>
        S: 250 ok
        S: 250 ok
        C: DATA
        S: 354 go
        C: Subject: x
        C:
        C: ..dot
        C: ...
        C: end
        C: .
        S: 250 queued as 1234
        C: MAIL FROM:<erp@contoso.com>
        C: RCPT TO:<b@example.com>
        S: 250 ok
        S: 250 ok
        C: DATA
        S: 354 go
        C: Subject: x
        C:
        C: ..dot
        C: ...
        C: end
        C: .
        S: 554 5.6.0 no
        C: QUIT
        S: 221 bye",
    );
    for pieces in (0..script.server_bytes()).map(Pieces::CutBefore).chain([Pieces::Whole, Pieces::Bytes]) {
        let more = vec![message(&["a@example.com"]), message(&["b@example.com"])];
        let plan = plan(Security::None, Auth::None, &["gone@example.com"]);
        let played = Play { more, pieces, ..Play::new(&script, plan) }.run();
        assert!(played.complete);
        let [first, second, third] = &played.outcomes[..] else { panic!("{played:?}") };
        assert_eq!(first.ending, Ending::NoRecipient);
        assert!(matches!(&second.ending, Ending::HandedOver { queue_id: Some(id), .. } if id == "1234"));
        assert!(matches!(&third.ending, Ending::Refused(reply) if reply.code() == 554));
        assert!(matches!(&third.verdicts[..], [Verdict::Refused(_)]));
    }
}

#[test]
fn many_recipients_go_out_in_bounded_writes() {
    let names: Vec<String> = (0..120).map(|n| format!("r{n}@example.com")).collect();
    let mut script: Vec<String> = [
        "S: 220 x",
        "C: EHLO mail.example.com",
        "S: 250-x",
        "S: 250 PIPELINING",
        "C: MAIL FROM:<erp@contoso.com>",
    ]
    .map(str::to_owned)
    .into();
    for (batch, names) in names.chunks(50).enumerate() {
        script.extend(names.iter().map(|name| format!("C: RCPT TO:<{name}>")));
        script.extend((batch == 0).then(|| "S: 250 ok".to_owned()));
        script.extend(names.iter().map(|name| format!("S: 25{} {name}", batch % 2)));
    }
    script.extend(
        ["C: DATA", "S: 354 go", harness::SENT_BODY, "S: 250 ok", harness::FAREWELL].map(str::to_owned),
    );
    let script = script.join("\n");
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let played = Play::new(&Script::new(&script), plan(Security::None, Auth::None, &names)).run();
    assert!(played.complete);
    assert_eq!(played.only().verdicts, vec![Verdict::Accepted; 120]);
}

#[test]
fn signing_in_can_be_all() {
    let script = [harness::EXCHANGE_UP_TO_AUTH, harness::EXCHANGE_SIGNED_IN, harness::FAREWELL].concat();
    let played = Play::new(&Script::new(&script), plan(Security::StartTls, token(), &[])).run();
    assert!(played.complete);
    let Outcome { ending, phase, verdicts, .. } = played.only();
    assert!(matches!(ending, Ending::SignedIn(Some(reply)) if reply.code() == 235));
    assert_eq!((*phase, verdicts.len()), (Phase::Auth, 0));
}

#[test]
fn what_is_offered_and_needed_is_used() {
    let script = Script::new(
        "
        S: 220 x
        C: EHLO mail.example.com
        S: 250-x
        S: 250-SIZE 0
        S: 250-8BITMIME
        S: 250 SMTPUTF8
        C: MAIL FROM:<zoë@contoso.com> SIZE=9 BODY=8BITMIME SMTPUTF8
        S: 550 no
        C: QUIT
        S: 221 bye",
    );
    let message =
        smtp::Message::new(address("zoë@contoso.com"), vec![address("a@b.nl")], 9, smtp::Encoding::EightBit);
    let plan = Plan { message: Some(message.unwrap()), ..plan(Security::None, Auth::None, &[]) };
    assert!(Play::new(&script, plan).run().complete);
}
