use api::{Code, FixBy, Reason};
use serde::{Deserialize, Serialize};

/// What to do after Entra refused: the one thing that programs act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It passes: try again later, with patience. Nobody is told.
    Retry,
    /// The tokens are of no use until a person has signed in: stop asking with them.
    SignInAgain,
    /// Something is missing in the organisation's Microsoft 365; the tokens stay good.
    AskAdministrator,
    /// The app registration's secret or certificate is not taken; the tokens of all its mailboxes stay good.
    RenewCredential,
    /// The request itself is wrong: a fault of ours or of the installation's settings. The tokens stay good.
    Report,
}

/// Numbers that pass by themselves. A closed list, because some arrive as `invalid_grant`, which else means the end of a
/// token (Microsoft: reference-error-codes; 50196 is a loop that was detected, 90055 a tenant that is throttled).
const TRANSIENT: &[u32] = &[50033, 50087, 50196, 90006, 90024, 90033, 90036, 90055, 90090];

/// What asks for a person at Microsoft's page, also where `error` is another one (MSAL does the same).
const NEEDS_A_PERSON: &[&str] = &[
    "additional_action",
    "bad_token",
    "basic_action",
    "client_mismatch",
    "consent_required",
    "message_only",
    "user_password_expired",
];

/// Decides from status, `error` and `suberror`. The number counts only where it is one that passes: Microsoft changes
/// numbers and says that programs must not depend on them.
#[must_use]
pub fn decide(status: u16, error: &str, suberror: Option<&str>, number: Option<u32>) -> Decision {
    let passes = matches!(error, "temporarily_unavailable" | "server_error")
        || number.is_some_and(|number| TRANSIENT.contains(&number));
    if status == 429 || status >= 500 || passes {
        return Decision::Retry;
    }
    match error {
        "invalid_client" | "unauthorized_client" => Decision::RenewCredential,
        "invalid_resource" => Decision::AskAdministrator,
        "invalid_grant" | "interaction_required" | "consent_required" | "login_required" | "bad_token" => {
            Decision::SignInAgain
        }
        _ if suberror.is_some_and(|suberror| NEEDS_A_PERSON.contains(&suberror)) => Decision::SignInAgain,
        _ => Decision::Report,
    }
}

impl Decision {
    /// The kind of problem it is told as: whose turn it is, which the number's reason knows best.
    #[must_use]
    pub fn code(self, status: u16, reason: Option<Reason>) -> Code {
        let own = match self {
            Self::Retry if status == 429 => return Code::Throttled,
            Self::Retry => return Code::MicrosoftUnavailable,
            Self::SignInAgain => Code::SignInAgain,
            Self::AskAdministrator => Code::AdministratorNeeded,
            Self::RenewCredential => Code::RegistrationBroken,
            Self::Report => Code::RequestRejected,
        };
        match reason.and_then(Reason::fix_by) {
            Some(FixBy::Employee) => Code::SignInAgain,
            Some(FixBy::Administrator) => Code::AdministratorNeeded,
            Some(FixBy::Operator) if self == Self::Report => Code::RequestRejected,
            Some(FixBy::Operator) => Code::RegistrationBroken,
            Some(FixBy::Caller | FixBy::Time) | None => own,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_error_decides_and_a_number_does_not() {
        use Decision::{AskAdministrator, RenewCredential, Report, Retry, SignInAgain};
        for (status, error, suberror, decision) in [
            (400, "invalid_grant", None, SignInAgain),
            (400, "interaction_required", Some("basic_action"), SignInAgain),
            (400, "invalid_request", Some("user_password_expired"), SignInAgain),
            (401, "invalid_client", None, RenewCredential),
            (400, "unauthorized_client", None, RenewCredential),
            (400, "invalid_resource", None, AskAdministrator),
            (400, "invalid_scope", None, Report),
            (400, "something_new", None, Report),
            (400, "temporarily_unavailable", None, Retry),
            (503, "invalid_grant", None, Retry),
            (429, "invalid_grant", None, Retry),
        ] {
            for number in [None, Some(700_082), Some(53003), Some(7_000_222), Some(1)] {
                assert_eq!(decide(status, error, suberror, number), decision, "{error} {number:?}");
            }
        }
    }

    #[test]
    fn what_passes_is_not_the_end_of_a_token() {
        for number in TRANSIENT {
            assert_eq!(decide(400, "invalid_grant", Some("bad_token"), Some(*number)), Decision::Retry);
        }
    }

    proptest! {
        #[test]
        fn only_the_closed_list_and_the_transport_are_tried_again(error in "[a-z_]{0,24}", number: u32) {
            prop_assume!(!matches!(error.as_str(), "temporarily_unavailable" | "server_error"));
            let again = decide(400, &error, None, Some(number)) == Decision::Retry;
            prop_assert_eq!(again, TRANSIENT.contains(&number));
        }
    }
}
