//! Microsoft Graph, as far as a mailbox meets it. The answers are read by the real reader of crate `microsoft`.

use http::Response;
use microsoft::HttpResponse;

use crate::plan::{MINUTE, SECOND};
use crate::random::Random;

/// Every answer that is documented, with what it means.
const GRAPH_ERRORS: &str = include_str!("../../microsoft/data/graph_errors.csv");

/// How long the host waits for an answer, in milliseconds.
pub(crate) const DEADLINE_MS: i64 = 60 * SECOND;

/// What Graph is like for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphMood {
    /// It takes what it gets.
    Fine,
    /// It takes what it gets, and needs up to a minute.
    Slow,
    /// Anything, one message after another.
    Mixed,
    /// It refuses with one of its documented errors, the same each time.
    Refuses(u8),
    /// The same, after most of a minute.
    RefusesLate(u8),
    /// `429` with `Retry-After`, in seconds; without one when that is 0.
    Throttles(u32),
    /// It takes messages, and asks to slow down.
    TakesAndSlows(u32),
    /// `503` by Graph itself.
    Unavailable,
    /// 500, 502, 503 or 504 that prove nothing; it has taken some.
    Fails,
    /// The connection breaks after the request; it has taken some.
    Cuts,
    /// No answer to anything, `GET /me` included.
    Outage,
    /// No answer to messages; `GET /me` works.
    SendOutage,
    /// It takes everything, and its answers get lost.
    LosesAnswers,
    /// It takes no token that was issued before.
    RefusesTokens,
}

impl GraphMood {
    pub(crate) fn any(random: &mut Random) -> Self {
        let row = random.draw().to_le_bytes()[0];
        let seconds = random.pick(&[0, 1, 60, 900]);
        random.weighted(&[
            (1, Self::Slow),
            (6, Self::Mixed),
            (6, Self::Refuses(row)),
            (1, Self::RefusesLate(row)),
            (3, Self::Throttles(seconds)),
            (1, Self::TakesAndSlows(seconds)),
            (2, Self::Unavailable),
            (3, Self::Fails),
            (3, Self::Cuts),
            (5, Self::Outage),
            (2, Self::SendOutage),
            (2, Self::LosesAnswers),
            (1, Self::RefusesTokens),
        ])
    }
}

/// What Graph does with one request.
pub(crate) struct Conduct {
    /// Whether it takes the message.
    pub(crate) takes: bool,
    /// Its answer; none when the connection breaks or hangs.
    pub(crate) answer: Option<HttpResponse>,
    /// How long that takes.
    pub(crate) after_ms: i64,
}

/// What Graph does with a message. `of_before` says that the token was issued before the mood began.
pub(crate) fn send_mail(mood: GraphMood, of_before: bool, random: &mut Random) -> Conduct {
    let quick = random.between(50, 2 * SECOND);
    let says = |takes, answer| Conduct { takes, answer: Some(answer), after_ms: quick };
    let silent = |takes, after_ms| Conduct { takes, answer: None, after_ms };
    match mood {
        GraphMood::Slow => Conduct {
            takes: true,
            answer: Some(answer(202, "", None)),
            after_ms: random.between(10 * SECOND, DEADLINE_MS),
        },
        GraphMood::Mixed => {
            let row = random.draw().to_le_bytes()[0];
            let mood = random.weighted(&[
                (12, GraphMood::Fine),
                (2, GraphMood::Slow),
                (2, GraphMood::Refuses(row)),
                (1, GraphMood::Throttles(30)),
                (1, GraphMood::TakesAndSlows(20)),
                (1, GraphMood::Unavailable),
                (1, GraphMood::Fails),
                (1, GraphMood::Cuts),
                (1, GraphMood::LosesAnswers),
            ]);
            send_mail(mood, of_before, random)
        }
        GraphMood::Refuses(row) => refuses(row, random, quick),
        GraphMood::RefusesLate(row) => {
            let after_ms = random.between(20 * SECOND, DEADLINE_MS);
            refuses(row, random, after_ms)
        }
        GraphMood::Throttles(seconds) => {
            says(false, answer(429, "TooManyRequests", Some(seconds).filter(|seconds| *seconds > 0)))
        }
        GraphMood::TakesAndSlows(seconds) => says(true, answer(202, "", Some(seconds))),
        GraphMood::Unavailable => says(false, answer(503, "ServiceUnavailable", None)),
        GraphMood::Fails => {
            let failed = match random.below(4) {
                0 => answer(500, "InternalServerError", None),
                1 => front_door(502),
                2 => front_door(503),
                _ => answer(504, "", None),
            };
            says(random.percent(50), failed)
        }
        GraphMood::Cuts => silent(random.percent(50), quick),
        GraphMood::Outage => silent(random.percent(10), if random.percent(50) { DEADLINE_MS } else { quick }),
        GraphMood::SendOutage => silent(random.percent(50), DEADLINE_MS),
        GraphMood::LosesAnswers => silent(true, quick),
        GraphMood::RefusesTokens if of_before => says(false, answer(401, "InvalidAuthenticationToken", None)),
        GraphMood::Fine | GraphMood::RefusesTokens => says(true, answer(202, "", None)),
    }
}

/// A documented refusal. Where the table says that it proves nothing, the message may have been taken.
fn refuses(row: u8, random: &mut Random, after_ms: i64) -> Conduct {
    let rows: Vec<&str> = GRAPH_ERRORS.lines().skip(1).collect();
    let fields: Vec<&str> = rows[usize::from(row) % rows.len()].split(',').collect();
    let status = match fields[0] {
        "" => 400,
        "5" => 599,
        "4" => 418,
        digits => digits.parse().unwrap_or(400),
    };
    let code = match fields[1] {
        "" if fields[3] == "graph" => "SomethingElse",
        code => code.trim_end_matches('*'),
    };
    // By the meaning of HTTP, not of the table: what a 5xx did before it failed is not known.
    let named = !fields[1].is_empty() || fields[3] == "graph" || (400..500).contains(&status);
    let takes = !named && random.percent(50);
    Conduct { takes, answer: Some(answer(status, code, None)), after_ms }
}

/// What Graph says to `GET /me`, and how long that takes.
pub(crate) fn ping(mood: GraphMood, random: &mut Random) -> (Option<HttpResponse>, i64) {
    match mood {
        GraphMood::Outage => (None, if random.percent(50) { MINUTE / 2 } else { 200 }),
        GraphMood::Unavailable => (Some(answer(503, "ServiceUnavailable", None)), 200),
        _ => {
            let body = serde_json::json!({"id": "o-1"}).to_string().into_bytes();
            (Some(Response::new(body)), 200)
        }
    }
}

fn answer(status: u16, code: &str, retry_after: Option<u32>) -> HttpResponse {
    let mut answer = Response::builder().status(status);
    if let Some(seconds) = retry_after {
        answer = answer.header("retry-after", seconds);
    }
    let body = match (status, code) {
        (202, _) | (_, "") => Vec::new(),
        _ => serde_json::json!({"error": {"code": code, "message": "m"}}).to_string().into_bytes(),
    };
    answer.body(body).expect("a status and a number are a response")
}

fn front_door(status: u16) -> HttpResponse {
    let body = b"<html><h1>Our services aren't available right now</h1></html>".to_vec();
    Response::builder().status(status).body(body).expect("a status is a response")
}
