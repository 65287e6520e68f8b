//! What a board compares: exact fractions, and a 64-bit number that orders nearly all of them.

use crate::amount::{Amount, Rate};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// What an account is ranked by: `numerator / denominator`, exact.
///
/// An amount has the denominator 1 and is in quote minor units.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Score {
    pub numerator: Amount,
    /// Above zero.
    pub denominator: Amount,
}

impl Score {
    #[must_use]
    pub const fn amount(amount: Amount) -> Score {
        Score { numerator: amount, denominator: 1 }
    }

    /// A fraction, or zero when there is nothing to divide by.
    #[must_use]
    pub const fn ratio(numerator: Amount, denominator: Amount) -> Score {
        if denominator > 0 { Score { numerator, denominator } } else { Score::amount(0) }
    }

    /// The score in billionths, rounded down and held to the range of an [`Amount`].
    #[must_use]
    pub fn billionths(&self) -> Amount {
        let whole = self.numerator.div_euclid(self.denominator);
        let rest = self.numerator.rem_euclid(self.denominator);
        let scaled = whole.saturating_mul(Rate::ONE);
        if let Some(product) = rest.checked_mul(Rate::ONE) {
            return scaled.saturating_add(product / self.denominator);
        }
        // Multiplies and divides at once, bit by bit: the product alone does not fit.
        let (rest, denominator) = (rest.unsigned_abs(), self.denominator.unsigned_abs());
        let (mut part, mut left) = (0, 0);
        for bit in (0..Rate::ONE.ilog2() + 1).rev() {
            (part, left) = carried(part * 2, left * 2, denominator);
            if Rate::ONE >> bit & 1 == 1 {
                (part, left) = carried(part, left + rest, denominator);
            }
        }
        scaled.saturating_add(part)
    }
}

fn carried(whole: Amount, rest: u128, denominator: u128) -> (Amount, u128) {
    if rest < denominator { (whole, rest) } else { (whole + 1, rest - denominator) }
}

impl PartialEq for Score {
    fn eq(&self, other: &Score) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Score {}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Score) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Score {
    /// a/b against c/d as a x d against c x b, in 256 bits.
    fn cmp(&self, other: &Score) -> Ordering {
        let (a, b) = (self.numerator, self.denominator);
        let (c, d) = (other.numerator, other.denominator);
        if b == d || a.signum() != c.signum() {
            return a.cmp(&c);
        }
        let left = wide_product(a.unsigned_abs(), d.unsigned_abs());
        let right = wide_product(c.unsigned_abs(), b.unsigned_abs());
        if a < 0 { right.cmp(&left) } else { left.cmp(&right) }
    }
}

/// The product as its upper and lower 128 bits.
fn wide_product(a: u128, b: u128) -> (u128, u128) {
    const LOW: u128 = u64::MAX as u128;
    let (a_high, a_low) = (a >> 64, a & LOW);
    let (b_high, b_low) = (b >> 64, b & LOW);
    if a_high == 0 && b_high == 0 {
        return (0, a_low * b_low);
    }
    let low = a_low * b_low;
    let cross = a_high * b_low + (low >> 64);
    let carry = a_low * b_high + (cross & LOW);
    let high = a_high * b_high + (cross >> 64) + (carry >> 64);
    (high, carry << 64 | low & LOW)
}

/// Orders scores by one comparison of 64-bit numbers wherever that decides: the better score has
/// the lower prefix, or the same.
///
/// It is the score in fixed point, rounded down, with a last bit that says whether rounding lost
/// anything. Rounding down never swaps two scores, so different prefixes decide. Equal prefixes
/// that lost nothing are equal scores; only the others have to be compared exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Prefix(u64);

/// Binary digits of a ratio after the point: a resolution of 10^-12, up to four millions.
const FRACTION_BITS: u32 = 40;
/// Scores from here on, above or below, share one prefix.
const REACH: Amount = 1 << 62;

impl Prefix {
    pub const fn from_bits(bits: u64) -> Prefix {
        Prefix(bits)
    }

    pub const fn bits(self) -> u64 {
        self.0
    }

    pub fn of_amount(amount: Amount) -> Prefix {
        Prefix::new(amount, true)
    }

    pub fn of_ratio(score: &Score) -> Prefix {
        let Score { numerator, denominator } = *score;
        if numerator == 0 {
            return Prefix::new(0, true);
        }
        if numerator.unsigned_abs() >> (126 - FRACTION_BITS) != 0 {
            return Prefix::of_large_ratio(score);
        }
        let shifted = numerator << FRACTION_BITS;
        let quotient = shifted / denominator;
        let rest = shifted - quotient * denominator;
        Prefix::new(quotient - Amount::from(rest < 0), rest == 0)
    }

    /// The same by long division: the shifted numerator would not fit.
    fn of_large_ratio(score: &Score) -> Prefix {
        let mut fixed = score.numerator.div_euclid(score.denominator);
        let mut rest = score.numerator.rem_euclid(score.denominator).unsigned_abs();
        let denominator = score.denominator.unsigned_abs();
        let whole_max = REACH >> FRACTION_BITS;
        if fixed < -whole_max || fixed >= whole_max {
            return Prefix::new(if fixed < 0 { -REACH } else { REACH }, false);
        }
        for _ in 0..FRACTION_BITS {
            rest <<= 1;
            let digit = rest >= denominator;
            rest -= if digit { denominator } else { 0 };
            fixed = fixed << 1 | Amount::from(digit);
        }
        Prefix::new(fixed, rest == 0)
    }

    fn new(fixed: Amount, exact: bool) -> Prefix {
        let (fixed, exact) = if fixed <= -REACH {
            (-REACH, false)
        } else if fixed >= REACH - 1 {
            (REACH - 1, false)
        } else {
            (fixed, exact)
        };
        let marked = (fixed as i64) << 1 | i64::from(!exact);
        Prefix(!(marked as u64 ^ 1 << 63))
    }

    /// Whether equal prefixes mean equal scores.
    pub const fn is_exact(self) -> bool {
        self.0 & 1 == 1
    }
}
