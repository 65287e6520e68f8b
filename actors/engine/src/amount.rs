//! Prices, quantities and money as integers.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Money or quantity in minor units of its asset (10^-scale of one whole), or a price in minor
/// units of the quote asset for one whole unit of the base asset.
pub type Amount = i128;

/// The most that one order, deposit or transfer may be worth, in minor units. A rate on it stays
/// inside 128 bits, and so do sums of a hundred billion of them.
pub const AMOUNT_MAX: Amount = 1 << 90;

/// Quotient and remainder of what is not negative by what is above zero. Most amounts fit into 64
/// bits, where a division costs a fraction of one in 128.
#[must_use]
#[inline(always)]
pub fn divide(amount: Amount, by: Amount) -> (Amount, Amount) {
    match (u64::try_from(amount), u64::try_from(by)) {
        (Ok(amount), Ok(by)) => (Amount::from(amount / by), Amount::from(amount % by)),
        _ => (amount / by, amount % by),
    }
}

/// The product of two amounts. Most fit into 64 bits, where it cannot leave 128; otherwise it is
/// checked.
#[must_use]
#[inline(always)]
pub fn product(one: Amount, other: Amount) -> Amount {
    match (i64::try_from(one), i64::try_from(other)) {
        (Ok(one), Ok(other)) => Amount::from(one) * Amount::from(other),
        _ => one * other,
    }
}

/// A price in smallest ticks of its instrument.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Ticks(pub u32);

impl Ticks {
    /// Highest price that a book can hold. Bounds the ladder's directory.
    pub const MAX: Ticks = Ticks((1 << 26) - 1);
}

/// A sum of price x quantity, in smallest ticks and lots: what it is worth before the instrument
/// says what a tick-lot is.
pub type TickLots = u128;

/// A quantity in lots of its instrument.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Lots(pub u64);

impl Lots {
    pub const ZERO: Lots = Lots(0);

    /// Highest quantity of one order. A level's sum stays inside 64 bits with a million of them,
    /// price x quantity x lot value inside 128.
    pub const MAX: Lots = Lots(1 << 44);

    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl std::ops::Add for Lots {
    type Output = Lots;
    fn add(self, other: Lots) -> Lots {
        Lots(self.0 + other.0)
    }
}

impl std::ops::Sub for Lots {
    type Output = Lots;
    fn sub(self, other: Lots) -> Lots {
        Lots(self.0 - other.0)
    }
}

impl std::ops::AddAssign for Lots {
    fn add_assign(&mut self, other: Lots) {
        self.0 += other.0;
    }
}

impl std::ops::SubAssign for Lots {
    fn sub_assign(&mut self, other: Lots) {
        self.0 -= other.0;
    }
}

/// A fee, tax or collar rate in billionths. Negative for a rebate.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Rate(pub i64);

impl Rate {
    /// The denominator: a rate of `ONE` is the whole.
    pub const ONE: Amount = 1_000_000_000;
    /// Decimals of a rate that is written in percent.
    pub const PERCENT_SCALE: u8 = 7;

    /// `amount` x rate, not yet divided: sums of these round once, at the end.
    #[must_use]
    #[inline(always)]
    pub fn numerator(self, amount: Amount) -> Amount {
        product(amount, Amount::from(self.0))
    }

    /// `amount` x rate, rounded up: what has to be held.
    #[must_use]
    #[inline]
    pub fn ceil(self, amount: Amount) -> Amount {
        Self::ceil_sum(self.numerator(amount))
    }

    /// Rounds a sum of [`Rate::numerator`]s up.
    #[must_use]
    #[inline]
    pub fn ceil_sum(numerator: Amount) -> Amount {
        if numerator < 0 {
            // Towards zero is up.
            return numerator / Self::ONE;
        }
        let (whole, rest) = divide(numerator, Self::ONE);
        whole + Amount::from(rest != 0)
    }

    /// Rounds a sum of [`Rate::numerator`]s: a charge to the nearest unit, halves up; a rebate
    /// (negative) towards zero, so that rounding never makes money.
    #[must_use]
    #[inline]
    pub fn round(numerator: Amount) -> Amount {
        if numerator >= 0 {
            divide(numerator + Self::ONE / 2, Self::ONE).0
        } else {
            numerator / Self::ONE
        }
    }
}

/// Shows an amount of minor units as a plain decimal, without trailing zeros.
pub struct Decimal {
    pub minor: Amount,
    pub scale: u8,
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10u128.pow(u32::from(self.scale));
        let magnitude = self.minor.unsigned_abs();
        let sign = if self.minor < 0 { "-" } else { "" };
        let fraction = magnitude % unit;
        write!(f, "{sign}{}", magnitude / unit)?;
        if fraction != 0 {
            let digits = format!("{fraction:0width$}", width = usize::from(self.scale));
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        Ok(())
    }
}
