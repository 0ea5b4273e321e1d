//! Shrinks a plan that fails: drops what is not needed for the same invariant to break (delta debugging, Zeller 1999).

use crate::plan::{Plan, Planned};
use crate::story::Telling;
use crate::world::run;

/// The shortest plan that is found to break the same invariant, while `goes_on` says so.
#[must_use]
pub fn shrink(plan: &Plan, invariant: &'static str, mut goes_on: impl FnMut() -> bool) -> Plan {
    let fails = |happenings: Vec<Planned>, days: i64| {
        let shorter = Plan { happenings, days, ..plan.clone() };
        let same = run(&shorter, Telling::Nothing).violation.is_some_and(|it| it.invariant == invariant);
        same.then_some(shorter)
    };
    let mut shortest = plan.clone();
    let mut parts = 2;
    while goes_on() && !shortest.happenings.is_empty() {
        let size = shortest.happenings.len().div_ceil(parts);
        let without = |n: usize| -> Vec<Planned> {
            let kept = |(index, _): &(usize, &Planned)| index / size != n;
            shortest.happenings.iter().enumerate().filter(kept).map(|(_, planned)| planned.clone()).collect()
        };
        // From the end, so that what came after the failure goes first.
        let shorter = (0..parts.min(shortest.happenings.len()))
            .rev()
            .take_while(|_| goes_on_still(&mut goes_on))
            .find_map(|n| fails(without(n), shortest.days));
        match shorter {
            Some(shorter) => {
                shortest = shorter;
                parts = (parts - 1).max(2);
            }
            None if size <= 1 => break,
            None => parts = (parts * 2).min(shortest.happenings.len()),
        }
    }
    let last = shortest.happenings.last().map_or(0, |planned| planned.at / crate::plan::DAY) + 1;
    fails(shortest.happenings.clone(), last.min(shortest.days)).unwrap_or(shortest)
}

fn goes_on_still(goes_on: &mut impl FnMut() -> bool) -> bool {
    goes_on()
}
