//! One connection from greeting to QUIT: which command is in order when.

use std::{io, net::IpAddr, sync::Arc};

use tokio::net::TcpStream;

use crate::{
    account::Account,
    faults::smtp::{BadCertificate, Mishap, Step},
    log,
    smtp::{
        Security, Server,
        command::Command,
        reply,
        traffic::Seat,
        transaction::Transaction,
        wire::{Line, Wire, ended},
    },
};

/// RFC 5321's 512 octets and what the extensions add; AUTH has RFC 4954's 12 288. Exchange's own are unknown [U].
const COMMAND_OCTETS_MAX: usize = 2048;
pub(crate) const AUTH_OCTETS_MAX: usize = 12_288;

/// Bytes an attacker on the way could slip in.
const INJECTED: &[u8] = b"250-injected.example Hello\r\n250 AUTH PLAIN LOGIN\r\n";

pub(crate) struct Session {
    pub(crate) server: Arc<Server>,
    pub(crate) wire: Wire,
    pub(crate) tls: bool,
    pub(crate) login: Option<Login>,
    pub(crate) transaction: Option<Transaction>,
    /// For the log.
    pub(crate) verb: &'static str,
    peer: IpAddr,
    hello: bool,
}

/// Who signed in, and to which mailbox: another one than the own, where `user=` named a shared one.
pub(crate) struct Login {
    pub(crate) account: Account,
    pub(crate) mailbox: Account,
    /// As it was written.
    pub(crate) user: String,
    pub(crate) seat: Seat,
}

pub(crate) async fn run(server: Arc<Server>, stream: TcpStream, peer: IpAddr, security: Security) {
    let cut = server.sandbox.store().faults.take_smtp(None, |mishap| match mishap {
        Mishap::CutAtByte { byte, of } => Some((*of, *byte)),
        _ => None,
    });
    let mut session = Session {
        server,
        wire: Wire::new(stream, cut),
        tls: false,
        login: None,
        transaction: None,
        verb: "CONNECT",
        peer,
        hello: false,
    };
    let end = session.converse(security).await;
    if end.is_err_and(|error| error.kind() == io::ErrorKind::TimedOut) {
        session.say(reply::TIMED_OUT);
        // Who is silent for so long may have left.
        let _ = session.wire.close().await;
    }
}

impl Session {
    pub(crate) fn say(&mut self, text: &str) {
        log::smtp(self.verb, text.get(..3).unwrap_or_default());
        self.wire.write(text.as_bytes());
        self.wire.write(b"\r\n");
    }

    /// Always an error: how a conversation ends.
    async fn converse(&mut self, security: Security) -> io::Result<()> {
        if security == Security::Implicit {
            self.secure().await?;
        }
        if !self.mishap(Step::Connect).await? {
            let greeting = reply::greeting(&self.server.sandbox);
            self.say(&greeting);
        }
        loop {
            match self.wire.line().await? {
                Line::Bare => self.say(reply::SYNTAX),
                Line::Whole(line) => self.line(&line).await?,
            }
        }
    }

    async fn line(&mut self, line: &[u8]) -> io::Result<()> {
        let auth = line.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"AUTH "));
        let octets_max = if auth { AUTH_OCTETS_MAX } else { COMMAND_OCTETS_MAX };
        let command = match std::str::from_utf8(line) {
            Ok(text) => Command::read(text),
            Err(_) => Command::Syntax,
        };
        self.verb = command.verb();
        if line.len() > octets_max {
            self.say(reply::LINE_TOO_LONG);
            return Ok(());
        }
        self.command(command).await
    }

    async fn command(&mut self, command: Command) -> io::Result<()> {
        match command {
            Command::Hello { extended } => return self.greet(extended).await,
            Command::Starttls if self.tls => self.say(reply::SECOND_STARTTLS),
            Command::Starttls if !self.hello => self.say(reply::SEND_HELLO),
            Command::Starttls => return self.starttls().await,
            Command::Auth { .. } | Command::Mail(_) | Command::Rcpt(_) | Command::Data if !self.hello => {
                self.say(reply::SEND_HELLO);
            }
            Command::Auth { .. } | Command::Mail(_) if !self.tls => self.say(reply::NEEDS_TLS),
            Command::Auth { .. } if self.login.is_some() => self.say(reply::ALREADY_IN),
            Command::Auth { mechanism, initial } => return self.sign_in(&mechanism, initial).await,
            Command::Mail(path) => return self.sender(path).await,
            Command::Rcpt(path) => return self.recipient(path).await,
            Command::Data => return self.data().await,
            Command::Bdat(bytes) => {
                self.wire.skip(bytes).await?;
                self.transaction = None;
                self.say(reply::NO_BDAT);
            }
            Command::Rset => {
                self.transaction = None;
                self.say(reply::RESET);
            }
            Command::Noop => self.say(reply::NOOP),
            Command::Vrfy => self.say(reply::NO_VRFY),
            Command::Quit => {
                if !self.mishap(Step::Quit).await? {
                    self.say(reply::BYE);
                }
                self.wire.close().await?;
                return Err(ended());
            }
            Command::Syntax => self.say(reply::SYNTAX),
            Command::Unknown => self.say(reply::UNKNOWN_COMMAND),
        }
        Ok(())
    }

    async fn greet(&mut self, extended: bool) -> io::Result<()> {
        if self.mishap(Step::Ehlo).await? {
            return Ok(());
        }
        self.hello = true;
        self.transaction = None;
        let peer = self.peer.to_string();
        let text = if extended { reply::hello(&peer, self.tls) } else { reply::short_hello(&peer) };
        self.say(&text);
        Ok(())
    }

    async fn starttls(&mut self) -> io::Result<()> {
        if self.mishap(Step::Starttls).await? {
            return Ok(());
        }
        self.say(reply::READY);
        if self.injection() {
            log::smtp(self.verb, "fault");
            self.wire.write(INJECTED);
        }
        self.secure().await
    }

    /// What was said before TLS counts no more: EHLO comes a second time (section 6.2).
    async fn secure(&mut self) -> io::Result<()> {
        self.wire.flush().await?;
        if self.mishap(Step::Handshake).await? {
            return Err(ended());
        }
        let server = Arc::clone(&self.server);
        let identity = match self.bad_certificate() {
            None => &server.identities.usual,
            Some(BadCertificate::WrongName) => &server.identities.wrong_name,
            Some(BadCertificate::Untrusted) => &server.identities.untrusted,
        };
        self.wire.secure(identity).await?;
        (self.tls, self.hello, self.transaction) = (true, false, None);
        Ok(())
    }
}
