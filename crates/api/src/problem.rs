use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Code, FixBy, RequestId};

/// Every failure of the HTTP API: a problem document (RFC 9457), `application/problem+json`.
///
/// Says what is the case, whose turn it is, and whether trying again helps. The front end words it in the reader's
/// language from `code` and `params`; `title`, `detail` and `action` are the English for everybody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
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
}

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
        Self {
            type_url: format!("/problems/{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            code,
            detail: detail.into(),
            action: code.action().to_owned(),
            fix_by: code.fix_by(),
            retryable: code.retryable(),
            retry_after: None,
            params: BTreeMap::new(),
            errors: Vec::new(),
            request_id: None,
        }
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

    /// Says when to try again, in seconds.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}
