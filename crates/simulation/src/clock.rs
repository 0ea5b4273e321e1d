//! Virtual time: how much of it has passed, and what the clock on the wall shows, which may be set.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use api::Timestamp;

/// 2026-11-20T17:00Z, a Friday: when every world begins.
const BEGINNING: Timestamp = Timestamp::from_millis(1_795_194_000_000);

/// The clock of one world.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    /// Milliseconds since the beginning; never goes back.
    pub(crate) elapsed: i64,
    /// How far the clock on the wall was set forward.
    skew: i64,
    /// When it was last set.
    set_at: Option<i64>,
}

impl Clock {
    /// What the clock on the wall shows.
    pub(crate) fn now(self) -> Timestamp {
        BEGINNING.plus_millis(self.elapsed).plus_millis(self.skew)
    }

    /// When the clock on the wall will show that, unless it is set.
    pub(crate) fn elapsed_at(self, moment: Timestamp) -> i64 {
        moment.since(BEGINNING).saturating_sub(self.skew).max(self.elapsed)
    }

    /// Sets the clock on the wall.
    pub(crate) fn jump(&mut self, ms: i64) {
        self.skew = self.skew.saturating_add(ms);
        self.set_at = Some(self.elapsed);
    }

    /// Whether it was set within that time.
    pub(crate) fn was_set_within(self, ms: i64) -> bool {
        self.set_at.is_some_and(|at| self.elapsed - at < ms)
    }
}

/// What is to happen, in the order of time; at the same moment, in the order in which it was planned.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    order: BinaryHeap<Reverse<(i64, u64)>>,
    events: std::collections::BTreeMap<u64, T>,
    last: u64,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { order: BinaryHeap::new(), events: std::collections::BTreeMap::new(), last: 0 }
    }
}

impl<T> Queue<T> {
    /// Plans an event.
    pub(crate) fn push(&mut self, at: i64, event: T) {
        self.last += 1;
        self.order.push(Reverse((at, self.last)));
        self.events.insert(self.last, event);
    }

    /// Takes the next event out, with its time.
    pub(crate) fn pop(&mut self) -> Option<(i64, T)> {
        let Reverse((at, number)) = self.order.pop()?;
        Some((at, self.events.remove(&number)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_the_order_of_time_and_planning() {
        let mut queue = Queue::default();
        for (at, event) in [(5, 'b'), (1, 'a'), (5, 'c')] {
            queue.push(at, event);
        }
        let all: String = std::iter::from_fn(|| queue.pop()).map(|(_, event)| event).collect();
        assert_eq!(all, "abc");
    }

    #[test]
    fn a_clock_that_was_set_still_knows_how_long_it_is_until_then() {
        let mut clock = Clock { elapsed: 1_000, ..Clock::default() };
        clock.jump(500);
        assert_eq!(clock.elapsed_at(clock.now().plus_millis(10)), 1_010);
        assert!(clock.was_set_within(1) && clock.now().since(BEGINNING) == 1_500);
    }
}
