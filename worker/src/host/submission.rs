use std::time::Duration;

use smtp::{Outcome, Security, Session, Wish};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use worker::Socket;
use worker::js_sys::{Object, Reflect};
use worker::wasm_bindgen::JsValue;
use worker_sys::Socket as RawSocket;

use crate::host::{now, within};

/// How long a connection, and TLS on it, may take.
const OPENING: Duration = Duration::from_secs(10);
/// How long a farewell may take; nothing depends on it.
const CLOSING: Duration = Duration::from_secs(2);
/// How long a conversation may take in all, in milliseconds: a hand-over that takes three minutes counts as lost.
const IN_ALL_MS: i64 = 150_000;
/// Bytes read at a time.
const BUFFER_BYTES: usize = 4096;
/// Bytes of the message given at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// Carries a conversation with an SMTP server out: connects, does what the session wishes, and brings its outcome.
///
/// `security` is that of the session's plan; TLS is the runtime's, which checks the certificate and the name.
pub(crate) async fn submit(
    host: &str,
    port: u16,
    security: Security,
    session: &mut Session,
    message: &[u8],
) -> Option<Outcome> {
    let begun = now();
    let mut line = Line::open(host, port, security).await;
    let (mut outcome, mut chunks, mut reading_since) = (None, message.chunks(CHUNK_BYTES), None);
    loop {
        let wish = session.wish();
        if !matches!(wish, Wish::Read) {
            reading_since = None;
        }
        match (wish, line.as_mut()) {
            (Wish::Finished(finished), _) => outcome = outcome.or(Some(finished)),
            (Wish::Close, line) => {
                if let Some(line) = line {
                    line.close().await;
                }
                return outcome;
            }
            (_, None) => session.closed(),
            (Wish::Write(bytes), Some(line)) => match within(session.deadline(), line.write(&bytes)).await {
                Some(true) => {}
                Some(false) => session.closed(),
                None => session.timed_out(),
            },
            (Wish::Read, Some(line)) => {
                // Several reads in a row share one deadline: a server that drips bytes gets no extra time.
                let since = *reading_since.get_or_insert_with(now);
                let waited = Duration::from_millis(now().since(since).unsigned_abs());
                let left_in_all =
                    Duration::from_millis((IN_ALL_MS - now().since(begun)).max(0).unsigned_abs());
                let limit = session.deadline().saturating_sub(waited).min(left_in_all);
                match within(limit, line.read()).await {
                    Some(Some(bytes)) => session.received(&bytes),
                    Some(None) => session.closed(),
                    None => session.timed_out(),
                }
            }
            (Wish::UpgradeToTls, Some(open)) => match open.upgrade().await {
                Some(upgraded) => {
                    line = Some(upgraded);
                    session.tls_ready();
                }
                None => session.tls_failed(),
            },
            (Wish::NextChunk, Some(_)) => match chunks.next() {
                Some(chunk) => session.chunk(chunk),
                None => session.end_of_message(),
            },
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
