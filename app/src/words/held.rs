//! Words for messages that wait for a person, by what they wait for.

use api::{Code, FixBy, HeldCount, MailboxState, MailboxView, Timestamp};
use leptos_i18n::td_string;

use super::problem;
use crate::i18n::Locale;

/// The messages that are held for one reason, as the page tells of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) code: Code,
    pub(crate) count: u64,
    pub(crate) since: Timestamp,
    /// How many they are.
    pub(crate) words: String,
    /// What they wait for and what to do, unless the state above says so already.
    pub(crate) why: Option<Why>,
}

/// What messages wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Why {
    pub(crate) heading: &'static str,
    pub(crate) step: String,
}

/// One line for each reason, the most messages first.
pub(crate) fn lines(locale: Locale, view: &MailboxView) -> Vec<Line> {
    view.held.iter().filter(|held| held.count > 0).map(|held| line(locale, view, *held)).collect()
}

fn line(locale: Locale, view: &MailboxView, held: HeldCount) -> Line {
    let HeldCount { code, count, since } = held;
    let said = is_said_above(view, code);
    let words = match (said, count) {
        (true, 1) => td_string!(locale, status.held.this_single).to_owned(),
        (true, count) => td_string!(locale, status.held.this_many, count = count),
        (false, 1) => td_string!(locale, status.held.single).to_owned(),
        (false, count) => td_string!(locale, status.held.many, count = count),
    };
    let heading = problem::of_code(locale, code).heading;
    let why = (!said).then(|| Why { heading, step: step(locale, code) });
    Line { code, count, since, words, why }
}

/// Whether badge and sentence of the state are about the same matter.
fn is_said_above(view: &MailboxView, code: Code) -> bool {
    use MailboxState as S;
    match view.state {
        S::NotAuthenticated | S::SigningIn | S::WaitingForApproval | S::Removed => {
            matches!(code, Code::NotAuthenticated | Code::SignInAgain)
        }
        S::SignInAgain | S::AdministratorNeeded | S::RegistrationBroken | S::ServerRefuses => {
            view.trouble.as_ref().is_some_and(|trouble| trouble.code == code)
        }
        S::AccessCodeMissing => code == Code::AccessCodeMissing,
        S::Ready | S::Attention | S::Delayed => false,
    }
}

/// What to do, in words that hold without details of the trouble beside them.
fn step(locale: Locale, code: Code) -> String {
    match (code, code.fix_by()) {
        (
            Code::PermissionMissing
            | Code::RegistrationBroken
            | Code::SendAsDenied
            | Code::MailboxUnavailable
            | Code::SendingBlocked
            | Code::AttemptsLost,
            _,
        )
        | (_, FixBy::Employee) => problem::why(locale, code, None).1,
        (_, FixBy::Administrator) => td_string!(locale, status.held.administrator).to_owned(),
        (_, FixBy::Operator) => td_string!(locale, status.held.operator).to_owned(),
        (_, FixBy::Caller | FixBy::Time) => td_string!(locale, status.held.else_).to_owned(),
    }
}

/// How many wait besides for what holds the others up, where they would not go before that is mended.
pub(crate) fn others(locale: Locale, view: &MailboxView) -> Option<String> {
    if matches!(view.state, MailboxState::Ready | MailboxState::Attention | MailboxState::Delayed) {
        return None;
    }
    let held: u64 = view.held.iter().map(|held| held.count).sum();
    match view.waiting.saturating_sub(held) {
        0 => None,
        1 => Some(td_string!(locale, status.held.others_single).to_owned()),
        count => Some(td_string!(locale, status.held.others_many, count = count)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::tests::{in_trouble, signed_in};
    use super::*;

    fn holding(view: MailboxView, held: &[(Code, u64)]) -> MailboxView {
        let since = view.now;
        let held = held.iter().map(|&(code, count)| HeldCount { code, count, since });
        MailboxView { held: held.collect(), ..view }
    }

    #[test]
    fn every_reason_has_a_count_a_heading_and_a_step() {
        for locale in [Locale::nl, Locale::en] {
            for code in Code::ALL {
                let lines = lines(locale, &holding(signed_in(MailboxState::Attention), &[(*code, 3)]));
                let [line] = lines.as_slice() else { panic!("{lines:?}") };
                let why = line.why.as_ref().unwrap();
                assert!(line.words.starts_with("3 ") && why.step.ends_with('.'), "{line:?}");
                for pointer in ["hieronder aan wie", "details below", "details hieronder"] {
                    assert!(!why.step.contains(pointer), "there are no details: {line:?}");
                }
            }
        }
    }

    #[test]
    fn what_the_state_says_is_not_said_twice() {
        let view =
            holding(in_trouble(Code::SendAsDenied), &[(Code::SendAsDenied, 2), (Code::RequestRejected, 1)]);
        let [same, other] = lines(Locale::nl, &view).try_into().unwrap();
        assert_eq!(
            (same.why, same.words.as_str()),
            (None, "2 berichten wachten hierop; ze worden daarna verzonden.")
        );
        assert_eq!(other.words, "1 bericht wacht");
        assert!(other.why.is_some());
    }

    #[test]
    fn a_state_that_sends_says_every_reason() {
        for state in [MailboxState::Ready, MailboxState::Attention, MailboxState::Delayed] {
            let lines = lines(Locale::en, &holding(signed_in(state), &[(Code::NotConfigured, 1)]));
            assert!(lines.iter().all(|line| line.why.is_some()) && lines.len() == 1, "{lines:?}");
        }
    }

    #[test]
    fn the_rest_of_the_queue_is_counted_where_it_waits_too() {
        let waiting = |state, waiting| {
            let view = holding(signed_in(state), &[(Code::SignInAgain, 2)]);
            others(Locale::en, &MailboxView { waiting, ..view })
        };
        assert_eq!(waiting(MailboxState::SignInAgain, 2), None);
        assert_eq!(waiting(MailboxState::SignInAgain, 3).as_deref(), Some("1 more message waits its turn."));
        assert_eq!(waiting(MailboxState::Removed, 5).as_deref(), Some("3 more messages wait their turn."));
        assert_eq!(waiting(MailboxState::Attention, 5), None);
    }
}
