use api::{Code, FixBy, RefusedConsent};

use crate::decision::{Decision, decide};
use crate::entra_error::EntraError;
use crate::refusal::{Refusal, Verdict};

/// What an error means that Microsoft's page sends the browser back with (RFC 6749 section 4.1.2.1; Microsoft:
/// v2-oauth2-auth-code-flow, "Error response").
///
/// Cancelling and not being allowed to consent look the same: `access_denied` with `error_subcode=cancel` and no text.
#[must_use]
pub fn read_refused_consent(back: &RefusedConsent) -> Refusal {
    /// A redirect has no status of its own; this stands for "refused".
    const STATUS: u16 = 400;
    let error = EntraError::from_redirect(&back.error, back.error_description.as_deref());
    let reason = error.reason();
    let decision = match back.error.as_str() {
        "access_denied" => Decision::SignInAgain,
        error_word => decide(STATUS, error_word, back.error_subcode.as_deref(), error.number()),
    };
    let by_administrator = reason.and_then(api::Reason::fix_by) == Some(FixBy::Administrator);
    let code = match back.error.as_str() {
        "access_denied" | "consent_required" | "interaction_required" | "login_required"
            if !by_administrator && decision != Decision::Retry =>
        {
            Code::ConsentNotGiven
        }
        _ => match decision.code(STATUS, reason) {
            // While somebody signs in, "sign in again" would be odd advice: it is this sign-in that was refused.
            Code::SignInAgain => Code::ConsentRefused,
            code => code,
        },
    };
    error.refusal_as(code, Verdict { decision, reason, claims: None }, STATUS, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(error: &str, subcode: Option<&str>, description: Option<&str>) -> Code {
        let back = RefusedConsent {
            state: String::new(),
            error: error.into(),
            error_subcode: subcode.map(Into::into),
            error_description: description.map(Into::into),
        };
        read_refused_consent(&back).code
    }

    #[test]
    fn cancelling_and_not_being_allowed_look_the_same() {
        assert_eq!(code("access_denied", Some("cancel"), None), Code::ConsentNotGiven);
        assert_eq!(code("access_denied", None, Some("AADSTS65004: User declined")), Code::ConsentNotGiven);
        assert_eq!(code("consent_required", None, None), Code::ConsentNotGiven);
    }

    #[test]
    fn what_is_clear_is_said_clearly() {
        assert_eq!(code("access_denied", None, Some("AADSTS90094: …")), Code::AdministratorNeeded);
        assert_eq!(code("invalid_resource", None, Some("AADSTS500011: …")), Code::AdministratorNeeded);
        assert_eq!(code("server_error", None, None), Code::MicrosoftUnavailable);
        assert_eq!(code("temporarily_unavailable", None, None), Code::MicrosoftUnavailable);
        assert_eq!(code("access_denied", None, Some("AADSTS90090: …")), Code::ConsentNotGiven);
        assert_eq!(code("unauthorized_client", None, Some("AADSTS700016: …")), Code::RegistrationBroken);
        assert_eq!(code("invalid_request", None, Some("AADSTS90012: too late")), Code::ConsentRefused);
        assert_eq!(code("unsupported_response_type", None, None), Code::RequestRejected);
        assert_eq!(code("\u{7}<script>", None, None), Code::RequestRejected);
    }
}
