use std::iter;

use api::{Code, Upstream};
use serde::Deserialize;

use crate::HttpResponse;
use crate::refusal::{Refusal, clipped, retry_after_ms};

/// The body of a refusal by Graph (Microsoft: "Microsoft Graph error responses").
#[derive(Default, Deserialize)]
struct Body {
    #[serde(default)]
    error: GraphError,
}

#[derive(Default, Deserialize)]
struct GraphError {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default, rename = "innerError", alias = "innererror")]
    inner: Option<InnerError>,
}

/// More about an error, which may say still more inside (Microsoft: "Microsoft Graph error responses").
#[derive(Default, Deserialize)]
struct InnerError {
    #[serde(default, rename = "request-id")]
    request_id: Option<String>,
    #[serde(default)]
    code: Option<String>,
    #[serde(default, rename = "innerError", alias = "innererror")]
    inner: Option<Box<InnerError>>,
}

impl GraphError {
    /// Whether it was read from a body of Graph's own; a gateway's page or an empty body leaves it without a code.
    fn is_graphs(&self) -> bool {
        !self.code.is_empty()
    }

    /// Its code, and those inside.
    fn codes(&self) -> impl Iterator<Item = &str> {
        let inner = iter::successors(self.inner.as_ref(), |error| error.inner.as_deref());
        iter::once(self.code.as_str()).chain(inner.filter_map(|error| error.code.as_deref()))
    }
}

/// What each answer to `sendMail` proves; the first row that fits counts. Specific codes stand before general ones, so that
/// their place in the body, outside or inside, makes no difference.
///
/// A row means `outcome_unknown` unless the answer excludes that the message was accepted. A named error of Exchange excludes
/// it, and so do 401, 408, 413 and 429, which come before a message is read and which Graph also sends without a body. Any
/// other 4xx, 503 and 509 exclude it in Graph's own words only: a front door that answers instead may have passed the request
/// on. No other 5xx does: Microsoft documents none as "not sent", and `sendMail` has no idempotency key.
const GRAPH_ERRORS: &str = include_str!("../data/graph_errors.csv");

/// One line of `graph_errors.csv`; what is empty fits everything.
struct Row {
    /// The first digits of the HTTP status.
    status: &'static str,
    /// A code, or the beginning of several: `RequestBroker--*`.
    code: &'static str,
    /// A piece of the message or of the challenge in `WWW-Authenticate`.
    text: &'static str,
    /// Whether the answer must have Graph's own error body.
    needs_body: bool,
    means: Code,
    wait_s: Option<i64>,
    words: &'static str,
}

/// No field has a comma or quotes in it, which a test holds, so that reading them takes no library in the Worker.
fn rows() -> impl Iterator<Item = Row> {
    GRAPH_ERRORS.lines().skip(1).filter_map(Row::read)
}

impl Row {
    fn read(line: &'static str) -> Option<Self> {
        let mut fields = line.split(',');
        let mut next = || fields.next();
        let (status, code, text, body, word) = (next()?, next()?, next()?, next()?, next()?);
        let means = Code::ALL.iter().copied().find(|code| code.as_str() == word)?;
        let needs_body = body == "graph";
        Some(Self { status, code, text, needs_body, means, wait_s: next()?.parse().ok(), words: next()? })
    }

    fn fits(&self, status: u16, error: &GraphError, challenge: &str) -> bool {
        status.to_string().starts_with(self.status)
            && (self.code.is_empty() || error.codes().any(|code| self.fits_code(code)))
            && (!self.needs_body || error.is_graphs())
            && (error.message.contains(self.text) || challenge.contains(self.text))
    }

    /// Exchange's prefix `Error` comes and goes, and so do capitals.
    fn fits_code(&self, theirs: &str) -> bool {
        let theirs = bare(theirs);
        match bare(self.code).strip_suffix('*') {
            Some(first) => theirs.get(..first.len()).is_some_and(|start| start.eq_ignore_ascii_case(first)),
            None => theirs.eq_ignore_ascii_case(bare(self.code)),
        }
    }
}

fn bare(code: &str) -> &str {
    match code.split_at_checked("error".len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("error") => rest,
        _ => code,
    }
}

/// What a request asks of Graph: decides what an answer means that proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To send a message: it may have been taken.
    ToSend,
    /// A question, which leaves nothing behind: Microsoft is unavailable.
    Question,
}

/// What an answer other than success means, by `graph_errors.csv`.
pub(crate) fn refusal(asked: Asked, answer: &HttpResponse) -> Refusal {
    let status = answer.status().as_u16();
    let Body { error } = serde_json::from_slice(answer.body()).unwrap_or_default();
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
    let challenge = header("www-authenticate").unwrap_or_default();
    let row = rows().find(|row| row.fits(status, &error, challenge));
    let (means, words) = row.as_ref().map_or((Code::OutcomeUnknown, ""), |row| (row.means, row.words));
    let (means, words) = match (asked, means) {
        (Asked::Question, Code::OutcomeUnknown) => {
            (Code::MicrosoftUnavailable, "Microsoft's service does not answer as it should.")
        }
        _ => (means, words),
    };
    let code = clipped(&error.code);
    let named = code.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
    let wait_ms = row.and_then(|row| row.wait_s).map(|seconds| seconds.saturating_mul(1000));
    Refusal {
        code: means,
        detail: format!("{words} Microsoft Graph answered {status}{named}").trim_start().to_owned(),
        upstream: Some(Upstream {
            status,
            code,
            message: clipped(&error.message),
            request_id: error
                .inner
                .and_then(|inner| inner.request_id)
                .or_else(|| header("request-id").map(str::to_owned)),
        }),
        retry_after_ms: retry_after_ms(answer.headers()).max(wait_ms),
        verdict: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &serde_json::Value) -> Refusal {
        refusal(
            Asked::ToSend,
            &http::Response::builder().status(status).body(body.to_string().into_bytes()).unwrap(),
        )
    }

    fn code(status: u16, code: &str) -> Code {
        let error = serde_json::json!({"code": code, "message": "m", "innerError": {"request-id": "r"}});
        answer(status, &serde_json::json!({ "error": error })).code
    }

    #[test]
    fn each_refusal_says_whose_turn_it_is() {
        // The sheet of Graph's errors, line by line.
        for (status, name, means) in [
            (400, "ErrorInvalidRecipients", Code::RecipientRefused),
            (400, "ErrorInvalidParameter", Code::RequestRejected),
            (400, "BadRequest", Code::RequestRejected),
            (400, "RequestBodyRead", Code::RequestRejected),
            (400, "UnableToDeserializePostBody", Code::RequestRejected),
            (400, "ErrorMimeContentInvalidBase64String", Code::RequestRejected),
            (400, "InvalidInternetMessageHeader", Code::RequestRejected),
            (400, "InvalidInternetMessageHeaderCollection", Code::RequestRejected),
            (401, "InvalidAuthenticationToken", Code::SignInAgain),
            (403, "ErrorAccessDenied", Code::PermissionMissing),
            (403, "Authorization_RequestDenied", Code::PermissionMissing),
            (403, "ErrorSendAsDenied", Code::SendAsDenied),
            (403, "ErrorExceededMessageLimit", Code::QuotaReached),
            (429, "ErrorExceededMessageLimit", Code::QuotaReached),
            (403, "ErrorMessageSubmissionBlocked", Code::SendingBlocked),
            (403, "ErrorAccountSuspended", Code::SendingBlocked),
            (404, "MailboxNotEnabledForRESTAPI", Code::MailboxUnavailable),
            (404, "ErrorInvalidUser", Code::MailboxUnavailable),
            (404, "Request_ResourceNotFound", Code::MailboxUnavailable),
            (404, "ResourceNotFound", Code::MailboxUnavailable),
            (404, "ErrorItemNotFound", Code::MicrosoftUnavailable),
            (413, "", Code::MessageTooLarge),
            (413, "RequestEntityTooLarge", Code::MessageTooLarge),
            (400, "ErrorMessageSizeExceeded", Code::MessageTooLarge),
            (400, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize", Code::RequestRejected),
            (429, "TooManyRequests", Code::Throttled),
            (429, "ApplicationThrottled", Code::Throttled),
            (429, "activityLimitReached", Code::Throttled),
            (429, "", Code::Throttled),
            (429, "ErrorSubmissionQuotaExceeded", Code::QuotaReached),
            (507, "ErrorQuotaExceeded", Code::QuotaReached),
            (503, "ServiceUnavailable", Code::MicrosoftUnavailable),
            (503, "generalException", Code::MicrosoftUnavailable),
            (503, "RequestBroker--Timeout", Code::MicrosoftUnavailable),
            (400, "RequestBroker--ParseUri", Code::MessageRefused),
            (500, "InternalServerError", Code::OutcomeUnknown),
            (500, "ErrorInternalServerError", Code::OutcomeUnknown),
            (500, "generalException", Code::OutcomeUnknown),
            (502, "UnknownError", Code::OutcomeUnknown),
            (504, "", Code::OutcomeUnknown),
            (504, "UnknownError", Code::OutcomeUnknown),
            (507, "SomethingNew", Code::OutcomeUnknown),
            (409, "ErrorMailboxMoveInProgress", Code::MicrosoftUnavailable),
            (500, "ErrorMailboxMoveInProgress", Code::MicrosoftUnavailable),
            (404, "MailboxInfoStale", Code::MicrosoftUnavailable),
            (509, "BandwidthLimitExceeded", Code::Throttled),
            (200, "", Code::OutcomeUnknown),
            (302, "", Code::OutcomeUnknown),
            (403, "SomethingNew", Code::AdministratorNeeded),
            (400, "SomethingNew", Code::MessageRefused),
        ] {
            assert_eq!(code(status, name), means, "{status} {name}");
        }
    }

    #[test]
    fn exchanges_prefix_and_capitals_come_and_go() {
        for name in ["SendAsDenied", "errorSendAsDenied", "ERRORSENDASDENIED"] {
            assert_eq!(code(403, name), Code::SendAsDenied, "{name}");
        }
        assert_eq!(code(404, "ErrorMailboxNotEnabledForRESTAPI"), Code::MailboxUnavailable);
        assert_eq!(code(403, "Error"), Code::AdministratorNeeded);
    }

    #[test]
    fn the_telling_code_counts_wherever_it_stands() {
        let inside = |outer: &str, inner: &str| {
            let inner = serde_json::json!({"innererror": {"code": inner}});
            let error = serde_json::json!({"code": outer, "message": "m", "innererror": inner});
            answer(403, &serde_json::json!({ "error": error })).code
        };
        assert_eq!(inside("generalException", "ErrorSendAsDenied"), Code::SendAsDenied);
        assert_eq!(inside("ErrorSendAsDenied", "BadRequest"), Code::SendAsDenied);
        assert_eq!(inside("generalException", "SomethingNew"), Code::AdministratorNeeded);
    }

    #[test]
    fn a_changed_rule_of_the_organisation_is_told_as_such() {
        let challenge = r#"Bearer realm="", error="insufficient_claims", claims="e30=""#;
        let answer = http::Response::builder().status(401).header("www-authenticate", challenge);
        let refusal = refusal(Asked::ToSend, &answer.body(Vec::new()).unwrap());
        assert_eq!(refusal.code, Code::SignInAgain);
        assert!(refusal.detail.starts_with("The organisation's rules"), "{}", refusal.detail);
    }

    #[test]
    fn the_longer_wait_counts() {
        let wait = |status: u16, name: &str, retry_after: &str| {
            let body = serde_json::json!({"error": {"code": name}}).to_string();
            let answer = http::Response::builder().status(status).header("retry-after", retry_after);
            refusal(Asked::ToSend, &answer.body(body.into()).unwrap()).retry_after_ms
        };
        assert_eq!(wait(429, "ErrorExceededMessageLimit", "5"), Some(14_400_000));
        assert_eq!(wait(429, "TooManyRequests", "1.5"), Some(1_500));
        assert_eq!(wait(509, "BandwidthLimitExceeded", "600"), Some(600_000));
        assert_eq!(wait(503, "", "soon"), None);
    }

    #[test]
    fn every_row_is_read_as_a_spreadsheet_would() {
        let mut reader = csv::Reader::from_reader(GRAPH_ERRORS.as_bytes());
        let theirs: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
        let ours: Vec<Row> = rows().collect();
        assert_eq!(ours.len(), theirs.len());
        for (row, record) in ours.iter().zip(&theirs) {
            assert_eq!(record.len(), 7, "{record:?}");
            let body = if row.needs_body { "graph" } else { "" };
            assert_eq!(
                [row.status, row.code, row.text, body, row.means.as_str(), row.words],
                [&record[0], &record[1], &record[2], &record[3], &record[4], &record[6]]
            );
            assert_eq!(record[5].is_empty(), row.wait_s.is_none(), "{record:?}");
        }
    }

    #[test]
    fn every_row_can_be_reached() {
        for (number, row) in rows().enumerate() {
            // 200 for the last row, which takes what no other does.
            let digits = match (row.status, row.code) {
                ("", "") => "200",
                ("", _) => "400",
                (digits, _) => digits,
            };
            let name = match row.code {
                "" if row.needs_body => "SomethingNew".to_owned(),
                code => code.replace('*', "X"),
            };
            let error = serde_json::json!({"code": name, "message": row.text});
            let reached =
                answer(format!("{digits:2<3}").parse().unwrap(), &serde_json::json!({ "error": error }));
            assert!(reached.detail.starts_with(row.words), "row {}: {}", number + 2, reached.detail);
        }
    }

    /// What an answer without Graph's error body proves.
    fn foreign(asked: Asked, status: u16) -> Vec<Code> {
        let bodies =
            ["", "<html>Service Unavailable</html>", "[]", r#"{"error":"x"}"#, r#"{"statusCode":503}"#];
        let answer = |body: &str| http::Response::builder().status(status).body(body.into()).unwrap();
        bodies.iter().map(|body| refusal(asked, &answer(body)).code).collect()
    }

    #[test]
    fn a_front_door_does_not_prove_that_nothing_was_sent() {
        for status in
            [200, 201, 204, 302, 303, 400, 403, 404, 409, 422, 500, 501, 502, 503, 504, 507, 509, 599]
        {
            assert_eq!(foreign(Asked::ToSend, status), [Code::OutcomeUnknown; 5], "{status}");
        }
    }

    #[test]
    fn what_comes_before_the_message_proves_it_without_a_body() {
        for (status, code) in [
            (401, Code::SignInAgain),
            (408, Code::MicrosoftUnavailable),
            (413, Code::MessageTooLarge),
            (429, Code::Throttled),
        ] {
            assert_eq!(foreign(Asked::ToSend, status), [code; 5], "{status}");
        }
    }

    #[test]
    fn a_question_is_never_of_unknown_outcome() {
        for status in (200..600).filter(|status| ![401, 413, 429].contains(status)) {
            assert_eq!(foreign(Asked::Question, status), [Code::MicrosoftUnavailable; 5], "{status}");
        }
    }

    #[test]
    fn an_empty_or_foreign_body_still_has_a_meaning() {
        for body in ["", "<html>", "[]", r#"{"error":"x"}"#, r#"{"error":{"code":"x","innerError":null}}"#] {
            let answer =
                http::Response::builder().status(413).header("request-id", "r-1").body(body.into()).unwrap();
            let refusal = refusal(Asked::ToSend, &answer);
            assert_eq!(refusal.code, Code::MessageTooLarge);
            assert_eq!(refusal.upstream.unwrap().request_id.as_deref(), Some("r-1"));
        }
    }
}
