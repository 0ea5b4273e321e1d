//! What the invariants must remember between two steps.

use std::collections::{BTreeSet, VecDeque};

use api::MessageId;
use gateway::outbox::AttemptKey;

use crate::plan::DAY;

/// An attempt that was marked as possibly sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    key: AttemptKey,
    pub(crate) at: i64,
    /// When the attempt started.
    pub(crate) started_at: i64,
    pub(crate) recipients: u64,
    /// The other side said that nobody was given the message.
    reached_nobody: bool,
}

impl Mark {
    /// An attempt that is marked now.
    pub(crate) fn new(key: AttemptKey, at: i64, started_at: i64, recipients: u64) -> Self {
        Self { key, at, started_at, recipients, reached_nobody: false }
    }
}

/// What the other side asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// When it did.
    pub(crate) asked_at: i64,
    /// No attempt that starts later is marked before this.
    pub(crate) until: i64,
}

/// What the invariants remember.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each named where it is told")]
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// Rows written since the day began.
    pub(crate) rows_of_day: u64,
    /// Whether anything happened today that may rewrite held messages.
    pub(crate) acted_today: bool,
    /// Attempts that started today.
    pub(crate) attempts_of_day: u64,
    /// Messages that had ended and were written or forgotten today.
    pub(crate) swept_of_day: u64,
    /// Messages that were held when the day began.
    pub(crate) held_before: u64,
    pub(crate) alarm_is_running: bool,
    pub(crate) alarm_is_repeated: bool,
    /// Messages that ended badly since a person looked.
    pub(crate) unseen: u64,
    pub(crate) patience: Option<Patience>,
    marks: VecDeque<Mark>,
    /// Messages of which this instance knows the outcome and could not store it.
    pub(crate) known: BTreeSet<MessageId>,
    limits_changed_at: Option<i64>,
    repeats: bool,
    repeated_until: Option<i64>,
    /// Outcomes that became unknown since Graph's mood last changed, and instances that died since then.
    pub(crate) doubts: u64,
    pub(crate) deaths: u64,
    pub(crate) settings_changed: bool,
}

impl Watch {
    /// An employee or the operator does something.
    pub(crate) fn somebody_acts(&mut self) {
        self.acted_today = true;
    }

    /// Graph's mood changes.
    pub(crate) fn outage_begins(&mut self) {
        (self.doubts, self.deaths, self.settings_changed) = (0, 0, false);
    }

    /// The settings have changed.
    pub(crate) fn settings_change(&mut self) {
        self.settings_changed = true;
    }

    /// An instance is gone.
    pub(crate) fn instance_dies(&mut self) {
        self.deaths += 1;
        self.known.clear();
        self.acted_today = true;
    }

    /// The clock on the wall was set: what depends on it is no longer known.
    pub(crate) fn clock_was_set(&mut self) {
        self.patience = None;
        self.acted_today = true;
        self.settings_changed = true;
    }

    /// The limits are others from now on.
    pub(crate) fn limits_change(&mut self, elapsed: i64) {
        self.limits_changed_at = Some(elapsed);
        self.acted_today = true;
    }

    /// Whether the limits have been the same for that long.
    pub(crate) fn limits_are_older_than(&self, ms: i64, elapsed: i64) -> bool {
        self.limits_changed_at.is_none_or(|at| elapsed - at > ms)
    }

    /// Whether what is unknown is sent again.
    pub(crate) fn set_repeats(&mut self, repeats: bool, elapsed: i64) {
        if self.repeats && !repeats {
            self.repeated_until = Some(elapsed);
        }
        self.repeats = repeats;
    }

    /// Until when the organisation wanted repeating, if it ever did.
    pub(crate) fn repeats_since(&self) -> Option<i64> {
        if self.repeats { Some(i64::MAX) } else { self.repeated_until }
    }

    /// Notes an attempt, and forgets those of more than two days ago.
    pub(crate) fn mark(&mut self, mark: Mark) {
        while self.marks.front().is_some_and(|first| mark.at - first.at > 2 * DAY) {
            self.marks.pop_front();
        }
        self.marks.push_back(mark);
    }

    /// The other side said that an attempt reached nobody.
    pub(crate) fn reached_nobody(&mut self, key: AttemptKey) {
        for mark in self.marks.iter_mut().rev().filter(|mark| mark.key == key) {
            mark.reached_nobody = true;
        }
    }

    /// The attempts of that long.
    pub(crate) fn marks_of(&self, ms: i64, elapsed: i64) -> impl Iterator<Item = &Mark> {
        self.marks.iter().rev().take_while(move |mark| elapsed - mark.at < ms)
    }

    /// How many attempts were marked in that long; one that goes on with a fresh token is one.
    pub(crate) fn attempts_of(&self, ms: i64, elapsed: i64) -> usize {
        self.marks_of(ms, elapsed).map(|mark| mark.key).collect::<BTreeSet<_>>().len()
    }

    /// To how many recipients messages may have gone in that long.
    pub(crate) fn recipients_of(&self, ms: i64, elapsed: i64) -> u64 {
        self.marks_of(ms, elapsed).filter(|mark| !mark.reached_nobody).map(|mark| mark.recipients).sum()
    }
}
