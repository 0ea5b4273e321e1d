//! The relay's memory: what became of each order, so that one that comes again gets the first one's answer.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use smtp::{Outcome, Step};
use tokio::sync::watch;

/// How long an outcome is remembered, in milliseconds.
const REMEMBERED_MS: i64 = 15 * 60 * 1000;
/// Most outcomes that are remembered.
const OUTCOMES_MAX: usize = 100_000;

/// How far an order has come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    pub(crate) steps: Vec<Step>,
    pub(crate) outcome: Option<Outcome>,
}

/// What to do with an order.
#[derive(Debug)]
pub(crate) enum Begun {
    /// Carry it out, and tell.
    First(watch::Sender<Progress>),
    /// It came before; watch.
    Again(watch::Receiver<Progress>),
    /// There is no room to remember it, so it could be carried out twice.
    Full,
}

/// By the order's id.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    seen: Mutex<HashMap<String, (i64, watch::Receiver<Progress>)>>,
}

impl Outcomes {
    /// An order that came before, also while nothing new can be begun.
    pub(crate) fn again(&self, id: &str, now_ms: i64) -> Option<watch::Receiver<Progress>> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, progress) = seen.get(id).filter(|(since, _)| now_ms - since <= REMEMBERED_MS)?;
        Some(progress.clone())
    }

    pub(crate) fn begin(&self, id: &str, now_ms: i64) -> Begun {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, progress)) = seen.get(id).filter(|(since, _)| now_ms - since <= REMEMBERED_MS) {
            return Begun::Again(progress.clone());
        }
        if seen.len() >= OUTCOMES_MAX {
            seen.retain(|_, (since, _)| now_ms - *since <= REMEMBERED_MS);
        }
        if seen.len() >= OUTCOMES_MAX {
            return Begun::Full;
        }
        let (sender, receiver) = watch::channel(Progress::default());
        seen.insert(id.to_owned(), (now_ms, receiver));
        Begun::First(sender)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_carried_out_once_in_fifteen_minutes() {
        let outcomes = Outcomes::default();
        let Begun::First(sender) = outcomes.begin("a", 0) else { panic!("it is the first") };
        sender.send_modify(|progress| progress.steps.push(Step::Connected));
        let Begun::Again(receiver) = outcomes.begin("a", REMEMBERED_MS) else { panic!("it came before") };
        assert_eq!(receiver.borrow().steps, [Step::Connected]);
        assert!(matches!(outcomes.begin("b", REMEMBERED_MS), Begun::First(_)));
        assert!(matches!(outcomes.begin("a", REMEMBERED_MS + 1), Begun::First(_)));
    }

    #[test]
    fn what_can_not_be_remembered_is_not_begun() {
        let outcomes = Outcomes::default();
        for id in 0..OUTCOMES_MAX {
            assert!(matches!(outcomes.begin(&id.to_string(), 0), Begun::First(_)));
        }
        assert!(matches!(outcomes.begin("one more", 1), Begun::Full));
        assert!(matches!(outcomes.begin("7", 1), Begun::Again(_)));
        assert!(matches!(outcomes.begin("one more", REMEMBERED_MS + 1), Begun::First(_)));
    }
}
