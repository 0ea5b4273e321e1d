use std::fmt;

use api::{Code, Upstream};
use serde::{Deserialize, Serialize};

use crate::refusal::{Refusal, clipped};

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
}

impl oauth2::ErrorResponse for EntraError {}

impl fmt::Display for EntraError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error)
    }
}

/// Numbers that pass by themselves, some of which arrive as `invalid_grant` (Microsoft: reference-error-codes).
const PASSING: &[u32] = &[50033, 50087, 50196, 90006, 90024, 90033, 90036, 90055, 90090];

/// Numbers that an administrator's policy or setting causes; the person signing in can't mend them.
const ADMINISTRATOR: &[u32] = &[
    50057, 50034, 50105, 50131, 50097, 53000, 53001, 53002, 53003, 530_032, 530_034, 530_035, 7_000_112,
    90093, 90094, 90095, 900_941, 500_014, 500_011, 50001,
];

impl EntraError {
    /// The AADSTS number: from `error_codes`, else from the text.
    fn number(&self) -> Option<u32> {
        self.error_codes.first().copied().or_else(|| {
            let (_, rest) = self.error_description.as_deref()?.split_once("AADSTS")?;
            rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        })
    }

    /// What it means: first by `error` and `suberror`, since numbers may change; by number only where Microsoft folds
    /// different things into one `error`.
    fn code(&self, status: u16) -> Code {
        let number = self.number();
        if status == 429 {
            return Code::Throttled;
        }
        if status >= 500
            || matches!(self.error.as_str(), "temporarily_unavailable" | "server_error")
            || number.is_some_and(|number| PASSING.contains(&number))
        {
            return Code::MicrosoftUnavailable;
        }
        match self.error.as_str() {
            "invalid_client"
            | "unauthorized_client"
            | "invalid_request"
            | "unsupported_grant_type"
            | "invalid_scope" => Code::RegistrationBroken,
            "invalid_resource" => Code::AdministratorNeeded,
            _ if number.is_some_and(|number| ADMINISTRATOR.contains(&number)) => Code::AdministratorNeeded,
            _ => Code::SignInAgain,
        }
    }

    /// As a refusal that the rest of Postbode understands.
    pub(crate) fn refusal(&self, status: u16, retry_after_ms: Option<i64>) -> Refusal {
        let name = self.number().map_or_else(|| self.error.clone(), |number| format!("AADSTS{number}"));
        Refusal {
            code: self.code(status),
            detail: format!("Microsoft answered {name} ({})", self.error),
            upstream: Some(Upstream {
                status,
                code: Some(name),
                message: self.error_description.as_deref().and_then(clipped),
                request_id: self.correlation_id.clone().or_else(|| self.trace_id.clone()),
            }),
            retry_after_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(status: u16, error: &str, number: u32) -> Code {
        EntraError { error: error.into(), error_codes: vec![number], ..EntraError::default() }.code(status)
    }

    #[test]
    fn says_whose_turn_it_is() {
        assert_eq!(code(400, "invalid_grant", 700_082), Code::SignInAgain);
        assert_eq!(code(400, "interaction_required", 50076), Code::SignInAgain);
        assert_eq!(code(401, "invalid_client", 7_000_222), Code::RegistrationBroken);
        assert_eq!(code(400, "invalid_grant", 53003), Code::AdministratorNeeded);
        assert_eq!(code(400, "invalid_grant", 50196), Code::MicrosoftUnavailable);
        assert_eq!(code(400, "temporarily_unavailable", 0), Code::MicrosoftUnavailable);
        assert_eq!(code(429, "invalid_grant", 90055), Code::Throttled);
        assert_eq!(code(503, "invalid_grant", 70000), Code::MicrosoftUnavailable);
        assert_eq!(code(400, "something_new", 1), Code::SignInAgain);
    }

    #[test]
    fn finds_the_number_in_the_text() {
        let error = EntraError {
            error: "invalid_grant".into(),
            error_description: Some("AADSTS53003: Access has been blocked".into()),
            ..EntraError::default()
        };
        assert_eq!(error.code(400), Code::AdministratorNeeded);
    }
}
