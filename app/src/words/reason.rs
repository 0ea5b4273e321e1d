//! Why Microsoft refused, and what mends it, in both languages: the only place that knows.

use api::{Code, Problem, Reason};
use leptos_i18n::td_string;

use crate::i18n::Locale;

/// A reason as a person reads it. The step names who takes it, so that it also reads well in a letter to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReasonWords {
    pub(crate) sentence: &'static str,
    pub(crate) step: &'static str,
}

macro_rules! words {
    ($locale:ident, $key:ident) => {
        ReasonWords {
            sentence: td_string!($locale, reason.$key.sentence),
            step: td_string!($locale, reason.$key.step),
        }
    };
}

/// The words for a reason, also for the one that nobody knows.
pub(crate) fn of(locale: Locale, reason: Reason) -> ReasonWords {
    match reason {
        Reason::Unused => words!(locale, unused),
        Reason::SessionsRevoked => words!(locale, sessions_revoked),
        Reason::SignInFrequency => words!(locale, sign_in_frequency),
        Reason::SecondFactor => words!(locale, second_factor),
        Reason::SecondFactorMissing => words!(locale, second_factor_missing),
        Reason::PasswordExpired => words!(locale, password_expired),
        Reason::ConsentRemoved => words!(locale, consent_removed),
        Reason::Declined => words!(locale, declined),
        Reason::TokenNotAccepted => words!(locale, token_not_accepted),
        Reason::AnotherAccount => words!(locale, another_account),
        Reason::AccountType => words!(locale, account_type),
        Reason::TookTooLong => words!(locale, took_too_long),
        Reason::RegistrationChanged => words!(locale, registration_changed),
        Reason::FreshTokenRefused => words!(locale, fresh_token_refused),
        Reason::AccessPolicy => words!(locale, access_policy),
        Reason::DevicePolicy => words!(locale, device_policy),
        Reason::AppPolicy => words!(locale, app_policy),
        Reason::NotAssigned => words!(locale, not_assigned),
        Reason::AccountDisabled => words!(locale, account_disabled),
        Reason::AccountGone => words!(locale, account_gone),
        Reason::AccountLocked => words!(locale, account_locked),
        Reason::AppDisabled => words!(locale, app_disabled),
        Reason::ApprovalNeeded => words!(locale, approval_needed),
        Reason::CrossTenantPolicy => words!(locale, cross_tenant_policy),
        Reason::ServiceMissing => words!(locale, service_missing),
        Reason::SmtpAuthOffMailbox => words!(locale, smtp_auth_off_mailbox),
        Reason::SmtpAuthOffOrganisation => words!(locale, smtp_auth_off_organisation),
        Reason::SecretWrong => words!(locale, secret_wrong),
        Reason::SecretExpired => words!(locale, secret_expired),
        Reason::CredentialMissing => words!(locale, credential_missing),
        Reason::PublicClient => words!(locale, public_client),
        Reason::CertificateWrong => words!(locale, certificate_wrong),
        Reason::AppNotFound => words!(locale, app_not_found),
        Reason::SinglePageApp => words!(locale, single_page_app),
        Reason::SingleTenant => words!(locale, single_tenant),
        Reason::TenantUnknown => words!(locale, tenant_unknown),
        Reason::WrongCloud => words!(locale, wrong_cloud),
        Reason::RedirectUri => words!(locale, redirect_uri),
        Reason::RequestWrong => words!(locale, request_wrong),
        Reason::Other => words!(locale, other),
    }
}

/// The reason that a problem carries, when it says more than the problem's code does.
pub(crate) fn in_problem(problem: &Problem) -> Option<Reason> {
    let word = problem.params.get("reason")?;
    let reason = Reason::ALL.iter().copied().find(|reason| reason.as_str() == word)?;
    telling(problem.code, Some(reason))
}

/// A reason that adds to the code: one that is unknown does not, and cancelling has a sentence of its own.
pub(crate) fn telling(code: Code, reason: Option<Reason>) -> Option<Reason> {
    reason.filter(|reason| match code {
        Code::ConsentNotGiven => *reason == Reason::ApprovalNeeded,
        _ => *reason != Reason::Other,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_reason_has_a_sentence_and_a_step_in_both_languages() {
        for locale in [Locale::nl, Locale::en] {
            let mut sentences = BTreeSet::new();
            for reason in Reason::ALL.iter().copied() {
                let ReasonWords { sentence, step } = of(locale, reason);
                assert!(sentence.ends_with('.') && step.ends_with('.'), "{reason:?}");
                assert!(sentences.insert(sentence), "{reason:?} reads like another");
            }
        }
    }

    #[test]
    fn a_problem_is_told_by_its_reason_unless_that_says_nothing() {
        let with =
            |code, reason: Reason| in_problem(&Problem::new(code, "").with_param("reason", &reason.as_str()));
        assert_eq!(with(Code::SignInAgain, Reason::SecondFactor), Some(Reason::SecondFactor));
        assert_eq!(with(Code::SignInAgain, Reason::Other), None);
        assert_eq!(with(Code::ConsentNotGiven, Reason::Declined), None);
        assert_eq!(in_problem(&Problem::new(Code::Busy, "")), None);
    }
}
