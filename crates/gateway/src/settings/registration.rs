use api::Timestamp;

/// Days before a secret or certificate ends on which people are warned anew.
const WARNING_DAYS: [i64; 3] = [30, 14, 3];

const DAY_MS: i64 = 24 * 3600 * 1000;

/// Whole days until an app's secret or certificate ends, once it is time to warn; none or less when it has ended.
#[must_use]
pub fn warn_days_left(expires_at: Timestamp, now: Timestamp) -> Option<i64> {
    let days = expires_at.since(now).div_euclid(DAY_MS);
    (days <= 30).then_some(days)
}

/// Whether this is a day on which to write a warning into the log: 30, 14 and 3 days before the end, and any after it.
#[must_use]
pub fn warns_today(days_left: i64) -> bool {
    days_left < 0 || WARNING_DAYS.contains(&days_left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warns_from_thirty_days_before_the_end() {
        let now = Timestamp::from_millis(1_795_459_200_000);
        let left = |ms: i64| warn_days_left(now.plus_millis(ms), now);
        assert_eq!(left(31 * DAY_MS), None);
        assert_eq!(left(31 * DAY_MS - 1), Some(30));
        assert_eq!(left(14 * DAY_MS), Some(14));
        assert_eq!(left(3 * DAY_MS + 1), Some(3));
        assert_eq!(left(0), Some(0));
        assert_eq!(left(-1), Some(-1));
        assert!([30, 14, 3, -1, -200].into_iter().all(warns_today));
        assert!(![29, 15, 4, 2, 0].into_iter().any(warns_today));
    }
}
