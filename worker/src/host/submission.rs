use std::pin::{Pin, pin};
use std::slice::Chunks;
use std::time::Duration;

use smtp::{Ending, Host, Message, Outcome, Piece, Plan, Security, Session, Step, farewell, unconnected};
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

/// A conversation with a mail server that has let us in, over the Worker's own socket: one message after the other.
///
/// TLS is the runtime's, which checks the certificate and the name. A server that goes while nothing is asked of it is not
/// heard, so this is for messages that follow each other at once.
pub(crate) struct Connection {
    line: Line,
    session: Session,
    /// When it was asked for, until it has carried a message: what opening took is part of the first one's time.
    asked_for: Option<Timestamp>,
}

impl Connection {
    /// Opens it and signs in; how that went is told either way. The plan's own message plays no part: all come by `hand_over`.
    pub(crate) async fn open(
        host: &str,
        port: u16,
        plan: Plan,
        mut on_step: impl FnMut(Step),
    ) -> Result<(Self, Outcome), Outcome> {
        let begun = now();
        let security = plan.security;
        let mut session = Session::new(Plan { message: None, ..plan });
        let Some(line) = Line::open(host, port, security).await else {
            // The runtime tells a wrong certificate and a closed port alike; whether somebody listens there tells them apart.
            let listens = security == Security::ImplicitTls && is_open(host, port).await;
            if listens {
                on_step(Step::Connected);
            }
            return Err(unconnected(&mut session, listens).unwrap_or_else(|| Outcome::connection_gone(0)));
        };
        on_step(Step::Connected);
        let mut connection = Self { line, session, asked_for: Some(begun) };
        let mut held = Held { on_step: Some(&mut on_step), ..Held::new(&mut connection.line, begun) };
        let outcome = smtp::hand_over(&mut connection.session, &mut held).await;
        match outcome.unwrap_or_else(|| Outcome::connection_gone(0)) {
            signed_in if matches!(signed_in.ending, Ending::SignedIn(_)) => Ok((connection, signed_in)),
            outcome => {
                connection.close().await;
                Err(outcome)
            }
        }
    }

    /// Hands one message over. `before_end` is awaited at most once, when all of it has left but its end: a server can have
    /// taken it from then on only, and without a yes it never does.
    ///
    /// When the [connection was gone](Outcome::connection_was_gone), a fresh one may do at once.
    pub(crate) async fn hand_over(
        &mut self,
        next: Message,
        message: &[u8],
        before_end: impl Future<Output = bool>,
    ) -> Outcome {
        let begun = self.asked_for.take().unwrap_or_else(now);
        let recipients = next.rcpt_to().len();
        let mut held = Held {
            chunks: message.chunks(CHUNK_BYTES),
            before_end: Some(pin!(before_end)),
            ..Held::new(&mut self.line, begun)
        };
        let outcome = match self.session.next_message(next) {
            Ok(()) => smtp::hand_over(&mut self.session, &mut held).await,
            Err(_) => None,
        };
        outcome.unwrap_or_else(|| Outcome::connection_gone(recipients))
    }

    /// Whether it can carry one more message, as far as is known.
    pub(crate) fn takes_another(&self) -> bool {
        self.session.takes_another()
    }

    /// Says goodbye.
    pub(crate) async fn close(mut self) {
        let mut held = Held::new(&mut self.line, now());
        farewell(&mut self.session, &mut held).await;
        self.line.close().await;
    }
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
struct Held<'h> {
    line: &'h mut Line,
    begun: Timestamp,
    chunks: Chunks<'h, u8>,
    before_end: Option<Pin<&'h mut dyn Future<Output = bool>>>,
    on_step: Option<&'h mut dyn FnMut(Step)>,
}

impl<'h> Held<'h> {
    /// Without a message, and with nobody who watches.
    fn new(line: &'h mut Line, begun: Timestamp) -> Self {
        Self { line, begun, chunks: [].chunks(CHUNK_BYTES), before_end: None, on_step: None }
    }
}

impl<'h> Host for Held<'h> {
    type Chunk = &'h [u8];

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
                *self.line = upgraded;
                true
            }
            None => false,
        }
    }

    async fn chunk(&mut self) -> Piece<&'h [u8]> {
        self.chunks.next().map_or(Piece::End, Piece::Chunk)
    }

    async fn before_end(&mut self) -> bool {
        match self.before_end.take() {
            Some(agrees) => agrees.await,
            None => false,
        }
    }

    fn on_step(&mut self, step: Step) {
        if let Some(on_step) = &mut self.on_step {
            on_step(step);
        }
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
