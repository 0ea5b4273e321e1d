//! What can go wrong in an SMTP connection, and how it is ordered.

use serde::Deserialize;
use serde_json::{Map, Value};

/// The place in a dialogue: its reply is replaced, and the work behind it is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    Connect,
    Starttls,
    /// TLS itself, on either port.
    Handshake,
    /// Every EHLO.
    Ehlo,
    /// Only those within TLS.
    EhloAfterTls,
    /// The `334` that asks for the token.
    AuthChallenge,
    /// The answer to the token.
    Auth,
    Mail,
    Rcpt,
    /// The `354`.
    Data,
    /// Behind the `354`: nothing of the message has been read.
    Body,
    EndOfData,
    Quit,
}

/// What happens in place of a reply, or before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Instead {
    /// Then all goes on as usual, work and reply.
    Delay {
        ms: u64,
    },
    /// Lines without their line ends.
    Reply(Vec<String>),
    /// Nothing, until the client leaves.
    Stall,
    Cut,
    Gibberish,
    /// Continuation lines without end; in one line, a line without end.
    Endless {
        one_line: bool,
    },
}

/// A direction, as the server sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bytes {
    Sent,
    Received,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BadCertificate {
    WrongName,
    Untrusted,
}

/// What happens when a message was found good, in place of the inbox and a `250` at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Acceptance {
    ThenCut,
    ThenDelay {
        ms: u64,
    },
    /// The reply now, or a cut; in the inbox only so much later.
    Late {
        ms: u64,
        reply: Option<Vec<String>>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mishap {
    At { step: Step, recipient: Option<String>, instead: Instead },
    CutAtByte { byte: u64, of: Bytes },
    InjectBeforeTls,
    Certificate(BadCertificate),
    Acceptance(Acceptance),
}

impl Mishap {
    /// Whether it happens when a token has said whose connection it is.
    pub(crate) fn knows_the_account(&self) -> bool {
        match self {
            Self::At { step, .. } => *step >= Step::Auth,
            Self::Acceptance(_) => true,
            Self::CutAtByte { .. } | Self::InjectBeforeTls | Self::Certificate(_) => false,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplyBody {
    reply: String,
    step: Step,
    recipient: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DelayBody {
    delay_ms: u64,
    step: Step,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CommitBody {
    commit_after_ms: u64,
    reply: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CutAtByteBody {
    cut_at_byte: u64,
    #[serde(default = "sent")]
    of: Bytes,
}

fn sent() -> Bytes {
    Bytes::Sent
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndlessBody {
    endless: Step,
    #[serde(default)]
    one_line: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CutBody {
    step: Step,
}

/// The kinds that are one field only, as with HTTP.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Single {
    Stall(Step),
    Cut(CutBody),
    Gibberish(Step),
    InjectBeforeTls(bool),
    Certificate(BadCertificate),
    AcceptThenCut(bool),
    DelayAnswerMs(u64),
}

/// The `do` of an order with `"at": "smtp"`.
pub(crate) fn read(fields: &Map<String, Value>) -> Result<Mishap, String> {
    let unread = |error: serde_json::Error| format!("do: {error}");
    let value = Value::Object(fields.clone());
    if fields.contains_key("commit_after_ms") {
        let CommitBody { commit_after_ms: ms, reply } = serde_json::from_value(value).map_err(unread)?;
        let reply = reply.as_deref().map(lines).transpose()?;
        return Ok(Mishap::Acceptance(Acceptance::Late { ms, reply }));
    }
    if fields.contains_key("reply") {
        return reply(serde_json::from_value(value).map_err(unread)?);
    }
    if fields.contains_key("cut_at_byte") {
        let CutAtByteBody { cut_at_byte: byte, of } = serde_json::from_value(value).map_err(unread)?;
        return Ok(Mishap::CutAtByte { byte, of });
    }
    let at = |step, instead| match (step, &instead) {
        (Step::Body, Instead::Gibberish | Instead::Endless { .. }) => {
            Err("step=body has no reply to replace".to_owned())
        }
        _ => Ok(Mishap::At { step, recipient: None, instead }),
    };
    if fields.contains_key("delay_ms") {
        let DelayBody { delay_ms: ms, step } = serde_json::from_value(value).map_err(unread)?;
        return at(step, Instead::Delay { ms });
    }
    if fields.contains_key("endless") {
        let EndlessBody { endless, one_line } = serde_json::from_value(value).map_err(unread)?;
        return at(endless, Instead::Endless { one_line });
    }
    match serde_json::from_value(value).map_err(unread)? {
        Single::Stall(step) => at(step, Instead::Stall),
        Single::Cut(CutBody { step }) => at(step, Instead::Cut),
        Single::Gibberish(step) => at(step, Instead::Gibberish),
        Single::InjectBeforeTls(true) => Ok(Mishap::InjectBeforeTls),
        Single::Certificate(bad) => Ok(Mishap::Certificate(bad)),
        Single::AcceptThenCut(true) => Ok(Mishap::Acceptance(Acceptance::ThenCut)),
        Single::DelayAnswerMs(ms) => Ok(Mishap::Acceptance(Acceptance::ThenDelay { ms })),
        Single::InjectBeforeTls(false) | Single::AcceptThenCut(false) => {
            Err("inject_before_tls and accept_then_cut are true or absent".to_owned())
        }
    }
}

fn reply(body: ReplyBody) -> Result<Mishap, String> {
    if body.recipient.is_some() && body.step != Step::Rcpt {
        return Err("recipient goes with step=rcpt only".to_owned());
    }
    if body.step == Step::Body {
        return Err("step=body has no reply to replace".to_owned());
    }
    let instead = Instead::Reply(lines(&body.reply)?);
    Ok(Mishap::At { step: body.step, recipient: body.recipient, instead })
}

fn lines(reply: &str) -> Result<Vec<String>, String> {
    let lines: Vec<String> = reply.lines().map(str::to_owned).collect();
    if lines.is_empty() || !lines.iter().all(|line| looks_like_a_reply(line)) {
        return Err("a reply is lines of three digits, then a space or hyphen, then text".to_owned());
    }
    Ok(lines)
}

fn looks_like_a_reply(line: &str) -> bool {
    let mut bytes = line.bytes();
    bytes.by_ref().take(3).filter(u8::is_ascii_digit).count() == 3
        && matches!(bytes.next(), None | Some(b' ' | b'-'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> Result<Mishap, String> {
        super::read(value.as_object().unwrap())
    }

    #[test]
    fn every_kind_is_read() {
        let rcpt = json!({ "reply": "450 4.2.1 Later", "step": "rcpt", "recipient": "a@b.example" });
        let instead = Instead::Reply(vec!["450 4.2.1 Later".into()]);
        let recipient = Some("a@b.example".to_owned());
        assert_eq!(read(&rcpt).unwrap(), Mishap::At { step: Step::Rcpt, recipient, instead });
        for good in [
            json!({ "reply": "421-4.3.2 a\n421 4.3.2 b", "step": "connect" }),
            json!({ "stall": "end_of_data" }),
            json!({ "cut": { "step": "handshake" } }),
            json!({ "cut_at_byte": 0, "of": "received" }),
            json!({ "gibberish": "ehlo_after_tls" }),
            json!({ "endless": "auth", "one_line": true }),
            json!({ "inject_before_tls": true }),
            json!({ "certificate": "wrong_name" }),
            json!({ "accept_then_cut": true }),
            json!({ "delay_ms": 5, "step": "rcpt" }),
            json!({ "delay_ms": 5, "step": "body" }),
            json!({ "delay_answer_ms": 5 }),
            json!({ "commit_after_ms": 5 }),
            json!({ "commit_after_ms": 5, "reply": "451 4.7.0 Later" }),
        ] {
            assert!(read(&good).is_ok(), "{good}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for bad in [
            json!({}),
            json!({ "reply": "450 x" }),
            json!({ "reply": "", "step": "mail" }),
            json!({ "reply": "later", "step": "mail" }),
            json!({ "reply": "450 x", "step": "mail", "recipient": "a@b.example" }),
            json!({ "reply": "450 x", "step": "vrfy" }),
            json!({ "stall": "mail", "gibberish": "mail" }),
            json!({ "cut": "mail" }),
            json!({ "cut_at_byte": -1 }),
            json!({ "certificate": "good" }),
            json!({ "inject_before_tls": false }),
            json!({ "delay_ms": 5 }),
            json!({ "reply": "250 2.0.0 OK", "step": "body" }),
            json!({ "gibberish": "body" }),
            json!({ "delay_answer_ms": 5, "step": "end_of_data" }),
            json!({ "commit_after_ms": 5, "reply": "later" }),
            json!({ "commit_after_ms": 5, "accept_then_cut": true }),
            json!({ "refuse": 53003 }),
        ] {
            assert!(read(&bad).is_err(), "{bad}");
        }
    }
}
