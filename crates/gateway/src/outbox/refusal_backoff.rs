use api::{Code, Timestamp};
use serde::{Deserialize, Serialize};

use super::Stage;
use super::failure_table::failure;

/// Failures in a row that an ordinary day brings: a few customers with a wrong address.
const FREE: u32 = 4;
/// First pause, in milliseconds.
const PAUSE_FIRST_MS: i64 = 60_000;
/// Longest pause, in milliseconds: good mail waits behind it.
const PAUSE_MAX_MS: i64 = 3_600_000;

/// Exponential back-off of a mailbox after consecutive refusals of the kind that Exchange counts.
///
/// Exchange counts a mailbox's failures in a row: its mailbox full, a sender that it may not use, no licence, too many or
/// unknown recipients. After too many it refuses all its mail, good mail too, with `550 5.2.251` to `5.2.255`, for a time that
/// nobody can shorten (Microsoft: continuous-error-throttling-smtp-auth-submissions). How many is not told, so the mailbox
/// slows down long before: after four it pauses for a minute, then two, four … at most an hour, until something is taken.
///
/// A stored format: later versions must read what this one wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalBackoff {
    /// Counted failures since the last hand-over.
    #[serde(default)]
    consecutive: u32,
}

impl RefusalBackoff {
    /// Something was taken: the row of failures is over.
    pub fn after_hand_over(&mut self) {
        self.consecutive = 0;
    }

    /// Whether so much was refused in a row that messages go one at a time, until one is taken.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        self.consecutive > FREE
    }

    /// Something was refused. Says until when the whole mailbox pauses, if it has to.
    pub fn after_refusal(&mut self, code: Code, stage: Stage, now: Timestamp) -> Option<Timestamp> {
        if !failure(code, stage).counts {
            return None;
        }
        self.consecutive = self.consecutive.saturating_add(1);
        let doublings = self.consecutive.checked_sub(FREE + 1)?.min(20);
        Some(now.plus_millis(PAUSE_FIRST_MS.saturating_mul(1 << doublings).min(PAUSE_MAX_MS)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_459_200_000);

    fn minutes(backoff: &mut RefusalBackoff, code: Code) -> i64 {
        let until = backoff.after_refusal(code, Stage::HandOver, NOW);
        until.map_or(0, |until| until.since(NOW) / 60_000)
    }

    #[test]
    fn a_row_of_failures_slows_the_mailbox_down_until_something_is_taken() {
        let mut backoff = RefusalBackoff::default();
        let mut row = |count| -> Vec<i64> {
            (0..count).map(|_| minutes(&mut backoff, Code::RecipientRefused)).collect()
        };
        assert_eq!(row(12), [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]);
        backoff.after_hand_over();
        assert_eq!(minutes(&mut backoff, Code::SendAsDenied), 0);
    }

    #[test]
    fn only_what_exchange_counts_is_counted() {
        let counted: Vec<Code> = Code::ALL
            .iter()
            .copied()
            .filter(|code| {
                let mut backoff = RefusalBackoff { consecutive: FREE };
                backoff.after_refusal(*code, Stage::HandOver, NOW).is_some()
            })
            .collect();
        // Full (`.251`), not its sender (`.252`), no licence (`.253`), too many or unknown recipients (`.254`, `.255`).
        assert_eq!(
            counted,
            [Code::SendAsDenied, Code::MailboxUnavailable, Code::RecipientRefused, Code::QuotaReached]
        );
    }

    #[test]
    fn no_number_of_failures_is_too_large() {
        let mut backoff = RefusalBackoff { consecutive: u32::MAX };
        assert_eq!(minutes(&mut backoff, Code::RecipientRefused), 60);
        assert_eq!(serde_json::to_string(&backoff).unwrap(), "{\"consecutive\":4294967295}");
        assert_eq!(serde_json::from_str::<RefusalBackoff>("{}").unwrap(), RefusalBackoff::default());
    }
}
