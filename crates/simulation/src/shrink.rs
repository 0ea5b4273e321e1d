//! Shrinks a plan that fails: drops what is not needed for the same invariant to break (delta debugging, Zeller 1999).

use crate::plan::{Plan, Planned};

/// The shortest plan that is found to fail as this one does, while `goes_on` says so.
#[must_use]
pub fn shrink(plan: &Plan, fails: impl Fn(&Plan) -> bool, mut goes_on: impl FnMut() -> bool) -> Plan {
    let try_with = |happenings: Vec<Planned>, days: i64| {
        let shorter = Plan { days, happenings, ..plan.clone() };
        fails(&shorter).then_some(shorter)
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
        let mut from_the_end = (0..parts.min(shortest.happenings.len())).rev();
        let shorter = loop {
            match from_the_end.next() {
                Some(n) if goes_on() => match try_with(without(n), shortest.days) {
                    None => {}
                    shorter => break shorter,
                },
                _ => break None,
            }
        };
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
    try_with(shortest.happenings.clone(), last.min(shortest.days)).unwrap_or(shortest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Happening;

    #[test]
    fn what_is_not_needed_is_dropped() {
        let needed = |plan: &Plan| {
            let posts = |number| {
                plan.happenings
                    .iter()
                    .any(|planned| matches!(planned.what, Happening::Post(post) if post.number == number))
            };
            posts(3) && posts(9)
        };
        let plan = (0..100).map(Plan::new).find(needed).unwrap();
        assert_eq!(shrink(&plan, needed, || true).happenings.len(), 2);
        assert_eq!(shrink(&plan, needed, || false).happenings.len(), plan.happenings.len());
    }
}
