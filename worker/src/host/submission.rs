use std::time::Duration;

use smtp::{Host, Outcome, Piece, Security, Session, Step, converse, unconnected};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use worker::Socket;
use worker::js_sys::{Object, Reflect};
use worker::wasm_bindgen::JsValue;
use worker_sys::Socket as RawSocket;

use api::Timestamp;

use crate::host::{now, within};

/// How long a connection, and TLS on it, may take.
const OPENING: Duration = Duration::from_secs(10);
/// How long a farewell may take; nothing depends on it.
const CLOSING: Duration = Duration::from_secs(2);
/// Bytes read at a time.
const BUFFER_BYTES: usize = 4096;
/// Bytes of the message given at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// Carries a conversation with an SMTP server out over the Worker's own socket, and brings its outcome.
///
/// `security` is that of the session's plan; TLS is the runtime's, which checks the certificate and the name.
pub(crate) async fn submit(
    host: &str,
    port: u16,
    security: Security,
    session: &mut Session,
    message: &[u8],
    mut on_step: impl FnMut(Step),
) -> Option<Outcome> {
    let begun = now();
    let Some(line) = Line::open(host, port, security).await else {
        // The runtime tells a wrong certificate and a closed port alike; whether somebody listens there tells them apart.
        let listens = security == Security::ImplicitTls && is_open(host, port).await;
        if listens {
            on_step(Step::Connected);
        }
        return unconnected(session, listens);
    };
    on_step(Step::Connected);
    let mut held = Held { line, begun, chunks: message.chunks(CHUNK_BYTES), on_step };
    let outcome = converse(session, &mut held).await;
    held.line.close().await;
    outcome
}

async fn is_open(host: &str, port: u16) -> bool {
    match Line::open(host, port, Security::None).await {
        Some(mut line) => {
            line.close().await;
            true
        }
        None => false,
    }
}

/// A conversation that is being held.
struct Held<'m, F> {
    line: Line,
    begun: Timestamp,
    chunks: std::slice::Chunks<'m, u8>,
    on_step: F,
}

impl<'m, F: FnMut(Step)> Host for Held<'m, F> {
    type Chunk = &'m [u8];

    async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        within(limit, work).await
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(now().since(self.begun).max(0).unsigned_abs())
    }

    async fn write(&mut self, bytes: &[u8]) -> bool {
        self.line.write(bytes).await
    }

    async fn read(&mut self) -> Option<Vec<u8>> {
        self.line.read().await
    }

    async fn upgrade(&mut self) -> bool {
        match self.line.upgrade().await {
            Some(upgraded) => {
                self.line = upgraded;
                true
            }
            None => false,
        }
    }

    async fn chunk(&mut self) -> Piece<&'m [u8]> {
        self.chunks.next().map_or(Piece::End, Piece::Chunk)
    }

    fn on_step(&mut self, step: Step) {
        (self.on_step)(step);
    }
}

/// An open connection.
struct Line {
    /// The runtime's own handle, whose upgrade can fail without taking the module with it.
    raw: RawSocket,
    socket: Socket,
}

impl Line {
    async fn open(host: &str, port: u16, security: Security) -> Option<Self> {
        let transport = match security {
            Security::None => "off",
            Security::StartTls => "starttls",
            Security::ImplicitTls => "on",
        };
        let (address, options) = (Object::new(), Object::new());
        for (object, name, value) in [
            (&address, "hostname", JsValue::from_str(host)),
            (&address, "port", port.into()),
            (&options, "secureTransport", transport.into()),
            (&options, "allowHalfOpen", false.into()),
        ] {
            Reflect::set(object, &name.into(), &value).ok()?;
        }
        Self::of(worker_sys::connect(address.into(), options.into()).ok()?).await
    }

    async fn of(raw: RawSocket) -> Option<Self> {
        let socket = Socket::from(raw.clone());
        within(OPENING, socket.opened()).await?.ok()?;
        Some(Self { raw, socket })
    }

    async fn write(&mut self, bytes: &[u8]) -> bool {
        self.socket.write_all(bytes).await.is_ok() && self.socket.flush().await.is_ok()
    }

    /// What came; none at the end of the connection.
    async fn read(&mut self) -> Option<Vec<u8>> {
        let mut buffer = vec![0; BUFFER_BYTES];
        let count = self.socket.read(&mut buffer).await.ok()?;
        buffer.truncate(count);
        (count > 0).then_some(buffer)
    }

    /// The same connection in TLS. No read is pending here: each was waited for, and one that was given up ended the session.
    async fn upgrade(&self) -> Option<Self> {
        Self::of(self.raw.start_tls().ok()?).await
    }

    async fn close(&mut self) {
        // Some runtimes never answer this.
        let _ = within(CLOSING, self.socket.close()).await;
    }
}
