use std::fmt;

use api::{Code, Failure, Problem, Reason, Upstream};

use crate::decision::Decision;

/// Why Microsoft did not do what was asked: whose turn it is (through the code), and their own words for support.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What it means; says who can fix it and whether trying again helps.
    pub code: Code,
    /// What is the case, in English.
    pub detail: String,
    /// What they answered; absent when they did not.
    pub upstream: Option<Upstream>,
    /// How long they ask us to wait, in milliseconds.
    pub retry_after_ms: Option<i64>,
    /// What Entra's refusal means for the tokens. Absent when somebody else refused.
    pub verdict: Option<Verdict>,
}

/// What a refusal by Entra calls for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What to do.
    pub decision: Decision,
    /// Which words to use.
    pub reason: Option<Reason>,
    /// What the next sign-in must repeat: the parameter `claims`, as it is.
    pub claims: Option<String>,
}

impl Refusal {
    /// A refusal without an answer from the other side.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), upstream: None, retry_after_ms: None, verdict: None }
    }

    /// What to do about the tokens, when it was Entra that refused.
    #[must_use]
    pub fn decision(&self) -> Option<Decision> {
        self.verdict.as_ref().map(|verdict| verdict.decision)
    }

    /// Which words to use, when Microsoft's number told.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.verdict.as_ref().and_then(|verdict| verdict.reason)
    }

    /// As the failure of a message.
    #[must_use]
    pub fn failure(&self) -> Failure {
        Failure {
            code: self.code,
            detail: self.detail.clone(),
            action: self.code.action().to_owned(),
            fix_by: self.code.fix_by(),
            retryable: self.code.retryable(),
        }
    }

    /// As the answer to a request.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let mut problem = Problem::new(self.code, self.detail.clone());
        if let Some(upstream) = &self.upstream {
            problem = problem.with_param("upstream_status", &upstream.status);
            for (name, value) in [
                ("upstream_code", &upstream.code),
                ("upstream_message", &upstream.message),
                ("upstream_request_id", &upstream.request_id),
            ] {
                if let Some(value) = value {
                    problem = problem.with_param(name, value);
                }
            }
        }
        if let Some(reason) = self.reason() {
            problem = problem.with_param("reason", &reason.as_str());
        }
        match self.retry_after_ms.map(|ms| u32::try_from(ms.div_euclid(1000) + 1)) {
            Some(Ok(seconds)) => problem.with_retry_after(seconds),
            _ => problem,
        }
    }
}

/// A fault of ours in the shape of a refusal.
impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::new(problem.code, problem.into_fields().detail)
    }
}

/// Why a request got no answer at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportError {
    /// The connection could not be made, or broke; whether the request arrived is not known.
    Broken,
    /// No answer in time; whether the request arrived is not known.
    TimedOut,
    /// The answer was longer than any that we can use.
    AnswerTooLong,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Broken => "the connection could not be made or broke",
            Self::TimedOut => "no answer came in time",
            Self::AnswerTooLong => "the answer was too long",
        })
    }
}

impl std::error::Error for TransportError {}

/// Longest upstream text that is kept.
const UPSTREAM_CHARS_MAX: usize = 500;

/// Their words in one line that is safe to store and show.
pub(crate) fn clipped(text: &str) -> Option<String> {
    let line: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(UPSTREAM_CHARS_MAX).collect();
    let line = line.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

/// `Retry-After` in milliseconds: seconds, which Graph also writes with a fraction; at most an hour is believed.
pub(crate) fn retry_after_ms(headers: &http::HeaderMap) -> Option<i64> {
    const BELIEVED_MS_MAX: i64 = 3_600_000;
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
    if seconds.is_empty() || !is_number(seconds) || !is_number(fraction) {
        return None;
    }
    // What is longer than a number can be, is longer than an hour.
    let whole_ms = seconds.parse::<i64>().unwrap_or(i64::MAX).saturating_mul(1000);
    let ms = fraction.bytes().chain(*b"000").take(3).fold(0, |ms, digit| ms * 10 + i64::from(digit - b'0'));
    Some(whole_ms.saturating_add(ms).min(BELIEVED_MS_MAX))
}
