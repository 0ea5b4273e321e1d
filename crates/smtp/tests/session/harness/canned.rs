//! A host whose server's words are known beforehand, for what `hand_over` and `farewell` do with a session.

use std::collections::VecDeque;
use std::slice::Chunks;
use std::time::Duration;

use futures_util::FutureExt as _;
use smtp::{Host, Message, Outcome, Piece, Session, Step, farewell, hand_over};

use super::BODY;

/// What the hook does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Hook {
    Agrees,
    Declines,
    /// It does not come back.
    Hangs,
    /// It agrees, and the connection breaks meanwhile.
    Breaks,
}

/// A connection, and what went over it.
pub(crate) struct Canned<'c> {
    pub(crate) session: Session,
    pub(crate) host: CannedHost<'c>,
}

pub(crate) struct CannedHost<'c> {
    /// One for each read; after the last one the connection ends, or falls silent.
    replies: VecDeque<&'c str>,
    pub(crate) silent_at_the_end: bool,
    chunks: Chunks<'c, u8>,
    pub(crate) hook: Hook,
    /// What had been written of everything whenever the hook was called.
    pub(crate) hooked: Vec<String>,
    pub(crate) written: String,
    /// So many more writes succeed.
    pub(crate) writes_left: usize,
    /// Of the present message.
    elapsed: Duration,
    /// What each read takes.
    pub(crate) pace: Duration,
    pub(crate) steps: Vec<Step>,
}

impl<'c> Canned<'c> {
    pub(crate) fn new(session: Session, replies: &[&'c str]) -> Self {
        let host = CannedHost {
            replies: replies.iter().copied().collect(),
            silent_at_the_end: false,
            chunks: BODY.chunks(7),
            hook: Hook::Agrees,
            hooked: vec![],
            written: String::new(),
            writes_left: usize::MAX,
            elapsed: Duration::ZERO,
            pace: Duration::ZERO,
            steps: vec![],
        };
        Self { session, host }
    }

    pub(crate) fn body(mut self, body: &'c [u8], chunk_size: usize) -> Self {
        self.host.chunks = body.chunks(chunk_size);
        self
    }

    /// The message of the plan, or signing in.
    pub(crate) fn first(&mut self) -> Outcome {
        hand_over(&mut self.session, &mut self.host).now_or_never().unwrap().unwrap()
    }

    pub(crate) fn another(&mut self, message: Message) -> Outcome {
        self.session.next_message(message).unwrap();
        (self.host.chunks, self.host.elapsed) = (BODY.chunks(7), Duration::ZERO);
        self.first()
    }

    /// Says goodbye, and gives all that was written.
    pub(crate) fn close(mut self) -> String {
        farewell(&mut self.session, &mut self.host).now_or_never().unwrap();
        self.host.written
    }
}

impl<'c> Host for CannedHost<'c> {
    type Chunk = &'c [u8];

    /// Whatever is not ready never will be.
    async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        assert!(limit <= Duration::from_secs(150));
        work.now_or_never()
    }

    fn elapsed(&self) -> Duration {
        self.elapsed
    }

    async fn write(&mut self, bytes: &[u8]) -> bool {
        let Some(left) = self.writes_left.checked_sub(1) else { return false };
        self.writes_left = left;
        self.written.push_str(std::str::from_utf8(bytes).unwrap());
        true
    }

    async fn read(&mut self) -> Option<Vec<u8>> {
        self.elapsed += self.pace;
        if self.replies.is_empty() && self.silent_at_the_end {
            std::future::pending::<()>().await;
        }
        self.replies.pop_front().map(|reply| reply.as_bytes().to_vec())
    }

    async fn upgrade(&mut self) -> bool {
        true
    }

    async fn chunk(&mut self) -> Piece<&'c [u8]> {
        self.chunks.next().map_or(Piece::End, Piece::Chunk)
    }

    async fn before_end(&mut self) -> bool {
        self.hooked.push(self.written.clone());
        match self.hook {
            Hook::Agrees => true,
            Hook::Declines => false,
            Hook::Hangs => std::future::pending().await,
            Hook::Breaks => {
                self.writes_left = 0;
                true
            }
        }
    }

    fn on_step(&mut self, step: Step) {
        self.steps.push(step);
    }
}
