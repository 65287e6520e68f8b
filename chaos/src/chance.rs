//! Seeded chance: the same seed makes the same choices.

/// SplitMix64: small, quick, and good enough to choose what a client does next.
#[derive(Clone, Debug)]
pub struct Chance {
    state: u64,
}

impl Chance {
    #[must_use]
    pub const fn new(seed: u64) -> Chance {
        Chance { state: seed }
    }

    /// Another source that has nothing to do with this one.
    #[must_use]
    pub fn fork(&mut self) -> Chance {
        Chance::new(self.number())
    }

    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.number() % (high - low + 1)
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.number() % 100 < percent
    }

    /// One of several; none of none.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        (!of.is_empty()).then(|| &of[self.number() as usize % of.len()])
    }
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn the_same_seed_makes_the_same_choices() {
        let choices = |seed| {
            let mut chance = Chance::new(seed);
            [(); 50].map(|()| chance.between(3, 9))
        };
        assert_eq!(choices(7), choices(7));
        assert_ne!(choices(7), choices(8));
        assert!(choices(7).iter().all(|choice| (3..=9).contains(choice)));
    }

    #[test]
    fn a_fork_goes_its_own_way() {
        let mut chance = Chance::new(1);
        let mut fork = chance.fork();
        assert_ne!(chance.number(), fork.number());
        assert_eq!(chance.pick::<u8>(&[]), None);
    }
}
