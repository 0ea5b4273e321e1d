//! The body of `POST /sandbox/faults`. What is not known in it is an error: a misspelt fault is a test that tests nothing.

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    entra::{
        catalogue::{self, Place},
        errors::Refusal,
    },
    faults::{At, Deed, GrantType, smtp},
};

/// What happens to the request.
#[derive(Debug, Clone)]
pub(crate) enum Action {
    Refuse {
        refusal: Refusal,
        place: Place,
    },
    Answer(Answer),
    /// Before the endpoint reads the body.
    Delay {
        ms: u64,
    },
    /// Between body and work.
    DelayWork {
        ms: u64,
    },
    DelayAnswer {
        ms: u64,
    },
    Cut(Cut),
    Gibberish,
}

/// Any answer at all.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content: Content,
    pub(crate) retry_after: Option<f64>,
    pub(crate) work: Work,
}

/// When the work behind an ordered answer is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Never,
    Before,
    After { ms: u64 },
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    Nothing,
    Text(String),
    /// As a front door writes it, not Graph.
    Html(String),
    Json(Value),
}

/// When the connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cut {
    /// Where the endpoint reads the body, that is not read either.
    BeforeWork,
    MidRequest,
    /// All of it was read, and nothing done about it.
    AfterRequest,
    AfterWork,
    MidAnswer,
}

/// An order that makes sense.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) at: At,
    pub(crate) grant: Option<GrantType>,
    pub(crate) account: Option<String>,
    /// `None`: until deleted.
    pub(crate) times: Option<u64>,
    /// How long it stands, by the machine's time; `None`: until used up or deleted.
    pub(crate) for_ms: Option<u64>,
    /// How many are let through first.
    pub(crate) skip: u64,
    pub(crate) ordered: Map<String, Value>,
    pub(crate) deed: Deed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    at: At,
    grant: Option<GrantType>,
    account: Option<String>,
    /// Absent is once, `null` is for ever.
    #[serde(default = "once")]
    times: Option<u64>,
    for_ms: Option<u64>,
    #[serde(default)]
    skip: u64,
    #[serde(rename = "do")]
    ordered: Map<String, Value>,
}

// `Option` because the field has one: serde wants the same type.
#[expect(clippy::unnecessary_wraps, reason = "the type of the field it is the default of")]
fn once() -> Option<u64> {
    Some(1)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefuseBody {
    refuse: u32,
    error: Option<String>,
    suberror: Option<String>,
    status: Option<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerBody {
    status: u16,
    body: Option<String>,
    html: Option<String>,
    json: Option<Value>,
    retry_after: Option<f64>,
    #[serde(default)]
    after_work: bool,
    commit_after_ms: Option<u64>,
}

/// The kinds that are one field only; each is read on its own, so a second kind beside it is an unknown field.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Single {
    DelayMs(u64),
    DelayWorkMs(u64),
    DelayAnswerMs(u64),
    Cut(Cut),
    Gibberish(bool),
}

impl Order {
    pub(crate) fn read(json: &[u8]) -> Result<Self, String> {
        let body: Body = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        if body.times == Some(0) {
            return Err("times must be at least 1, or null for ever".to_owned());
        }
        if body.grant.is_some() && body.at != At::Token {
            return Err("grant goes with at=token only".to_owned());
        }
        if body.account.is_some() && matches!(body.at, At::Authorize | At::AdminConsent) {
            return Err(
                "account goes with token, me, send_mail, graph and smtp only: before a sign-in nobody is known"
                    .to_owned(),
            );
        }
        let deed = if body.at == At::Smtp {
            let mishap = smtp::read(&body.ordered)?;
            if body.account.is_some() && !mishap.knows_the_account() {
                return Err("account goes with auth and later steps only: before, nobody is known".to_owned());
            }
            Deed::Smtp(mishap)
        } else {
            let action = Action::read(body.at, &body.ordered)?;
            if action.is_about_a_mail() && !body.at.covers(At::SendMail) {
                return Err(
                    "commit_after_ms, delay_work_ms, mid_request and after_request go with send_mail and graph only"
                        .to_owned(),
                );
            }
            Deed::Http(action)
        };
        Ok(Self {
            at: body.at,
            grant: body.grant,
            account: body.account,
            times: body.times,
            for_ms: body.for_ms,
            skip: body.skip,
            ordered: body.ordered,
            deed,
        })
    }
}

impl Action {
    fn read(at: At, fields: &Map<String, Value>) -> Result<Self, String> {
        let unread = |error: serde_json::Error| format!("do: {error}");
        let value = Value::Object(fields.clone());
        if fields.contains_key("refuse") {
            return refuse(at, serde_json::from_value(value).map_err(unread)?);
        }
        if fields.contains_key("status") {
            return answer(serde_json::from_value(value).map_err(unread)?);
        }
        match serde_json::from_value(value).map_err(unread)? {
            Single::DelayMs(ms) => Ok(Self::Delay { ms }),
            Single::DelayWorkMs(ms) => Ok(Self::DelayWork { ms }),
            Single::DelayAnswerMs(ms) => Ok(Self::DelayAnswer { ms }),
            Single::Cut(cut) => Ok(Self::Cut(cut)),
            Single::Gibberish(true) => Ok(Self::Gibberish),
            Single::Gibberish(false) => Err("gibberish is true or absent".to_owned()),
        }
    }

    /// What the token endpoint answers with, without having worked on the request.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Refuse { refusal, place: Place::Token } => Some(refusal.clone()),
            _ => None,
        }
    }

    /// Whether it happens at a moment that only a request with a mail in it has.
    fn is_about_a_mail(&self) -> bool {
        matches!(
            self,
            Self::Answer(Answer { work: Work::After { .. }, .. })
                | Self::DelayWork { .. }
                | Self::Cut(Cut::MidRequest | Cut::AfterRequest)
        )
    }
}

fn refuse(at: At, body: RefuseBody) -> Result<Action, String> {
    let number = body.refuse;
    let places: &[Place] = match at {
        At::Token => &[Place::Token],
        At::Authorize | At::AdminConsent => &[Place::Page, Place::Redirect],
        At::Me | At::SendMail | At::Graph => {
            return Err("Graph has no AADSTS numbers: use status and json".to_owned());
        }
        At::Smtp => return Err("SMTP has no AADSTS numbers: use reply".to_owned()),
    };
    let row = places.iter().find_map(|place| catalogue::find(number, *place));
    let row = row.ok_or_else(|| format!("data/aadsts.csv has no {number} for this endpoint"))?;
    let mut refusal = row.refusal();
    if let Some(error) = body.error {
        refusal.error = error.into();
    }
    if let Some(suberror) = body.suberror {
        // An empty one leaves the row's away.
        refusal.suberror = Some(suberror).filter(|suberror| !suberror.is_empty()).map(Into::into);
    }
    if let Some(given) = body.status {
        refusal.status = status(given)?;
    }
    Ok(Action::Refuse { refusal, place: row.place })
}

fn answer(body: AnswerBody) -> Result<Action, String> {
    let content = match (body.body, body.html, body.json) {
        (None, None, None) => Content::Nothing,
        (Some(text), None, None) => Content::Text(text),
        (None, Some(html), None) => Content::Html(html),
        (None, None, Some(json)) => Content::Json(json),
        _ => return Err("one of body, html and json".to_owned()),
    };
    let work = match (body.after_work, body.commit_after_ms) {
        (true, Some(_)) => return Err("after_work or commit_after_ms, not both".to_owned()),
        (true, None) => Work::Before,
        (false, Some(ms)) => Work::After { ms },
        (false, None) => Work::Never,
    };
    let retry_after = body.retry_after;
    let status = status(body.status)?;
    Ok(Action::Answer(Answer { status, content, retry_after, work }))
}

/// 1xx are not answers, and a client never sees them as such.
fn status(given: u16) -> Result<StatusCode, String> {
    let status = StatusCode::from_u16(given).ok().filter(|status| (200..600).contains(&status.as_u16()));
    status.ok_or_else(|| format!("{given} is no status of an answer"))
}
