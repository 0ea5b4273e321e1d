//! Many worlds, one after another on every core, until one fails or there were enough.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::plan::Plan;
use crate::shrink::shrink;
use crate::stats::Stats;
use crate::story::{Telling, Violation};
use crate::world::run;

/// How much is simulated.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    /// The first world; the next ones follow.
    pub seed: u64,
    /// Mailbox-days, at least.
    pub days: u64,
    /// No world begins after that.
    pub time: Option<Duration>,
    /// Worlds at the same time.
    pub threads: usize,
    /// How long a failing plan may be shrunk.
    pub shrink_for: Duration,
    /// How much of its story is told.
    pub telling: Telling,
}

/// A world that failed.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its seed.
    pub seed: u64,
    /// What did not hold.
    pub violation: Violation,
}

/// A world that failed, in as few lines as could be found.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// What did not hold.
    pub violation: Violation,
    /// How many decisions its plan had, and how many were needed.
    pub decisions: (usize, usize),
    /// What happened.
    pub story: Vec<String>,
}

impl Campaign {
    /// Runs it. `elapsed` is a clock that begins at zero, and `progress` hears how far it is.
    ///
    /// # Panics
    ///
    /// When a thread panics outside of its world, which is a fault of the simulation.
    pub fn run(
        &self,
        elapsed: &(dyn Fn() -> Duration + Sync),
        progress: &(dyn Fn(&Stats) + Sync),
    ) -> (Stats, Option<Found>) {
        let next = AtomicU64::new(self.seed);
        let all = Mutex::new((Stats::default(), None::<(u64, Violation)>));
        let is_over = || {
            let state = all.lock().expect("no thread panics while it holds this");
            state.1.is_some()
                || state.0.of("mailbox-days") >= self.days
                || self.time.is_some_and(|time| elapsed() >= time)
        };
        std::thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(|| {
                    while !is_over() {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        let report = run(&Plan::new(seed), Telling::Nothing);
                        let mut state = all.lock().expect("no thread panics while it holds this");
                        state.0.merge(&report.stats);
                        if let Some(violation) = report.violation {
                            let earlier = state.1.as_ref().is_some_and(|(before, _)| *before < seed);
                            if !earlier {
                                state.1 = Some((seed, violation));
                            }
                        }
                        progress(&state.0);
                    }
                });
            }
        });
        let (stats, found) = all.into_inner().expect("no thread panicked");
        (stats, found.map(|(seed, violation)| Found { seed, violation }))
    }

    /// Shrinks the plan of a world that failed, and tells its story.
    #[must_use]
    pub fn explain(&self, found: Found, elapsed: &dyn Fn() -> Duration) -> Failure {
        let Found { seed, violation } = found;
        let plan = Plan::new(seed);
        let until = elapsed() + self.shrink_for;
        let fails = |plan: &Plan| {
            let broken = run(plan, Telling::Nothing).violation;
            broken.is_some_and(|it| it.invariant == violation.invariant)
        };
        let shortest = shrink(&plan, fails, || elapsed() < until);
        let report = run(&shortest, self.telling);
        Failure {
            seed,
            violation: report.violation.unwrap_or(violation),
            decisions: (plan.happenings.len(), shortest.happenings.len()),
            story: report.story,
        }
    }
}
