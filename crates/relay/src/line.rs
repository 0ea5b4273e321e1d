use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Bytes;
use sha2::{Digest as _, Sha256};
use smtp::{Host, Piece, Security, Step};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::outcomes::Progress;

/// How long a connection, and TLS on it, may take.
pub(crate) const OPENING: Duration = Duration::from_secs(10);
/// Bytes read at a time.
const BUFFER_BYTES: usize = 4096;

/// The message as it comes in.
pub(crate) struct Incoming {
    pub(crate) pieces: mpsc::Receiver<Piece<Bytes>>,
    /// Bytes that are still to come.
    pub(crate) left: u64,
    pub(crate) announced_sha256: [u8; 32],
    pub(crate) hash: Sha256,
}

impl Incoming {
    /// The next piece; the last one only if the message is the one that was signed.
    async fn next(&mut self) -> Piece<Bytes> {
        match self.pieces.recv().await {
            Some(Piece::Chunk(bytes)) => {
                let Some(left) = self.left.checked_sub(bytes.len() as u64) else { return Piece::Broken };
                self.left = left;
                self.hash.update(&bytes);
                Piece::Chunk(bytes)
            }
            Some(Piece::End) if self.left == 0 && self.is_the_announced() => Piece::End,
            Some(Piece::End | Piece::Broken) | None => Piece::Broken,
        }
    }

    fn is_the_announced(&self) -> bool {
        let hash: [u8; 32] = self.hash.clone().finalize().into();
        hash == self.announced_sha256
    }
}

/// An open connection with a mail server.
pub(crate) struct Line {
    stream: Option<Stream>,
    name: ServerName<'static>,
    tls: TlsConnector,
    begun: Instant,
    pub(crate) incoming: Incoming,
    pub(crate) progress: watch::Sender<Progress>,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Why there is no line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unopened {
    NoConnection,
    NoTls,
}

impl Line {
    pub(crate) async fn open(
        name: ServerName<'static>,
        addresses: &[SocketAddr],
        security: Security,
        tls: TlsConnector,
        incoming: Incoming,
        progress: watch::Sender<Progress>,
    ) -> Result<Self, (Unopened, watch::Sender<Progress>)> {
        let begun = Instant::now();
        let Ok(Ok(stream)) = timeout(OPENING, TcpStream::connect(addresses)).await else {
            return Err((Unopened::NoConnection, progress));
        };
        // Commands are short and each is waited for.
        let _ = stream.set_nodelay(true);
        let mut line = Self { stream: Some(Stream::Plain(stream)), name, tls, begun, incoming, progress };
        line.on_step(Step::Connected);
        if security == Security::ImplicitTls && !line.upgrade().await {
            return Err((Unopened::NoTls, line.progress));
        }
        Ok(line)
    }

    fn stream(&mut self) -> Option<&mut (dyn Duplex + '_)> {
        match self.stream.as_mut()? {
            Stream::Plain(stream) => Some(stream),
            Stream::Tls(stream) => Some(stream.as_mut()),
        }
    }
}

trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

impl Host for Line {
    type Chunk = Bytes;

    async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        timeout(limit, work).await.ok()
    }

    fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    async fn write(&mut self, bytes: &[u8]) -> bool {
        let Some(stream) = self.stream() else { return false };
        stream.write_all(bytes).await.is_ok() && stream.flush().await.is_ok()
    }

    async fn read(&mut self) -> Option<Vec<u8>> {
        let mut buffer = vec![0; BUFFER_BYTES];
        let count = self.stream()?.read(&mut buffer).await.ok()?;
        buffer.truncate(count);
        (count > 0).then_some(buffer)
    }

    async fn upgrade(&mut self) -> bool {
        let Some(Stream::Plain(stream)) = self.stream.take() else { return false };
        let upgraded = timeout(OPENING, self.tls.connect(self.name.clone(), stream)).await;
        self.stream = upgraded.ok().and_then(Result::ok).map(|stream| Stream::Tls(Box::new(stream)));
        self.stream.is_some()
    }

    async fn chunk(&mut self) -> Piece<Bytes> {
        self.incoming.next().await
    }

    fn on_step(&mut self, step: Step) {
        self.progress.send_modify(|progress| progress.steps.push(step));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn pass(pieces: Vec<Piece<Bytes>>, size: u64, signed: &[u8]) -> Vec<Piece<Bytes>> {
        let (sender, receiver) = mpsc::channel(8);
        for piece in pieces {
            sender.send(piece).await.unwrap();
        }
        drop(sender);
        let mut incoming = Incoming {
            pieces: receiver,
            left: size,
            announced_sha256: Sha256::digest(signed).into(),
            hash: Sha256::new(),
        };
        let mut passed = Vec::new();
        loop {
            let piece = incoming.next().await;
            passed.push(piece.clone());
            if !matches!(piece, Piece::Chunk(_)) {
                return passed;
            }
        }
    }

    fn chunk(text: &'static str) -> Piece<Bytes> {
        Piece::Chunk(Bytes::from_static(text.as_bytes()))
    }

    #[tokio::test]
    async fn a_message_ends_only_as_it_was_signed() {
        let (whole, half) = (vec![chunk("ab"), chunk("c"), Piece::End], vec![chunk("ab")]);
        assert_eq!(pass(whole.clone(), 3, b"abc").await, whole);
        for (pieces, size, signed) in [
            (whole.clone(), 3, &b"abd"[..]),
            (whole.clone(), 4, b"abc"),
            (whole, 2, b"abc"),
            (half, 2, b"ab"),
        ] {
            assert_eq!(pass(pieces, size, signed).await.last(), Some(&Piece::Broken), "{size}");
        }
    }
}
