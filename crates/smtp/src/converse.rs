use std::time::Duration;

use crate::outcome::Outcome;
use crate::phase::Phase;
use crate::session::Session;
use crate::step::Step;
use crate::wish::Wish;

/// How long one message may take in all: a hand-over that takes three minutes counts as lost.
const IN_ALL: Duration = Duration::from_secs(150);

/// What a session lacks: an open connection, a clock, and the message.
#[expect(async_fn_in_trait, reason = "the Worker's futures can't move to another thread, the relay's can")]
pub trait Host {
    /// Bytes of the message.
    type Chunk: AsRef<[u8]>;

    /// Does something, unless it takes longer than `limit`.
    async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T>;

    /// Since the present message was begun: for the first one, since the connection was asked for.
    fn elapsed(&self) -> Duration;

    /// Writes all of it; whether that went well.
    async fn write(&mut self, bytes: &[u8]) -> bool;

    /// Waits for some bytes; none at the end of the connection.
    async fn read(&mut self) -> Option<Vec<u8>>;

    /// Begins TLS, and verifies chain and name of the certificate; whether that went well.
    async fn upgrade(&mut self) -> bool;

    /// The next bytes of the message.
    async fn chunk(&mut self) -> Piece<Self::Chunk>;

    /// Asked once for each message, when all of it has been written but its end: until then no server can have taken it (RFC
    /// 5321 section 4.1.1.4), from then on nobody can know. A host that has to remember that writes it down here, durably.
    ///
    /// Without a yes in time the message is abandoned.
    async fn before_end(&mut self) -> bool {
        true
    }

    /// Something was reached.
    fn on_step(&mut self, step: Step);
}

/// What comes next of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<C> {
    /// More of it.
    Chunk(C),
    /// It is complete.
    End,
    /// It will never be complete, or is not the one that was announced.
    Broken,
}

/// Carries the present message to its outcome, and leaves the connection open: for another one, or for [`farewell`].
///
/// `None` when no message was under way; the session has said goodbye then.
pub async fn hand_over<H: Host>(session: &mut Session, host: &mut H) -> Option<Outcome> {
    let (mut reading_since, mut told) = (None, session.steps().len());
    loop {
        let left = IN_ALL.saturating_sub(host.elapsed());
        if left.is_zero() {
            session.timed_out();
        }
        let wish = session.wish();
        if !matches!(wish, Wish::Read) {
            reading_since = None;
        }
        let limit = session.deadline().min(left);
        match wish {
            Wish::Finished(outcome) => return Some(outcome),
            Wish::Close => return None,
            Wish::Write(bytes) => match H::within(limit, host.write(&bytes)).await {
                Some(true) => {}
                Some(false) => session.closed(),
                None => session.timed_out(),
            },
            Wish::Read => {
                // Several reads in a row share one deadline: a server that drips bytes gets no extra time.
                let since = *reading_since.get_or_insert(host.elapsed());
                let waited = host.elapsed().saturating_sub(since);
                let limit = session.deadline().saturating_sub(waited).min(left);
                match H::within(limit, host.read()).await {
                    Some(Some(bytes)) => session.received(&bytes),
                    Some(None) => session.closed(),
                    None => session.timed_out(),
                }
            }
            Wish::UpgradeToTls => {
                if host.upgrade().await {
                    session.tls_ready();
                } else {
                    session.tls_failed();
                }
            }
            Wish::NextChunk => match H::within(limit, host.chunk()).await {
                Some(Piece::Chunk(chunk)) => session.chunk(chunk.as_ref()),
                // All chunks have been written; the end is not even made before the host has agreed.
                Some(Piece::End) => match H::within(limit, host.before_end()).await {
                    Some(true) => session.end_of_message(),
                    Some(false) | None => session.abandon(),
                },
                Some(Piece::Broken) | None => session.abandon(),
            },
        }
        for step in session.steps().iter().skip(told) {
            host.on_step(*step);
            told += 1;
        }
    }
}

/// Says goodbye, and waits a moment for the answer, on which nothing depends. A message that is still under way is given up.
pub async fn farewell<H: Host>(session: &mut Session, host: &mut H) {
    if session.phase() != Phase::Quit {
        session.abandon();
    }
    let goodbye = async {
        loop {
            match session.wish() {
                Wish::Write(bytes) if host.write(&bytes).await => {}
                Wish::Read => match host.read().await {
                    Some(bytes) => session.received(&bytes),
                    None => session.closed(),
                },
                Wish::Close => return,
                Wish::Finished(_) => {}
                Wish::Write(_) | Wish::UpgradeToTls | Wish::NextChunk => session.closed(),
            }
        }
    };
    let _ = H::within(Phase::Quit.patience(), goodbye).await;
}

/// Carries a conversation with one message, or none, out to its end.
pub async fn converse<H: Host>(session: &mut Session, host: &mut H) -> Option<Outcome> {
    let outcome = hand_over(session, host).await;
    farewell(session, host).await;
    outcome
}

/// The outcome where no connection could be had; `tls`: one was there, but no TLS on it.
pub fn unconnected(session: &mut Session, tls: bool) -> Option<Outcome> {
    if tls {
        session.tls_failed();
    } else {
        session.closed();
    }
    let mut outcome = None;
    loop {
        match session.wish() {
            Wish::Finished(finished) => outcome = Some(finished),
            Wish::Close => return outcome,
            _ => session.closed(),
        }
    }
}
