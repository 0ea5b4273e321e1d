use api::Timestamp;
use serde::{Deserialize, Serialize};

/// Wait before the first harmless request after an outage was noticed, and the longest, in milliseconds.
const CHECK_MS: (i64, i64) = (1_000, 5 * 60_000);
/// Wait after a second *unknown* in a row, and the longest, in milliseconds: each trial costs a doubtful message.
const TRIAL_MS: (i64, i64) = (60_000, 60 * 60_000);

/// Circuit breaker of a mailbox against outages: one *unknown* from the transport opens it, so that an outage costs one
/// doubtful message and not a queue.
///
/// ```text
/// closed ──unknown──► open ──harmless request succeeds──► half-open ──message answered──► closed
///                      ▲                                      │
///                      └────────────── unknown ───────────────┘
/// ```
///
/// Half-open, one message goes as a trial. The harmless request is `GET /me` for Graph; by SMTP the connection and the
/// sign-in that precede each message are it.
///
/// A stored format: later versions must read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CircuitBreaker {
    /// Consecutive outcomes that are unknown.
    #[serde(default)]
    trips: u32,
    /// Harmless requests that failed since it opened.
    #[serde(default)]
    failed_checks: u32,
    /// While open: not before this is a harmless request made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    check_at: Option<Timestamp>,
}

/// Whether messages may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circuit {
    /// As many as the concurrency limit allows.
    Closed,
    /// One, as a trial.
    HalfOpen,
    /// None before a harmless request has succeeded, which may be made at that time.
    Open(Timestamp),
}

impl CircuitBreaker {
    /// Whether messages may go.
    #[must_use]
    pub fn circuit(&self) -> Circuit {
        match (self.check_at, self.trips) {
            (Some(at), _) => Circuit::Open(at),
            (None, 0) => Circuit::Closed,
            (None, _) => Circuit::HalfOpen,
        }
    }

    /// An outcome is unknown because of the transport. Attempts that were under way together are one trip.
    pub(super) fn trip(&mut self, now: Timestamp) {
        if self.check_at.is_some() {
            return;
        }
        self.trips = self.trips.saturating_add(1);
        self.failed_checks = 0;
        let wait_ms = match self.trips {
            1 => CHECK_MS.0,
            trips => doubled(TRIAL_MS, trips - 2),
        };
        self.check_at = Some(now.plus_millis(wait_ms));
    }

    /// The harmless request succeeded.
    pub(crate) fn check_succeeded(&mut self) {
        self.check_at = None;
        self.failed_checks = 0;
    }

    /// The harmless request failed; the next one follows later and later.
    pub(crate) fn check_failed(&mut self, now: Timestamp) {
        self.failed_checks = self.failed_checks.saturating_add(1);
        self.check_at = Some(now.plus_millis(doubled(CHECK_MS, self.failed_checks)));
    }

    /// The other side answered a message: it is there.
    pub(super) fn close(&mut self) {
        *self = Self::default();
    }
}

fn doubled((first_ms, longest_ms): (i64, i64), doublings: u32) -> i64 {
    first_ms.saturating_mul(1 << doublings.min(20)).min(longest_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_459_200_000);

    #[test]
    fn one_unknown_opens_and_an_answer_closes() {
        let mut breaker = CircuitBreaker::default();
        assert_eq!(breaker.circuit(), Circuit::Closed);
        breaker.trip(NOW);
        assert_eq!(breaker.circuit(), Circuit::Open(NOW.plus_millis(1_000)));
        breaker.check_failed(NOW);
        assert_eq!(breaker.circuit(), Circuit::Open(NOW.plus_millis(2_000)));
        breaker.check_succeeded();
        assert_eq!(breaker.circuit(), Circuit::HalfOpen);
        breaker.close();
        assert_eq!(breaker, CircuitBreaker::default());
    }

    #[test]
    fn attempts_that_were_under_way_together_are_one_trip() {
        let mut breaker = CircuitBreaker::default();
        for _ in 0..3 {
            breaker.trip(NOW);
        }
        assert_eq!(breaker.circuit(), Circuit::Open(NOW.plus_millis(1_000)));
    }

    /// `GET /me` answers while every message times out: each trial costs a doubtful message, so they become rare.
    #[test]
    fn trials_that_fail_become_rare() {
        let mut breaker = CircuitBreaker::default();
        let waits: Vec<i64> = (0..9)
            .map(|_| {
                breaker.trip(NOW);
                let Circuit::Open(at) = breaker.circuit() else { panic!("closed") };
                breaker.check_succeeded();
                at.since(NOW) / 1000
            })
            .collect();
        assert_eq!(waits, [1, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
    }

    #[test]
    fn checks_become_rare_and_never_stop() {
        let mut breaker = CircuitBreaker::default();
        breaker.trip(NOW);
        for _ in 0..100 {
            breaker.check_failed(NOW);
        }
        assert_eq!(breaker.circuit(), Circuit::Open(NOW.plus_millis(300_000)));
    }
}
