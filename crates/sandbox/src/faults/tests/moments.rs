//! When what happens to a `sendMail`: body, work and answer apart from each other, and clients that do not wait for them.

use std::{
    convert::Infallible,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::body::{Body, Bytes};
use futures_util::stream;
use tokio::{net::TcpListener, time::sleep};

use super::*;

/// By the paused clock.
async fn later(ms: u64) {
    sleep(Duration::from_millis(ms)).await;
}

fn count(test: &Test) -> usize {
    test.sandbox.store().inbox.mails().len()
}

fn sending(token: &str, body: Body) -> Request<Body> {
    let request = Request::post("/v1.0/me/sendMail").header("authorization", format!("Bearer {token}"));
    request.header("content-type", "application/json").body(body).unwrap()
}

async fn at_send_mail(test: &mut Test, what: Value) -> u64 {
    ordered(test, json!({ "at": "send_mail", "do": what })).await
}

#[tokio::test(start_paused = true)]
async fn a_delay_is_before_the_body_the_work_or_the_answer() {
    let mut test = Test::new();
    let token = test.access_token("anna", USUAL).await;
    for (number, kind, body_read, worked) in
        [(0, "delay_ms", false, false), (1, "delay_work_ms", true, false), (2, "delay_answer_ms", true, true)]
    {
        at_send_mail(&mut test, json!({ (kind): 3000 })).await;
        let read = Arc::new(AtomicBool::new(false));
        let body = {
            let read = Arc::clone(&read);
            Body::from_stream(stream::once(async move {
                read.store(true, Ordering::Relaxed);
                Ok::<_, Infallible>(message().to_string())
            }))
        };
        let sandbox = Arc::clone(&test.sandbox);
        let looking = tokio::spawn(async move {
            later(2999).await;
            (read.load(Ordering::Relaxed), sandbox.store().inbox.mails().len())
        });
        assert_eq!(test.call(sending(&token, body)).await.status, StatusCode::ACCEPTED);
        assert_eq!(looking.await.unwrap(), (body_read, number + usize::from(worked)), "{kind}");
        assert_eq!(count(&test), number + 1, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn answered_now_and_committed_a_minute_later() {
    let mut test = Test::new();
    let token = test.access_token("anna", USUAL).await;
    at_send_mail(&mut test, json!({ "status": 504, "body": "gateway", "commit_after_ms": 60_000 })).await;
    let answer = test.send(&token, &message()).await;
    assert_eq!((answer.status.as_u16(), answer.text()), (504, "gateway".into()));
    later(59_999).await;
    assert_eq!(count(&test), 0);
    later(2).await;
    assert_eq!(count(&test), 1);
    assert_eq!(test.inbox().await[0]["to"][0]["address"], "a@example.com", "the whole of it");

    // What would have been refused is no mail later.
    at_send_mail(&mut test, json!({ "status": 504, "commit_after_ms": 10 })).await;
    assert_eq!(test.send(&token, &json!({ "message": {} })).await.status.as_u16(), 504);
    later(20).await;
    assert_eq!(count(&test), 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_is_no_mail() {
    let mut test = Test::new();
    let token = test.access_token("anna", USUAL).await;
    let broken = || {
        let whole = message().to_string();
        let parts = [Ok(Bytes::from(whole)), Err(io::Error::from(io::ErrorKind::ConnectionReset))];
        Body::from_stream(stream::iter(parts))
    };
    for what in [
        json!({ "delay_ms": 10 }),
        json!({ "delay_answer_ms": 10 }),
        json!({ "status": 504, "commit_after_ms": 10 }),
        json!({ "status": 504, "after_work": true }),
    ] {
        let id = at_send_mail(&mut test, what.clone()).await;
        assert_ne!(test.call(sending(&token, broken())).await.status, StatusCode::ACCEPTED);
        later(20).await;
        let list = test.get("/sandbox/faults").await.json();
        let hits = list.as_array().unwrap().iter().find(|fault| fault["id"] == id).unwrap()["hits"].clone();
        assert_eq!((hits, count(&test)), (json!(1), 0), "{what}");
    }
}

/// A connection over which the head of a request went, whose body has this length.
async fn connected(test: &Test, token: &str, length: usize) -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let router = crate::router(Arc::clone(&test.sandbox));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let head = format!(
        "POST /v1.0/me/sendMail HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// Until it holds; the network's clock can't be paused.
async fn until(holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), waiting).await.expect("it never came to that");
}

#[tokio::test]
async fn what_a_client_sent_before_it_left_is_worked_on() {
    let mut test = Test::new();
    let token = test.access_token("anna", USUAL).await;
    let whole = message().to_string();
    let wanted = [
        json!({ "delay_ms": 50 }),
        json!({ "delay_work_ms": 50 }),
        json!({ "delay_answer_ms": 50 }),
        json!({ "status": 504, "commit_after_ms": 50 }),
    ];
    for (number, what) in wanted.into_iter().enumerate() {
        at_send_mail(&mut test, what).await;
        let mut stream = connected(&test, &token, whole.len()).await;
        stream.write_all(whole.as_bytes()).await.unwrap();
        drop(stream);
        until(|| count(&test) == number + 1).await;
    }
    // Half of it is nothing. The mailbox is busy while it is read.
    test.sandbox.store().in_flight.clear();
    at_send_mail(&mut test, json!({ "delay_ms": 50 })).await;
    let mut stream = connected(&test, &token, whole.len()).await;
    stream.write_all(&whole.as_bytes()[..whole.len() / 2]).await.unwrap();
    drop(stream);
    let oid = test.oid("anna");
    until(|| test.sandbox.store().in_flight.get(&oid) == Some(&0)).await;
    assert_eq!(count(&test), 4);
}

#[tokio::test]
async fn a_cut_within_the_request_or_right_after_it() {
    let mut test = Test::new();
    let token = test.access_token("anna", USUAL).await;
    let whole = message().to_string();
    // What of the body must have come until the connection ends.
    for (when, needed) in
        [("before_work", 0), ("mid_request", whole.len() / 2), ("after_request", whole.len())]
    {
        at_send_mail(&mut test, json!({ "cut": when })).await;
        let mut stream = connected(&test, &token, whole.len()).await;
        if let Some(almost) = needed.checked_sub(1) {
            stream.write_all(&whole.as_bytes()[..almost]).await.unwrap();
            let end = tokio::time::timeout(Duration::from_millis(100), stream.read(&mut [0])).await;
            assert!(end.is_err(), "{when}: too early");
            stream.write_all(&whole.as_bytes()[almost..needed]).await.unwrap();
        }
        let end = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut [0])).await;
        assert!(matches!(end, Ok(Ok(0) | Err(_))), "{when}: {end:?}");
    }
    assert_eq!(count(&test), 0);
}
