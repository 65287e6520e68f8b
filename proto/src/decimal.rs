//! Decimals as text: strict on the way in, plain on the way out.

use crate::v1;
use rust_decimal::Decimal;

/// Digits from the first that is not zero to the last, zeros at the end included.
pub const DIGITS_MAX: usize = 28;

/// Why a text is no decimal. Nothing has changed; the same text never becomes one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDecimal {
    #[error("a number is missing: it is empty")]
    Empty,
    #[error(
        "`{0}` is not a decimal number: an optional minus, digits, and optionally a point \
             with digits after it; no plus, exponent, spaces or separators"
    )]
    Form(String),
    #[error("`{0}` has more than {DIGITS_MAX} significant digits")]
    TooLong(String),
}

/// Reads a decimal. Zeros at the end of a fraction are kept (`1.50` stays so), a minus zero is
/// zero.
///
/// # Errors
/// The text is empty, has another form, or has too many digits.
pub fn parse(text: &str) -> Result<Decimal, BadDecimal> {
    if text.is_empty() {
        return Err(BadDecimal::Empty);
    }
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !fraction.is_none_or(is_digits) {
        return Err(BadDecimal::Form(shortened(text)));
    }

    let fraction = fraction.unwrap_or_default();
    let digits = || whole.bytes().chain(fraction.bytes());
    let significant = digits().skip_while(|digit| *digit == b'0').count();
    if significant > DIGITS_MAX || fraction.len() > DIGITS_MAX {
        return Err(BadDecimal::TooLong(shortened(text)));
    }
    // 28 digits stay below 10^28, which i128 and the 96 bits of a decimal both hold.
    let minor = digits().fold(0i128, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    let signed = if text.starts_with('-') { -minor } else { minor };
    Decimal::try_from_i128_with_scale(signed, fraction.len() as u32)
        .map_err(|_| BadDecimal::TooLong(shortened(text)))
}

/// Keeps what a stranger sent from filling messages and logs.
fn shortened(text: &str) -> String {
    const SHOWN_MAX: usize = 48;
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// Writes a decimal as [`parse`] reads it. A minus zero is written as zero. The type also holds
/// numbers of 29 digits: those are written, but [`parse`] takes none of them back.
#[must_use]
pub fn print(value: Decimal) -> String {
    if value.is_zero() { value.abs().to_string() } else { value.to_string() }
}

impl TryFrom<&v1::Decimal> for Decimal {
    type Error = BadDecimal;

    fn try_from(wire: &v1::Decimal) -> Result<Decimal, BadDecimal> {
        parse(&wire.value)
    }
}

impl From<Decimal> for v1::Decimal {
    fn from(value: Decimal) -> v1::Decimal {
        v1::Decimal { value: print(value) }
    }
}

#[cfg(test)]
#[path = "decimal_tests.rs"]
mod tests;
