use std::collections::BTreeMap;

/// What happened, in numbers, so that one sees that faults really occur.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    counts: BTreeMap<&'static str, u64>,
    most: BTreeMap<&'static str, (u64, u64)>,
}

impl Stats {
    /// Counts one.
    pub(crate) fn count(&mut self, what: &'static str) {
        self.add(what, 1);
    }

    /// Counts several.
    pub(crate) fn add(&mut self, what: &'static str, count: u64) {
        *self.counts.entry(what).or_default() += count;
    }

    /// Notes the largest, and the seed that it was seen with.
    pub(crate) fn most(&mut self, what: &'static str, value: u64, seed: u64) {
        let most = self.most.entry(what).or_default();
        if value > most.0 {
            *most = (value, seed);
        }
    }

    /// How often it was counted.
    #[must_use]
    pub fn of(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or_default()
    }

    /// Adds what another world counted.
    pub fn merge(&mut self, other: &Self) {
        for (what, count) in &other.counts {
            self.add(what, *count);
        }
        for (what, (value, seed)) in &other.most {
            self.most(what, *value, *seed);
        }
    }

    /// As a table.
    #[must_use]
    pub fn table(&self) -> String {
        let counts = self.counts.iter().map(|(what, count)| format!("  {what:<34} {count:>12}\n"));
        let most = self.most.iter().map(|(what, (value, seed))| {
            format!("  {:<34} {value:>12}  (seed {seed})\n", format!("most {what}"))
        });
        counts.chain(most).collect()
    }
}
