use std::collections::VecDeque;
use std::time::Duration;

use crate::capabilities::Capabilities;
use crate::message::Message;
use crate::outcome::{Ending, Stop};
use crate::phase::Phase;
use crate::plan::{Auth, EhloName, Plan, Security};
use crate::reader::ReplyReader;
use crate::reply::Reply;
use crate::sasl::SignIn;
use crate::step::Step;
use crate::stuffing::Stuffing;
use crate::wish::Wish;

mod body;
mod ending;
mod envelope;
mod opening;
mod transaction;

use transaction::Transaction;

/// Most bytes that are kept while it is not their turn.
const EARLY_MAX: usize = 8 * 1024;

/// One conversation with one server: [`wish`](Self::wish) says what to do, the other methods what happened.
///
/// [`hand_over`](crate::hand_over) and [`farewell`](crate::farewell) carry a session out; a host that can't await does it by
/// hand.
#[derive(Debug)]
pub struct Session {
    ehlo_name: EhloName,
    security: Security,
    auth: Auth,
    in_tls: bool,
    offered: Capabilities,
    state: State,
    transaction: Option<Transaction>,
    /// An envelope was begun that the server may still hold.
    needs_reset: bool,
    challenge: Option<String>,
    reader: ReplyReader,
    /// The beginning of a `421` that came before we had asked.
    early: Vec<u8>,
    wishes: VecDeque<Wish>,
    steps: Vec<Step>,
}

#[derive(Debug)]
enum State {
    Greeting,
    /// `unproven`: TLS was begun and has not carried a byte from the server yet.
    Ehlo {
        unproven: bool,
    },
    StartTls,
    Upgrading,
    SignIn(SignIn),
    Reset,
    Envelope,
    Data,
    Body(Stuffing),
    /// `left`: the host has been given the end of the message to write.
    EndOfData {
        left: bool,
    },
    /// Nothing to do; the next wish says goodbye.
    Idle {
        reusable: bool,
    },
    Quit,
    Over,
}

impl Session {
    /// For a connection that has just been opened.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self {
            ehlo_name: plan.ehlo_name,
            security: plan.security,
            auth: plan.auth,
            in_tls: plan.security == Security::ImplicitTls,
            offered: Capabilities::default(),
            state: State::Greeting,
            transaction: plan.message.map(Transaction::new),
            needs_reset: false,
            challenge: None,
            reader: ReplyReader::default(),
            early: Vec::new(),
            wishes: VecDeque::new(),
            steps: Vec::new(),
        }
    }

    /// What to do next. A `Write` or `Finished` is given once; the others until they are answered.
    pub fn wish(&mut self) -> Wish {
        if let Some(wish) = self.wishes.pop_front() {
            if matches!(wish, Wish::Write(_)) {
                self.on_leaving();
            }
            return wish;
        }
        if matches!(self.state, State::Idle { .. }) && !self.early.is_empty() {
            // The server has said goodbye already.
            self.state = State::Over;
        }
        match self.state {
            State::Upgrading => Wish::UpgradeToTls,
            State::Body(_) => Wish::NextChunk,
            State::Over => Wish::Close,
            State::Idle { .. } => {
                self.state = State::Quit;
                Wish::Write(b"QUIT\r\n".to_vec())
            }
            _ => Wish::Read,
        }
    }

    /// How long the last wish may take. Several `Read`s in a row share one: a server that drips bytes gets no extra time.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        const FOR_EACH_RECIPIENT: Duration = Duration::from_secs(4);
        let waiting_for = self.transaction.as_ref().map_or(0, Transaction::unanswered);
        let patience = self.phase().patience();
        match self.state {
            State::Envelope => {
                let more = FOR_EACH_RECIPIENT.saturating_mul(u32::try_from(waiting_for).unwrap_or(u32::MAX));
                patience.saturating_add(more).min(Phase::EndOfData.patience())
            }
            _ => patience,
        }
    }

    /// How far it has come.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match &self.state {
            State::Greeting => Phase::Greeting,
            State::Ehlo { unproven: false } => Phase::Ehlo,
            State::Ehlo { unproven: true } | State::StartTls | State::Upgrading => Phase::StartTls,
            State::SignIn(_) => Phase::Auth,
            State::Reset => Phase::Reset,
            State::Envelope => self.transaction.as_ref().map_or(Phase::MailFrom, Transaction::phase),
            State::Data => Phase::Data,
            State::Body(_) | State::EndOfData { left: false } => Phase::Body,
            State::EndOfData { left: true } => Phase::EndOfData,
            State::Idle { .. } | State::Quit | State::Over => Phase::Quit,
        }
    }

    /// What has been reached, for people who watch.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether `next_message` would be taken.
    #[must_use]
    pub fn takes_another(&self) -> bool {
        matches!(self.state, State::Idle { reusable: true }) && self.early.is_empty()
    }

    /// Sends one more message over this connection, after `Finished`. Hands it back when the connection can't.
    pub fn next_message(&mut self, message: Message) -> Result<(), Message> {
        if !self.takes_another() {
            return Err(message);
        }
        self.transaction = Some(Transaction::new(message));
        if std::mem::take(&mut self.needs_reset) {
            self.send(b"RSET\r\n".to_vec());
            self.state = State::Reset;
        } else {
            self.begin_envelope();
        }
        Ok(())
    }

    /// The server sent these bytes. None at all is the end of the connection.
    pub fn received(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return self.closed();
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            if !self.listens() {
                return self.on_early(rest);
            }
            if self.is_before_the_end()
                && !self.reader.has_begun()
                && !matches!(rest.first(), Some(b'4' | b'5'))
            {
                return self.stop(Stop::OutOfTurn(None));
            }
            match self.reader.read(&mut rest) {
                Ok(Some(reply)) => self.on_reply(reply),
                Ok(None) => return,
                Err(error) => return self.stop(Stop::Gibberish(error)),
            }
        }
    }

    /// The connection ended, or a read or write failed.
    pub fn closed(&mut self) {
        let unproven = matches!(self.state, State::Ehlo { unproven: true }) && !self.reader.has_begun();
        self.stop(if unproven { Stop::TlsFailed } else { Stop::Closed });
    }

    /// The last wish took longer than its deadline.
    pub fn timed_out(&mut self) {
        self.stop(Stop::TimedOut);
    }

    fn on_reply(&mut self, reply: Reply) {
        match self.state {
            State::Greeting => self.on_greeting(reply),
            State::Ehlo { .. } => self.on_ehlo(reply),
            State::StartTls => self.on_starttls(reply),
            State::SignIn(_) => self.on_sign_in(reply),
            State::Reset => self.on_reset(reply),
            State::Envelope => self.on_envelope(reply),
            State::Data => self.on_data(reply),
            State::Body(_) | State::EndOfData { left: false } => self.on_interruption(reply),
            State::EndOfData { left: true } => self.on_final(reply),
            State::Quit => self.state = State::Over,
            State::Upgrading | State::Idle { .. } | State::Over => {}
        }
    }

    /// Whether what comes now can be a reply: something was asked and has left, or the message is on its way.
    fn listens(&self) -> bool {
        match self.state {
            State::Upgrading | State::Idle { .. } | State::Over => false,
            State::Body(_) | State::EndOfData { .. } => true,
            _ => !self.wishes.iter().any(|wish| matches!(wish, Wish::Write(_))),
        }
    }

    /// Bytes that answer nothing. Taken for the next answer, they would shift every later one; only a farewell, which a
    /// server may say at any time (RFC 5321 section 3.8), is kept until it can be heard.
    fn on_early(&mut self, bytes: &[u8]) {
        match self.state {
            State::Over => {}
            State::Upgrading => self.stop(Stop::BytesBeforeTls),
            _ => {
                self.early.extend_from_slice(bytes);
                let is_farewell = self.early.iter().zip(b"421").all(|(byte, expected)| byte == expected);
                if !is_farewell || self.early.len() > EARLY_MAX {
                    self.stop(Stop::OutOfTurn(None));
                }
            }
        }
    }

    /// A command is about to leave.
    fn on_leaving(&mut self) {
        if let State::EndOfData { left } = &mut self.state
            && self.wishes.is_empty()
        {
            *left = true;
        }
        if self.listens() && !self.early.is_empty() {
            let early = std::mem::take(&mut self.early);
            self.received(&early);
        }
    }

    fn is_before_the_end(&self) -> bool {
        matches!(self.state, State::Body(_) | State::EndOfData { left: false })
    }

    fn send(&mut self, bytes: Vec<u8>) {
        self.wishes.push_back(Wish::Write(bytes));
    }

    /// The server's no ends this message; `reusable`: the connection may carry another one.
    fn refuse(&mut self, reply: Reply, reusable: bool) {
        if !matches!(reply.first_digit(), 4 | 5) {
            return self.stop(Stop::OutOfTurn(Some(reply)));
        }
        let says_farewell = reply.code() == 421;
        self.finish(Ending::Refused(reply));
        self.state = if says_farewell { State::Over } else { State::Idle { reusable } };
    }

    /// We end this message, politely.
    fn decline(&mut self, stop: Stop, reusable: bool) {
        self.finish(Ending::Stopped(stop));
        self.state = State::Idle { reusable };
    }
}
