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

/// Attempts under way that are not booked yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unbooked {
    /// How many.
    pub messages: u32,
    /// To how many recipients.
    pub recipients: u32,
}

/// Sliding-window rate limiter of one mailbox: messages a minute and recipients a day, below what the other side takes.
///
/// A message is booked when it is *possibly sent*, and its recipients are released when the other side says that it
/// accepted nothing: an outage uses up nothing of the day. Attempts under way that are not booked yet are an argument.
///
/// Recipients are counted by the hour, so that a day of them is small to store; an hour counts whole until all of it is a
/// day old, which is never too early. Entries from the future (clock skew) count only where they can't block for long.
///
/// A stored format: later versions must read it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// When the last messages were booked, in milliseconds, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    starts: Vec<i64>,
    /// Hours since 1970 and the recipients of each, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hours: Vec<(i64, u32)>,
}

impl RateLimit {
    /// When a message to so many recipients may start: `now`, or later.
    #[must_use]
    pub fn next_start(
        &self,
        limits: Limits,
        recipients: u32,
        unbooked: Unbooked,
        now: Timestamp,
    ) -> Timestamp {
        let minute = match limits.per_minute {
            0 => None,
            // What is booked in this moment has left the minute by then.
            limit if limit <= unbooked.messages => Some(now.plus_millis(MINUTE_MS)),
            limit => self.minute_has_room(limit - unbooked.messages, now),
        };
        let day = self.day_has_room(limits.recipients_per_day, recipients, unbooked.recipients, now);
        now.max(minute.unwrap_or(now)).max(day.unwrap_or(now))
    }

    /// How many more recipients fit into the day; nothing is counted without a limit.
    #[must_use]
    pub fn recipients_left(&self, limits: Limits, now: Timestamp) -> Option<u32> {
        let written: u32 = self.hours_counting(now).fold(0, |all, (_, count)| all.saturating_add(count));
        (limits.recipients_per_day > 0).then(|| limits.recipients_per_day.saturating_sub(written))
    }

    /// Books a message to so many recipients now.
    pub fn book(&mut self, limits: Limits, recipients: u32, now: Timestamp) {
        self.starts.retain(|start| start_counts(*start, now));
        self.hours.retain(|(hour, _)| hour_counts(*hour, now));
        // In order also when the clock went back.
        let at = self.starts.partition_point(|start| *start <= now.millis());
        self.starts.insert(at, now.millis());
        let needless = self.starts.len().saturating_sub(as_len(limits.per_minute));
        self.starts.drain(..needless);
        if limits.recipients_per_day == 0 {
            self.hours.clear();
            return;
        }
        let this_hour = hour_of(now);
        if let Some((_, count)) = self.hours.iter_mut().find(|(hour, _)| *hour == this_hour) {
            *count = count.saturating_add(recipients);
        } else {
            let at = self.hours.partition_point(|(hour, _)| *hour < this_hour);
            self.hours.insert(at, (this_hour, recipients));
        }
    }

    /// Removes the recipients of a message booked at `at`, which reached none of them, from the daily limit.
    pub fn release(&mut self, recipients: u32, at: Timestamp) {
        if let Some((_, count)) = self.hours.iter_mut().find(|(hour, _)| *hour == hour_of(at)) {
            *count = count.saturating_sub(recipients);
        }
        self.hours.retain(|(_, count)| *count > 0);
    }

    /// When fewer than `limit` messages of the last minute are left, unless that is so already.
    fn minute_has_room(&self, limit: u32, now: Timestamp) -> Option<Timestamp> {
        let counting: Vec<i64> =
            self.starts.iter().copied().filter(|start| start_counts(*start, now)).collect();
        let too_many = counting.len().checked_sub(as_len(limit.checked_sub(1)?))?;
        let last = counting.get(too_many.checked_sub(1)?)?;
        Some(Timestamp::from_millis(last.saturating_add(MINUTE_MS)))
    }

    /// Instant at which `recipients` more fit into the daily limit; `None` when they fit now. A message with more
    /// recipients than the limit fits into an empty day, or it would never be sent. Recipients of attempts under way that
    /// are not booked yet (`unbooked`) count.
    fn day_has_room(&self, limit: u32, recipients: u32, unbooked: u32, now: Timestamp) -> Option<Timestamp> {
        let mut left: u64 = self.hours_counting(now).map(|(_, count)| u64::from(count)).sum();
        let room = u64::from(limit).saturating_sub(u64::from(recipients).saturating_add(u64::from(unbooked)));
        if limit == 0 {
            return None;
        }
        let alone = unbooked == 0 || recipients.saturating_add(unbooked) <= limit;
        let mut fits_at = (!alone).then(|| now.plus_millis(MINUTE_MS));
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
    const NONE: Unbooked = Unbooked { messages: 0, recipients: 0 };

    #[test]
    fn an_attempt_that_reached_nobody_takes_nothing_of_the_day() {
        let mut limit = RateLimit::default();
        for attempt in 0..1_000 {
            let now = NOW.plus_seconds(attempt * 60);
            limit.book(limits(0, 100), 90, now);
            limit.release(90, now);
        }
        assert_eq!(limit.recipients_left(limits(0, 100), NOW), Some(100));
    }

    #[test]
    fn attempts_that_are_not_booked_yet_count() {
        let limit = RateLimit::default();
        let unbooked = Unbooked { messages: 1, recipients: 60 };
        assert_eq!(limit.next_start(limits(30, 100), 40, unbooked, NOW), NOW);
        let mut limit = RateLimit::default();
        limit.book(limits(30, 100), 1, NOW);
        assert!(limit.next_start(limits(30, 100), 40, unbooked, NOW) > NOW);
    }

    /// Found by the simulation: three at once went by SMTP where one a minute was allowed.
    #[test]
    fn concurrent_attempts_stay_within_the_minute() {
        let limit = RateLimit::default();
        let unbooked = Unbooked { messages: 2, recipients: 2 };
        assert!(limit.next_start(limits(2, 0), 1, unbooked, NOW) > NOW);
        assert_eq!(limit.next_start(limits(3, 0), 1, unbooked, NOW), NOW);
    }

    /// Found by the simulation: beside a message larger than a day, another one went.
    #[test]
    fn a_message_larger_than_a_day_goes_alone() {
        let limit = RateLimit::default();
        let unbooked = Unbooked { messages: 1, recipients: 217 };
        assert!(limit.next_start(limits(30, 200), 1, unbooked, NOW) > NOW);
        assert_eq!(limit.next_start(limits(30, 200), 217, NONE, NOW), NOW);
    }

    fn limits(per_minute: u32, recipients_per_day: u32) -> Limits {
        Limits { per_minute, recipients_per_day }
    }

    /// Sends these messages as soon as each may go, after the pause before it, and tells when each began.
    fn sent(limits: Limits, messages: &[(i64, u32)]) -> Vec<(Timestamp, u32)> {
        let (mut limit, mut now) = (RateLimit::default(), NOW);
        let mut begin = |&(pause_ms, recipients): &(i64, u32)| {
            now = limit.next_start(limits, recipients, NONE, now.plus_millis(pause_ms));
            assert_eq!(limit.next_start(limits, recipients, NONE, now), now, "a promise is kept");
            limit.book(limits, recipients, now);
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
        let mut limit = RateLimit::default();
        limit.book(limits(0, 100), 60, NOW);
        assert_eq!(limit.recipients_left(limits(0, 100), NOW), Some(40));
        assert_eq!(limit.recipients_left(limits(0, 0), NOW), None);
    }

    #[test]
    fn a_message_larger_than_a_day_goes_when_nothing_else_was_sent() {
        let starts = sent(limits(30, 100), &[(0, 500), (0, 500)]);
        assert_eq!(starts[0].0, NOW);
        assert!(starts[1].0.since(NOW) >= DAY_MS);
    }

    #[test]
    fn a_lower_limit_holds_for_what_was_sent_before() {
        let mut limit = RateLimit::default();
        for second in 0..10 {
            limit.book(limits(30, 100), 1, NOW.plus_seconds(second));
        }
        let now = NOW.plus_seconds(10);
        assert_eq!(limit.next_start(limits(30, 100), 1, NONE, now), now);
        assert_eq!(limit.next_start(limits(1, 100), 1, NONE, now), NOW.plus_seconds(69));
    }

    #[test]
    fn little_is_stored_and_nothing_without_limits() {
        let mut limit = RateLimit::default();
        for minute in 0..3 * 24 * 60 {
            limit.book(Limits::default(), 3, NOW.plus_seconds(minute * 60));
        }
        let stored = serde_json::to_string(&limit).unwrap();
        assert_eq!((limit.starts.len(), limit.hours.len()), (1, 25));
        assert!(stored.len() < 500, "{stored}");
        assert_eq!(serde_json::from_str::<RateLimit>(&stored).unwrap(), limit);
        limit.book(limits(0, 0), 3, NOW);
        assert_eq!(serde_json::to_string(&limit).unwrap(), "{}");
    }

    #[test]
    fn a_clock_that_was_a_year_ahead_blocks_nothing() {
        let mut limit = RateLimit::default();
        limit.book(limits(1, 1), 1, NOW.plus_millis(365 * DAY_MS));
        assert_eq!(limit.next_start(limits(1, 1), 1, NONE, NOW), NOW);
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
            let mut limit = RateLimit::default();
            for (step_ms, recipients) in moves {
                // Any clock, and a caller who does not wait.
                now = now.plus_millis(step_ms);
                limit.book(limits, recipients, now);
            }
            let at = limit.next_start(limits, recipients, NONE, now);
            prop_assert!(at >= now && at.since(now) <= 26 * HOUR_MS, "{} {}", now, at);
        }
    }
}
