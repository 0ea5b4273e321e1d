//! The one place that reads the time, and the one that can move it.
//!
//! Nothing else in this crate asks the machine for the time: tests hold the clock still, and `POST /sandbox/clock` moves
//! it to see what 90 days do.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};

/// Where "now" comes from.
#[derive(Debug)]
pub struct Clock {
    /// Milliseconds since 1970 at which the clock stands still; `None` follows the machine.
    fixed_ms: Option<i64>,
    /// What was added by [`Clock::advance`].
    moved_ms: AtomicI64,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self { fixed_ms: None, moved_ms: AtomicI64::new(0) }
    }

    /// A clock that stands still at this second since 1970, until it is moved.
    #[must_use]
    pub fn standing_at(unix_seconds: i64) -> Self {
        Self { fixed_ms: Some(unix_seconds.saturating_mul(1000)), moved_ms: AtomicI64::new(0) }
    }

    /// Moves the clock; a negative number moves it back.
    pub fn advance(&self, seconds: i64) {
        self.moved_ms.fetch_add(seconds.saturating_mul(1000), Ordering::Relaxed);
    }

    /// By how much it was moved in all.
    pub(crate) fn moved_seconds(&self) -> i64 {
        self.moved_ms.load(Ordering::Relaxed) / 1000
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        let base = self.fixed_ms.unwrap_or_else(machine_ms);
        let ms = base.saturating_add(self.moved_ms.load(Ordering::Relaxed));
        DateTime::from_timestamp_millis(ms).unwrap_or_default()
    }

    /// The same for what is signed elsewhere, whose dates may have fractions.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 need 41 of the 52 bits")]
    pub(crate) fn fractional_seconds(&self) -> f64 {
        self.now().timestamp_millis() as f64 / 1000.0
    }

    /// Whole seconds since 1970.
    pub(crate) fn seconds(&self) -> i64 {
        self.now().timestamp()
    }
}

#[expect(clippy::disallowed_methods, reason = "the sandbox is a host; this is its one clock")]
fn machine_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stands_still_until_moved() {
        let clock = Clock::standing_at(1_000);
        assert_eq!((clock.seconds(), clock.seconds()), (1_000, 1_000));
        clock.advance(60);
        assert_eq!(clock.seconds(), 1_060);
        clock.advance(-120);
        assert_eq!(clock.seconds(), 940);
    }
}
