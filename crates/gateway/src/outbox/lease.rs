use api::{Route, Timestamp};
use serde::{Deserialize, Serialize};

use super::retry_policy::{Next, REPEAT_UNKNOWN_MS};

/// Durable marker of an attempt, written before sending. Recovery reads it to decide whether the other side may already
/// have the message.
///
/// A stored format: later versions must read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// When the attempt began.
    pub at: Timestamp,
    /// The route, once chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Route>,
    /// *Possibly sent*: set before the request is opened, or before the end of the message is written (RFC 5321 section
    /// 4.1.1.4), so that the other side can't have the message while this is false.
    #[serde(default)]
    pub may_have_left: bool,
}

impl Lease {
    /// The marker of an attempt that begins.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self { at, route: None, may_have_left: false }
    }
}

/// A message whose attempts are cut off this often before anything left may itself be the cause: it is held, so that the
/// others get their turn.
const STARTS_MAX: u32 = 3;

/// What a message says whose attempt was cut off after it may have left.
pub(super) const AT_HAND_OVER_LOST: &str = "the hand-over was cut off on our side";

/// First wait after an attempt was cut off, in milliseconds.
const AGAIN_AFTER_MS: i64 = 5_000;

/// Decides what becomes of a message whose attempt was cut off on our side. `starts` counts attempts without an outcome, this
/// one included; `repeat_unknown` says that the organisation prefers a second copy to none.
pub(super) fn after_loss(lease: &Lease, starts: u32, repeat_unknown: bool, now: Timestamp) -> Next {
    match (lease.may_have_left, starts) {
        (true, starts) if repeat_unknown && starts < STARTS_MAX => {
            Next::Retry(now.plus_millis(REPEAT_UNKNOWN_MS))
        }
        (true, _) => Next::Unknown,
        (false, starts) if starts >= STARTS_MAX => Next::Hold,
        // The first time it may go at once: most often it was the machine and not the message.
        (false, starts) => {
            Next::Retry(now.plus_millis(AGAIN_AFTER_MS.saturating_mul(i64::from(starts.saturating_sub(1)))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_459_200_000);

    #[test]
    fn what_can_not_have_left_goes_again_but_not_for_ever() {
        let lease = Lease::new(NOW);
        assert_eq!(after_loss(&lease, 1, false, NOW), Next::Retry(NOW));
        assert_eq!(after_loss(&lease, 2, false, NOW), Next::Retry(NOW.plus_millis(5_000)));
        assert_eq!(after_loss(&lease, 3, true, NOW), Next::Hold);
        assert_eq!(after_loss(&lease, 4, true, NOW), Next::Hold);
    }

    #[test]
    fn what_may_have_left_is_unknown_unless_somebody_chose_otherwise() {
        let lease = Lease { may_have_left: true, ..Lease::new(NOW) };
        assert_eq!(after_loss(&lease, 1, false, NOW), Next::Unknown);
        assert_eq!(after_loss(&lease, 2, true, NOW), Next::Retry(NOW.plus_millis(5 * 60_000)));
        assert_eq!(after_loss(&lease, 3, true, NOW), Next::Unknown, "it may be what cuts us off");
    }

    #[test]
    fn a_lease_reads_back() {
        let json = r#"{"at":"2026-11-23T18:40:00.000Z"}"#;
        assert_eq!(serde_json::from_str::<Lease>(json).unwrap(), Lease::new(NOW));
        let whole = Lease { route: Some(Route::Smtp), may_have_left: true, ..Lease::new(NOW) };
        assert_eq!(serde_json::from_str::<Lease>(&serde_json::to_string(&whole).unwrap()).unwrap(), whole);
    }
}
