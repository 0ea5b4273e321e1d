//! The bytes of one connection: lines in, replies out, both counted, with TLS coming in between.
//!
//! Replies wait until the server has to wait itself, so that the replies to pipelined commands arrive together.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{faults::smtp::Bytes, smtp::data::Collector, tls::HANDSHAKE};

/// RFC 5321, 4.5.3.2.7: a server waits at least this long for the next command.
const PATIENCE: Duration = Duration::from_mins(5);

/// What a client may say in one line before it is no client at all.
const LINE_MAX: usize = 64 * 1024;

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    /// Within an upgrade, or after one that failed.
    None,
}

pub(crate) struct Wire {
    stream: Stream,
    received: Vec<u8>,
    /// Where the unread part of `received` begins.
    read: usize,
    waiting: Vec<u8>,
    /// How many bytes may still be sent or received until the connection is cut.
    left: Option<(Bytes, u64)>,
}

/// One line of a client, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Whole(Vec<u8>),
    /// It ended with a line feed alone.
    Bare,
}

pub(crate) fn ended() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, left: Option<(Bytes, u64)>) -> Self {
        let stream = Stream::Plain(stream);
        Self { stream, received: Vec::new(), read: 0, waiting: Vec::new(), left }
    }

    /// What arrived before TLS is forgotten: it may be anybody's.
    pub(crate) async fn secure(&mut self, acceptor: &TlsAcceptor) -> io::Result<()> {
        self.flush().await?;
        self.received.clear();
        self.read = 0;
        let Stream::Plain(stream) = std::mem::replace(&mut self.stream, Stream::None) else {
            return Err(ended());
        };
        let stream = timeout(HANDSHAKE, acceptor.accept(stream)).await.map_err(|_| ended())??;
        self.stream = Stream::Tls(Box::new(stream));
        Ok(())
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }

    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        let mut bytes = std::mem::take(&mut self.waiting);
        let mut over = false;
        if let Some((Bytes::Sent, left)) = &mut self.left {
            let allowed = usize::try_from(*left).unwrap_or(usize::MAX);
            over = bytes.len() >= allowed;
            bytes.truncate(allowed);
            *left -= bytes.len() as u64;
        }
        match &mut self.stream {
            Stream::Plain(stream) => stream.write_all(&bytes).await?,
            Stream::Tls(stream) => {
                stream.write_all(&bytes).await?;
                stream.flush().await?;
            }
            Stream::None => return Err(ended()),
        }
        if over { Err(ended()) } else { Ok(()) }
    }

    /// At least one byte more, or an error: also when the client has left.
    async fn fill(&mut self) -> io::Result<()> {
        self.flush().await?;
        self.received.drain(..self.read);
        self.read = 0;
        let before = self.received.len();
        let allowed = match self.left {
            Some((Bytes::Received, left)) => usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK),
            _ => CHUNK,
        };
        self.received.resize(before + allowed, 0);
        let space = self.received.get_mut(before..).filter(|space| !space.is_empty()).ok_or_else(ended)?;
        let reading = async {
            match &mut self.stream {
                Stream::Plain(stream) => stream.read(space).await,
                Stream::Tls(stream) => stream.read(space).await,
                Stream::None => Err(ended()),
            }
        };
        let count =
            timeout(PATIENCE, reading).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        self.received.truncate(before + count);
        if let Some((Bytes::Received, left)) = &mut self.left {
            *left -= count as u64;
        }
        if count == 0 { Err(ended()) } else { Ok(()) }
    }

    fn unread(&self) -> &[u8] {
        self.received.get(self.read..).unwrap_or_default()
    }

    pub(crate) async fn line(&mut self) -> io::Result<Line> {
        let mut looked = 0;
        loop {
            let unread = self.unread();
            let end = unread.iter().skip(looked).position(|byte| *byte == b'\n').map(|end| end + looked);
            if let Some(end) = end {
                let line = unread.get(..end).unwrap_or_default();
                let line = line.strip_suffix(b"\r").map_or(Line::Bare, |line| Line::Whole(line.to_vec()));
                self.read += end + 1;
                return Ok(line);
            }
            looked = unread.len();
            if looked > LINE_MAX {
                return Err(ended());
            }
            self.fill().await?;
        }
    }

    /// Everything up to the line with the single dot.
    pub(crate) async fn data(&mut self, collector: &mut Collector) -> io::Result<()> {
        loop {
            let (used, done) = collector.take(self.unread());
            self.read += used;
            if done {
                return Ok(());
            }
            self.fill().await?;
        }
    }

    /// Bytes whose number was said before.
    pub(crate) async fn skip(&mut self, mut bytes: u64) -> io::Result<()> {
        while bytes > 0 {
            let here = self.unread().len().min(usize::try_from(bytes).unwrap_or(usize::MAX));
            self.read += here;
            bytes -= here as u64;
            if bytes > 0 {
                self.fill().await?;
            }
        }
        Ok(())
    }

    /// Says nothing more until the client leaves.
    pub(crate) async fn stall(&mut self) -> io::Error {
        loop {
            self.read = self.received.len();
            if self.fill().await.is_err() {
                // Not the error itself: one of patience would be told the client.
                return ended();
            }
        }
    }

    /// Says nothing for so long, and forgets what the client says meanwhile. An error once the client has left.
    pub(crate) async fn silence(&mut self, time: Duration) -> io::Result<()> {
        if let Ok(end) = timeout(time, self.stall()).await {
            return Err(end);
        }
        // Broken off within a read, whose space is no bytes of the client.
        self.received.clear();
        self.read = 0;
        Ok(())
    }

    /// The same bytes again and again until the client leaves, without keeping the machine busy.
    pub(crate) async fn repeat(&mut self, bytes: &[u8]) -> io::Error {
        let many = bytes.repeat(1 + 4096 / bytes.len().max(1));
        loop {
            self.write(&many);
            if let Err(error) = self.flush().await {
                return error;
            }
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// Takes leave properly: TLS is closed before TCP is.
    pub(crate) async fn close(&mut self) -> io::Result<()> {
        self.flush().await?;
        match &mut self.stream {
            Stream::Plain(stream) => stream.shutdown().await,
            Stream::Tls(stream) => stream.shutdown().await,
            Stream::None => Ok(()),
        }
    }
}
