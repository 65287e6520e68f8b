//! Exact decimals, read and reckoned by code of the auditor's own.
//!
//! Digits and a count of decimals, reduced so that equal numbers are equal bit by bit. What does
//! not fit 38 digits is no number that an exchange may say: reading refuses it, reckoning stops
//! the audit.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub};

/// Most decimals that a text may have.
const SCALE_MAX: u32 = 28;

/// `digits` x 10^-`scale`, without trailing zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Number {
    digits: i128,
    scale: u32,
}

impl Number {
    pub const ZERO: Number = Number { digits: 0, scale: 0 };

    fn reduced(mut digits: i128, mut scale: u32) -> Number {
        while scale > 0 && digits % 10 == 0 {
            digits /= 10;
            scale -= 1;
        }
        Number { digits, scale }
    }

    /// The digits at a count of decimals that is not below its own.
    fn at(self, scale: u32) -> i128 {
        let more = 10i128.checked_pow(scale - self.scale);
        more.and_then(|factor| self.digits.checked_mul(factor)).expect("a sum fits 38 digits")
    }

    pub fn is_negative(self) -> bool {
        self.digits < 0
    }

    pub fn is_zero(self) -> bool {
        self.digits == 0
    }

    /// The next multiple of 10^-`scale` that is not below it.
    pub fn ceil(self, scale: u32) -> Number {
        if self.scale <= scale {
            return self;
        }
        let unit = 10i128.pow(self.scale - scale);
        let whole = self.digits.div_euclid(unit) + i128::from(self.digits.rem_euclid(unit) != 0);
        Number::reduced(whole, scale)
    }
}

impl TryFrom<String> for Number {
    type Error = String;

    fn try_from(text: String) -> Result<Number, String> {
        text.parse()
    }
}

impl std::str::FromStr for Number {
    type Err = String;

    fn from_str(text: &str) -> Result<Number, String> {
        let wrong = || format!("`{text}` is not a decimal");
        let (is_negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = match rest.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return Err(wrong()),
            None => (rest, ""),
        };
        let scale = u32::try_from(fraction.len()).map_err(|_| wrong())?;
        if whole.is_empty() || scale > SCALE_MAX {
            return Err(wrong());
        }
        let mut digits = 0i128;
        for character in whole.chars().chain(fraction.chars()) {
            let digit = character.to_digit(10).ok_or_else(wrong)?;
            let more = digits.checked_mul(10).and_then(|ten| ten.checked_add(digit.into()));
            digits = more.ok_or_else(wrong)?;
        }
        Ok(Number::reduced(if is_negative { -digits } else { digits }, scale))
    }
}

impl From<i64> for Number {
    fn from(whole: i64) -> Number {
        Number { digits: whole.into(), scale: 0 }
    }
}

impl From<Number> for String {
    fn from(number: Number) -> String {
        number.to_string()
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.digits < 0 { "-" } else { "" };
        let width = self.scale as usize + 1;
        let digits = format!("{:0width$}", self.digits.unsigned_abs());
        let (whole, fraction) = digits.split_at(digits.len() - self.scale as usize);
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

impl Add for Number {
    type Output = Number;

    fn add(self, other: Number) -> Number {
        let scale = self.scale.max(other.scale);
        let sum = self.at(scale).checked_add(other.at(scale)).expect("a sum fits 38 digits");
        Number::reduced(sum, scale)
    }
}

impl Neg for Number {
    type Output = Number;

    fn neg(self) -> Number {
        Number { digits: -self.digits, scale: self.scale }
    }
}

impl Sub for Number {
    type Output = Number;

    fn sub(self, other: Number) -> Number {
        self + -other
    }
}

impl Mul for Number {
    type Output = Number;

    #[expect(clippy::suspicious_arithmetic_impl, reason = "decimals of a product add up")]
    fn mul(self, other: Number) -> Number {
        let product = self.digits.checked_mul(other.digits).expect("a product fits 38 digits");
        Number::reduced(product, self.scale + other.scale)
    }
}

impl AddAssign for Number {
    fn add_assign(&mut self, other: Number) {
        *self = *self + other;
    }
}

impl Sum for Number {
    fn sum<I: Iterator<Item = Number>>(numbers: I) -> Number {
        numbers.fold(Number::ZERO, Add::add)
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        let scale = self.scale.max(other.scale);
        self.at(scale).cmp(&other.at(scale))
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
#[path = "number_tests.rs"]
mod tests;
