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
    inner: InnerError,
}

#[derive(Default, Deserialize)]
struct InnerError {
    #[serde(default, rename = "request-id")]
    request_id: Option<String>,
}

/// Graph's own codes, where they say more than the status. The `Error` prefix comes and goes.
const CODES: &[(&str, Code)] = &[
    ("ErrorInvalidRecipients", Code::RecipientRefused),
    ("ErrorSendAsDenied", Code::SendAsDenied),
    ("ErrorExceededMessageLimit", Code::QuotaReached),
    ("ErrorSubmissionQuotaExceeded", Code::QuotaReached),
    ("ErrorQuotaExceeded", Code::QuotaReached),
    ("ErrorMessageSubmissionBlocked", Code::SendingBlocked),
    ("ErrorAccountSuspend", Code::SendingBlocked),
    ("MailboxNotEnabledForRESTAPI", Code::MailboxUnavailable),
    ("ErrorMailboxNotEnabledForRESTAPI", Code::MailboxUnavailable),
    ("ErrorMessageSizeExceeded", Code::MessageTooLarge),
    ("ErrorAccessDenied", Code::PermissionMissing),
    ("Authorization_RequestDenied", Code::PermissionMissing),
    ("ErrorInvalidUser", Code::MailboxUnavailable),
    ("ErrorMailboxMoveInProgress", Code::MicrosoftUnavailable),
    ("MailboxInfoStale", Code::MicrosoftUnavailable),
];

/// What a Graph answer other than success means: by its own code, else by its status.
pub(crate) fn refusal(answer: &HttpResponse) -> Refusal {
    let status = answer.status().as_u16();
    let Body { error } = serde_json::from_slice(answer.body()).unwrap_or_default();
    let known = CODES.iter().find(|(name, _)| error.code.eq_ignore_ascii_case(name)).map(|(_, code)| *code);
    let code = known.unwrap_or(match status {
        401 => Code::SignInAgain,
        403 => Code::AdministratorNeeded,
        404 => Code::MailboxUnavailable,
        413 => Code::MessageTooLarge,
        429 | 509 => Code::Throttled,
        // A gateway gave up waiting: the request may be on its way behind it.
        504 => Code::OutcomeUnknown,
        500..=599 => Code::MicrosoftUnavailable,
        _ => Code::MessageRefused,
    });
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let name = if error.code.is_empty() { None } else { clipped(&error.code) };
    Refusal {
        code,
        detail: match &name {
            Some(name) => format!("Microsoft Graph answered {status} {name}"),
            None => format!("Microsoft Graph answered {status}"),
        },
        upstream: Some(Upstream {
            status,
            code: name,
            message: clipped(&error.message),
            request_id: error.inner.request_id.or_else(|| header("request-id")),
        }),
        retry_after_ms: retry_after_ms(answer.headers()),
        verdict: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(status: u16, code: &str) -> Code {
        let body =
            serde_json::json!({"error": {"code": code, "message": "m", "innerError": {"request-id": "r"}}});
        refusal(&http::Response::builder().status(status).body(body.to_string().into_bytes()).unwrap()).code
    }

    #[test]
    fn each_refusal_says_whose_turn_it_is() {
        assert_eq!(code(403, "ErrorSendAsDenied"), Code::SendAsDenied);
        assert_eq!(code(400, "ErrorInvalidRecipients"), Code::RecipientRefused);
        assert_eq!(code(429, "ApplicationThrottled"), Code::Throttled);
        assert_eq!(code(403, "ErrorExceededMessageLimit"), Code::QuotaReached);
        assert_eq!(code(404, "MailboxNotEnabledForRESTAPI"), Code::MailboxUnavailable);
        assert_eq!(code(401, "InvalidAuthenticationToken"), Code::SignInAgain);
        assert_eq!(code(503, "ServiceUnavailable"), Code::MicrosoftUnavailable);
        assert_eq!(code(504, ""), Code::OutcomeUnknown);
        assert_eq!(code(400, "SomethingNew"), Code::MessageRefused);
    }

    #[test]
    fn an_empty_or_foreign_body_still_has_a_meaning() {
        for body in ["", "<html>", "[]", r#"{"error":"x"}"#] {
            let answer =
                http::Response::builder().status(413).header("request-id", "r-1").body(body.into()).unwrap();
            let refusal = refusal(&answer);
            assert_eq!(refusal.code, Code::MessageTooLarge);
            assert_eq!(refusal.upstream.unwrap().request_id.as_deref(), Some("r-1"));
        }
    }
}
