//! The faults of both ways, and what each makes of a message.

use serde_json::{Value, json};

use super::faults::{Fault, Makes, Spread};
use crate::sandbox::graph_error;

const ARRIVED: Makes = Makes::Unknown { arrives: true };
const GONE: Makes = Makes::Unknown { arrives: false };

/// Between answering and committing, in milliseconds.
const LATE_MS: u64 = 2000;

pub(super) fn by_graph() -> Vec<Fault> {
    let at_send = |name, makes, action| Fault::new(name, "send_mail", makes, action);
    // A token that is not taken is renewed, and then that fails.
    let at_token =
        |name, action| Fault { spread: Spread::Once, ..Fault::new(name, "token", Makes::Later, action) };
    vec![
        at_send("429, Retry-After 1", Makes::Later, json!({ "status": 429, "retry_after": 1 })),
        at_send("503", Makes::Later, json!({ "status": 503, "json": graph_error("ServiceUnavailable") })),
        at_send("503 of a front door", GONE, json!({ "status": 503, "body": "<html>Unavailable</html>" })),
        at_send("500", GONE, json!({ "status": 500, "json": graph_error("InternalServerError") })),
        at_send(
            "500, accepted",
            ARRIVED,
            json!({ "status": 500, "json": graph_error("InternalServerError"), "after_work": true }),
        ),
        at_send(
            "502, accepted",
            ARRIVED,
            json!({ "status": 502, "body": "<html>Bad Gateway</html>", "after_work": true }),
        ),
        at_send("401", Makes::Later, refused_token()),
        at_send("504", GONE, json!({ "status": 504 })),
        at_send("504, accepted", ARRIVED, json!({ "status": 504, "after_work": true })),
        at_send("504, accepted later", ARRIVED, json!({ "status": 504, "commit_after_ms": LATE_MS })),
        at_send("cut before the body was read", GONE, json!({ "cut": "before_work" })),
        at_send("cut within the body", GONE, json!({ "cut": "mid_request" })),
        at_send("cut after the body", GONE, json!({ "cut": "after_request" })),
        at_send("401 again", Makes::Later, refused_token()),
        at_send("cut instead of the answer", ARRIVED, json!({ "cut": "after_work" })),
        at_send("cut within the answer", Makes::Later, json!({ "cut": "mid_answer" })),
        at_send("200 and no JSON", GONE, json!({ "gibberish": true })),
        at_send(
            "400, a recipient",
            Makes::Refused,
            json!({ "status": 400, "json": graph_error("ErrorInvalidRecipients") }),
        ),
        at_send("slow before the body", Makes::Later, json!({ "delay_ms": 1000 })),
        at_send("slow before the work", Makes::Later, json!({ "delay_work_ms": 1000 })),
        at_send("slow after the work", Makes::Later, json!({ "delay_answer_ms": 1000 })),
        at_send("401 once more", Makes::Later, refused_token()),
        at_token("no token: 503", json!({ "status": 503 })),
        at_token(
            "no token: temporarily_unavailable",
            json!({ "refuse": 90033, "error": "temporarily_unavailable", "status": 503 }),
        ),
    ]
}

fn refused_token() -> Value {
    json!({ "status": 401, "json": graph_error("InvalidAuthenticationToken") })
}

pub(super) fn by_smtp() -> Vec<Fault> {
    let at = |name, makes, action| Fault::new(name, "smtp", makes, action);
    // Those of a connection, of which there are few.
    let connecting = |name, action| Fault {
        spread: Spread::Connections,
        ..Fault::new(name, "smtp", Makes::Later, action)
    };
    let reply = |reply: &str, step: &str| json!({ "reply": reply, "step": step });
    vec![
        connecting("421 instead of the greeting", reply("421 4.3.2 Service not active", "connect")),
        connecting("451 to the token", reply("451 4.7.0 Temporary server error. PRX4", "auth")),
        connecting("gibberish for EHLO", json!({ "gibberish": "ehlo" })),
        connecting("EHLO without end", json!({ "endless": "ehlo" })),
        connecting("bytes injected before TLS", json!({ "inject_before_tls": true })),
        connecting("a certificate of another name", json!({ "certificate": "wrong_name" })),
        connecting("a certificate of nobody", json!({ "certificate": "untrusted" })),
        connecting("cut at STARTTLS", json!({ "cut": { "step": "starttls" } })),
        at("cut at MAIL", Makes::Later, json!({ "cut": { "step": "mail" } })),
        at("cut at RCPT", Makes::Later, json!({ "cut": { "step": "rcpt" } })),
        // All of a small message has left by the time this is noticed.
        at("cut within the body", GONE, json!({ "cut": { "step": "body" } })),
        at(
            "451 to the message",
            Makes::Later,
            reply("451 4.7.0 Temporary server error. PRX4", "end_of_data"),
        ),
        at(
            "432, one connection too many",
            Makes::Later,
            reply("432 4.3.2 Concurrent connections limit exceeded.", "end_of_data"),
        ),
        at("slow reply", Makes::Later, json!({ "delay_answer_ms": 1000 })),
        at("cut after the end", GONE, json!({ "cut": { "step": "end_of_data" } })),
        at("cut instead of the reply", ARRIVED, json!({ "accept_then_cut": true })),
        at("cut, and accepted later", ARRIVED, json!({ "commit_after_ms": LATE_MS })),
        at("550, the recipient", Makes::Refused, reply("550 5.1.1 User unknown", "rcpt")),
        at(
            "554, not its sender",
            Makes::Refused,
            reply("554 5.2.252 SendAsDenied; not allowed", "end_of_data"),
        ),
    ]
}
