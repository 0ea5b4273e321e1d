//! Every problem of the HTTP API in both languages: heading, sentence, next step. The only place that knows.

use api::{Code, Problem, Reason};
use leptos_i18n::td_string;

use super::reason;
use crate::browser::http::Trouble;
use crate::i18n::Locale;

/// A problem as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    /// What is the case.
    pub(crate) heading: &'static str,
    /// Why.
    pub(crate) sentence: String,
    /// The one next step.
    pub(crate) step: String,
}

macro_rules! words {
    ($locale:ident, $key:ident) => {
        Words {
            heading: td_string!($locale, problem.$key.heading),
            sentence: td_string!($locale, problem.$key.sentence).to_owned(),
            step: td_string!($locale, problem.$key.step).to_owned(),
        }
    };
}

/// The words for a request that went wrong.
pub(crate) fn of_trouble(locale: Locale, trouble: &Trouble) -> Words {
    match trouble {
        Trouble::Problem(problem) => of_problem(locale, problem),
        Trouble::Unreachable => words!(locale, unreachable),
        Trouble::Unreadable { .. } => words!(locale, unreadable),
    }
}

fn of_problem(locale: Locale, problem: &Problem) -> Words {
    let mut words = of_code(locale, problem.code);
    if let Some(reason) = reason::in_problem(problem) {
        let reason = reason::of(locale, reason);
        reason.sentence.clone_into(&mut words.sentence);
        reason.step.clone_into(&mut words.step);
    }
    let param = |name: &str| problem.params.get(name).cloned();
    if let (Some(account), Some(mailbox)) = (param("account"), param("mailbox")) {
        match problem.code {
            Code::WrongAccount => {
                words.sentence =
                    td_string!(locale, problem.wrong_account_named, account = account, mailbox = mailbox);
            }
            Code::WrongTenant | Code::GuestAccount | Code::PersonalAccount => {
                let who = td_string!(locale, problem.signed_in_as, account = account);
                words.sentence = format!("{who} {}", words.sentence);
            }
            Code::SendAsDenied => {
                words.sentence =
                    td_string!(locale, problem.send_as_denied_named, account = account, mailbox = mailbox);
            }
            _ => {}
        }
    }
    if let Some(seconds) = problem.retry_after {
        words.step = td_string!(locale, problem.wait, seconds = seconds);
    }
    words
}

/// What a sign-in that failed calls for, besides trying it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WayOut {
    /// Nothing else helps.
    Retry,
    /// The account was not the right one.
    ChooseAccount,
    /// It may be that only an administrator can give the permission.
    AskApproval,
}

pub(crate) fn way_out(problem: &Problem) -> WayOut {
    match (problem.code, reason::in_problem(problem)) {
        (Code::WrongAccount | Code::WrongTenant | Code::PersonalAccount | Code::GuestAccount, _)
        | (_, Some(Reason::AnotherAccount | Reason::AccountType)) => WayOut::ChooseAccount,
        (Code::ConsentNotGiven | Code::PermissionMissing, _) | (_, Some(Reason::ApprovalNeeded)) => {
            WayOut::AskApproval
        }
        _ => WayOut::Retry,
    }
}

/// Why a mailbox can't send, and the next step: by the reason where it tells more than the code does. The step also reads
/// well in a letter to whoever takes it.
pub(crate) fn why(locale: Locale, code: Code, reason: Option<Reason>) -> (String, String) {
    if let Some(reason) = reason::telling(code, reason) {
        let words = reason::of(locale, reason);
        (words.sentence.to_owned(), words.step.to_owned())
    } else if code == Code::PermissionMissing {
        // The sign-in is long done; what was said at its end no longer fits.
        let sentence = td_string!(locale, problem.permission_missing_since.sentence);
        (sentence.to_owned(), td_string!(locale, problem.permission_missing_since.step).to_owned())
    } else {
        let words = of_code(locale, code);
        (words.sentence, words.step)
    }
}

/// The words for a kind of problem of which no more is known.
pub(crate) fn of_code(locale: Locale, code: Code) -> Words {
    match code {
        Code::MalformedRequest => words!(locale, malformed_request),
        Code::FieldsRefused => words!(locale, fields_refused),
        Code::NotFound => words!(locale, not_found),
        Code::MethodNotAllowed => words!(locale, method_not_allowed),
        Code::UnsupportedMediaType => words!(locale, unsupported_media_type),
        Code::RequestTooLarge => words!(locale, request_too_large),
        Code::MessageTooLarge => words!(locale, message_too_large),
        Code::SenderNotAllowed => words!(locale, sender_not_allowed),
        Code::IdempotencyKeyReused => words!(locale, idempotency_key_reused),
        Code::IdempotencyInProgress => words!(locale, idempotency_in_progress),
        Code::CredentialsMissing => words!(locale, credentials_missing),
        Code::CredentialsRefused => words!(locale, credentials_refused),
        Code::SessionEnded => words!(locale, session_ended),
        Code::LinkSpent => words!(locale, link_spent),
        Code::OriginRefused => words!(locale, origin_refused),
        Code::SettingsChanged => words!(locale, settings_changed),
        Code::KindNotAvailable => words!(locale, kind_not_available),
        Code::AccessCodeMissing => words!(locale, access_code_missing),
        Code::AccessCodeRefused => words!(locale, access_code_refused),
        Code::RelayRefused => words!(locale, relay_refused),
        Code::ServerRefused => words!(locale, server_refused),
        Code::ServerUnavailable => words!(locale, server_unavailable),
        Code::NotAuthenticated => words!(locale, not_authenticated),
        Code::SignInAgain => words!(locale, sign_in_again),
        Code::ConsentAttemptEnded => words!(locale, consent_attempt_ended),
        Code::ConsentMismatch => words!(locale, consent_mismatch),
        Code::ConsentRefused => words!(locale, consent_refused),
        Code::ConsentNotGiven => words!(locale, consent_not_given),
        Code::GuestAccount => words!(locale, guest_account),
        Code::RequestRejected => words!(locale, request_rejected),
        Code::WrongAccount => words!(locale, wrong_account),
        Code::WrongTenant => words!(locale, wrong_tenant),
        Code::PersonalAccount => words!(locale, personal_account),
        Code::PermissionMissing => words!(locale, permission_missing),
        Code::RegistrationBroken => words!(locale, registration_broken),
        Code::AdministratorNeeded => words!(locale, administrator_needed),
        Code::SendAsDenied => words!(locale, send_as_denied),
        Code::MailboxUnavailable => words!(locale, mailbox_unavailable),
        Code::SendingBlocked => words!(locale, sending_blocked),
        Code::RecipientRefused => words!(locale, recipient_refused),
        Code::MessageRefused => words!(locale, message_refused),
        Code::QuotaReached => words!(locale, quota_reached),
        Code::Throttled => words!(locale, throttled),
        Code::MicrosoftUnavailable => words!(locale, microsoft_unavailable),
        Code::OutcomeUnknown => words!(locale, outcome_unknown),
        Code::Busy => words!(locale, busy),
        Code::StorageQuota => words!(locale, storage_quota),
        Code::NotConfigured => words!(locale, not_configured),
        Code::Internal => words!(locale, internal),
        Code::Unrecognised => words!(locale, unrecognised),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words that blame, beg or say nothing.
    const BANNED: [&str; 8] = [
        "invalid",
        "oops",
        "please",
        "something went wrong",
        "ongeldig",
        "alstublieft",
        "helaas",
        "er is iets misgegaan",
    ];

    #[test]
    fn every_problem_has_three_sentences_without_banned_words() {
        for code in Code::ALL.iter().copied().chain([Code::Unrecognised]) {
            for locale in [Locale::nl, Locale::en] {
                let words = of_code(locale, code);
                let all = format!("{} {} {}", words.heading, words.sentence, words.step).to_lowercase();
                assert!(!BANNED.iter().any(|banned| all.contains(banned)), "{code:?}: {all}");
                assert!(!words.heading.ends_with('.'), "{code:?}");
                assert!(words.sentence.ends_with('.') && words.step.ends_with('.'), "{code:?}");
            }
        }
    }

    #[test]
    fn who_signed_in_is_named_when_known() {
        let problem = Problem::new(Code::WrongAccount, "")
            .with_param("account", &"anna@example.nl")
            .with_param("mailbox", &"info@example.nl");
        let words = of_problem(Locale::nl, &problem);
        assert!(words.sentence.contains("anna@example.nl") && words.sentence.contains("info@example.nl"));
    }

    #[test]
    fn whoever_may_not_sign_in_is_named() {
        for code in [Code::WrongTenant, Code::GuestAccount, Code::PersonalAccount] {
            let problem = Problem::new(code, "")
                .with_param("account", &"anna@example.nl")
                .with_param("mailbox", &"info@example.nl");
            assert!(of_problem(Locale::en, &problem).sentence.contains("anna@example.nl"), "{code:?}");
        }
    }

    #[test]
    fn a_reason_replaces_why_and_what_to_do_and_keeps_the_heading() {
        let problem = Problem::new(Code::AdministratorNeeded, "").with_param("reason", &"not_assigned");
        let (words, plain) =
            (of_problem(Locale::en, &problem), of_code(Locale::en, Code::AdministratorNeeded));
        assert_eq!(words.heading, plain.heading);
        assert_eq!(words.sentence, "The account is not assigned to the app.");
        assert_ne!(words.step, plain.step);
    }

    #[test]
    fn a_wrong_turn_leads_to_its_own_way_out() {
        let out =
            |code, reason: Reason| way_out(&Problem::new(code, "").with_param("reason", &reason.as_str()));
        assert_eq!(out(Code::GuestAccount, Reason::Other), WayOut::ChooseAccount);
        assert_eq!(out(Code::ConsentRefused, Reason::AnotherAccount), WayOut::ChooseAccount);
        assert_eq!(out(Code::ConsentNotGiven, Reason::Declined), WayOut::AskApproval);
        assert_eq!(out(Code::AdministratorNeeded, Reason::ApprovalNeeded), WayOut::AskApproval);
        assert_eq!(out(Code::AdministratorNeeded, Reason::AccessPolicy), WayOut::Retry);
    }
}
