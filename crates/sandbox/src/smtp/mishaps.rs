//! Carrying out what was ordered for a step of the dialogue.

use std::{io, time::Duration};

use tokio::time::sleep;

use crate::{
    faults::smtp::{Acceptance, BadCertificate, Instead, Mishap, Step},
    log,
    smtp::{session::Session, wire::ended},
};

const GIBBERISH: &[u8] = b"\x00\xff<html>\xfe\x80 not SMTP\r\n\x16\x03\r\n";

impl Session {
    /// Whether something happened in place of the reply and the work. An error ends the connection.
    pub(crate) async fn mishap(&mut self, step: Step) -> io::Result<bool> {
        let account = self.login.as_ref().map(|login| login.account.upn.clone());
        self.mishap_of(step, None, account.as_deref()).await
    }

    pub(crate) async fn mishap_of(
        &mut self,
        step: Step,
        recipient: Option<&str>,
        account: Option<&str>,
    ) -> io::Result<bool> {
        let ordered = self.server.sandbox.store().faults.take_smtp(account, |mishap| match mishap {
            Mishap::At { step: wanted, recipient: only, instead } => {
                let here =
                    *wanted == step || (*wanted == Step::EhloAfterTls && step == Step::Ehlo && self.tls);
                let whom = only.as_ref().is_none_or(|only| {
                    recipient.is_some_and(|recipient| recipient.eq_ignore_ascii_case(only))
                });
                (here && whom).then(|| instead.clone())
            }
            _ => None,
        });
        let Some(instead) = ordered else {
            return Ok(false);
        };
        log::smtp(self.verb, "fault");
        // What was said before reaches the client, whatever happens now.
        self.wire.flush().await?;
        match instead {
            Instead::Delay { ms } => {
                sleep(Duration::from_millis(ms)).await;
                return Ok(false);
            }
            Instead::Reply(lines) => self.reply(&lines).await?,
            Instead::Stall => return Err(self.wire.stall().await),
            Instead::Cut => return Err(ended()),
            Instead::Gibberish => self.wire.write(GIBBERISH),
            Instead::Endless { one_line: true } => {
                self.wire.write(code(step).as_bytes());
                return Err(self.wire.repeat(b"-endless").await);
            }
            Instead::Endless { one_line: false } => {
                return Err(self.wire.repeat(format!("{}-endless\r\n", code(step)).as_bytes()).await);
            }
        }
        self.wire.flush().await?;
        Ok(true)
    }

    /// An ordered reply; after `421` the connection ends.
    pub(crate) async fn reply(&mut self, lines: &[String]) -> io::Result<()> {
        self.wire.write(format!("{}\r\n", lines.join("\r\n")).as_bytes());
        if lines.iter().any(|line| line.starts_with("421")) {
            self.wire.close().await?;
            return Err(ended());
        }
        Ok(())
    }

    pub(crate) fn injection(&self) -> bool {
        let mut store = self.server.sandbox.store();
        store.faults.take_smtp(None, |mishap| (*mishap == Mishap::InjectBeforeTls).then_some(())).is_some()
    }

    pub(crate) fn bad_certificate(&self) -> Option<BadCertificate> {
        let mut store = self.server.sandbox.store();
        store.faults.take_smtp(None, |mishap| match mishap {
            Mishap::Certificate(bad) => Some(*bad),
            _ => None,
        })
    }

    pub(crate) fn acceptance(&self) -> Option<Acceptance> {
        let account = self.login.as_ref().map(|login| login.account.upn.as_str());
        let mut store = self.server.sandbox.store();
        store.faults.take_smtp(account, |mishap| match mishap {
            Mishap::Acceptance(acceptance) => Some(acceptance.clone()),
            _ => None,
        })
    }
}

/// The code the client hopes for.
fn code(step: Step) -> &'static str {
    match step {
        Step::Connect | Step::Starttls | Step::Handshake => "220",
        Step::AuthChallenge => "334",
        Step::Auth => "235",
        Step::Data => "354",
        Step::Quit => "221",
        Step::Ehlo | Step::EhloAfterTls | Step::Mail | Step::Rcpt | Step::Body | Step::EndOfData => "250",
    }
}
