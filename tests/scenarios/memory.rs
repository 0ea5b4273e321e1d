//! Many large mails at once: each is taken, or refused at once with a time to come back, and nobody else notices.

use std::collections::BTreeMap;
use std::time::Duration;

use api::{Code, MessageState};
use end_to_end::company::Company;
use end_to_end::http::Answer;
use end_to_end::message::letter;
use end_to_end::{Options, Stack, scenario, until};
use futures_util::future::{join, join_all};
use serde_json::json;
use tokio::time::{Instant, sleep};

const MB: usize = 1_000_000;

/// A refusal for lack of memory waits for nothing but the network; five times that on a slow machine.
const REFUSED_WITHIN: Duration = Duration::from_secs(15);

/// A bystander's small mail and page, on a slow machine.
const BYSTANDER_WITHIN: Duration = Duration::from_secs(20);

/// A mail as it goes over the wire.
#[derive(Clone)]
struct Posted {
    subject: String,
    media_type: &'static str,
    body: Vec<u8>,
}

/// A raw mail of about so many bytes.
fn raw(company: &Company<'_>, subject: &str, bytes: usize) -> Posted {
    let mut body = format!(
        "From: {}\r\nTo: klant@example.com\r\nSubject: {subject}\r\nContent-Transfer-Encoding: base64\r\n\r\n",
        company.account.upn
    )
    .into_bytes();
    let line = [&[b'Q'; 76][..], b"\r\n"].concat();
    while body.len() < bytes {
        body.extend_from_slice(&line);
    }
    Posted { subject: subject.to_owned(), media_type: "message/rfc822", body }
}

/// A mail as JSON of about so many bytes, escaped as PHP does: `\/` for each slash, so that no string is read in place.
fn json(company: &Company<'_>, subject: &str, bytes: usize) -> Posted {
    let file = json!({ "filename": "scan.pdf", "content": "CONTENT" });
    let mut message = serde_json::to_value(letter(&company.account.upn, subject)).unwrap();
    message["attachments"] = json!([file]);
    let content = "AAA\\/".repeat(bytes / 5 / 4 * 4);
    let body = message.to_string().replacen("CONTENT", &content, 1).into_bytes();
    Posted { subject: subject.to_owned(), media_type: "application/json", body }
}

/// The bursts that once ended the module, each by a company of its own.
fn bursts(companies: &[Company<'_>], what: &str) -> Vec<Vec<Posted>> {
    let kinds: [(usize, usize, bool); 4] =
        [(12, 3 * MB, false), (6, 6 * MB, false), (3, 11 * MB, false), (4, 5 * MB, true)];
    let burst = |(number, (count, bytes, is_json)): (usize, (usize, usize, bool))| {
        let company = &companies[number % companies.len()];
        let one = |n: usize| {
            let subject = format!("{what} {number}.{n}");
            if is_json { json(company, &subject, bytes) } else { raw(company, &subject, bytes) }
        };
        (0..count).map(one).collect()
    };
    kinds.into_iter().enumerate().map(burst).collect()
}

/// How the posts of a burst went.
#[derive(Debug, Default)]
struct Tally {
    accepted: usize,
    refused: usize,
    slowest: Duration,
}

/// Posts once: whether it was accepted.
async fn post(company: &Company<'_>, posted: &Posted, tally: &mut Tally) -> bool {
    let request = company.stack.with_key("POST", "/v1/messages", &company.key);
    let request =
        request.header("content-type", posted.media_type).header("idempotency-key", &posted.subject);
    let begun = Instant::now();
    let answer = Answer::to(request.body(posted.body.clone())).await;
    tally.slowest = tally.slowest.max(begun.elapsed());
    match answer.status {
        202 => tally.accepted += 1,
        503 => {
            tally.refused += 1;
            assert_eq!(answer.problem().code, Code::Busy, "{}", answer.text());
            let seconds: u64 = answer.header("retry-after").parse().unwrap();
            assert!(begun.elapsed() < REFUSED_WITHIN, "{:?} for a refusal", begun.elapsed());
            sleep(Duration::from_secs(seconds)).await;
        }
        status => panic!("{status}: {}", answer.text()),
    }
    answer.status == 202
}

/// Posts all at once, and what was refused again and again until it is accepted.
async fn post_all(company: &Company<'_>, burst: &[Posted]) -> Tally {
    let tallies = join_all(burst.iter().map(|posted| async move {
        let mut tally = Tally::default();
        until("it is accepted", async || post(company, posted, &mut tally).await.then_some(())).await;
        tally
    }))
    .await;
    tallies.into_iter().fold(Tally::default(), |all, one| Tally {
        accepted: all.accepted + one.accepted,
        refused: all.refused + one.refused,
        slowest: all.slowest.max(one.slowest),
    })
}

/// Somebody else's mail and page while `work` goes on, again and again.
async fn beside<T>(bystander: &Company<'_>, work: impl Future<Output = T>) -> T {
    let person = bystander.person().await;
    let (done, mut is_done) = tokio::sync::oneshot::channel::<()>();
    let others = async {
        let mut slowest = Duration::ZERO;
        for n in 0.. {
            let begun = Instant::now();
            bystander.hand_over(&letter(&bystander.account.upn, &format!("Ernaast {n}"))).await;
            person.view().await;
            slowest = slowest.max(begun.elapsed());
            if is_done.try_recv().is_ok() {
                break;
            }
        }
        slowest
    };
    let work = async {
        let done_with = work.await;
        let _ = done.send(());
        done_with
    };
    let (done_with, slowest) = join(work, others).await;
    eprintln!("a bystander's mail and page: {slowest:?} at most");
    assert!(slowest < BYSTANDER_WITHIN, "{slowest:?}");
    done_with
}

/// Waits until everything that was posted has arrived, and looks whether it did so once.
async fn each_arrives_once(company: &Company<'_>, subjects: &[String]) {
    let stack = company.stack;
    let arrived = until("everything has arrived", async || {
        let ledger = stack.sandbox.ledger(&company.account).await;
        (ledger.len() >= subjects.len()).then_some(ledger)
    })
    .await;
    let mut counts = BTreeMap::new();
    for mail in arrived {
        *counts.entry(mail.subject).or_insert(0) += 1;
    }
    let expected: BTreeMap<String, i32> = subjects.iter().map(|subject| (subject.clone(), 1)).collect();
    assert_eq!(counts, expected);
}

fn module_is_alive(stack: &Stack) {
    let log = std::fs::read_to_string(stack.log()).unwrap();
    for sign in ["RuntimeError", "rust_oom", "unreachable", "out of memory"] {
        assert!(!log.contains(sign), "the log says {sign}");
    }
}

/// A company that takes what the bursts bring, by SMTP.
async fn by_smtp<'s>(stack: &'s Stack, name: &str) -> Company<'s> {
    let company = Company::by_smtp(stack, name).await;
    company.person().await.save(|settings| settings.message_bytes_max = 20 << 20).await;
    company
}

#[test]
fn bursts_of_large_mails_are_taken_or_refused_at_once() {
    scenario(async {
        let stack = Stack::start(Options::default()).await;
        let bystander = Company::signed_in(&stack, "buur").await;
        let one = [by_smtp(&stack, "een").await];
        let several = [
            by_smtp(&stack, "twee").await,
            by_smtp(&stack, "drie").await,
            by_smtp(&stack, "vier").await,
            by_smtp(&stack, "vijf").await,
        ];
        for (companies, at_once) in [(&one[..], false), (&several[..], false), (&several[..], true)] {
            let all = bursts(companies, if at_once { "Samen" } else { "Apart" });
            let work = |number: usize| {
                let (company, burst) = (&companies[number % companies.len()], &all[number]);
                async move {
                    let tally = post_all(company, burst).await;
                    eprintln!("{} mails of {} bytes: {tally:?}", burst.len(), burst[0].body.len());
                }
            };
            if at_once {
                beside(&bystander, join_all((0..all.len()).map(work))).await;
            } else {
                for number in 0..all.len() {
                    beside(&bystander, work(number)).await;
                }
            }
            module_is_alive(&stack);
        }
        let of_one: Vec<String> = bursts(&one, "Apart").concat().into_iter().map(|it| it.subject).collect();
        each_arrives_once(&one[0], &of_one).await;
        for (number, company) in several.iter().enumerate() {
            let both = ["Apart", "Samen"].map(|what| bursts(&several, what)[number].clone()).concat();
            let of_it: Vec<String> = both.into_iter().map(|it| it.subject).collect();
            each_arrives_once(company, &of_it).await;
        }
        module_is_alive(&stack);
    });
}

#[test]
fn large_mails_go_by_graph_and_too_large_ones_are_told_so() {
    scenario(async {
        let stack = Stack::start(Options::default()).await;
        let bystander = Company::signed_in(&stack, "buur").await;
        let company = Company::signed_in(&stack, "graph").await;
        let fitting: Vec<Posted> =
            (0..12).map(|n| raw(&company, &format!("Graph {n}"), 29 * MB / 10)).collect();
        let as_json: Vec<Posted> =
            (0..4).map(|n| json(&company, &format!("JSON {n}"), 35 * MB / 10)).collect();
        let too_large = async {
            for n in 0..3 {
                let posted = raw(&company, &format!("Te groot {n}"), 11 * MB);
                let request = stack.with_key("POST", "/v1/messages", &company.key);
                let request = request.header("content-type", posted.media_type).body(posted.body);
                let answer = Answer::to(request).await;
                assert!(matches!(answer.status, 413 | 503), "{}: {}", answer.status, answer.text());
            }
        };
        let work = join(join(post_all(&company, &fitting), post_all(&company, &as_json)), too_large);
        let (tallies, ()) = beside(&bystander, work).await;
        eprintln!("by Graph: {tallies:?}");
        let subjects: Vec<String> = fitting.iter().chain(&as_json).map(|it| it.subject.clone()).collect();
        each_arrives_once(&company, &subjects).await;
        module_is_alive(&stack);
    });
}

#[test]
fn a_slow_server_with_a_large_mail_stops_nobody_else() {
    scenario(async {
        let stack = Stack::start(Options::default()).await;
        let bystander = Company::signed_in(&stack, "buur").await;
        let slow = by_smtp(&stack, "traag").await;
        let other = by_smtp(&stack, "ander").await;
        let action = json!({ "delay_ms": 30_000, "step": "body" });
        let order = json!({ "at": "smtp", "account": slow.account.upn, "times": 2, "do": action });
        stack.sandbox.fault(order).await;
        let stalled: Vec<Posted> = (0..2).map(|n| raw(&slow, &format!("Traag {n}"), 6 * MB)).collect();
        post_all(&slow, &stalled).await;
        until("a large mail is being taken slowly", async || {
            let views = slow.newest(2).await;
            views.iter().any(|view| view.state == MessageState::Sending).then_some(())
        })
        .await;
        // Large mails beside it: more come in while others of the same mailbox go out.
        let all = bursts(std::slice::from_ref(&other), "Ernaast");
        let work = join_all(all.iter().map(|burst| post_all(&other, burst)));
        eprintln!("beside a slow server: {:?}", beside(&bystander, work).await);
        let subjects: Vec<String> = all.concat().into_iter().map(|it| it.subject).collect();
        each_arrives_once(&other, &subjects).await;
        let subjects: Vec<String> = stalled.into_iter().map(|it| it.subject).collect();
        each_arrives_once(&slow, &subjects).await;
        module_is_alive(&stack);
    });
}

#[test]
fn uploads_that_break_off_keep_no_memory() {
    scenario(async {
        let stack = Stack::start(Options::default()).await;
        let company = by_smtp(&stack, "afgebroken").await;
        for round in 0..4 {
            join_all((0..6).map(|_| break_off(&stack, &company, 11 * MB))).await;
            eprintln!("round {round} of broken uploads");
        }
        let posted = raw(&company, "Erna", 11 * MB);
        let tally = post_all(&company, std::slice::from_ref(&posted)).await;
        eprintln!("after broken uploads: {tally:?}");
        each_arrives_once(&company, &[posted.subject]).await;
        module_is_alive(&stack);
    });
}

/// Begins an upload and hangs up in the middle of it.
async fn break_off(stack: &Stack, company: &Company<'_>, bytes: usize) {
    use tokio::io::AsyncWriteExt as _;
    let host = stack.origin.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let head = format!(
        "POST /v1/messages HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: message/rfc822\r\nContent-Length: {bytes}\r\n\r\n",
        company.key
    );
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(&vec![b'x'; bytes / 10 * 9]).await;
    sleep(Duration::from_millis(200)).await;
}

#[test]
fn the_largest_raw_mail_is_taken_and_sent() {
    scenario(async {
        let company = by_smtp(Stack::shared().await, "grootste").await;
        let posted = raw(&company, "Grootste", api::RAW_REQUEST_BYTES_MAX - 200);
        post_all(&company, std::slice::from_ref(&posted)).await;
        each_arrives_once(&company, &[posted.subject]).await;
    });
}
