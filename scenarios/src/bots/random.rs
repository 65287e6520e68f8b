//! A random source of our own, so that a seed means the same on every machine and version.

use crate::grammar::Side;
use crate::numbers::PerSecond;
use crate::time::Millis;

/// The step of splitmix64: 2^64 over the golden ratio, odd.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// A splitmix64 stream.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The stream of one bot: neighbouring seeds and indices give unrelated streams.
    #[must_use]
    pub fn seeded(seed: u64, index: u64) -> Random {
        let state = mix(seed.wrapping_add(GOLDEN)) ^ mix(index).rotate_left(32);
        Random { state: mix(state) }
    }

    pub fn word(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// A number below `bound`, which must be above zero. The bias is below bound / 2^64.
    pub fn below(&mut self, bound: u64) -> u64 {
        debug_assert!(bound > 0, "there is no number below zero");
        ((u128::from(self.word()) * u128::from(bound)) >> 64) as u64
    }

    /// A number from `least` to `most`, which must not lie below it, both included.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }

    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    pub fn side(&mut self) -> Side {
        if self.word() >> 63 == 0 { Side::Buy } else { Side::Sell }
    }

    /// The pause to the next event of a Poisson stream: exponential, by integers alone.
    /// At least a millisecond; a rate of zero pauses for the longest time there is.
    pub fn pause(&mut self, rate: PerSecond) -> Millis {
        if rate.millionths == 0 {
            return crate::time::LENGTH_MAX;
        }
        let mean_micros = 1_000_000_000_000 / u128::from(rate.millionths);
        let micros = (mean_micros * u128::from(self.minus_ln())) >> 32;
        Millis(
            u64::try_from(micros / 1_000).unwrap_or(u64::MAX).clamp(1, crate::time::LENGTH_MAX.0),
        )
    }

    /// -ln of a uniform number in (0, 1), with 32 bits behind the point.
    fn minus_ln(&mut self) -> u64 {
        /// ln 2 with 32 bits behind the point.
        const LN_2: u128 = 2_977_044_472;
        let word = self.word() | 1;
        let minus_log2 = (64_u64 << 32) - log2(word);
        ((u128::from(minus_log2) * LN_2) >> 32) as u64
    }
}

fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// log2 of a number above zero, with 32 bits behind the point: the whole part is the place of
/// the highest bit, each further bit tells whether the mantissa's square passes two.
pub(super) fn log2(word: u64) -> u64 {
    let zeros = word.leading_zeros();
    let mut log = u64::from(63 - zeros) << 32;
    let mut mantissa = u128::from(word << zeros);
    for bit in (0..32).rev() {
        mantissa = (mantissa * mantissa) >> 63;
        if mantissa >> 64 != 0 {
            mantissa >>= 1;
            log |= 1 << bit;
        }
    }
    log
}
