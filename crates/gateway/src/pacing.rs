use api::Timestamp;
use serde::{Deserialize, Serialize};

/// Messages that Exchange takes from one mailbox in a minute (Microsoft: Exchange Online limits, "Message rate limit").
pub const MESSAGES_PER_MINUTE: u32 = 30;
/// Recipients that Exchange takes from one mailbox in any 24 hours (Microsoft: Exchange Online limits, "Recipient rate limit").
pub const RECIPIENTS_PER_DAY: u32 = 10_000;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;
/// A bucket counts until its last millisecond is 24 hours old.
const BUCKET_HOURS: i64 = 25;

/// How fast a mailbox may send; 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages in any 60 seconds.
    pub per_minute: u32,
    /// Recipients in any 24 hours.
    pub recipients_per_day: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_minute: MESSAGES_PER_MINUTE, recipients_per_day: RECIPIENTS_PER_DAY }
    }
}

/// Remembers what a mailbox began lately, so that it stays below what the other side takes instead of being refused there.
///
/// Recipients are counted by the hour, so that a day of them is small to store; an hour counts whole until all of it is a day
/// old, which is never too early. What lies in the future is of a clock that was wrong, and counts only where it can't
/// block for long.
///
/// A stored format: later versions must read what this one wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pacing {
    /// When the last messages began, in milliseconds, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    starts: Vec<i64>,
    /// Hours since 1970 and the recipients of each, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hours: Vec<(i64, u32)>,
}

impl Pacing {
    /// When a message to so many recipients may begin: `now`, or later.
    #[must_use]
    pub fn next_start(&self, limits: Limits, recipients: u32, now: Timestamp) -> Timestamp {
        let minute = self.minute_has_room(limits.per_minute, now);
        let day = self.day_has_room(limits.recipients_per_day, recipients, now);
        now.max(minute.unwrap_or(now)).max(day.unwrap_or(now))
    }

    /// How many more recipients fit into the day; nothing is counted without a limit.
    #[must_use]
    pub fn recipients_left(&self, limits: Limits, now: Timestamp) -> Option<u32> {
        let written: u32 = self.hours_counting(now).fold(0, |all, (_, count)| all.saturating_add(count));
        (limits.recipients_per_day > 0).then(|| limits.recipients_per_day.saturating_sub(written))
    }

    /// Notes that a message to so many recipients begins now.
    pub fn begin(&mut self, limits: Limits, recipients: u32, now: Timestamp) {
        self.starts.retain(|start| start_counts(*start, now));
        self.hours.retain(|(hour, _)| hour_counts(*hour, now));
        self.starts.push(now.millis());
        self.starts.sort_unstable();
        let needless = self.starts.len().saturating_sub(as_len(limits.per_minute));
        self.starts.drain(..needless);
        if limits.recipients_per_day == 0 {
            self.hours.clear();
            return;
        }
        let this_hour = hour_of(now);
        match self.hours.iter_mut().find(|(hour, _)| *hour == this_hour) {
            Some((_, count)) => *count = count.saturating_add(recipients),
            None => self.hours.push((this_hour, recipients)),
        }
        self.hours.sort_unstable();
    }

    /// When fewer than `limit` messages of the last minute are left, unless that is so already.
    fn minute_has_room(&self, limit: u32, now: Timestamp) -> Option<Timestamp> {
        let counting: Vec<i64> =
            self.starts.iter().copied().filter(|start| start_counts(*start, now)).collect();
        let too_many = counting.len().checked_sub(as_len(limit.checked_sub(1)?))?;
        let last = counting.get(too_many.checked_sub(1)?)?;
        Some(Timestamp::from_millis(last.saturating_add(MINUTE_MS)))
    }

    /// When so many more recipients fit into the day, unless they do already. More than a day takes fit when nobody else is
    /// left in it, or their message would never go.
    fn day_has_room(&self, limit: u32, recipients: u32, now: Timestamp) -> Option<Timestamp> {
        let mut left: u64 = self.hours_counting(now).map(|(_, count)| u64::from(count)).sum();
        let room = u64::from(limit).saturating_sub(u64::from(recipients));
        if limit == 0 {
            return None;
        }
        let mut fits_at = None;
        for (hour, count) in self.hours_counting(now) {
            if left <= room {
                break;
            }
            left = left.saturating_sub(u64::from(count));
            fits_at = Some(Timestamp::from_millis(hour.saturating_add(BUCKET_HOURS).saturating_mul(HOUR_MS)));
        }
        fits_at
    }

    fn hours_counting(&self, now: Timestamp) -> impl Iterator<Item = (i64, u32)> {
        self.hours.iter().copied().filter(move |(hour, _)| hour_counts(*hour, now))
    }
}

fn as_len(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

fn hour_of(moment: Timestamp) -> i64 {
    moment.millis().div_euclid(HOUR_MS)
}

fn start_counts(start: i64, now: Timestamp) -> bool {
    let age_ms = now.since(Timestamp::from_millis(start));
    (-MINUTE_MS..MINUTE_MS).contains(&age_ms)
}

fn hour_counts(hour: i64, now: Timestamp) -> bool {
    let age = hour_of(now).saturating_sub(hour);
    (-1..BUCKET_HOURS).contains(&age)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_459_200_000);
    const DAY_MS: i64 = 24 * HOUR_MS;

    fn limits(per_minute: u32, recipients_per_day: u32) -> Limits {
        Limits { per_minute, recipients_per_day }
    }

    /// Sends these messages as soon as each may go, after the pause before it, and tells when each began.
    fn sent(limits: Limits, messages: &[(i64, u32)]) -> Vec<(Timestamp, u32)> {
        let (mut pacing, mut now) = (Pacing::default(), NOW);
        let mut begin = |&(pause_ms, recipients): &(i64, u32)| {
            now = pacing.next_start(limits, recipients, now.plus_millis(pause_ms));
            assert_eq!(pacing.next_start(limits, recipients, now), now, "a promise is kept");
            pacing.begin(limits, recipients, now);
            (now, recipients)
        };
        messages.iter().map(&mut begin).collect()
    }

    #[test]
    fn thirty_go_at_once_and_the_next_a_minute_after_the_first() {
        let starts = sent(Limits::default(), &[(1_000, 1); 31]);
        assert_eq!(starts[29].0, NOW.plus_millis(30_000));
        assert_eq!(starts[30].0, NOW.plus_millis(61_000));
    }

    #[test]
    fn a_day_is_counted_by_the_hour_and_never_too_early() {
        // 18:40, and so until 19:00 on the next day.
        let starts = sent(limits(0, 100), &[(0, 60), (0, 40), (0, 1)]);
        assert_eq!(starts[1].0, NOW);
        assert_eq!(starts[2].0.to_string(), "2026-11-24T19:00:00.000Z");
        let mut pacing = Pacing::default();
        pacing.begin(limits(0, 100), 60, NOW);
        assert_eq!(pacing.recipients_left(limits(0, 100), NOW), Some(40));
        assert_eq!(pacing.recipients_left(limits(0, 0), NOW), None);
    }

    #[test]
    fn a_message_larger_than_a_day_goes_when_nothing_else_was_sent() {
        let starts = sent(limits(30, 100), &[(0, 500), (0, 500)]);
        assert_eq!(starts[0].0, NOW);
        assert!(starts[1].0.since(NOW) >= DAY_MS);
    }

    #[test]
    fn a_lower_limit_holds_for_what_was_sent_before() {
        let mut pacing = Pacing::default();
        for second in 0..10 {
            pacing.begin(limits(30, 100), 1, NOW.plus_seconds(second));
        }
        let now = NOW.plus_seconds(10);
        assert_eq!(pacing.next_start(limits(30, 100), 1, now), now);
        assert_eq!(pacing.next_start(limits(1, 100), 1, now), NOW.plus_seconds(69));
    }

    #[test]
    fn little_is_stored_and_nothing_without_limits() {
        let mut pacing = Pacing::default();
        for minute in 0..3 * 24 * 60 {
            pacing.begin(Limits::default(), 3, NOW.plus_seconds(minute * 60));
        }
        let stored = serde_json::to_string(&pacing).unwrap();
        assert_eq!((pacing.starts.len(), pacing.hours.len()), (1, 25));
        assert!(stored.len() < 500, "{stored}");
        assert_eq!(serde_json::from_str::<Pacing>(&stored).unwrap(), pacing);
        pacing.begin(limits(0, 0), 3, NOW);
        assert_eq!(serde_json::to_string(&pacing).unwrap(), "{}");
    }

    #[test]
    fn a_clock_that_was_a_year_ahead_blocks_nothing() {
        let mut pacing = Pacing::default();
        pacing.begin(limits(1, 1), 1, NOW.plus_millis(365 * DAY_MS));
        assert_eq!(pacing.next_start(limits(1, 1), 1, NOW), NOW);
    }

    proptest! {
        #[test]
        fn no_window_has_more_than_its_limit(
            messages in prop::collection::vec((0_i64..20 * 60_000, 1_u32..20), 1..200),
            per_minute in 1_u32..5,
            per_day in 20_u32..200,
        ) {
            let starts = sent(limits(per_minute, per_day), &messages);
            for (index, (first, _)) in starts.iter().enumerate() {
                let within = |window_ms| {
                    starts[index..].iter().take_while(move |(start, _)| start.since(*first) < window_ms)
                };
                prop_assert!(within(MINUTE_MS).count() <= as_len(per_minute));
                prop_assert!(within(DAY_MS).map(|(_, recipients)| recipients).sum::<u32>() <= per_day);
            }
        }

        #[test]
        fn nothing_waits_longer_than_the_windows(
            moves in prop::collection::vec((-3 * DAY_MS..3 * DAY_MS, 0_u32..300), 0..60),
            recipients: u32,
        ) {
            let (limits, mut now) = (limits(2, 100), NOW);
            let mut pacing = Pacing::default();
            for (step_ms, recipients) in moves {
                // Any clock, and a caller who does not wait.
                now = now.plus_millis(step_ms);
                pacing.begin(limits, recipients, now);
            }
            let at = pacing.next_start(limits, recipients, now);
            prop_assert!(at >= now && at.since(now) <= 26 * HOUR_MS, "{} {}", now, at);
        }
    }
}
