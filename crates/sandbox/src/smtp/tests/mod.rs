//! The dialogue over real connections, each rule by what a client could do.

mod access;
mod dialogue;
mod faults;
mod message;
mod python;

use std::{fs, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    },
};

use crate::{
    entra::AccessToken,
    random,
    scopes::{Resource, SMTP_SEND, Scope},
    smtp::{Security, Server, serve},
    testing::{NOW, Test},
    tls::Identities,
};

const ANNA: &str = "anna@bakkerijjansen.example";
const FACTUREN: &str = "facturen@bakkerijjansen.example";
const CUSTOMER: &str = "klant@example.com";
const MESSAGE: &str = "From: Anna <anna@bakkerijjansen.example>\r\nTo: klant@example.com\r\nSubject: Dag\r\n\
                       Message-ID: <1@erp.example>\r\nDate: Sun, 17 Mar 2030 17:46:40 +0000\r\n\r\nDag\r\n";

/// A sandbox whose SMTP ports are open.
struct Smtp {
    test: Test,
    starttls: SocketAddr,
    implicit: SocketAddr,
    state_dir: PathBuf,
}

impl Drop for Smtp {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.state_dir).unwrap();
    }
}

impl Smtp {
    async fn new() -> Self {
        let test = Test::new();
        let state_dir = std::env::temp_dir().join(format!("sandbox-smtp-{}", random::guid()));
        let identities = Identities::new(&state_dir).unwrap();
        let server = Arc::new(Server { sandbox: Arc::clone(&test.sandbox), identities });
        let listen = |security| {
            let server = Arc::clone(&server);
            async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                tokio::spawn(serve(listener, server, security));
                address
            }
        };
        let (starttls, implicit) = (listen(Security::Starttls).await, listen(Security::Implicit).await);
        Self { test, starttls, implicit, state_dir }
    }

    /// A token, whoever consented to it.
    fn token_for(&self, local_part: &str, scopes: &[Scope], resource: Resource) -> String {
        let (value, oid) = (random::text(1500), self.test.oid(local_part));
        let token = AccessToken {
            value: value.clone(),
            oid,
            resource,
            scopes: scopes.to_vec(),
            expires_at: NOW + 3600,
        };
        self.test.sandbox.store().access_tokens.push(token);
        value
    }

    fn token(&self, local_part: &str) -> String {
        self.token_for(local_part, &[SMTP_SEND], Resource::Outlook)
    }

    async fn connect(&self) -> Client {
        Client::new(TcpStream::connect(self.starttls).await.unwrap())
    }

    /// Greeted, and within TLS on port 587.
    async fn secure(&self) -> Client {
        let mut client = self.connect().await;
        assert_eq!(code(&client.reply().await), 220);
        assert_eq!(code(&client.say("EHLO erp.example").await), 250);
        assert_eq!(client.say("STARTTLS").await, "220 2.0.0 SMTP server ready");
        let mut client = client.upgrade(self, "localhost").await.unwrap();
        assert_eq!(code(&client.say("EHLO erp.example").await), 250);
        client
    }

    async fn signed_in(&self, local_part: &str) -> Client {
        let mut client = self.secure().await;
        let user = format!("{local_part}@bakkerijjansen.example");
        let answer = client.xoauth2(&user, &self.token(local_part)).await;
        assert_eq!(answer, "235 2.7.0 Authentication successful");
        client
    }

    fn connector(&self) -> TlsConnector {
        let pem = fs::read(self.state_dir.join("ca.pem")).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        TlsConnector::from(Arc::new(config))
    }

    async fn order(&mut self, fault: Value) {
        let answer = self.test.control("POST", "/sandbox/faults", fault).await;
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    }

    /// At SMTP, once.
    async fn mishap(&mut self, what: Value) {
        self.order(json!({ "at": "smtp", "do": what })).await;
    }

    /// Waits until so many mails are in the inbox.
    async fn arrived(&self, mails: usize) {
        let waiting = async {
            while self.test.sandbox.store().inbox.mails().len() < mails {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(Duration::from_secs(5), waiting).await.expect("it does not arrive");
        assert_eq!(self.test.sandbox.store().inbox.mails().len(), mails);
    }

    async fn account(&mut self, upn: &str, change: Value) {
        let answer = self.test.control("PATCH", &format!("/sandbox/accounts/{upn}"), change).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    }

    async fn tenant(&mut self, change: Value) {
        let answer = self.test.control("PATCH", "/sandbox/tenants/bakkerijjansen.example", change).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    }

    async fn settings(&mut self, change: Value) {
        let answer = self.test.control("PATCH", "/sandbox/settings", change).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    }
}

trait Bytes: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Bytes for T {}

struct Client {
    stream: Box<dyn Bytes>,
    received: Vec<u8>,
}

impl Client {
    fn new(stream: impl Bytes + 'static) -> Self {
        Self { stream: Box::new(stream), received: Vec::new() }
    }

    /// What came before TLS is dropped, as a client must.
    async fn upgrade(self, smtp: &Smtp, name: &'static str) -> std::io::Result<Self> {
        let name = ServerName::try_from(name).unwrap();
        Ok(Self::new(smtp.connector().connect(name, self.stream).await?))
    }

    async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.received.windows(2).position(|two| two == b"\r\n") {
                let line: Vec<u8> = self.received.drain(..end + 2).collect();
                return Some(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            if !self.more().await {
                return None;
            }
        }
    }

    /// Whether there was more.
    async fn more(&mut self) -> bool {
        let mut space = vec![0; 4096];
        let read = timeout(Duration::from_secs(5), self.stream.read(&mut space)).await;
        let count = read.expect("the server says nothing").unwrap_or(0);
        self.received.extend_from_slice(&space[..count]);
        count > 0
    }

    /// All lines of a reply.
    async fn reply(&mut self) -> String {
        let mut lines = Vec::new();
        while let Some(line) = self.line().await {
            let last = line.as_bytes().get(3) != Some(&b'-');
            lines.push(line);
            if last {
                break;
            }
        }
        lines.join("\n")
    }

    async fn raw(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    async fn say(&mut self, line: &str) -> String {
        self.raw(format!("{line}\r\n")).await;
        self.reply().await
    }

    /// Until the server ends the connection.
    async fn rest(&mut self) -> Vec<u8> {
        while self.more().await {}
        std::mem::take(&mut self.received)
    }

    async fn silent(&mut self) -> bool {
        let mut space = [0; 1];
        timeout(Duration::from_millis(300), self.stream.read(&mut space)).await.is_err()
    }

    /// In two steps.
    async fn xoauth2(&mut self, user: &str, token: &str) -> String {
        assert_eq!(self.say("AUTH XOAUTH2").await, "334");
        self.say(&blob(user, token)).await
    }

    /// Everything up to the answer to DATA.
    async fn begin(&mut self, from: &str, to: &str) -> String {
        assert_eq!(self.say(&format!("MAIL FROM:<{from}>")).await, "250 2.1.0 Sender OK");
        assert_eq!(self.say(&format!("RCPT TO:<{to}>")).await, "250 2.1.5 Recipient OK");
        self.say("DATA").await
    }

    /// One mail; the message has its dots stuffed already.
    async fn send(&mut self, from: &str, message: &str) -> String {
        assert_eq!(code(&self.begin(from, CUSTOMER).await), 354);
        self.raw(message).await;
        self.say(".").await
    }
}

fn blob(user: &str, token: &str) -> String {
    STANDARD.encode(format!("user={user}\x01auth=Bearer {token}\x01\x01"))
}

fn code(reply: &str) -> u32 {
    reply.get(..3).and_then(|code| code.parse().ok()).unwrap_or_else(|| panic!("no reply: {reply:?}"))
}

fn starts(reply: &str, with: &str) {
    assert!(reply.starts_with(with), "{reply:?} does not start with {with:?}");
}
