use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize};

use crate::{Code, FixBy, RequestId};

/// Every failure of the HTTP API: a problem document (RFC 9457), `application/problem+json`.
///
/// Says what is the case, whose turn it is, and whether trying again helps. The front end words it in the reader's
/// language from `code` and `params`; `title`, `detail` and `action` are the English for everybody else.
///
/// One pointer wide, since nearly every `Result` carries it: code that moves and drops the fields in each of these would
/// make the Worker much larger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Problem(Box<ProblemFields>);

/// The members of a [`Problem`], which dereferences to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemFields {
    /// URL of a page about this kind of problem, served by this installation.
    #[serde(rename = "type")]
    pub type_url: String,
    /// The kind of problem, in English.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Stable word for programs.
    pub code: Code,
    /// This case, in English.
    pub detail: String,
    /// The next step, in English.
    pub action: String,
    /// Who can take that step.
    pub fix_by: FixBy,
    /// Whether the same request may succeed later without anybody changing anything.
    pub retryable: bool,
    /// When to try again, in seconds; the `Retry-After` header says the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// The values in `detail`, for programs and for other languages.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// What is wrong with which field, all at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// This request, as the log knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// The cause, for the log of this process alone.
    #[serde(skip)]
    pub internal: InternalCause,
}

/// What happened inside, in words that may name tables, bindings or limits. Never serialised: it goes to the log together
/// with the request id, and the caller reads a generic `detail`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InternalCause(Option<Box<str>>);

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// Where: a JSON pointer (RFC 6901), e.g. `/to/0`.
    pub pointer: String,
    /// What, and how to mend it, in English.
    pub detail: String,
}

impl Problem {
    /// A problem of that kind; `detail` says what is the case this time.
    ///
    /// `type_url` stays relative until the host that answers knows its origin.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self::with_detail(code, detail.into())
    }

    /// Not inlined: hundreds of places make a problem.
    #[inline(never)]
    fn with_detail(code: Code, detail: String) -> Self {
        Self(Box::new(ProblemFields {
            type_url: format!("/problems/{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            code,
            detail,
            action: code.action().to_owned(),
            fix_by: code.fix_by(),
            retryable: code.retryable(),
            retry_after: None,
            params: BTreeMap::new(),
            errors: Vec::new(),
            request_id: None,
            internal: InternalCause::default(),
        }))
    }

    /// The members, to take them apart.
    #[must_use]
    pub fn into_fields(self) -> ProblemFields {
        *self.0
    }

    /// Adds a value that programs and other languages need.
    #[must_use]
    pub fn with_param(mut self, name: &str, value: &impl ToString) -> Self {
        self.params.insert(name.to_owned(), value.to_string());
        self
    }

    /// Adds what is wrong with single fields.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// Adds the internal cause, for the log.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<String>) -> Self {
        self.internal = InternalCause(Some(cause.into().into_boxed_str()));
        self
    }

    /// The internal cause, if one is known.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.internal.0.as_deref()
    }

    /// What the log says about a fault of this installation: the internal cause, else the detail of a [`Code`] whose details
    /// are our own words. Nothing for a fault of the caller, whose detail may repeat what they sent.
    #[must_use]
    pub fn log_detail(&self) -> Option<&str> {
        let ours = matches!(self.code, Code::Internal | Code::NotConfigured);
        self.cause().or(ours.then_some(self.detail.as_str()))
    }

    /// Says when to try again, in seconds.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl Deref for Problem {
    type Target = ProblemFields;

    fn deref(&self) -> &ProblemFields {
        &self.0
    }
}

impl DerefMut for Problem {
    fn deref_mut(&mut self) -> &mut ProblemFields {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_cause_is_never_serialised() {
        let problem = Problem::new(Code::Internal, "storage failed").with_cause("no such table: message");
        let json = serde_json::to_string(&problem).unwrap();
        assert!(!json.contains("table") && !json.contains("internal\":"), "{json}");
        let read: Problem = serde_json::from_str(&json).unwrap();
        assert_eq!((read.cause(), problem.cause()), (None, Some("no such table: message")));
    }

    #[test]
    fn log_repeats_no_detail_of_a_callers_fault() {
        assert_eq!(Problem::new(Code::SenderNotAllowed, "a@example.nl").log_detail(), None);
        assert_eq!(Problem::new(Code::Internal, "no such call").log_detail(), Some("no such call"));
    }
}
