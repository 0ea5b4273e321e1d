//! What holds for every server and every message.

use std::str::FromStr as _;

use mail::EmailAddress;
use proptest::prelude::*;
use smtp::{Auth, Credentials, EhloName, Encoding, Ending, Message, Plan, Security, Session, Verdict, Wish};

/// Something that happens to a session.
#[derive(Clone, Debug)]
enum Event {
    Bytes(Vec<u8>),
    Chunk(Vec<u8>),
    End,
    Tls(bool),
    Closed,
    TimedOut,
    Abandon,
    /// Answer the wish as it should be, with this from the server.
    Answer(String),
}

fn replies() -> impl Strategy<Value = String> {
    let usual = prop::sample::select(vec![
        "220 x\r\n",
        "250-x\r\n250-STARTTLS\r\n250-PIPELINING\r\n250-SIZE 99\r\n250 AUTH LOGIN PLAIN XOAUTH2\r\n",
        "250 ok\r\n",
        "250 ok\r\n250 ok\r\n550 no\r\n",
        "235 ok\r\n",
        "334 \r\n",
        "354 go\r\n",
        "421 bye\r\n",
        "450 later\r\n",
        "550 5.1.1 no\r\n",
        "25",
        "\r\n",
    ]);
    prop_oneof![8 => usual.prop_map(str::to_owned), 1 => "[0-9]{3}[ -]?\\PC{0,9}\r\n"]
}

fn event() -> impl Strategy<Value = Event> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..20);
    prop_oneof![
        30 => replies().prop_map(Event::Answer),
        2 => bytes().prop_map(Event::Bytes),
        2 => replies().prop_map(|reply| Event::Bytes(reply.into_bytes())),
        2 => bytes().prop_map(Event::Chunk),
        1 => Just(Event::End),
        1 => any::<bool>().prop_map(Event::Tls),
        1 => Just(Event::Closed),
        1 => Just(Event::TimedOut),
        1 => Just(Event::Abandon),
    ]
}

fn any_plan() -> impl Strategy<Value = Plan> {
    let security = prop::sample::select(vec![Security::None, Security::StartTls, Security::ImplicitTls]);
    (security, 0..3, 0_usize..4, any::<bool>()).prop_map(|(security, auth, recipients, even_in_clear)| {
        let credentials = Credentials::new("user", "secret").unwrap();
        let auth = match auth {
            0 => Auth::None,
            1 => Auth::XOAuth2(credentials),
            _ => Auth::Password { credentials, even_in_clear, nonce: [7; 18] },
        };
        crate::harness::plan(security, auth, &["a@b.nl", "c@d.nl", "e@f.nl"][..recipients.min(3)])
    })
}

/// Takes wishes until one needs an answer. Writes are checked to be whole lines.
fn next_question(session: &mut Session, outcomes: &mut Vec<smtp::Outcome>) -> Wish {
    loop {
        match session.wish() {
            Wish::Write(bytes) => {
                for (at, byte) in bytes.iter().enumerate() {
                    let after_cr = at > 0 && bytes[at - 1] == b'\r';
                    assert!(*byte != b'\n' || after_cr, "a bare LF in {bytes:?}");
                }
            }
            Wish::Finished(outcome) => outcomes.push(outcome),
            wish => return wish,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_server_and_no_host_brings_it_to_a_halt(plan in any_plan(), events in prop::collection::vec(event(), 0..30)) {
        let recipients = plan.message.as_ref().map_or(0, |message| message.rcpt_to().len());
        let mut session = Session::new(plan);
        let mut outcomes = Vec::new();
        let mut dot_asked = false;
        for event in events {
            match event {
                Event::Bytes(bytes) => session.received(&bytes),
                Event::Chunk(bytes) => session.chunk(&bytes),
                Event::End => session.end_of_message(),
                Event::Tls(true) => session.tls_ready(),
                Event::Tls(false) => session.tls_failed(),
                Event::Closed => session.closed(),
                Event::TimedOut => session.timed_out(),
                Event::Abandon => session.abandon(),
                Event::Answer(reply) => match next_question(&mut session, &mut outcomes) {
                    Wish::Read => session.received(reply.as_bytes()),
                    Wish::UpgradeToTls => session.tls_ready(),
                    Wish::NextChunk => {
                        session.chunk(b"x\n.\r\n");
                        session.end_of_message();
                        dot_asked = true;
                    }
                    _ => break,
                },
            }
            prop_assert!(session.deadline().as_secs() <= 300);
        }
        // Whatever it waits for now, the end of the connection answers it.
        session.closed();
        prop_assert_eq!(next_question(&mut session, &mut outcomes), Wish::Close);
        prop_assert_eq!(outcomes.len(), 1, "exactly one outcome");
        let outcome = &outcomes[0];
        prop_assert_eq!(outcome.verdicts.len(), recipients);
        let unknown = matches!(outcome.ending, Ending::Unknown(_));
        let handed_over = matches!(outcome.ending, Ending::HandedOver { .. });
        prop_assert!(dot_asked || !(unknown || handed_over) , "nothing had left");
        prop_assert_eq!(handed_over, outcome.verdicts.contains(&Verdict::Accepted));
        prop_assert_eq!(unknown, outcome.verdicts.contains(&Verdict::Unknown));
    }

    #[test]
    fn nothing_gets_out_of_its_command(
        name in "\\PC{0,6}[\r\n \t<>\"a-z.]{0,6}[a-z.]{0,9}",
        from in "[a-z\"<> \r\n\\\\]{0,9}@[a-z\r\n<> .]{1,9}\\.nl",
        to in "[a-z\"<> \r\n\\\\]{0,9}@[a-z\r\n<> .]{1,9}\\.nl",
    ) {
        let Ok(ehlo_name) = EhloName::new(&name).or_else(|_| EhloName::new("x")) else { unreachable!() };
        let address = |text: &str| EmailAddress::from_str(text).or_else(|_| EmailAddress::from_str("a@b.nl")).unwrap();
        let Ok(message) = Message::new(address(&from), vec![address(&to)], 1, Encoding::SevenBit) else {
            return Ok(());
        };
        let plan = Plan { ehlo_name, security: Security::None, auth: Auth::None, message: Some(message) };
        let mut session = Session::new(plan);
        let mut lines = Vec::new();
        for reply in ["220 x\r\n", "250 x\r\n", "250 ok\r\n", "250 ok\r\n"] {
            session.received(reply.as_bytes());
            let Wish::Write(command) = session.wish() else { panic!() };
            let text = String::from_utf8(command).unwrap();
            let line = text.strip_suffix("\r\n").unwrap().to_owned();
            prop_assert!(!line.chars().any(char::is_control), "{line:?}");
            lines.push(line);
        }
        prop_assert!(lines[0].starts_with("EHLO ") && lines[0].matches(' ').count() == 1);
        prop_assert!(lines[1].starts_with("MAIL FROM:<") && lines[1].ends_with('>'));
        prop_assert!(lines[2].starts_with("RCPT TO:<") && lines[2].ends_with('>'));
        prop_assert_eq!(&lines[3], "DATA");
    }
}
