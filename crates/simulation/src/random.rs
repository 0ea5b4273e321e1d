/// A small seeded generator (`SplitMix64`): the same seed gives the same numbers on every machine.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of that seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A sequence that depends on the seed and on what it is for, and on nothing that was drawn before. Decisions drawn this
    /// way stay what they are when others are dropped, which shrinking relies on.
    #[must_use]
    pub fn of(seed: u64, what: &str, parts: &[u64]) -> Self {
        let words = what.bytes().map(u64::from).chain(parts.iter().copied());
        Self(words.fold(seed, |state, word| Self(state ^ word.wrapping_mul(0xD6E8_FEB8_6659_FD93)).draw()))
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.draw() % limit.max(1)
    }

    /// A number from `low` to below `high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = high.saturating_sub(low).max(1).unsigned_abs();
        low.saturating_add_unsigned(self.below(span))
    }

    /// Whether a thing happens that happens so often in a hundred times.
    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// One of them.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        let count = u64::try_from(choices.len()).unwrap_or(u64::MAX);
        choices[usize::try_from(self.below(count)).unwrap_or_default()]
    }

    /// One of them, each as often as its weight says.
    pub fn weighted<T: Copy>(&mut self, choices: &[(u64, T)]) -> T {
        let mut left = self.below(choices.iter().map(|(weight, _)| weight).sum());
        for (weight, choice) in choices {
            if left < *weight {
                return *choice;
            }
            left -= weight;
        }
        choices[0].1
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.draw().to_le_bytes()[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_names_a_sequence() {
        let first: Vec<u64> = (0..3)
            .map({
                let mut random = Random::new(1);
                move |_| random.draw()
            })
            .collect();
        assert_eq!(first[0], 0x910A_2DEC_8902_5CC1, "as the reference implementation");
        assert_ne!(Random::of(1, "a", &[1]).draw(), Random::of(1, "a", &[2]).draw());
    }

    #[test]
    fn choices_follow_their_weights() {
        let mut random = Random::new(7);
        let heads = (0..1000).filter(|_| random.weighted(&[(9, true), (1, false)])).count();
        assert!((850..950).contains(&heads), "{heads}");
    }
}
