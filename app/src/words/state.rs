//! Words for the state of a mailbox: badge, sentence, and what it calls for.

use api::MailboxState;
use leptos_i18n::td_string;

use crate::i18n::Locale;

/// How pressing it looks; never by colour alone, every tone has its own shape too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Busy,
    Attention,
    Blocked,
    Quiet,
}

impl Tone {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Busy => "busy",
            Self::Attention => "attention",
            Self::Blocked => "blocked",
            Self::Quiet => "quiet",
        }
    }
}

/// A state as the page shows it.
pub(crate) struct StateWords {
    /// The word of the JSON value, for tests and styles.
    pub(crate) json: &'static str,
    pub(crate) tone: Tone,
    pub(crate) badge: &'static str,
    pub(crate) about: String,
    /// What the live region says when it was asked for.
    pub(crate) fetched: String,
    /// Whether Authenticate is the one step that helps.
    pub(crate) sign_in_helps: bool,
}

impl StateWords {
    pub(crate) fn of(locale: Locale, state: MailboxState, address: &str) -> Self {
        use MailboxState as S;
        let l = locale;
        let address = address.to_owned();
        let (json, tone, badge, about, sign_in_helps) = match state {
            S::NotAuthenticated => (
                "not_authenticated",
                Tone::Attention,
                td_string!(l, status.state.not_authenticated),
                td_string!(l, status.state.not_authenticated_about, address = address),
                true,
            ),
            S::SigningIn => (
                "signing_in",
                Tone::Busy,
                td_string!(l, status.state.signing_in),
                td_string!(l, status.state.signing_in_about).to_owned(),
                true,
            ),
            S::Ready => (
                "ready",
                Tone::Good,
                td_string!(l, status.state.ready),
                td_string!(l, status.state.ready_about, address = address),
                false,
            ),
            S::SignInAgain => (
                "sign_in_again",
                Tone::Blocked,
                td_string!(l, status.state.sign_in_again),
                td_string!(l, status.state.sign_in_again_about).to_owned(),
                true,
            ),
            S::RegistrationBroken => (
                "registration_broken",
                Tone::Blocked,
                td_string!(l, status.state.registration_broken),
                td_string!(l, status.state.registration_broken_about).to_owned(),
                false,
            ),
            S::SendingComesLater => (
                "sending_comes_later",
                Tone::Quiet,
                td_string!(l, status.state.sending_comes_later),
                td_string!(l, status.state.sending_comes_later_about).to_owned(),
                false,
            ),
        };
        let fetched = td_string!(l, status.status_done, state = badge);
        Self { json, tone, badge, about, fetched, sign_in_helps }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_for_tests_is_the_json_value() {
        for state in MailboxState::ALL {
            for locale in [Locale::nl, Locale::en] {
                let words = StateWords::of(locale, state, "info@example.nl");
                assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{}\"", words.json));
                assert!(words.about.ends_with('.') && !words.badge.ends_with('.'));
            }
        }
    }
}
