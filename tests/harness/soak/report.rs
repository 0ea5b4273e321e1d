use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::Way;
use super::phase::Phase;

/// What became of everything.
#[derive(Debug, Default)]
pub struct Report {
    rows: BTreeMap<(Way, Phase), Row>,
    /// Whatever should not be so.
    pub(super) wrong: Vec<String>,
}

/// What became of the messages of one way and phase.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Row {
    pub(super) kills: usize,
    pub(super) accepted: usize,
    pub(super) handed_over: usize,
    pub(super) unknown: usize,
    /// Accepted, and neither arrived nor explained.
    pub(super) lost: usize,
    /// Arrived more than once.
    pub(super) duplicated: usize,
    pub(super) took: Duration,
}

impl Report {
    /// Fails when anything was lost, sent twice or explained wrongly.
    pub fn must_be_right(&self) {
        assert!(self.wrong.is_empty(), "{:#?}", self.wrong);
        for row in self.rows.values() {
            assert_eq!(row.accepted, row.handed_over + row.unknown, "{self}");
        }
    }

    /// Takes up what another one tells.
    pub fn extend(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.wrong.extend(other.wrong);
    }

    pub(super) fn row(&mut self, way: Way, phase: Phase) -> &mut Row {
        self.rows.entry((way, phase)).or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["kills", "accepted", "handed over", "unknown", "lost", "duplicated", "seconds"];
        write!(f, "{:6} {:14}", "way", "phase")?;
        head.iter().try_for_each(|word| write!(f, " {word:>11}"))?;
        let mut all = Row::default();
        for ((way, phase), row) in &self.rows {
            write!(f, "\n{:6} {:14}{row}", format!("{way:?}"), format!("{phase:?}"))?;
            all.add(row);
        }
        write!(f, "\n{:21}{all}", "all")
    }
}

impl Row {
    fn add(&mut self, other: &Self) {
        self.kills += other.kills;
        self.accepted += other.accepted;
        self.handed_over += other.handed_over;
        self.unknown += other.unknown;
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.took += other.took;
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, accepted, handed_over, unknown, lost, duplicated, took } = self;
        for figure in [kills, accepted, handed_over, unknown, lost, duplicated] {
            write!(f, " {figure:>11}")?;
        }
        write!(f, " {:>11}", took.as_secs())
    }
}
