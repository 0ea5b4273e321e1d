//! Words for the state of a mailbox: badge, sentence, and the one step that it calls for.

use api::{MailboxState, MailboxView, Reason};
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
    Locked,
    Blocked,
    Broken,
    Off,
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
            Self::Locked => "locked",
            Self::Blocked => "blocked",
            Self::Broken => "broken",
            Self::Off => "off",
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
        S::Delayed => ("delayed", Tone::Slow, Primary::Nothing),
        S::SignInAgain => ("sign_in_again", Tone::Blocked, Primary::Authenticate),
        S::AdministratorNeeded => ("administrator_needed", Tone::Locked, Primary::CopyAdminMessage),
        S::RegistrationBroken => ("registration_broken", Tone::Broken, Primary::CheckAgain),
        S::Removed => ("removed", Tone::Off, Primary::Authenticate),
        S::SendingComesLater => ("sending_comes_later", Tone::Quiet, Primary::Nothing),
    };
    Look { json, tone, primary }
}

/// The few words of the badge.
pub(crate) fn badge(locale: Locale, state: MailboxState, why: Option<Reason>) -> &'static str {
    use MailboxState as S;
    match state {
        S::NotAuthenticated => td_string!(locale, status.state.not_authenticated),
        S::SigningIn => td_string!(locale, status.state.signing_in),
        S::WaitingForApproval => td_string!(locale, status.state.waiting_for_approval),
        S::Ready => td_string!(locale, status.state.ready),
        S::Delayed => td_string!(locale, status.state.delayed),
        S::SignInAgain => td_string!(locale, status.state.sign_in_again),
        S::AdministratorNeeded => td_string!(locale, status.state.administrator_needed),
        S::RegistrationBroken if why == Some(Reason::SecretExpired) => {
            td_string!(locale, status.state.registration_expired)
        }
        S::RegistrationBroken => td_string!(locale, status.state.registration_broken),
        S::Removed => td_string!(locale, status.state.removed),
        S::SendingComesLater => td_string!(locale, status.state.sending_comes_later),
    }
}

/// The badge of a mailbox as it is.
pub(crate) fn badge_of(locale: Locale, view: &MailboxView) -> &'static str {
    badge(locale, view.state, view.trouble.as_ref().and_then(|trouble| trouble.reason))
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
        S::Delayed => td_string!(l, status.state.delayed_about).to_owned(),
        S::SignInAgain => td_string!(l, status.state.sign_in_again_about).to_owned(),
        S::AdministratorNeeded => td_string!(l, status.state.administrator_needed_about).to_owned(),
        S::RegistrationBroken => td_string!(l, status.state.registration_broken_about).to_owned(),
        S::Removed => td_string!(l, status.state.removed_about, address = address),
        S::SendingComesLater => td_string!(l, status.state.sending_comes_later_about).to_owned(),
    }
}

/// Whether what stands in the way is what the state is about, rather than something of before.
const fn is_trouble(state: MailboxState) -> bool {
    use MailboxState as S;
    match state {
        S::SignInAgain | S::AdministratorNeeded | S::RegistrationBroken => true,
        S::NotAuthenticated
        | S::SigningIn
        | S::WaitingForApproval
        | S::Ready
        | S::Delayed
        | S::Removed
        | S::SendingComesLater => false,
    }
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
        return (about(locale, view.state, &view.settings.address), None);
    };
    let (sentence, step) = problem::why(locale, trouble.code, trouble.reason);
    (sentence, Some(step))
}

/// How many messages wait, in the words that fit the state; nothing where they are just on their way.
pub(crate) fn held(locale: Locale, state: MailboxState, waiting: u64) -> Option<String> {
    use MailboxState as S;
    let later = match state {
        S::Ready => return None,
        S::SendingComesLater => false,
        S::NotAuthenticated
        | S::SigningIn
        | S::WaitingForApproval
        | S::Delayed
        | S::SignInAgain
        | S::AdministratorNeeded
        | S::RegistrationBroken
        | S::Removed => true,
    };
    match (waiting, later) {
        (0, _) => None,
        (1, true) => Some(td_string!(locale, status.held_single).to_owned()),
        (1, false) => Some(td_string!(locale, status.kept_single).to_owned()),
        (count, true) => Some(td_string!(locale, status.held_many, count = count)),
        (count, false) => Some(td_string!(locale, status.kept_many, count = count)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

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
