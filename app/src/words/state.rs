//! Words for the state of a mailbox: badge, sentence, and the one step that it calls for.

use api::{Code, MailboxState, MailboxView, Reason};
use leptos_i18n::td_string;

use super::problem;
use crate::i18n::Locale;

/// How pressing it looks; never by colour alone, every tone has its own shape too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tone {
    Good,
    Busy,
    Waiting,
    Slow,
    Attention,
    Held,
    Locked,
    Blocked,
    Broken,
    Off,
    Incomplete,
    Refused,
    Quiet,
}

impl Tone {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Busy => "busy",
            Self::Waiting => "waiting",
            Self::Slow => "slow",
            Self::Attention => "attention",
            Self::Held => "held",
            Self::Locked => "locked",
            Self::Blocked => "blocked",
            Self::Broken => "broken",
            Self::Off => "off",
            Self::Incomplete => "incomplete",
            Self::Refused => "refused",
            Self::Quiet => "quiet",
        }
    }
}

/// The one button that a state asks to be pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Primary {
    /// Nothing: it works, or it passes.
    Nothing,
    Authenticate,
    CopyApprovalLink,
    CopyAdminMessage,
    CheckAgain,
}

/// A state as the page shows it, apart from words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// The word of the JSON value, for tests and styles.
    pub(crate) json: &'static str,
    pub(crate) tone: Tone,
    pub(crate) primary: Primary,
}

pub(crate) const fn look(state: MailboxState) -> Look {
    use MailboxState as S;
    let (json, tone, primary) = match state {
        S::NotAuthenticated => ("not_authenticated", Tone::Attention, Primary::Authenticate),
        S::SigningIn => ("signing_in", Tone::Busy, Primary::Authenticate),
        S::WaitingForApproval => ("waiting_for_approval", Tone::Waiting, Primary::CopyApprovalLink),
        S::Ready => ("ready", Tone::Good, Primary::Nothing),
        S::Attention => ("attention", Tone::Held, Primary::CheckAgain),
        S::Delayed => ("delayed", Tone::Slow, Primary::Nothing),
        S::SignInAgain => ("sign_in_again", Tone::Blocked, Primary::Authenticate),
        S::AdministratorNeeded => ("administrator_needed", Tone::Locked, Primary::CopyAdminMessage),
        S::RegistrationBroken => ("registration_broken", Tone::Broken, Primary::CheckAgain),
        S::Removed => ("removed", Tone::Off, Primary::Authenticate),
        S::AccessCodeMissing => ("access_code_missing", Tone::Incomplete, Primary::Nothing),
        S::ServerRefuses => ("server_refuses", Tone::Refused, Primary::Nothing),
    };
    Look { json, tone, primary }
}

/// The few words of the badge; `why` is what stands in the way.
fn badge(locale: Locale, state: MailboxState, why: Option<(Code, Option<Reason>)>) -> &'static str {
    use MailboxState as S;
    let code = why.map(|(code, _)| code);
    match state {
        S::NotAuthenticated => td_string!(locale, status.state.not_authenticated),
        S::SigningIn => td_string!(locale, status.state.signing_in),
        S::WaitingForApproval => td_string!(locale, status.state.waiting_for_approval),
        S::Ready => td_string!(locale, status.state.ready),
        S::Attention => td_string!(locale, status.state.attention),
        S::Delayed => td_string!(locale, status.state.delayed),
        S::SignInAgain => td_string!(locale, status.state.sign_in_again),
        S::AdministratorNeeded => match code {
            Some(Code::SendAsDenied) => td_string!(locale, status.state.send_as_denied),
            Some(Code::MailboxUnavailable) => td_string!(locale, status.state.mailbox_unavailable),
            Some(Code::SendingBlocked) => td_string!(locale, status.state.sending_blocked),
            Some(Code::PermissionMissing) => td_string!(locale, status.state.permission_missing),
            _ => td_string!(locale, status.state.administrator_needed),
        },
        S::RegistrationBroken if why.is_some_and(|(_, why)| why == Some(Reason::SecretExpired)) => {
            td_string!(locale, status.state.registration_expired)
        }
        S::RegistrationBroken => td_string!(locale, status.state.registration_broken),
        S::Removed => td_string!(locale, status.state.removed),
        S::AccessCodeMissing => td_string!(locale, status.state.access_code_missing),
        S::ServerRefuses => td_string!(locale, status.state.server_refuses),
    }
}

/// The badge of a mailbox as it is.
pub(crate) fn badge_of(locale: Locale, view: &MailboxView) -> &'static str {
    badge(locale, view.state, view.trouble.as_ref().map(|trouble| (trouble.code, trouble.reason)))
}

/// The sentence below the badge when nothing is known beyond the state.
fn about(locale: Locale, state: MailboxState, address: &str) -> String {
    use MailboxState as S;
    let l = locale;
    let address = address.to_owned();
    match state {
        S::NotAuthenticated => td_string!(l, status.state.not_authenticated_about, address = address),
        S::SigningIn => td_string!(l, status.state.signing_in_about).to_owned(),
        S::WaitingForApproval => td_string!(l, status.state.waiting_for_approval_about).to_owned(),
        S::Ready => td_string!(l, status.state.ready_about, address = address),
        S::Attention => td_string!(l, status.state.attention_about, address = address),
        S::Delayed => td_string!(l, status.state.delayed_about).to_owned(),
        S::SignInAgain => td_string!(l, status.state.sign_in_again_about).to_owned(),
        S::AdministratorNeeded => td_string!(l, status.state.administrator_needed_about).to_owned(),
        S::RegistrationBroken => td_string!(l, status.state.registration_broken_about).to_owned(),
        S::Removed => td_string!(l, status.state.removed_about, address = address),
        S::AccessCodeMissing => td_string!(l, status.state.access_code_missing_about).to_owned(),
        S::ServerRefuses => td_string!(l, status.state.server_refuses_about).to_owned(),
    }
}

/// Whether what stands in the way is what the state is about, rather than something of before.
const fn is_trouble(state: MailboxState) -> bool {
    use MailboxState as S;
    match state {
        S::SignInAgain | S::AdministratorNeeded | S::RegistrationBroken | S::ServerRefuses => true,
        S::NotAuthenticated
        | S::SigningIn
        | S::WaitingForApproval
        | S::Ready
        | S::Attention
        | S::Delayed
        | S::Removed
        | S::AccessCodeMissing => false,
    }
}

/// Whether the app's secret or certificate has ended, so that what still works does so until the access token ends.
fn credential_is_over(view: &MailboxView) -> bool {
    let end = view.registration.as_ref().and_then(|registration| registration.expires_at);
    end.is_some_and(|end| end <= view.now)
}

/// Why it is so, and what to do about it: the step is empty where the sentence says all.
pub(crate) fn why(locale: Locale, view: &MailboxView) -> (String, Option<String>) {
    if view.state == MailboxState::Delayed
        && let Some(delay) = &view.delay
    {
        let words = problem::of_code(locale, delay.code);
        return (format!("{}. {}", words.heading, words.sentence), None);
    }
    let Some(trouble) = view.trouble.as_ref().filter(|_| is_trouble(view.state)) else {
        let address = view.settings.address.clone();
        let about = match view.state {
            MailboxState::NotAuthenticated if view.settings.shared => {
                td_string!(locale, status.state.not_authenticated_about_shared, address = address)
            }
            MailboxState::Ready | MailboxState::Attention if credential_is_over(view) => {
                td_string!(locale, status.state.ready_about_over, address = address)
            }
            state => about(locale, state, &address),
        };
        return (about, None);
    };
    let (sentence, step) = problem::why(locale, trouble.code, trouble.reason);
    (sentence, Some(step))
}

/// How many messages wait, in the words that fit the state; nothing where they are just on their way.
pub(crate) fn held(locale: Locale, state: MailboxState, waiting: u64) -> Option<String> {
    match waiting {
        _ if state == MailboxState::Ready => None,
        0 => None,
        1 => Some(td_string!(locale, status.held_single).to_owned()),
        count => Some(td_string!(locale, status.held_many, count = count)),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;

    use api::{Kind, MailboxSettings};
    use serde_json::json;

    use super::*;

    /// A mailbox that somebody signed in, as the Worker tells of it.
    pub(crate) fn signed_in(state: MailboxState) -> MailboxView {
        let (now, later) = ("2026-11-23T18:40:00.000Z", "2027-02-21T18:40:00.000Z");
        let view = json!({
            "id": "mbx_01jd5z3q8k6w2y4v7t9s0r1p3n",
            "version": 1,
            "settings": MailboxSettings { kind: Kind::GraphOAuth2, ..MailboxSettings::new("info@example.nl") },
            "access_code_stored": false,
            "message_bytes_effective": 2_790_000,
            "state": state,
            "authentication": {
                "authenticated_at": now, "account": { "address": "anna@example.nl" },
                "tenant": "22222222-2222-2222-2222-222222222222", "permissions": [],
                "refresh_token_renewed_at": now, "refresh_token_good_until": later,
            },
            "registration": {
                "owner": "installation", "client_id": "11111111-1111-1111-1111-111111111111", "credential": "secret",
            },
            "waiting": 0,
            "now": now,
        });
        serde_json::from_value(view).unwrap()
    }

    pub(crate) fn in_trouble(code: Code) -> MailboxView {
        let trouble = json!({ "code": code, "detail": "", "since": "2026-11-23T18:40:00.000Z" });
        let trouble = Some(serde_json::from_value(trouble).unwrap());
        MailboxView { trouble, ..signed_in(MailboxState::AdministratorNeeded) }
    }

    #[test]
    fn nobody_is_asked_to_sign_in_as_a_shared_mailbox() {
        for locale in [Locale::nl, Locale::en] {
            let mut view = signed_in(MailboxState::NotAuthenticated);
            let own = why(locale, &view);
            view.settings.shared = true;
            let shared = why(locale, &view);
            assert!(shared.0.contains("Send As") && !own.0.contains("Send As"), "{shared:?}");
        }
    }

    #[test]
    fn what_an_administrator_must_change_is_named_by_its_badge() {
        let codes = [
            Code::AdministratorNeeded,
            Code::SendAsDenied,
            Code::MailboxUnavailable,
            Code::SendingBlocked,
            Code::PermissionMissing,
        ];
        for locale in [Locale::nl, Locale::en] {
            let badges: BTreeSet<_> = codes.map(|code| badge_of(locale, &in_trouble(code))).into();
            let whys: BTreeSet<_> = codes.map(|code| why(locale, &in_trouble(code))).into();
            assert_eq!((badges.len(), whys.len()), (codes.len(), codes.len()), "{badges:?}");
        }
    }

    #[test]
    fn a_credential_that_has_ended_takes_the_promise_back() {
        let mut view = signed_in(MailboxState::Ready);
        let before = why(Locale::en, &view);
        let mut ends = |end| {
            view.registration.as_mut().unwrap().expires_at = Some(end);
            why(Locale::en, &view)
        };
        let now = signed_in(MailboxState::Ready).now;
        assert_eq!(ends(now.plus_seconds(1)), before);
        assert_ne!(ends(now), before);
    }

    #[test]
    fn every_state_differs_in_badge_and_shape() {
        for locale in [Locale::nl, Locale::en] {
            let (mut badges, mut tones) = (BTreeSet::new(), BTreeSet::new());
            for state in MailboxState::ALL {
                let look = look(state);
                assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{}\"", look.json));
                let badge = badge(locale, state, None);
                assert!(about(locale, state, "info@example.nl").ends_with('.') && !badge.ends_with('.'));
                assert!(badges.insert(badge) && tones.insert(look.tone), "{state:?}");
            }
        }
    }

    #[test]
    fn waiting_messages_are_counted_as_people_do() {
        let held = |state, count| held(Locale::nl, state, count);
        assert_eq!(held(MailboxState::SignInAgain, 0), None);
        assert_eq!(held(MailboxState::Ready, 3), None);
        assert_eq!(
            held(MailboxState::Removed, 1).as_deref(),
            Some("Er wacht 1 bericht; dat wordt daarna verzonden.")
        );
        assert_eq!(
            held(MailboxState::Delayed, 12).as_deref(),
            Some("Er wachten 12 berichten; die worden daarna verzonden.")
        );
    }
}
