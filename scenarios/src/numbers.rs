//! Decimal text: amounts, prices, fractions and rates, exact from the file to the integer core.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use thiserror::Error;

/// Digits a decimal may carry, leading zeros not counted: what fits 96 bits for certain.
pub const DIGITS_MAX: usize = 28;

/// Why a text is no number here. Nothing has changed; another text may do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NumberError {
    #[error("a number is missing")]
    Empty,
    #[error("`{text}` is not a number: only digits and one point, such as 1000 or 0.25")]
    NotDigits { text: String },
    #[error("`{text}` has more than {DIGITS_MAX} digits")]
    TooLong { text: String },
    #[error("`{text}` is below zero, and this must not be")]
    Negative { text: String },
    #[error("`{text}` must lie between -1 and 1: 0.0005 stands for 0.05 %")]
    NotFraction { text: String },
    #[error("`{text}` is not a rate: at most {max} a second, six places behind the point")]
    NotRate { text: String, max: u64 },
}

/// Reads `-12.50`: an optional minus, digits, an optional fraction. No exponent, no plus sign, no
/// spaces, nothing that a float would accept and money must not.
///
/// # Errors
/// `Empty`, `NotDigits` or `TooLong`.
pub fn decimal(text: &str) -> Result<Decimal, NumberError> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() {
        return Err(NumberError::Empty);
    }
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !fraction.is_none_or(all_digits) {
        return Err(NumberError::NotDigits { text: text.into() });
    }
    let significant = whole.trim_start_matches('0').len() + fraction.map_or(0, str::len);
    let too_long = || NumberError::TooLong { text: text.into() };
    if significant > DIGITS_MAX {
        return Err(too_long());
    }
    Decimal::from_str_exact(text).map(|value| value.normalize()).map_err(|_| too_long())
}

/// A quantity, a price or a sum of money: zero or more, exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(Decimal);

impl Amount {
    pub const ZERO: Amount = Amount(Decimal::ZERO);

    #[must_use]
    pub fn value(self) -> Decimal {
        self.0
    }

    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// How many whole `step`s this is; none when it is not a whole number of them, `step` is zero
    /// or the count leaves 64 bits.
    #[must_use]
    pub fn steps(self, step: Amount) -> Option<u64> {
        let count = self.0.checked_div(step.0)?;
        let whole = count.is_integer() && count.checked_mul(step.0) == Some(self.0);
        whole.then(|| u64::try_from(count).ok()).flatten()
    }

    /// This in minor units of 10^-`scale`; none when it has more decimals than that, or when it
    /// leaves 128 bits.
    #[must_use]
    pub fn minor(self, scale: u32) -> Option<i128> {
        let value = self.0.normalize();
        let missing = scale.checked_sub(value.scale())?;
        value.mantissa().checked_mul(10_i128.checked_pow(missing)?)
    }

    /// What so many minor units of 10^-`scale` are; none below zero or beyond 96 bits.
    #[must_use]
    pub fn from_minor(minor: i128, scale: u32) -> Option<Amount> {
        let value = Decimal::try_from_i128_with_scale(minor, scale).ok()?;
        (minor >= 0).then(|| Amount(value.normalize()))
    }
}

impl FromStr for Amount {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let value = decimal(text)?;
        if text.starts_with('-') {
            return Err(NumberError::Negative { text: text.into() });
        }
        Ok(Amount(value))
    }
}

impl From<u64> for Amount {
    fn from(whole: u64) -> Self {
        Amount(Decimal::from(whole))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A fee, a tax or a rebate as a fraction of the notional: `0.0005` is 0.05 %. A rebate is
/// negative. Strictly between -1 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Fraction(Decimal);

impl Fraction {
    #[must_use]
    pub fn value(self) -> Decimal {
        self.0
    }

    /// This in billionths; none when it is finer than that.
    #[must_use]
    pub fn billionths(self) -> Option<i64> {
        let billion = self.0.checked_mul(Decimal::from(1_000_000_000))?;
        billion.is_integer().then(|| i64::try_from(billion).ok()).flatten()
    }
}

impl FromStr for Fraction {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let value = decimal(text)?;
        if value.abs() >= Decimal::ONE {
            return Err(NumberError::NotFraction { text: text.into() });
        }
        Ok(Fraction(value))
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Events a second, kept as millionths so that no float decides when a bot acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct PerSecond {
    pub millionths: u64,
}

impl PerSecond {
    /// One event each millisecond, the resolution of virtual time.
    pub const MAX: u64 = 1_000;
}

impl FromStr for PerSecond {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let value = Amount::from_str(text)?;
        let millionth = Amount(Decimal::new(1, 6));
        value
            .steps(millionth)
            .filter(|millionths| *millionths <= Self::MAX * 1_000_000)
            .map(|millionths| PerSecond { millionths })
            .ok_or(NumberError::NotRate { text: text.into(), max: Self::MAX })
    }
}

#[cfg(test)]
mod tests;
