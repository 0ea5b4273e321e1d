use std::fmt;

use api::{Code, Reason, Upstream};
use serde::{Deserialize, Serialize};

use crate::decision::{Decision, decide};
use crate::reason::reason;
use crate::refusal::{Refusal, Verdict, clipped};

/// The body of a refusal by Entra's token endpoint, with the fields that the oauth2 crate's own type drops.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EntraError {
    error: String,
    #[serde(default)]
    error_description: Option<String>,
    #[serde(default)]
    error_codes: Vec<u32>,
    #[serde(default)]
    suberror: Option<String>,
    #[serde(default)]
    trace_id: Option<String>,
    #[serde(default)]
    correlation_id: Option<String>,
    /// What the next sign-in must repeat (Microsoft: claims-challenge).
    #[serde(default)]
    claims: Option<String>,
}

impl oauth2::ErrorResponse for EntraError {}

impl fmt::Display for EntraError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error)
    }
}

/// Longest `claims` that is kept and repeated; real ones are under 200 bytes.
const CLAIMS_BYTES_MAX: usize = 2000;

impl EntraError {
    /// What a redirect brought, which has these two only.
    pub(crate) fn from_redirect(error: &str, description: Option<&str>) -> Self {
        Self { error: error.to_owned(), error_description: description.map(str::to_owned), ..Self::default() }
    }

    /// The AADSTS number: from `error_codes`, else from the text.
    pub(crate) fn number(&self) -> Option<u32> {
        self.error_codes.first().copied().or_else(|| {
            let (_, rest) = self.error_description.as_deref()?.split_once("AADSTS")?;
            rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        })
    }

    /// The words for its number.
    pub(crate) fn reason(&self) -> Option<Reason> {
        self.number().map(reason)
    }

    fn decision(&self, status: u16) -> Decision {
        decide(status, &self.error, self.suberror.as_deref(), self.number())
    }

    /// As a refusal that the rest of Postbode understands.
    pub(crate) fn refusal(&self, status: u16, retry_after_ms: Option<i64>) -> Refusal {
        let (decision, reason) = (self.decision(status), self.reason());
        let code = decision.code(status, reason);
        let claims = self.claims.clone().filter(|claims| claims.len() <= CLAIMS_BYTES_MAX);
        self.refusal_as(code, Verdict { decision, reason, claims }, status, retry_after_ms)
    }

    /// As a refusal with a code that was found otherwise.
    pub(crate) fn refusal_as(
        &self,
        code: Code,
        verdict: Verdict,
        status: u16,
        retry_after_ms: Option<i64>,
    ) -> Refusal {
        let error = clipped(&self.error).unwrap_or_default();
        let name = self.number().map_or_else(|| error.clone(), |number| format!("AADSTS{number}"));
        let why = verdict.reason.filter(|reason| *reason != Reason::Other).map(Reason::sentence);
        let answered = format!("Microsoft answered {name} ({error})");
        Refusal {
            code,
            detail: why.map_or_else(|| answered.clone(), |why| format!("{why} {answered}")),
            upstream: Some(Upstream {
                status,
                code: Some(name),
                message: self.error_description.as_deref().and_then(clipped),
                request_id: self.correlation_id.clone().or_else(|| self.trace_id.clone()),
            }),
            retry_after_ms,
            verdict: Some(verdict),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(status: u16, error: &str, number: u32) -> Code {
        let error = EntraError { error: error.into(), error_codes: vec![number], ..EntraError::default() };
        error.refusal(status, None).code
    }

    #[test]
    fn says_whose_turn_it_is() {
        assert_eq!(code(400, "invalid_grant", 700_082), Code::SignInAgain);
        assert_eq!(code(400, "interaction_required", 50076), Code::SignInAgain);
        assert_eq!(code(401, "invalid_client", 7_000_222), Code::RegistrationBroken);
        assert_eq!(code(400, "invalid_grant", 53003), Code::AdministratorNeeded);
        assert_eq!(code(400, "unauthorized_client", 7_000_112), Code::AdministratorNeeded);
        assert_eq!(code(400, "invalid_grant", 700_084), Code::RegistrationBroken);
        assert_eq!(code(400, "invalid_request", 9_002_326), Code::RequestRejected);
        assert_eq!(code(400, "invalid_grant", 50196), Code::MicrosoftUnavailable);
        assert_eq!(code(400, "temporarily_unavailable", 0), Code::MicrosoftUnavailable);
        assert_eq!(code(429, "invalid_grant", 90055), Code::Throttled);
        assert_eq!(code(503, "invalid_grant", 70000), Code::MicrosoftUnavailable);
        assert_eq!(code(400, "something_new", 1), Code::RequestRejected);
    }

    #[test]
    fn finds_the_number_in_the_text() {
        let error = EntraError {
            error: "invalid_grant".into(),
            error_description: Some("AADSTS53003: Access has been blocked".into()),
            ..EntraError::default()
        };
        assert_eq!(error.refusal(400, None).code, Code::AdministratorNeeded);
    }

    #[test]
    fn what_the_next_sign_in_must_repeat_is_kept() {
        let claims = |text: String| {
            let body = serde_json::json!({"error": "interaction_required", "claims": text});
            let error: EntraError = serde_json::from_value(body).unwrap();
            error.refusal(400, None).verdict.unwrap().claims
        };
        assert_eq!(claims("{\"access_token\":{}}".into()).unwrap(), "{\"access_token\":{}}");
        assert_eq!(claims("x".repeat(CLAIMS_BYTES_MAX + 1)), None);
    }
}
