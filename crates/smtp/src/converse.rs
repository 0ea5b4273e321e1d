use std::time::Duration;

use crate::outcome::Outcome;
use crate::session::Session;
use crate::step::Step;
use crate::wish::Wish;

/// How long a conversation may take in all: a hand-over that takes three minutes counts as lost.
const IN_ALL: Duration = Duration::from_secs(150);

/// What a session lacks: an open connection, a clock, and the message.
#[expect(async_fn_in_trait, reason = "the Worker's futures can't move to another thread, the relay's can")]
pub trait Host {
    /// Bytes of the message.
    type Chunk: AsRef<[u8]>;

    /// Does something, unless it takes longer than `limit`.
    async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T>;

    /// Since the connection was asked for.
    fn elapsed(&self) -> Duration;

    /// Writes all of it; whether that went well.
    async fn write(&mut self, bytes: &[u8]) -> bool;

    /// Waits for some bytes; none at the end of the connection.
    async fn read(&mut self) -> Option<Vec<u8>>;

    /// Begins TLS, and verifies chain and name of the certificate; whether that went well.
    async fn upgrade(&mut self) -> bool;

    /// The next bytes of the message.
    async fn chunk(&mut self) -> Piece<Self::Chunk>;

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

/// Carries a conversation out to its end, and brings the outcome of its first message.
pub async fn converse<H: Host>(session: &mut Session, host: &mut H) -> Option<Outcome> {
    let (mut outcome, mut reading_since, mut told) = (None, None, 0);
    loop {
        let wish = session.wish();
        if !matches!(wish, Wish::Read) {
            reading_since = None;
        }
        let left_in_all = IN_ALL.saturating_sub(host.elapsed());
        match wish {
            Wish::Finished(finished) => outcome = outcome.or(Some(finished)),
            Wish::Close => return outcome,
            Wish::Write(bytes) => match H::within(session.deadline(), host.write(&bytes)).await {
                Some(true) => {}
                Some(false) => session.closed(),
                None => session.timed_out(),
            },
            Wish::Read => {
                // Several reads in a row share one deadline: a server that drips bytes gets no extra time.
                let since = *reading_since.get_or_insert(host.elapsed());
                let waited = host.elapsed().saturating_sub(since);
                let limit = session.deadline().saturating_sub(waited).min(left_in_all);
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
            Wish::NextChunk => match H::within(session.deadline().min(left_in_all), host.chunk()).await {
                Some(Piece::Chunk(chunk)) => session.chunk(chunk.as_ref()),
                Some(Piece::End) => session.end_of_message(),
                Some(Piece::Broken) | None => session.abandon(),
            },
        }
        for step in session.steps().iter().skip(told) {
            host.on_step(*step);
            told += 1;
        }
    }
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
