use super::transaction::{MailFrom, Transaction};
use super::{Session, State};
use crate::capabilities::Capabilities;
use crate::message::{Encoding, Message};
use crate::outcome::{Ending, Stop, Verdict};
use crate::reply::Reply;

/// Recipients in one write: their replies, and ours, fit any socket's buffer (RFC 2920 section 3.1).
const PIPELINED_MAX: usize = 50;

/// Who a message is from and for: RFC 5321 section 3.3, RFC 2920.
///
/// `DATA` is never pipelined: a server may say 354 although it took no recipient, and then wants a message; and whether
/// one goes on without the refused recipients is known only now. It costs one round trip.
impl Session {
    pub(super) fn begin_envelope(&mut self) {
        self.state = State::Envelope;
        let Some(transaction) = &self.transaction else { return };
        if let Some(stop) = self.misses(&transaction.message) {
            return self.decline(stop, true);
        }
        self.ask();
    }

    pub(super) fn on_reset(&mut self, reply: Reply) {
        if reply.first_digit() == 2 { self.begin_envelope() } else { self.refuse(reply, false) }
    }

    pub(super) fn on_envelope(&mut self, reply: Reply) {
        let Some(transaction) = &mut self.transaction else { return };
        let digit = reply.first_digit();
        if digit == 3 {
            return self.stop(Stop::OutOfTurn(Some(reply)));
        }
        let farewell = (reply.code() == 421).then(|| reply.clone());
        match transaction.mail_from {
            MailFrom::Unasked | MailFrom::Asked if digit == 2 => transaction.mail_from = MailFrom::Accepted,
            MailFrom::Unasked | MailFrom::Asked => transaction.mail_from = MailFrom::Refused(reply),
            MailFrom::Accepted | MailFrom::Refused(_) => {
                transaction.answer(if digit == 2 { Verdict::Accepted } else { Verdict::of(reply) });
            }
        }
        if let Some(farewell) = farewell {
            return self.end_envelope(farewell);
        }
        if transaction.unanswered() > 0 {
            return;
        }
        if let Some(refusal) = transaction.sender_refusal() {
            return self.refuse(refusal, true);
        }
        if !transaction.all_asked() {
            return self.ask();
        }
        if transaction.any_accepted() {
            self.send(b"DATA\r\n".to_vec());
            self.state = State::Data;
        } else {
            self.finish(Ending::NoRecipient);
            self.state = State::Idle { reusable: true };
        }
    }

    /// The server said goodbye in the middle; if it had refused the sender before, that is what counts.
    fn end_envelope(&mut self, farewell: Reply) {
        let refusal = self.transaction.as_ref().and_then(Transaction::sender_refusal).unwrap_or(farewell);
        self.finish(Ending::Refused(refusal));
        self.state = State::Over;
    }

    /// What the server lacks for this message. Asked before `MAIL FROM`, so that it costs nobody anything.
    fn misses(&self, message: &Message) -> Option<Stop> {
        let offered = &self.offered;
        let size = message.size();
        if let Some(limit) = offered.size_max.filter(|limit| size > *limit) {
            return Some(Stop::TooLarge { size, limit });
        }
        if message.needs_smtputf8() && !offered.smtputf8 {
            return Some(Stop::Utf8NotOffered);
        }
        (message.encoding() == Encoding::EightBit && !offered.eight_bit_mime)
            .then_some(Stop::EightBitNotOffered)
    }

    /// The sender if it was not named yet, and as many recipients as may follow in the same write.
    fn ask(&mut self) {
        let Some(transaction) = &mut self.transaction else { return };
        let mut commands = Vec::new();
        let mut at_most = if self.offered.pipelining { PIPELINED_MAX } else { 1 };
        if matches!(transaction.mail_from, MailFrom::Unasked) {
            transaction.mail_from = MailFrom::Asked;
            self.needs_reset = true;
            commands.push(mail_from(&transaction.message, &self.offered));
            if !self.offered.pipelining {
                at_most = 0;
            }
        }
        commands.extend(transaction.ask(at_most).map(|recipient| format!("RCPT TO:<{recipient}>\r\n")));
        self.send(commands.concat().into_bytes());
    }
}

/// `MAIL FROM` with what the server can make use of: RFC 1870, RFC 6152, RFC 6531.
fn mail_from(message: &Message, offered: &Capabilities) -> String {
    let size = if offered.size { format!(" SIZE={}", message.size()) } else { String::new() };
    let eight_bit = message.encoding() != Encoding::SevenBit && offered.eight_bit_mime;
    let body = if eight_bit { " BODY=8BITMIME" } else { "" };
    let utf8 = if message.needs_smtputf8() { " SMTPUTF8" } else { "" };
    format!("MAIL FROM:<{}>{size}{body}{utf8}\r\n", message.mail_from())
}
