use super::{Session, State};
use crate::capabilities::Capabilities;
use crate::outcome::{Ending, Stop};
use crate::plan::{Auth, Security};
use crate::reply::Reply;
use crate::sasl::{Answer, SignIn};
use crate::step::Step;

/// From the first word to being signed in: RFC 5321 section 3.1, RFC 3207, RFC 4954.
impl Session {
    /// TLS stands: chain and name of the certificate have been verified.
    pub fn tls_ready(&mut self) {
        if !matches!(self.state, State::Upgrading) {
            return self.stop(Stop::HostOutOfTurn);
        }
        self.in_tls = true;
        // What was said in the clear may have been said by anybody (RFC 3207 section 4.2).
        self.offered = Capabilities::default();
        self.say_ehlo(true);
    }

    /// TLS could not be had.
    pub fn tls_failed(&mut self) {
        self.stop(Stop::TlsFailed);
    }

    pub(super) fn on_greeting(&mut self, reply: Reply) {
        // TLS from the first byte is proven by the first reply under it.
        self.steps.extend(self.in_tls.then_some(Step::Tls));
        if reply.first_digit() != 2 {
            return self.refuse(reply, false);
        }
        self.steps.push(Step::Greeted);
        self.say_ehlo(false);
    }

    pub(super) fn on_ehlo(&mut self, reply: Reply) {
        if matches!(self.state, State::Ehlo { unproven: true }) {
            self.steps.push(Step::Tls);
        }
        if reply.first_digit() != 2 {
            return self.refuse(reply, false);
        }
        self.offered = Capabilities::read(&reply);
        match self.security {
            Security::StartTls if !self.in_tls && self.offered.starttls => {
                self.send(b"STARTTLS\r\n".to_vec());
                self.state = State::StartTls;
            }
            Security::StartTls if !self.in_tls => self.decline(Stop::StartTlsNotOffered, false),
            Security::None | Security::StartTls | Security::ImplicitTls => self.sign_in(),
        }
    }

    pub(super) fn on_starttls(&mut self, reply: Reply) {
        if reply.code() == 220 { self.state = State::Upgrading } else { self.refuse(reply, false) }
    }

    pub(super) fn on_sign_in(&mut self, reply: Reply) {
        let State::SignIn(sign_in) = &mut self.state else { return };
        match reply.code() {
            // A yes before anything was shown is the answer to another question.
            235 if sign_in.is_complete() => self.on_signed_in(Some(reply)),
            334 => match sign_in.answer(&reply.text()) {
                Answer::Line(line) => self.send(line),
                Answer::Acknowledge(challenge) => {
                    self.challenge = challenge;
                    self.send(b"\r\n".to_vec());
                }
                Answer::Nothing => self.stop(Stop::OutOfTurn(Some(reply))),
            },
            _ => self.refuse(reply, false),
        }
    }

    fn say_ehlo(&mut self, unproven: bool) {
        self.send(format!("EHLO {}\r\n", self.ehlo_name.as_str()).into_bytes());
        self.state = State::Ehlo { unproven };
    }

    fn sign_in(&mut self) {
        let auth = std::mem::replace(&mut self.auth, Auth::None);
        match SignIn::choose(&auth, &self.offered, self.in_tls) {
            Ok(None) => self.on_signed_in(None),
            Ok(Some(mut sign_in)) => {
                self.send(sign_in.command());
                self.state = State::SignIn(sign_in);
            }
            Err(stop) => {
                // So that the outcome tells where.
                self.state = State::SignIn(SignIn::default());
                self.decline(stop, false);
            }
        }
    }

    fn on_signed_in(&mut self, reply: Option<Reply>) {
        self.steps.extend(reply.is_some().then_some(Step::SignedIn));
        if self.transaction.is_some() {
            return self.begin_envelope();
        }
        self.finish(Ending::SignedIn(reply));
        self.state = State::Idle { reusable: true };
    }
}
