//! How much of a token's life is left.

use api::{MailboxState, MailboxView, Timestamp};

const MINUTE: i64 = 60 * 1000;
const DAY: i64 = 24 * 60 * MINUTE;

/// Fewer days than this and the page warns.
pub(crate) const DAYS_SOON: i64 = 14;

/// Whether what is left of the tokens' lives says anything: not when Microsoft does not take them, whatever their dates.
pub(crate) fn counts(view: &MailboxView) -> bool {
    use MailboxState as S;
    let stopped = matches!(view.state, S::SignInAgain | S::AdministratorNeeded | S::RegistrationBroken);
    view.authentication.is_some() && view.trouble.is_none() && !stopped
}

/// A span of life, seen from a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Life {
    total: i64,
    left: i64,
}

impl Life {
    pub(crate) fn new(begin: Timestamp, end: Timestamp, now: Timestamp) -> Self {
        let total = end.since(begin).max(0);
        Self { total, left: end.since(now).clamp(0, total) }
    }

    pub(crate) fn is_over(self) -> bool {
        self.left == 0
    }

    /// Counted as people do: on the first of ninety days there are ninety left, and on the last one.
    pub(crate) fn days_left(self) -> i64 {
        (self.left + DAY - 1) / DAY
    }

    pub(crate) fn days(self) -> i64 {
        (self.total + DAY / 2) / DAY
    }

    pub(crate) fn minutes_left(self) -> i64 {
        self.left / MINUTE
    }

    /// How many of `ticks` are left; a life that is not over has at least one.
    pub(crate) fn ticks(self, ticks: u32) -> u32 {
        if self.left == 0 || self.total == 0 {
            return 0;
        }
        let share = i128::from(self.left) * i128::from(ticks) / i128::from(self.total);
        u32::try_from(share).unwrap_or(ticks).clamp(1, ticks)
    }
}

#[cfg(test)]
mod tests {
    use api::Code;

    use super::*;
    use crate::words::state::tests::{in_trouble, signed_in};

    #[test]
    fn lives_say_nothing_while_something_stands_in_the_way() {
        assert!(counts(&signed_in(MailboxState::Ready)) && counts(&signed_in(MailboxState::Delayed)));
        for state in [MailboxState::Removed, MailboxState::WaitingForApproval, MailboxState::SigningIn] {
            assert!(!counts(&MailboxView { state, ..in_trouble(Code::SignInAgain) }), "{state:?}");
        }
        assert!(!counts(&signed_in(MailboxState::RegistrationBroken)));
        assert!(!counts(&MailboxView { authentication: None, ..signed_in(MailboxState::Ready) }));
    }

    fn life(total: i64, passed: i64) -> Life {
        let begin = Timestamp::from_millis(1_800_000_000_000);
        Life::new(begin, begin.plus_millis(total), begin.plus_millis(passed))
    }

    #[test]
    fn ninety_days_are_ninety_ticks() {
        assert_eq!(life(90 * DAY, 0).ticks(90), 90);
        assert_eq!(life(90 * DAY, 6 * DAY).ticks(90), 84);
        assert_eq!((life(90 * DAY, 6 * DAY).days_left(), life(90 * DAY, 6 * DAY).days()), (84, 90));
        assert_eq!(life(90 * DAY, 1).days_left(), 90);
        assert_eq!(
            (life(90 * DAY, 90 * DAY - 1).ticks(90), life(90 * DAY, 90 * DAY - 1).days_left()),
            (1, 1)
        );
    }

    #[test]
    fn neither_clocks_that_differ_nor_empty_spans_break_it() {
        assert_eq!(life(DAY, -DAY).ticks(10), 10);
        assert!(life(DAY, 2 * DAY).is_over());
        assert_eq!(life(0, 0).ticks(10), 0);
        assert_eq!(life(-DAY, 0).ticks(10), 0);
    }
}
