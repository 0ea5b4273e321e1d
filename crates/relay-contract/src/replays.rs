use std::collections::BTreeMap;

use crate::signature::{Refused, SKEW_MS_MAX};

/// Remembers the nonces of requests that would still be believed, so that each counts once.
#[derive(Debug)]
pub struct Replays {
    seen: BTreeMap<String, i64>,
    at_most: usize,
}

impl Replays {
    /// Remembers that many at most; more requests than that within the time that clocks may differ are refused, because one
    /// of them could not be told from its repetition.
    #[must_use]
    pub fn new(at_most: usize) -> Self {
        Self { seen: BTreeMap::new(), at_most }
    }

    /// Takes the nonce of a request that was verified.
    pub fn take(&mut self, nonce: &str, time_ms: i64, now_ms: i64) -> Result<(), Refused> {
        if self.seen.len() >= self.at_most {
            self.seen.retain(|_, time| now_ms.saturating_sub(*time) <= SKEW_MS_MAX);
        }
        if self.seen.len() >= self.at_most || self.seen.contains_key(nonce) {
            return Err(Refused::Replayed);
        }
        self.seen.insert(nonce.to_owned(), time_ms);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_counts_once_and_is_forgotten_when_its_request_is_too_old_anyway() {
        let mut replays = Replays::new(2);
        assert_eq!(replays.take("a", 0, 0), Ok(()));
        assert_eq!(replays.take("a", 0, 1), Err(Refused::Replayed));
        assert_eq!(replays.take("b", 1, 1), Ok(()));
        assert_eq!(replays.take("c", 2, 2), Err(Refused::Replayed), "there is no room to remember it");
        let later = SKEW_MS_MAX + 1;
        assert_eq!(replays.take("c", later, later), Ok(()));
        assert_eq!(replays.take("b", 1, later), Err(Refused::Replayed), "it would still be believed");
    }
}
