//! Beside `wasm-smtp`, which was written by somebody else: where both can do something they do the same.

use std::collections::VecDeque;

use futures_util::FutureExt as _;
use proptest::prelude::*;
use smtp::{Ending, Reply, Security, Stop};
use wasm_smtp::protocol::{DotStufferState, Reply as TheirReply, parse_reply_line};
use wasm_smtp::{AuthMechanism, IoError, SmtpClient, Transport};

use crate::harness::{Play, Script, password, plan};

/// A connection whose server's answers are known beforehand.
pub(crate) struct Canned {
    pub(crate) replies: VecDeque<Vec<u8>>,
    pub(crate) written: std::rc::Rc<std::cell::RefCell<Vec<u8>>>,
}

impl Transport for Canned {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, IoError> {
        let Some(mut reply) = self.replies.pop_front() else { return Ok(0) };
        let rest = reply.split_off(reply.len().min(buffer.len()));
        if !rest.is_empty() {
            self.replies.push_front(rest);
        }
        buffer[..reply.len()].copy_from_slice(&reply);
        Ok(reply.len())
    }

    async fn write_all(&mut self, bytes: &[u8]) -> Result<(), IoError> {
        self.written.borrow_mut().extend_from_slice(bytes);
        Ok(())
    }

    async fn close(&mut self) -> Result<(), IoError> {
        Ok(())
    }
}

const FROM: &str = "erp@contoso.com";
const MESSAGE: &[u8] = b"Subject: x\r\n\r\n.dot\r\n..\r\nend";

/// Whether they hand a message over with these answers, and what they write.
fn theirs(answers: &[String]) -> (bool, Vec<u8>) {
    let written = std::rc::Rc::default();
    let replies = answers.iter().map(|answer| format!("{answer}\r\n").into_bytes()).collect();
    let transport = Canned { replies, written: std::rc::Rc::clone(&written) };
    let conversation = async {
        let mut client = SmtpClient::connect(transport, "mail.example.com").await?;
        client.login_with(AuthMechanism::Plain, "erp", "s3cret").await?;
        client.send_mail_bytes(FROM, &["a@example.com"], MESSAGE).await
    };
    let handed_over = conversation.now_or_never().unwrap().is_ok();
    (handed_over, written.take())
}

fn ours(answers: &[String]) -> (bool, Vec<u8>) {
    let mut session = smtp::Session::new(plan(Security::ImplicitTls, password(false), &["a@example.com"]));
    let mut answers = answers.iter();
    let (mut handed_over, mut written, mut is_sent) = (false, Vec::new(), false);
    loop {
        match session.wish() {
            smtp::Wish::Write(bytes) => written.extend(bytes),
            smtp::Wish::Read => match answers.next() {
                Some(answer) => session.received(format!("{answer}\r\n").as_bytes()),
                None => session.closed(),
            },
            smtp::Wish::NextChunk if is_sent => session.end_of_message(),
            smtp::Wish::NextChunk => {
                session.chunk(MESSAGE);
                is_sent = true;
            }
            smtp::Wish::Finished(outcome) => {
                handed_over = matches!(outcome.ending, Ending::HandedOver { .. });
            }
            smtp::Wish::UpgradeToTls | smtp::Wish::Close => break,
        }
    }
    // They say goodbye only when asked to.
    let goodbye = b"QUIT\r\n";
    (handed_over, written.strip_suffix(goodbye).map(<[u8]>::to_vec).unwrap_or(written))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Exactly one answer may differ from what a friendly server says.
    #[test]
    fn both_write_the_same_and_come_to_the_same_end(
        at in 0_usize..8,
        answer in prop_oneof![Just("250 ok".to_owned()), "[2345][0-9]{2} [a-z]{0,9}", "[0-9 -]{0,6}", "\\PC{0,9}"],
    ) {
        let friendly = ["220 x", "250-x\r\n250-8BITMIME\r\n250 AUTH PLAIN", "235 in", "250 ok", "250 ok", "354 go", "250 taken"];
        let mut answers: Vec<String> = friendly.map(str::to_owned).into();
        if let Some(one) = answers.get_mut(at) {
            // A yes to EHLO with another offer is another conversation, and 421 says goodbye.
            prop_assume!(at != 1 || !answer.starts_with('2'));
            // A line that goes on takes the next answer's place in both, but each has its own bounds for what is odd.
            prop_assume!(answer.as_bytes().get(3) != Some(&b'-'));
            one.clone_from(&answer);
        }
        prop_assert_eq!(ours(&answers), theirs(&answers), "{:?}", answers);
    }

    #[test]
    fn both_read_a_line_alike(line in prop_oneof!["[0-9]{2,4}[ -]?\\PC{0,12}", "[245][0-9]{2}[ -][245]\\.[0-9]{1,3}\\.[0-9]{1,3} [a-z]{0,9}"]) {
        let read = line.parse::<Reply>();
        let known = matches!(line.as_bytes().first(), Some(b'2'..=b'5'));
        match parse_reply_line(line.as_bytes()) {
            Ok(theirs) if known && theirs.is_last => {
                let ours = read.unwrap();
                prop_assert_eq!(ours.code(), theirs.code);
                let text = String::from_utf8_lossy(theirs.text).into_owned();
                prop_assert_eq!(ours.lines(), &[text.clone()][..]);
                let their_reply = TheirReply::new(theirs.code, vec![text]);
                if let (Some(ours), Some(theirs)) = (ours.enhanced(), their_reply.try_parse_enhanced()) {
                    prop_assert_eq!(ours.to_string(), theirs.to_string());
                }
            }
            _ => prop_assert!(read.is_err(), "{read:?}"),
        }
    }

    #[test]
    fn both_stuff_alike_when_line_ends_are_whole(lines in prop::collection::vec("[.a ]{0,4}", 1..9), size in 1_usize..9) {
        let message = lines.join("\r\n");
        // Nothing at all: they write a line end more, which is as right.
        prop_assume!(!message.is_empty());
        let mut stuffer = DotStufferState::new();
        let mut theirs: Vec<u8> = message.as_bytes().chunks(size).flat_map(|chunk| stuffer.process_chunk(chunk)).collect();
        theirs.extend(stuffer.finish());
        prop_assert_eq!(sent(message.as_bytes(), size), theirs);
    }
}

/// What our session writes for a message.
pub(crate) fn sent(message: &[u8], chunk_size: usize) -> Vec<u8> {
    let mut session = smtp::Session::new(plan(Security::None, smtp::Auth::None, &["a@example.com"]));
    for reply in ["220 x\r\n", "250 x\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"] {
        while matches!(session.wish(), smtp::Wish::Write(_)) {}
        session.received(reply.as_bytes());
    }
    message.chunks(chunk_size).for_each(|chunk| session.chunk(chunk));
    session.end_of_message();
    let mut written = Vec::new();
    while let smtp::Wish::Write(bytes) = session.wish() {
        written.extend(bytes);
    }
    written
}

#[test]
fn both_bound_what_a_server_says() {
    for endless in ["250 ".to_owned() + &"x".repeat(999), "250-x\r\n".repeat(128) + "250 x"] {
        let answers = vec![endless];
        assert_eq!(ours(&answers), theirs(&answers));
        let script = Script::new(&format!("S: {}", answers[0].replace("\r\n", "\nS: ")));
        let played = Play::new(&script, plan(Security::ImplicitTls, password(false), &["a@b.nl"])).run();
        assert!(matches!(played.only().ending, Ending::Stopped(Stop::Gibberish(_))));
    }
}
