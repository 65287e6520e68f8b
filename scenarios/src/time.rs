//! Lengths of virtual time, in milliseconds: `500ms`, `90s`, `1h30m`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The longest length a file may name: a leap year.
pub const LENGTH_MAX: Millis = Millis(366 * 24 * 3_600_000);

/// Milliseconds of virtual time, either a length or an instant counted from the scenario's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Millis(pub u64);

/// Why a text is no length of time. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TimeError {
    #[error("`{text}` is not a duration: write 500ms, 90s, 10m, 24h or 1h30m")]
    NotLength { text: String },
    #[error("`{text}` is longer than {LENGTH_MAX}")]
    TooLong { text: String },
}

/// Units from the largest: each may appear once, and only in this order.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl FromStr for Millis {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let wrong = || TimeError::NotLength { text: text.into() };
        let too_long = || TimeError::TooLong { text: text.into() };
        if text.is_empty() {
            return Err(wrong());
        }
        let (mut rest, mut total, mut units) = (text, 0_u64, &UNITS[..]);
        while !rest.is_empty() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (count, tail) = rest.split_at(digits);
            let letters = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(letters);
            if count.is_empty() {
                return Err(wrong());
            }
            let place = units.iter().position(|(name, _)| *name == unit).ok_or_else(wrong)?;
            let count: u64 = count.parse().map_err(|_| too_long())?;
            let part = count.checked_mul(units[place].1).ok_or_else(too_long)?;
            total = total.checked_add(part).ok_or_else(too_long)?;
            units = &units[place + 1..];
            rest = tail;
        }
        if total > LENGTH_MAX.0 { Err(too_long()) } else { Ok(Millis(total)) }
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (unit, size) in UNITS {
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

/// A step of a clock, forward or (with a minus) back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shift {
    pub millis: i64,
}

impl FromStr for Shift {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let (sign, length) = match text.strip_prefix('-') {
            Some(length) => (-1, length),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let length: Millis = length.parse()?;
        let millis =
            i64::try_from(length.0).map_err(|_| TimeError::TooLong { text: text.into() })?;
        Ok(Shift { millis: sign * millis })
    }
}

impl fmt::Display for Shift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.millis < 0 { "-" } else { "" };
        write!(f, "{sign}{}", Millis(self.millis.unsigned_abs()))
    }
}

#[cfg(test)]
mod tests;
