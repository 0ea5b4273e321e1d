//! Mail through a relay: the same messages, to the same servers, with the same outcomes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use api::{Code, MailboxSettings, MailboxState, MessageState, MessageView, Security};
use axum::body::Bytes;
use end_to_end::company::Company;
use end_to_end::message::letter;
use end_to_end::relay::{ID, Relay};
use end_to_end::search::{Place, Secrets};
use end_to_end::servers::{PASSWORD, Servers};
use end_to_end::{Options, Stack, scenario};
use relay_contract::{Envelope, Key, Order, Request, Server, Signature, wire};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;

use crate::own_server::fill_in;
use crate::servers::every_message_arrives;

const ANYWHERE: [&str; 2] = ["--private-servers", "localhost:*"];

async fn post(company: &Company<'_>, subject: &str) -> MessageView {
    company.post(&letter(&company.account.upn, subject), Some(25)).await.expect(200).json()
}

#[test]
fn real_messages_arrive_through_a_relay_with_each_security() {
    scenario(async {
        let relay = Relay::new();
        let servers = Servers::with("xoauth2 plain login", relay.vars("smtp_basic,smtp_oauth2")).await;
        relay.start(&servers.stack, &ANYWHERE).await;
        let company = Company::new(&servers.stack, "relay").await;
        let person = company.person().await;
        let starttls = |settings: &mut _| fill_in(settings, servers.submission_port, Security::Starttls);
        person.type_access_code(PASSWORD, starttls).await.expect(200);
        every_message_arrives(&servers, &company).await;
        let sent = handed_over(&relay).await;
        assert!(sent > 0, "none went through the relay");

        let implicit = |settings: &mut _| fill_in(settings, servers.tls_port, Security::Tls);
        person.type_access_code(PASSWORD, implicit).await.expect(200);
        let view = post(&company, "Impliciete TLS").await;
        assert_eq!(view.state, MessageState::HandedOver, "{view:?}\n{}", relay.last_words());

        // As at port 25: in the clear, and nobody signs in.
        let open = |settings: &mut MailboxSettings| {
            fill_in(settings, servers.mx_port, Security::None);
            settings.server_authentication = false;
        };
        assert_eq!(person.save(open).await.state, MailboxState::Ready);
        let view = post(&company, "Zonder").await;
        assert_eq!(view.state, MessageState::HandedOver, "{view:?}\n{}", relay.last_words());
        servers.arrived(1, "\nSubject: Zonder\n").await;
        assert_eq!(handed_over(&relay).await, sent + 2);

        // And with a token of Microsoft, where the edge can't reach port 587.
        let company = Company::by_smtp(&servers.stack, "relay-oauth").await;
        every_message_arrives(&servers, &company).await;
        assert_eq!(handed_over(&relay).await, sent * 2 + 2);
    });
}

async fn handed_over(relay: &Relay) -> u32 {
    let figures = relay.figures().await;
    let line = "relay_conversations_total{ending=\"handed_over\"} ";
    let count = figures.lines().find_map(|text| text.strip_prefix(line));
    count.map_or(0, |count| count.parse().unwrap())
}

#[test]
fn a_mailbox_has_a_relay_of_its_own_with_a_key_of_its_own() {
    scenario(async {
        let (relay, servers) = (Relay::new(), Servers::start().await);
        relay.start(&servers.stack, &ANYWHERE).await;
        let company = Company::new(&servers.stack, "eigen-relay").await;
        let person = company.person().await;
        let own = |settings: &mut MailboxSettings| {
            fill_in(settings, servers.submission_port, Security::Starttls);
            settings.relay_url.clone_from(&relay.origin);
            settings.relay_id = ID.into();
        };
        let problem = person.type_relay_key("geen sleutel", PASSWORD, own).await.problem();
        assert_eq!((problem.code, &*problem.errors[0].pointer), (Code::FieldsRefused, "/relay_key"));
        let saved = person.type_relay_key(&relay.key, PASSWORD, own).await.expect(200);
        assert!(!saved.text().contains(&relay.key));
        assert!(person.view().await.relay_key_stored);
        let view = post(&company, "Eigen").await;
        assert_eq!(view.state, MessageState::HandedOver, "{view:?}\n{}", relay.last_words());
        assert_eq!(handed_over(&relay).await, 1);

        // Another relay gets neither key nor access code.
        let view = person.save(|settings| settings.relay_id = "elders".into()).await;
        assert_eq!((view.relay_key_stored, view.access_code_stored), (false, false));
        let secrets = Secrets::new([("relay key".to_owned(), relay.key.clone())]);
        let stack = company.stack;
        let places = [
            Place::files("storage", &stack.state()),
            Place::files("log", &stack.log()),
            Place::files("relay", &relay.log()),
        ];
        assert_eq!(secrets.found_in(&places.concat()), [].into());
    });
}

#[test]
fn what_a_relay_does_not_take_is_told_and_what_it_can_not_take_now_waits() {
    scenario(async {
        let servers = Servers::start().await;
        let stranger = Relay::new();
        for (name, arguments, key, expected) in [
            ("away", None, None, (MessageState::WillRetry, Code::ServerUnavailable)),
            ("stranger", Some(&ANYWHERE[..]), Some(&stranger.key), (MessageState::Held, Code::RelayRefused)),
            (
                "elsewhere",
                Some(&["--servers", "mail.example.nl:25"][..]),
                None,
                (MessageState::Held, Code::RelayRefused),
            ),
            ("outside", Some(&["--servers", "*:*"][..]), None, (MessageState::Held, Code::RelayRefused)),
        ] {
            let relay = Relay::new();
            if let Some(arguments) = arguments {
                relay.start(&servers.stack, arguments).await;
            }
            let company = Company::new(&servers.stack, "weigert").await;
            let person = company.person().await;
            let own = |settings: &mut MailboxSettings| {
                fill_in(settings, servers.submission_port, Security::Starttls);
                settings.relay_url.clone_from(&relay.origin);
                settings.relay_id = ID.into();
            };
            person.type_relay_key(key.unwrap_or(&relay.key), PASSWORD, own).await.expect(200);
            let view = post(&company, name).await;
            let failure = view.failure.clone().unwrap_or_else(|| panic!("{name}: {view:?}"));
            assert_eq!((view.state, failure.code), expected, "{name}: {}", failure.detail);
            let state = match view.state {
                MessageState::Held => MailboxState::ServerRefuses,
                _ => MailboxState::Delayed,
            };
            assert_eq!(person.view().await.state, state, "{name}");
            if name == "outside" {
                // Its owner allows the server, somebody saves, and the mail goes out by itself.
                relay.kill();
                relay.start(&servers.stack, &ANYWHERE).await;
                person.save(|_| {}).await;
                company.until(view.id, MessageState::HandedOver).await;
            }
        }
    });
}

#[test]
fn a_relay_that_dies_under_a_message_leaves_it_unknown_and_never_sends_it_twice() {
    scenario(async {
        let relay = Relay::new();
        let stack = Stack::start(Options { vars: relay.vars("smtp_oauth2"), ..Options::default() }).await;
        relay.start(&stack, &ANYWHERE).await;
        let company = Company::by_smtp(&stack, "dood").await;
        let order = serde_json::json!({ "at": "smtp", "account": company.account.upn, "do": { "stall": "end_of_data" } });
        let fault = stack.sandbox.fault(order).await;
        let accepted: MessageView =
            company.post(&letter(&company.account.upn, "Dood"), None).await.expect(202).json();
        company.until(accepted.id, MessageState::Sending).await;
        end_to_end::until("the relay is in the conversation", async || {
            relay.figures().await.contains("relay_under_way 1").then_some(())
        })
        .await;
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        relay.kill();
        stack.sandbox.call_off(fault).await;
        relay.start(&stack, &ANYWHERE).await;
        let view = company.until(accepted.id, MessageState::Unknown).await;
        assert_eq!(view.failure.unwrap().code, Code::OutcomeUnknown);
        assert_eq!(company.mails().await.len(), 0);
        // The next one finds its way.
        assert_eq!(post(&company, "Daarna").await.state, MessageState::HandedOver);
    });
}

/// Says yes to everything, but lets nobody begin a message before that many have come.
async fn patient_server(crowd: usize) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, taken) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let (here, count) = (Arc::new(Barrier::new(crowd)), Arc::clone(&taken));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, Arc::clone(&here), Arc::clone(&count)));
        }
    });
    (port, taken)
}

async fn converse(stream: TcpStream, here: Arc<Barrier>, taken: Arc<AtomicUsize>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 ready\r\n").await?;
    let (mut line, mut in_message) = (Vec::new(), false);
    while stream.read_until(b'\n', &mut line).await? > 0 {
        let answer: &[u8] = match &*line {
            b".\r\n" if in_message => {
                in_message = false;
                taken.fetch_add(1, Ordering::Relaxed);
                b"250 taken\r\n"
            }
            _ if in_message => b"",
            b"DATA\r\n" => {
                here.wait().await;
                in_message = true;
                b"354 go on\r\n"
            }
            _ => b"250 ok\r\n",
        };
        stream.write_all(answer).await?;
        line.clear();
    }
    Ok(())
}

#[test]
fn two_hundred_large_messages_at_once_take_little_memory() {
    const CROWD: usize = 200;
    const SIZE: usize = 5_000_000;
    /// Less than half a megabyte for each message of five.
    const MEMORY_MAX_KB: u64 = 100_000;
    scenario(async {
        let relay = Relay::new();
        relay.start(Stack::shared().await, &ANYWHERE).await;
        let before = peak_kb(relay.process());
        let (port, taken) = patient_server(CROWD).await;
        let message = Bytes::from(("x".repeat(998) + "\r\n").repeat(SIZE / 1000));
        let sha256 = Sha256::digest(&message).into();
        let client = reqwest::Client::new();
        let sent = (0..CROWD).map(|number| {
            let request = order(&relay, number, port, &message, sha256);
            let request = client.execute(request);
            async move { request.await.unwrap().text().await.unwrap() }
        });
        for answer in futures_util::future::join_all(sent).await {
            assert!(answer.contains("handed_over"), "{answer}");
        }
        let peak = peak_kb(relay.process());
        eprintln!(
            "{CROWD} messages of {SIZE} bytes at once: the relay took {peak} kB at most, {before} kB before"
        );
        assert_eq!(taken.load(Ordering::Relaxed), CROWD);
        assert!(peak - before < MEMORY_MAX_KB, "{peak} kB, {before} kB before");
    });
}

/// What a process has held in memory at most.
fn peak_kb(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn order(
    relay: &Relay,
    number: usize,
    port: u16,
    message: &Bytes,
    message_sha256: [u8; 32],
) -> reqwest::Request {
    let order = Order {
        id: format!("order {number}"),
        server: Server {
            host: "localhost".into(),
            port,
            security: smtp::Security::None,
            auth: relay_contract::Auth::None,
        },
        ehlo_name: "postbode.example.nl".into(),
        message: Some(Envelope {
            mail_from: "a@example.nl".into(),
            rcpt_to: vec!["b@example.nl".into()],
            size: message.len() as u64,
            encoding: smtp::Encoding::SevenBit,
        }),
    };
    let order = serde_json::to_vec(&order).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the clock of whoever orders, as the Worker has its own")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let (time_ms, nonce) = (i64::try_from(since.as_millis()).unwrap(), end_to_end::random_text());
    let request = Request {
        relay: ID,
        method: "POST",
        path: wire::PATH,
        time_ms,
        nonce: &nonce,
        order: &order,
        message_sha256,
    };
    let signature = Signature::of(&Key::read(&relay.key).unwrap(), &request);
    // Two pieces, so that all of them share the one message.
    let pieces = [Bytes::from(order.clone()), message.clone()].map(Ok::<_, std::io::Error>);
    reqwest::Client::new()
        .post(format!("{}{}", relay.origin, wire::PATH))
        .header(wire::RELAY, ID)
        .header(wire::TIME, time_ms)
        .header(wire::NONCE, &nonce)
        .header(wire::ORDER_LENGTH, order.len())
        .header(wire::MESSAGE_SHA256, message_sha256.map(|byte| format!("{byte:02x}")).concat())
        .header(wire::SIGNATURE, signature.as_str())
        .body(reqwest::Body::wrap_stream(futures_util::stream::iter(pieces)))
        .build()
        .unwrap()
}

#[test]
fn a_relay_that_is_told_to_stop_ends_what_is_under_way() {
    scenario(async {
        let relay = Relay::new();
        relay.start(Stack::shared().await, &ANYWHERE).await;
        // The message may begin only when somebody else has come, too.
        let (port, taken) = patient_server(2).await;
        let message = Bytes::from_static(b"Subject: Factuur\r\n\r\nBijgevoegd.\r\n");
        let sha256 = Sha256::digest(&message).into();
        let asked = reqwest::Client::new().execute(order(&relay, 1, port, &message, sha256));
        let asked = tokio::spawn(async { asked.await.unwrap().text().await.unwrap() });
        end_to_end::until("the relay is in the conversation", async || {
            relay.figures().await.contains("relay_under_way 1").then_some(())
        })
        .await;
        relay.ask_to_stop();
        end_to_end::until("nobody new is welcome", async || {
            TcpStream::connect(relay.address()).await.is_err().then_some(())
        })
        .await;
        let mut other = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        other.write_all(b"DATA\r\n").await.unwrap();
        let answer = asked.await.unwrap();
        assert!(answer.contains("handed_over"), "{answer}");
        assert_eq!(taken.load(Ordering::Relaxed), 1);
        end_to_end::until("it has ended", async || (!relay.runs()).then_some(())).await;
    });
}

#[test]
fn a_configuration_is_explained_and_what_is_wrong_with_it_named() {
    scenario(async {
        let (port, _) = patient_server(1).await;
        let relay = Relay::new();
        let (inside, outside) =
            (format!("localhost:{port}"), format!("localhost:{port},mail.example.invalid:587"));
        let (good, said) = relay.check(&[("RELAY_PRIVATE_SERVERS", &inside)]);
        assert!(good, "{said}");
        for words in ["called kantoor", "which answers", "a tunnel on this machine", "256 conversations"] {
            assert!(said.contains(words), "{words}: {said}");
        }
        let (good, said) = relay.check(&[("RELAY_SERVERS", &outside), ("RELAY_LISTEN", "0.0.0.0:8025")]);
        assert!(!good, "{said}");
        for words in
            ["RELAY_PRIVATE_SERVERS instead", "nobody knows the name", "passwords can be read on the way"]
        {
            assert!(said.contains(words), "{words}: {said}");
        }
        let (good, said) = relay.check(&[]);
        assert!(!good && said.contains("no server is allowed"), "{said}");
        assert!(!said.contains(&relay.key));
    });
}
