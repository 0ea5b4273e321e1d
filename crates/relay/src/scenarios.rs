//! Orders as somebody on the network would send them, and a mail server that notes what it hears.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request as HttpRequest, StatusCode};
use clap::Parser as _;
use data_encoding::HEXLOWER;
use relay_contract::{
    Auth, Envelope, Event, Key, Order, Problem, ProblemCode, Request, Server, Signature, wire,
};
use sha2::{Digest as _, Sha256};
use smtp::{Encoding, Ending, Security, Step, Stop, Verdict};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use crate::clock::now_ms;
use crate::config::{Config, Options};
use crate::relay::Relay;
use crate::serve::orders;

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_KEY: &str = "//////////////////////////////////////////8=";
const MESSAGE: &str = "Subject: Factuur\r\n\r\n.Bijgevoegd.\r\n";

/// Everything that was said to a mail server which says yes to everything.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn count(&self, command: &str) -> usize {
        self.lines().iter().filter(|line| line.starts_with(command)).count()
    }
}

async fn mail_server() -> (u16, Heard) {
    let (listener, heard) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), Heard::default());
    let (port, all) = (listener.local_addr().unwrap().port(), heard.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(welcome(stream, all.clone()));
        }
    });
    (port, heard)
}

async fn welcome(stream: tokio::net::TcpStream, heard: Heard) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mail.intern ready\r\n").await?;
    let (mut line, mut in_message) = (String::new(), false);
    while stream.read_line(&mut line).await? > 0 {
        let command = line.trim_end().to_owned();
        heard.0.lock().unwrap().push(command.clone());
        line.clear();
        let answer: &[u8] = match command.as_str() {
            "." if in_message => {
                in_message = false;
                b"250 2.0.0 Ok: queued as 4bXyZ1\r\n"
            }
            _ if in_message => continue,
            "DATA" => {
                in_message = true;
                b"354 go on\r\n"
            }
            command if command.starts_with("EHLO") => b"250-mail.intern\r\n250 AUTH PLAIN\r\n",
            command if command.starts_with("AUTH") => b"235 2.7.0 welcome\r\n",
            _ => b"250 2.1.0 Ok\r\n",
        };
        stream.write_all(answer).await?;
    }
    Ok(())
}

fn relay(more: &[&str]) -> Arc<Relay> {
    Arc::new(Relay::new(config(more)).unwrap())
}

pub(crate) fn config(more: &[&str]) -> Config {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let key = std::env::temp_dir().join(format!("relay-scenario-{}-{number}.key", std::process::id()));
    std::fs::write(&key, format!("{KEY}\n{OTHER_KEY}")).unwrap();
    let file = key.to_string_lossy().into_owned();
    let all = ["relay", "--id", "kantoor", "--key-file", &file].into_iter().chain(more.iter().copied());
    let config = Config::read(Options::parse_from(all)).unwrap();
    std::fs::remove_file(key).unwrap();
    config
}

/// One that may speak with this machine.
fn inside() -> Arc<Relay> {
    relay(&["--private-servers", "localhost:*"])
}

fn order(id: &str, port: u16) -> Order {
    Order {
        id: id.into(),
        server: Server {
            host: "localhost".into(),
            port,
            security: Security::None,
            auth: Auth::Password { user_name: "erp".into(), access_code: "geheim".into() },
        },
        ehlo_name: "postbode.example.nl".into(),
        message: Some(Envelope {
            mail_from: "facturen@example.nl".into(),
            rcpt_to: vec!["klant@example.com".into()],
            size: MESSAGE.len() as u64,
            encoding: Encoding::SevenBit,
        }),
    }
}

/// A request, and what may be wrong with it.
struct Sent {
    key: &'static str,
    order: Order,
    time_ms: i64,
    nonce: String,
    signed_message: &'static str,
    message: &'static str,
    relay: &'static str,
    signature: Option<&'static str>,
}

impl Sent {
    fn new(order: Order) -> Self {
        static NONCE: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let nonce = format!("{:022}", NONCE.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        let message = if order.message.is_some() { MESSAGE } else { "" };
        // Not before the relay, which may be made a moment later: a clock a second ahead is in order.
        let time_ms = now_ms() + 1000;
        Self {
            key: KEY,
            order,
            time_ms,
            nonce,
            signed_message: message,
            message,
            relay: "kantoor",
            signature: None,
        }
    }

    fn request(&self) -> HttpRequest<Body> {
        let order = serde_json::to_vec(&self.order).unwrap();
        let hash: [u8; 32] = Sha256::digest(self.signed_message).into();
        let request = Request {
            relay: self.relay,
            method: "POST",
            path: wire::PATH,
            time_ms: self.time_ms,
            nonce: &self.nonce,
            order: &order,
            message_sha256: hash,
        };
        let signature = Signature::of(&Key::read(self.key).unwrap(), &request);
        let body = [order.as_slice(), self.message.as_bytes()].concat();
        HttpRequest::post(wire::PATH)
            .header(wire::RELAY, self.relay)
            .header(wire::TIME, self.time_ms)
            .header(wire::NONCE, &self.nonce)
            .header(wire::ORDER_LENGTH, order.len())
            .header(wire::MESSAGE_SHA256, HEXLOWER.encode(&hash))
            .header(wire::SIGNATURE, self.signature.unwrap_or(signature.as_str()))
            .body(Body::from(body))
            .unwrap()
    }

    async fn ask(&self, relay: &Arc<Relay>) -> (StatusCode, String) {
        let response = orders(Arc::clone(relay)).oneshot(self.request()).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn events(&self, relay: &Arc<Relay>) -> Vec<Event> {
        let (status, body) = self.ask(relay).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body.lines().filter(|line| !line.is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    async fn refused(&self, relay: &Arc<Relay>) -> ProblemCode {
        let (status, body) = self.ask(relay).await;
        let problem: Problem = serde_json::from_str(&body).unwrap();
        assert_eq!(status.as_u16(), problem.code.status(), "{body}");
        problem.code
    }
}

fn ending(events: &[Event]) -> &Ending {
    match events.last() {
        Some(Event::Outcome(outcome)) => &outcome.ending,
        _ => panic!("no outcome: {events:?}"),
    }
}

#[tokio::test]
async fn an_order_is_carried_out_and_its_steps_are_told() {
    let (port, heard) = mail_server().await;
    let events = Sent::new(order("1", port)).events(&inside()).await;
    let steps: Vec<_> = events
        .iter()
        .filter_map(|event| if let Event::Step(step) = event { Some(*step) } else { None })
        .collect();
    assert_eq!(steps, [Step::Connected, Step::Greeted, Step::SignedIn]);
    let Some(Event::Outcome(outcome)) = events.last() else { panic!("{events:?}") };
    assert!(
        matches!(&outcome.ending, Ending::HandedOver { queue_id: Some(id), .. } if id == "4bXyZ1"),
        "{outcome:?}"
    );
    assert_eq!(outcome.verdicts, [Verdict::Accepted]);
    let lines = heard.lines();
    assert!(lines.contains(&"..Bijgevoegd.".to_owned()), "{lines:?}");
    assert!(lines.contains(&"RCPT TO:<klant@example.com>".to_owned()), "{lines:?}");
}

#[tokio::test]
async fn without_a_message_signing_in_is_all_that_is_tried() {
    let (port, heard) = mail_server().await;
    let events = Sent::new(Order { message: None, ..order("1", port) }).events(&inside()).await;
    assert!(matches!(ending(&events), Ending::SignedIn(Some(_))), "{events:?}");
    assert_eq!((heard.count("AUTH"), heard.count("MAIL")), (1, 0));
}

#[tokio::test]
async fn an_order_that_comes_again_gets_the_first_answer() {
    let ((port, heard), relay) = (mail_server().await, inside());
    let first = Sent::new(order("1", port)).events(&relay).await;
    assert_eq!(Sent::new(order("1", port)).events(&relay).await, first);
    assert_eq!(heard.count("DATA"), 1);
    Sent::new(order("2", port)).events(&relay).await;
    assert_eq!(heard.count("DATA"), 2);
}

#[tokio::test]
async fn two_at_the_same_time_are_one() {
    let ((port, heard), relay) = (mail_server().await, inside());
    let (a, b) = (Sent::new(order("1", port)), Sent::new(order("1", port)));
    let (first, second) = tokio::join!(a.events(&relay), b.events(&relay));
    assert_eq!(first, second);
    assert_eq!(heard.count("DATA"), 1);
}

#[tokio::test]
async fn nobody_is_believed_who_has_not_signed() {
    let ((port, heard), relay) = (mail_server().await, inside());
    let sent = || Sent::new(order("1", port));
    let late = relay_contract::SKEW_MS_MAX + 1000;
    let stranger = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    for (sent, code) in [
        (Sent { key: stranger, ..sent() }, ProblemCode::Signature),
        (Sent { signature: Some("v1=00"), ..sent() }, ProblemCode::Signature),
        (Sent { relay: "thuis", ..sent() }, ProblemCode::Signature),
        (Sent { time_ms: now_ms() + late, ..sent() }, ProblemCode::Time),
        (Sent { time_ms: now_ms() - late, ..sent() }, ProblemCode::Time),
        (Sent { time_ms: relay.started_ms - 1, ..sent() }, ProblemCode::BeforeStart),
        (Sent { nonce: "short".into(), ..sent() }, ProblemCode::Order),
    ] {
        assert_eq!(sent.refused(&relay).await, code);
    }
    for header in
        [wire::RELAY, wire::TIME, wire::NONCE, wire::ORDER_LENGTH, wire::MESSAGE_SHA256, wire::SIGNATURE]
    {
        let mut request = sent().request();
        request.headers_mut().remove(header);
        let response = orders(Arc::clone(&relay)).oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{header}");
    }
    let mut tampered = sent().request();
    tampered.headers_mut().insert(wire::MESSAGE_SHA256, HEXLOWER.encode(&[1; 32]).parse().unwrap());
    let response = orders(Arc::clone(&relay)).oneshot(tampered).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(heard.lines().is_empty(), "{:?}", heard.lines());
    let again = sent();
    again.events(&relay).await;
    assert_eq!(again.refused(&relay).await, ProblemCode::Replayed);
    assert_eq!(heard.count("DATA"), 1);
}

#[tokio::test]
async fn a_key_is_replaced_without_a_pause() {
    let ((port, _), relay) = (mail_server().await, inside());
    for (id, key) in [("1", KEY), ("2", OTHER_KEY)] {
        assert!(matches!(
            ending(&Sent { key, ..Sent::new(order(id, port)) }.events(&relay).await),
            Ending::HandedOver { .. }
        ));
    }
}

#[tokio::test]
async fn another_message_than_the_signed_one_never_gets_its_final_dot() {
    let ((port, heard), relay) = (mail_server().await, inside());
    let longer = "Subject: Factuur\r\n\r\n.Bijgevoegd.\r\nEn meer.\r\n";
    let other = "Subject: Factuur\r\n\r\n.BijgevoegD.\r\n";
    for (id, message) in [("other", other), ("longer", longer), ("shorter", "Subject:"), ("none", "")] {
        let events = Sent { message, ..Sent::new(order(id, port)) }.events(&relay).await;
        assert_eq!(ending(&events), &Ending::Stopped(Stop::Abandoned), "{id}");
    }
    assert_eq!((heard.count("DATA"), heard.count(".\0")), (4, 0));
    assert!(!heard.lines().contains(&".".to_owned()), "{:?}", heard.lines());
}

#[tokio::test]
async fn only_servers_that_the_owner_allows_are_spoken_with() {
    let (port, heard) = mail_server().await;
    let here = format!("localhost:{port}");
    let anywhere = relay(&["--servers", "*:*"]);
    assert_eq!(Sent::new(order("1", port)).refused(&anywhere).await, ProblemCode::PrivateAddress);
    let mut literal = order("1", port);
    for host in ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        literal.server.host = host.into();
        assert_eq!(
            Sent::new(literal.clone()).refused(&anywhere).await,
            ProblemCode::PrivateAddress,
            "{host}"
        );
    }
    let elsewhere = relay(&["--servers", "mail.example.nl:25"]);
    assert_eq!(Sent::new(order("1", port)).refused(&elsewhere).await, ProblemCode::ServerNotAllowed);
    assert!(heard.lines().is_empty());
    let allowed = relay(&["--private-servers", &here]);
    assert!(matches!(ending(&Sent::new(order("1", port)).events(&allowed).await), Ending::HandedOver { .. }));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_outcome() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let relay = relay(&["--private-servers", "*:*"]);
    assert_eq!(ending(&Sent::new(order("1", port)).events(&relay).await), &Ending::Stopped(Stop::Closed));
    let mut nowhere = order("2", port);
    nowhere.server.host = "nobody.invalid".into();
    assert_eq!(ending(&Sent::new(nowhere).events(&relay).await), &Ending::Stopped(Stop::Closed));
}

#[tokio::test]
async fn what_does_not_fit_is_refused_before_a_connection() {
    let (port, heard) = mail_server().await;
    let small = relay(&["--private-servers", "*:*", "--message-bytes-max", "10", "--connections", "1"]);
    assert_eq!(Sent::new(order("1", port)).refused(&small).await, ProblemCode::TooLarge);
    let taken = small.conversations.acquire().await.unwrap();
    let test = Order { message: None, ..order("2", port) };
    assert_eq!(Sent::new(test.clone()).refused(&small).await, ProblemCode::Busy);
    drop(taken);
    assert!(heard.lines().is_empty());
    assert!(matches!(ending(&Sent::new(test).events(&small).await), Ending::SignedIn(_)));
}

#[tokio::test]
async fn an_order_is_carried_out_to_its_end_though_nobody_waits() {
    let ((port, heard), relay) = (mail_server().await, inside());
    let response = orders(Arc::clone(&relay)).oneshot(Sent::new(order("1", port)).request()).await.unwrap();
    drop(response);
    let all = relay.config.connections;
    let ended = tokio::time::timeout(Duration::from_secs(5), relay.conversations.acquire_many(all)).await;
    assert!(ended.is_ok());
    assert!(heard.lines().contains(&".".to_owned()));
    let figures = relay.metrics.text(0);
    assert!(figures.contains("relay_conversations_total{ending=\"handed_over\"} 1"), "{figures}");
}
