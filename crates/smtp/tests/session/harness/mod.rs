//! A server that plays a script and cuts its bytes, or the connection, wherever a test wants.

mod canned;
mod scripts;

use std::str::FromStr as _;

pub(crate) use canned::*;
use mail::EmailAddress;
pub(crate) use scripts::*;
use smtp::{Auth, Credentials, EhloName, Encoding, Message, Outcome, Plan, Security, Session, Wish};

/// What the server does, step by step: `S: ` lines are said, `C: ` lines expected, `TLS` is the handshake.
///
/// What the client says must be exactly the script's, to the byte.
pub(crate) struct Script(Vec<Step>);

enum Step {
    Says(Vec<u8>),
    Expects(Vec<u8>),
    Tls,
}

impl Script {
    pub(crate) fn new(text: &str) -> Self {
        let lines = text.lines().map(str::trim_start).filter(|line| !line.is_empty());
        let steps = lines.map(|line| match line.split_at_checked(3) {
            Some(("S: ", said)) => Step::Says(format!("{said}\r\n").into_bytes()),
            Some(("C: ", expected)) => Step::Expects(format!("{expected}\r\n").into_bytes()),
            _ if line == "C:" => Step::Expects(b"\r\n".to_vec()),
            _ if line == "TLS" => Step::Tls,
            _ => panic!("neither S: nor C: nor TLS: {line}"),
        });
        Self(steps.collect())
    }

    /// All that the server says.
    pub(crate) fn server_bytes(&self) -> usize {
        self.0.iter().map(|step| if let Step::Says(said) = step { said.len() } else { 0 }).sum()
    }

    /// Where among the server's bytes each of its turns ends.
    pub(crate) fn ends_of_replies(&self) -> Vec<usize> {
        let mut ends = Vec::new();
        let mut at = 0;
        for (step, next) in self.0.iter().zip(self.0.iter().skip(1).map(Some).chain([None])) {
            if let Step::Says(said) = step {
                at += said.len();
                if !matches!(next, Some(Step::Says(_))) {
                    ends.push(at);
                }
            }
        }
        ends
    }
}

/// In which pieces the server's bytes arrive.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pieces {
    /// As much as has been said.
    Whole,
    /// The same, but cut before this byte of the whole conversation.
    CutBefore(usize),
    /// One at a time.
    Bytes,
}

/// How a connection fails, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    /// It ends after so many bytes from the server.
    Closed(usize),
    /// Nothing more comes after so many.
    Silent(usize),
    /// So many writes succeed.
    WriteFails(usize),
}

/// What came of it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Played {
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) written: Vec<u8>,
    /// The script was played to its end.
    pub(crate) complete: bool,
}

impl Played {
    pub(crate) fn only(&self) -> &Outcome {
        assert_eq!(self.outcomes.len(), 1, "{self:?}");
        &self.outcomes[0]
    }
}

/// Everything a test may vary.
pub(crate) struct Play<'p> {
    pub(crate) script: &'p Script,
    pub(crate) plan: Plan,
    pub(crate) more: Vec<Message>,
    pub(crate) body: &'p [u8],
    pub(crate) chunk_size: usize,
    pub(crate) pieces: Pieces,
    pub(crate) failure: Option<Failure>,
}

impl<'p> Play<'p> {
    pub(crate) fn new(script: &'p Script, plan: Plan) -> Self {
        Self { script, plan, more: vec![], body: BODY, chunk_size: 7, pieces: Pieces::Whole, failure: None }
    }

    pub(crate) fn run(self) -> Played {
        let mut session = Session::new(self.plan);
        let mut server = Server { script: self.script, step: 0, at: 0, said: 0, heard: Vec::new() };
        let mut played = Played::default();
        let mut chunks = self.body.chunks(self.chunk_size);
        let mut more = self.more.into_iter();
        let mut writes = 0;
        for _ in 0..100_000 {
            assert!(session.deadline().as_secs() >= 1 && session.deadline().as_secs() <= 300);
            match session.wish() {
                Wish::Write(_) if matches!(self.failure, Some(Failure::WriteFails(n)) if writes >= n) => {
                    session.closed();
                }
                Wish::Write(bytes) => {
                    writes += 1;
                    played.written.extend_from_slice(&bytes);
                    server.hear(&bytes);
                }
                Wish::Read => match (server.say(self.pieces, self.failure), self.failure) {
                    (Some(bytes), _) => session.received(&bytes),
                    (None, Some(Failure::Silent(_))) => session.timed_out(),
                    (None, _) => session.closed(),
                },
                Wish::UpgradeToTls => {
                    server.upgrade();
                    session.tls_ready();
                }
                Wish::NextChunk => match chunks.next() {
                    Some(chunk) => session.chunk(chunk),
                    None => session.end_of_message(),
                },
                Wish::Finished(outcome) => {
                    played.outcomes.push(outcome);
                    if let Some(message) = more.next()
                        && session.next_message(message).is_ok()
                    {
                        chunks = self.body.chunks(self.chunk_size);
                    }
                }
                Wish::Close => {
                    played.complete = server.step == self.script.0.len();
                    return played;
                }
            }
        }
        panic!("it never ends");
    }
}

struct Server<'s> {
    script: &'s Script,
    step: usize,
    /// Of the bytes of this step.
    at: usize,
    said: usize,
    heard: Vec<u8>,
}

impl Server<'_> {
    fn hear(&mut self, bytes: &[u8]) {
        self.heard.extend_from_slice(bytes);
        while let Some(Step::Expects(expected)) = self.script.0.get(self.step) {
            let common = expected.len().min(self.heard.len());
            let (heard, wanted) = (self.heard[..common].to_vec(), &expected[..common]);
            assert_eq!(
                String::from_utf8_lossy(&heard),
                String::from_utf8_lossy(wanted),
                "at step {}",
                self.step
            );
            if common < expected.len() {
                return;
            }
            self.heard.drain(..common);
            self.step += 1;
        }
        let heard = String::from_utf8_lossy(&self.heard);
        assert!(heard.is_empty(), "said out of turn, at step {}: {heard:?}", self.step);
    }

    fn say(&mut self, pieces: Pieces, failure: Option<Failure>) -> Option<Vec<u8>> {
        let last = match failure {
            Some(Failure::Closed(last) | Failure::Silent(last)) => last,
            _ => usize::MAX,
        };
        let mut piece = Vec::new();
        while let Some(Step::Says(bytes)) = self.script.0.get(self.step) {
            let Some(byte) = bytes.get(self.at) else {
                (self.step, self.at) = (self.step + 1, 0);
                continue;
            };
            let is_cut = match pieces {
                Pieces::Whole => false,
                Pieces::CutBefore(at) => at == self.said && !piece.is_empty(),
                Pieces::Bytes => !piece.is_empty(),
            };
            if is_cut || self.said >= last {
                break;
            }
            piece.push(*byte);
            (self.at, self.said) = (self.at + 1, self.said + 1);
        }
        // A step that has been said is over, so that what comes next is expected.
        if let Some(Step::Says(bytes)) = self.script.0.get(self.step)
            && self.at == bytes.len()
        {
            (self.step, self.at) = (self.step + 1, 0);
        }
        (!piece.is_empty()).then_some(piece)
    }

    fn upgrade(&mut self) {
        assert!(matches!(self.script.0.get(self.step), Some(Step::Tls)), "TLS at step {}", self.step);
        self.step += 1;
    }
}

/// Dots, a bare LF and no line end at the end.
pub(crate) const BODY: &[u8] = b"Subject: x\r\n\r\n.dot\n..\r\nend";

/// The same as the script expects it.
pub(crate) const SENT_BODY: &str = "
    C: Subject: x
    C:
    C: ..dot
    C: ...
    C: end
    C: .";

pub(crate) fn address(text: &str) -> EmailAddress {
    EmailAddress::from_str(text).unwrap()
}

pub(crate) fn message(recipients: &[&str]) -> Message {
    let recipients = recipients.iter().map(|text| address(text)).collect();
    Message::new(address("erp@contoso.com"), recipients, 27, Encoding::SevenBit).unwrap()
}

pub(crate) fn plan(security: Security, auth: Auth, recipients: &[&str]) -> Plan {
    let ehlo_name = EhloName::new("mail.example.com").unwrap();
    let message = (!recipients.is_empty()).then(|| message(recipients));
    Plan { ehlo_name, security, auth, message }
}

pub(crate) fn token() -> Auth {
    Auth::XOAuth2(Credentials::new("erp@contoso.com", "t0ken").unwrap())
}

pub(crate) fn password(even_in_clear: bool) -> Auth {
    Auth::Password { credentials: Credentials::new("erp", "s3cret").unwrap(), even_in_clear, nonce: [7; 18] }
}
