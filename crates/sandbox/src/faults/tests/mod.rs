//! Every kind of fault, at the endpoint it matters most for.

mod moments;

use std::{sync::Arc, time::Duration};

use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::testing::{Answer, REDIRECT, SECRET, Test, USUAL};

async fn order(test: &mut Test, fault: Value) -> Answer {
    test.call(Request::post("/sandbox/faults").body(fault.to_string().into()).unwrap()).await
}

async fn ordered(test: &mut Test, fault: Value) -> u64 {
    let answer = order(test, fault).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer.json()["id"].as_u64().unwrap()
}

async fn refresh_token(test: &mut Test, local_part: &str) -> String {
    let code = test.sign_in(local_part, &[]).await;
    test.redeem(&code, &[]).await.json()["refresh_token"].as_str().unwrap().to_owned()
}

fn message() -> Value {
    json!({ "message": { "subject": "x", "toRecipients": [{ "emailAddress": { "address": "a@example.com" } }] } })
}

#[tokio::test]
async fn a_refusal_is_written_as_entra_writes_it() {
    let mut test = Test::new();
    let token = refresh_token(&mut test, "anna").await;
    ordered(&mut test, json!({ "at": "token", "grant": "refresh_token", "do": { "refuse": 53003 } })).await;
    let answer = test.refresh(&token, "Mail.Send").await;
    let body = answer.json();
    assert_eq!((answer.status.as_u16(), answer.aadsts()), (400, 53003));
    assert_eq!((&body["error"], &body["suberror"]), (&"invalid_grant".into(), &"message_only".into()));
    let description = body["error_description"].as_str().unwrap();
    for part in ["AADSTS53003: ", "Trace ID: ", "Correlation ID: ", "Timestamp: "] {
        assert!(description.contains(part), "{description}");
    }
    let claims: Value = serde_json::from_str(body["claims"].as_str().unwrap()).unwrap();
    assert!(claims["access_token"].is_object());
    assert_eq!(test.refresh(&token, "Mail.Send").await.aadsts(), 0, "once");
}

#[tokio::test]
async fn overrides_replace_what_the_row_says() {
    let mut test = Test::new();
    let change =
        json!({ "refuse": 90033, "error": "temporarily_unavailable", "status": 503, "suberror": "x" });
    ordered(&mut test, json!({ "at": "token", "do": change })).await;
    let answer = test.refresh("1.A", "Mail.Send").await;
    assert_eq!((answer.status.as_u16(), answer.aadsts()), (503, 90033));
    assert_eq!(
        (&answer.json()["error"], &answer.json()["suberror"]),
        (&"temporarily_unavailable".into(), &"x".into())
    );
}

#[tokio::test]
async fn it_happens_to_whom_it_is_meant_for_and_so_often() {
    let mut test = Test::new();
    let anna = refresh_token(&mut test, "anna").await;
    let facturen = {
        let page = test.authorize(&[("login_hint", "facturen@bakkerijjansen.example")]).await;
        let page = test.password(&page, "brood").await;
        let code = test.consent(&page, "accept").await.returned("code").unwrap();
        test.redeem(&code, &[]).await.json()["refresh_token"].as_str().unwrap().to_owned()
    };
    let wanted = json!({ "at": "token", "grant": "refresh_token", "account": "Anna@bakkerijjansen.example",
        "times": 2, "do": { "refuse": 50173 } });
    let id = ordered(&mut test, wanted).await;
    assert_eq!(test.refresh(&facturen, "Mail.Send").await.aadsts(), 0);
    for number in [50173, 50173, 0] {
        assert_eq!(test.refresh(&anna, "Mail.Send").await.aadsts(), number);
    }
    let list = test.get("/sandbox/faults").await.json();
    assert_eq!((&list[0]["id"], &list[0]["remaining"], &list[0]["hits"]), (&id.into(), &0.into(), &2.into()));
    assert_eq!(list[0]["do"], json!({ "refuse": 50173 }));
    // For ever, until deleted.
    let id = ordered(&mut test, json!({ "at": "token", "times": null, "do": { "status": 500 } })).await;
    for _ in 0..3 {
        assert_eq!(test.refresh(&anna, "Mail.Send").await.status.as_u16(), 500);
    }
    assert_eq!(test.get("/sandbox/faults").await.json()[1]["remaining"], Value::Null);
    let delete = || Request::delete(format!("/sandbox/faults/{id}")).body("".into()).unwrap();
    assert_eq!(test.call(delete()).await.status.as_u16(), 204);
    assert_eq!(test.call(delete()).await.status.as_u16(), 404);
    assert_eq!(test.refresh(&anna, "Mail.Send").await.aadsts(), 0);
    test.call(Request::delete("/sandbox/faults").body("".into()).unwrap()).await;
    assert_eq!(test.get("/sandbox/faults").await.text(), "[]");
}

#[tokio::test]
async fn so_many_are_let_through_first() {
    let mut test = Test::new();
    let anna = refresh_token(&mut test, "anna").await;
    ordered(&mut test, json!({ "at": "token", "skip": 2, "do": { "refuse": 50173 } })).await;
    // One that is waiting leaves the next its turn.
    ordered(&mut test, json!({ "at": "token", "skip": 1, "do": { "refuse": 53003 } })).await;
    for number in [0, 53003, 50173, 0] {
        assert_eq!(test.refresh(&anna, "Mail.Send").await.aadsts(), number);
    }
    let list = test.get("/sandbox/faults").await.json();
    assert_eq!(
        (&list[0]["skip"], &list[0]["remaining"], &list[0]["hits"]),
        (&0.into(), &0.into(), &1.into())
    );
}

#[tokio::test]
async fn whom_it_happened_to_is_told_by_their_own_name() {
    let mut test = Test::new();
    let token = test.access_token("anna", "https://graph.microsoft.com/Mail.Send").await;
    ordered(&mut test, json!({ "at": "send_mail", "skip": 1, "times": 2, "do": { "status": 503 } })).await;
    for status in [202, 503, 503, 202] {
        assert_eq!(test.send(&token, &message()).await.status.as_u16(), status);
    }
    assert_eq!(test.get("/sandbox/faults").await.json()[0]["requests"], json!(["mine-1", "mine-1"]));
}

#[tokio::test]
async fn records_tell_a_fault_from_the_rest() {
    let mut test = Test::new();
    let token = refresh_token(&mut test, "anna").await;
    let id = ordered(&mut test, json!({ "at": "token", "do": { "refuse": 50076 } })).await;
    test.refresh(&token, "Mail.Send").await;
    let after_work = json!({ "status": 503, "retry_after": 2.5, "after_work": true });
    ordered(&mut test, json!({ "at": "token", "do": after_work })).await;
    let answer = test.refresh(&token, "Mail.Send").await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "2.5"));
    let list = test.get("/sandbox/token-requests").await.json();
    assert_eq!((&list[1]["outcome"], &list[1]["aadsts"]), (&"fault".into(), &50076.into()));
    assert_eq!((&list[1]["fault"], &list[1]["account"]), (&id.into(), &"anna@bakkerijjansen.example".into()));
    assert_eq!((&list[1]["error"], &list[1]["issued"]), (&"interaction_required".into(), &false.into()));
    assert_eq!((&list[2]["outcome"], &list[2]["status"]), (&"fault".into(), &503.into()));
    assert_eq!((&list[2]["issued"], list.as_array().unwrap().len()), (&true.into(), 3));
    let issued = test.get("/sandbox/issued").await.json();
    assert_eq!(issued["refresh_tokens"].as_array().unwrap().len(), 2, "made, though nobody got it");
}

#[tokio::test]
async fn graph_fails_in_its_own_words() {
    let mut test = Test::new();
    let token = test.access_token("anna", USUAL).await;
    let error = json!({ "error": { "code": "ErrorExceededMessageLimit", "message": "Cannot send mail." } });
    let account = "anna@bakkerijjansen.example";
    ordered(
        &mut test,
        json!({ "at": "send_mail", "account": account, "do": { "status": 403, "json": error } }),
    )
    .await;
    let answer = test.send(&token, &message()).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (403, "ErrorExceededMessageLimit".into()));
    assert_eq!(answer.header("request-id").len(), 36);
    assert!(test.inbox().await.is_empty());
    // Taken, and then said not to be.
    ordered(
        &mut test,
        json!({ "at": "send_mail", "do": { "status": 504, "body": "gateway", "after_work": true } }),
    )
    .await;
    let answer = test.send(&token, &message()).await;
    assert_eq!((answer.status.as_u16(), answer.text()), (504, "gateway".into()));
    assert_eq!(test.inbox().await.len(), 1);
    ordered(&mut test, json!({ "at": "me", "do": { "gibberish": true } })).await;
    let request = || {
        let request = Request::get("/v1.0/me").header("authorization", format!("Bearer {token}"));
        request.body("".into()).unwrap()
    };
    let answer = test.call(request()).await;
    assert!(answer.status == 200 && serde_json::from_slice::<Value>(&answer.body).is_err());
    assert_eq!(test.call(request()).await.json()["mail"], account);
}

/// What `/me` and `sendMail` answer now.
async fn graph(test: &mut Test, token: &str) -> (u16, u16) {
    let me = test.get_with("/v1.0/me?$select=id", token).await.status.as_u16();
    (me, test.send(token, &message()).await.status.as_u16())
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_of_all_of_graph_until_it_is_lifted_or_over() {
    let mut test = Test::new();
    let token = test.access_token("anna", USUAL).await;
    let id = test.get_with("/v1.0/me?$select=id", &token).await.json()["id"].clone();
    assert_eq!(id, json!(test.oid("anna")));

    // Until it is lifted: a front door answers, and nothing is taken.
    let front_door = json!({ "status": 503, "html": "<h1>Service Unavailable</h1>" });
    let outage = ordered(&mut test, json!({ "at": "graph", "times": null, "do": front_door })).await;
    for _ in 0..2 {
        assert_eq!(graph(&mut test, &token).await, (503, 503));
    }
    let answer = test.send(&token, &message()).await;
    assert!(answer.header("content-type").starts_with("text/html"), "{}", answer.text());
    assert_eq!(test.get("/sandbox/faults").await.json()[0]["hits"], 5);
    test.control("DELETE", &format!("/sandbox/faults/{outage}"), json!(null)).await;
    assert_eq!((graph(&mut test, &token).await, test.inbox().await.len()), ((200, 202), 1));

    // For a time: what is sent is taken, and nobody is told.
    let timeout = json!({ "status": 504, "after_work": true });
    ordered(&mut test, json!({ "at": "graph", "times": null, "for_ms": 60_000, "do": timeout })).await;
    assert_eq!((graph(&mut test, &token).await, test.inbox().await.len()), ((504, 504), 2));
    tokio::time::advance(Duration::from_secs(59)).await;
    assert_eq!(graph(&mut test, &token).await, (504, 504));
    assert_eq!(test.get("/sandbox/faults").await.json()[0]["remaining"], Value::Null);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!((graph(&mut test, &token).await, test.inbox().await.len()), ((200, 202), 4));
    let list = test.get("/sandbox/faults").await.json();
    assert_eq!((&list[0]["remaining"], &list[0]["hits"]), (&0.into(), &4.into()));
}

#[tokio::test]
async fn an_outage_may_be_of_one_account() {
    let mut test = Test::new();
    let token = test.access_token("anna", USUAL).await;
    let account = "facturen@bakkerijjansen.example";
    let order = json!({ "at": "graph", "account": account, "times": null, "do": { "cut": "after_request" } });
    ordered(&mut test, order).await;
    assert_eq!(graph(&mut test, &token).await, (200, 202));
}

#[tokio::test]
async fn taken_and_then_failed_is_told_by_any_status() {
    let mut test = Test::new();
    let token = test.access_token("anna", USUAL).await;
    let error = json!({ "error": { "code": "InternalServerError", "message": "m" } });
    for (number, what) in [
        json!({ "status": 500, "json": error, "after_work": true }),
        json!({ "status": 502, "html": "<h1>Bad Gateway</h1>", "after_work": true }),
        json!({ "status": 504, "after_work": true }),
    ]
    .into_iter()
    .enumerate()
    {
        ordered(&mut test, json!({ "at": "send_mail", "do": what })).await;
        assert_eq!(
            u64::from(test.send(&token, &message()).await.status.as_u16()),
            what["status"].as_u64().unwrap()
        );
        assert_eq!(test.inbox().await.len(), number + 1, "{what}");
    }
}

#[tokio::test]
async fn authorize_refuses_on_the_page_or_back_at_the_app() {
    let mut test = Test::new();
    ordered(&mut test, json!({ "at": "authorize", "do": { "refuse": 50105 } })).await;
    let page = test.authorize(&[]).await;
    assert!(page.text().contains("AADSTS50105") && page.text().contains(r#"id="aadsts""#));
    ordered(&mut test, json!({ "at": "authorize", "do": { "refuse": 500_014 } })).await;
    let back = test.authorize(&[]).await;
    assert!(back.header("location").starts_with(REDIRECT));
    assert_eq!(back.returned("error").as_deref(), Some("invalid_resource"));
    assert_eq!(back.returned("state").as_deref(), Some("s t&te"));
    assert_eq!(test.authorize(&[]).await.status, StatusCode::OK);
}

/// All bytes of the answer to a refresh, over a real connection.
async fn over_tcp(test: &Test, token: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let router = crate::router(Arc::clone(&test.sandbox));
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", crate::Config::CLIENT_ID)
        .append_pair("client_secret", SECRET)
        .append_pair("grant_type", "refresh_token")
        .append_pair("refresh_token", token)
        .finish();
    let head = format!(
        "POST /organizations/oauth2/v2.0/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    // A kept-alive connection would never end: that it does is the point.
    let end = tokio::time::timeout(std::time::Duration::from_secs(5), stream.read_to_end(&mut bytes)).await;
    assert!(end.is_ok(), "the connection stayed open");
    serving.abort();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_cut_ends_the_connection() {
    let mut test = Test::new();
    let token = refresh_token(&mut test, "anna").await;
    for (when, issued) in [("before_work", 1), ("after_work", 2), ("mid_answer", 3)] {
        ordered(&mut test, json!({ "at": "token", "do": { "cut": when } })).await;
        let answer = over_tcp(&test, &token).await;
        assert_eq!(test.sandbox.store().refresh_tokens.len(), issued, "{when}");
        if when == "mid_answer" {
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            assert_eq!(body.len(), length.parse::<usize>().unwrap() / 2);
        } else {
            assert_eq!(answer, "", "{when}");
        }
    }
    let list = test.get("/sandbox/token-requests").await.json();
    assert_eq!((&list[1]["status"], &list[1]["issued"]), (&Value::Null, &false.into()));
    assert_eq!((&list[2]["status"], &list[2]["issued"]), (&Value::Null, &true.into()));
    assert_eq!((&list[3]["outcome"], &list[3]["status"]), (&"fault".into(), &200.into()));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let mut test = Test::new();
    for bad in [
        json!({ "at": "token" }),
        json!({ "at": "moon", "do": { "refuse": 53003 } }),
        json!({ "at": "token", "colour": 1, "do": { "refuse": 53003 } }),
        json!({ "at": "token", "times": 0, "do": { "refuse": 53003 } }),
        json!({ "at": "token", "do": {} }),
        json!({ "at": "token", "do": { "refuse": 1 } }),
        json!({ "at": "token", "do": { "refuse": 50011 } }),
        json!({ "at": "authorize", "do": { "refuse": 700_082 } }),
        json!({ "at": "me", "do": { "refuse": 53003 } }),
        json!({ "at": "token", "do": { "refuse": 53003, "delay_ms": 1 } }),
        json!({ "at": "token", "do": { "delay_ms": 1, "cut": "after_work" } }),
        json!({ "at": "token", "do": { "status": 503, "body": "a", "json": {} } }),
        json!({ "at": "token", "do": { "status": 99 } }),
        json!({ "at": "token", "do": { "cut": "sometimes" } }),
        json!({ "at": "token", "do": { "gibberish": false } }),
        json!({ "at": "send_mail", "do": { "status": 504, "after_work": true, "commit_after_ms": 1 } }),
        json!({ "at": "send_mail", "do": { "commit_after_ms": 1 } }),
        json!({ "at": "token", "do": { "status": 504, "commit_after_ms": 1 } }),
        json!({ "at": "token", "do": { "delay_work_ms": 1 } }),
        json!({ "at": "me", "do": { "cut": "mid_request" } }),
        json!({ "at": "me", "do": { "cut": "after_request" } }),
        json!({ "at": "me", "skip": -1, "do": { "delay_ms": 1 } }),
        json!({ "at": "me", "grant": "refresh_token", "do": { "delay_ms": 1 } }),
        json!({ "at": "authorize", "account": "anna@bakkerijjansen.example", "do": { "delay_ms": 1 } }),
    ] {
        let answer = order(&mut test, bad.clone()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{bad}");
        assert!(answer.json()["problem"].is_string());
    }
}

#[tokio::test]
async fn the_clock_moves_and_tokens_grow_old() {
    let mut test = Test::new();
    let token = refresh_token(&mut test, "anna").await;
    let advance = |seconds: i64| {
        let body = json!({ "advance_seconds": seconds }).to_string();
        Request::post("/sandbox/clock").body(body.into()).unwrap()
    };
    assert_eq!(
        test.get("/sandbox/clock").await.json(),
        json!({ "now": "2030-03-17T17:46:40.000Z", "moved_seconds": 0 })
    );
    let moved = test.call(advance(90 * 24 * 3600)).await.json();
    assert_eq!(moved, json!({ "now": "2030-06-15T17:46:40.000Z", "moved_seconds": 7_776_000 }));
    let answer = test.refresh(&token, "Mail.Send").await;
    assert_eq!(answer.aadsts(), 700_082);
    let body = answer.text();
    assert!(
        body.contains("issued on 2030-03-17T17:46:40.0000000Z") && body.contains("90.00:00:00"),
        "{body}"
    );
    test.call(advance(-1)).await;
    assert_eq!(test.refresh(&token, "Mail.Send").await.aadsts(), 0);
    assert_eq!(test.call(advance(i64::MAX)).await.status, StatusCode::BAD_REQUEST);
}
