//! Whatever a server says, and in whatever pieces: a conversation ends, with an outcome that holds together, and a token is
//! said to nobody before TLS.
#![no_main]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a fuzz target fails by panicking")]

use libfuzzer_sys::fuzz_target;
use smtp::{Auth, Credentials, EhloName, Encoding, Ending, Message, Plan, Security, Session, Verdict, Wish};

/// More steps than a conversation with two recipients can have.
const STEPS_MAX: usize = 10_000;

fuzz_target!(|bytes: &[u8]| {
    let recipients: Vec<_> = ["k@c.nl", "l@c.nl"].map(|address| address.parse().unwrap()).into();
    let message = Message::new("a@b.nl".parse().unwrap(), recipients, 6, Encoding::SevenBit);
    let mut session = Session::new(Plan {
        ehlo_name: EhloName::new("b.nl").unwrap(),
        security: Security::StartTls,
        auth: Auth::XOAuth2(Credentials::new("a@b.nl", "planted").unwrap()),
        message: Some(message.unwrap()),
    });
    let (mut is_secure, mut ended, mut body) = (false, false, Some(&b".hoi\r\n"[..]));
    let mut rest = bytes;
    for _ in 0..STEPS_MAX {
        match session.wish() {
            Wish::Write(written) => {
                ended |= written == b".\r\n";
                assert!(is_secure || !written.starts_with(b"AUTH"), "no token in the clear");
            }
            Wish::Read => {
                // The first byte says how many come at once.
                let Some((length, after)) = rest.split_first() else {
                    session.closed();
                    continue;
                };
                let (piece, after) = after.split_at(usize::from(*length).min(after.len()));
                rest = after;
                if !piece.is_empty() {
                    session.received(piece);
                }
            }
            Wish::UpgradeToTls => {
                is_secure = true;
                session.tls_ready();
            }
            Wish::NextChunk => match body.take() {
                Some(chunk) => session.chunk(chunk),
                None => session.end_of_message(),
            },
            Wish::Finished(outcome) => {
                assert_eq!(outcome.verdicts.len(), 2);
                let taken = outcome.verdicts.iter().filter(|verdict| **verdict == Verdict::Accepted).count();
                match outcome.ending {
                    Ending::HandedOver { .. } => assert!(ended && taken > 0, "nothing is handed over unsent"),
                    Ending::Unknown(_) => assert!(ended, "unknown only once the end has left"),
                    _ => assert_eq!(taken, 0, "nobody has what was not handed over"),
                }
                drop(gateway::submission::understand(&outcome, gateway::submission::ServerOwner::Own));
            }
            Wish::Close => return,
        }
    }
    panic!("the conversation does not end");
});
