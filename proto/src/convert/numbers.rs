//! Decimals, rates, times and positions.
//!
//! Inside, an amount is an integer of minor units; on the wire it is a decimal of whole units.
//! Nothing is ever rounded on the way in: what does not fit the scale is refused.

use super::BadField;
use crate::{decimal, v1};
use hoga_engine::amount::{Amount, Decimal, Rate};
use hoga_engine::effect::Settles;
use hoga_engine::ids::PartitionId;
use hoga_engine::time::Time;
use prost_types::Timestamp;

/// Decimals of a rate: the engine counts in billionths.
const RATE_SCALE: u8 = 9;

/// Decimals of a ratio that is only shown.
const RATIO_SCALE: u8 = 8;

/// A required decimal, in minor units of `scale`.
///
/// # Errors
/// It is missing, is no decimal, or has more decimals than the scale.
pub fn amount(
    field: &'static str,
    wire: Option<&v1::Decimal>,
    scale: u8,
) -> Result<Amount, BadField> {
    to_minor(field, wire.ok_or_else(|| BadField::missing(field))?, scale)
}

/// An amount that has to be above zero.
///
/// # Errors
/// As [`amount`], or it is not.
pub fn amount_above_zero(
    field: &'static str,
    wire: Option<&v1::Decimal>,
    scale: u8,
) -> Result<Amount, BadField> {
    let wire = wire.ok_or_else(|| BadField::missing(field))?;
    match to_minor(field, wire, scale)? {
        minor if minor > 0 => Ok(minor),
        _ => Err(BadField::malformed(field, format!("{} is not above zero", wire.value))),
    }
}

/// A decimal that may be left out.
///
/// # Errors
/// As [`amount`].
pub fn amount_if_any(
    field: &'static str,
    wire: Option<&v1::Decimal>,
    scale: u8,
) -> Result<Option<Amount>, BadField> {
    wire.map(|wire| to_minor(field, wire, scale)).transpose()
}

/// A rate; absent for zero.
///
/// # Errors
/// It is no decimal, has more than nine decimals, or is beyond 64 bits of billionths.
pub fn rate(field: &'static str, wire: Option<&v1::Decimal>) -> Result<Rate, BadField> {
    let billionths = amount_if_any(field, wire, RATE_SCALE)?.unwrap_or(0);
    let rate = i64::try_from(billionths);
    rate.map(Rate).map_err(|_| BadField::malformed(field, "is far too large for a rate"))
}

fn to_minor(field: &'static str, wire: &v1::Decimal, scale: u8) -> Result<Amount, BadField> {
    let value = decimal::parse(&wire.value)
        .map_err(|bad| BadField::malformed(field, bad.to_string()))?
        .normalize();
    let Some(more) = u32::from(scale).checked_sub(value.scale()) else {
        let rule = format!("{} has more than {scale} decimals", wire.value);
        return Err(BadField::malformed(field, rule));
    };
    let minor = value.mantissa().checked_mul(10i128.pow(more));
    minor.ok_or_else(|| BadField::malformed(field, format!("{} is far too large", wire.value)))
}

/// An amount of minor units as a decimal of whole ones.
#[must_use]
pub fn shown(minor: Amount, scale: u8) -> v1::Decimal {
    v1::Decimal { value: Decimal { minor, scale }.to_string() }
}

#[must_use]
pub fn shown_rate(rate: Rate) -> v1::Decimal {
    shown(rate.0.into(), RATE_SCALE)
}

/// `numerator / denominator`, rounded half to even to 8 digits; none when there is nothing to
/// divide by.
#[must_use]
pub fn shown_ratio(numerator: Amount, denominator: Amount) -> Option<v1::Decimal> {
    let scaled = scaled_quotient(numerator, 10u128.pow(u32::from(RATIO_SCALE)), denominator)?;
    Some(shown(scaled, RATIO_SCALE))
}

/// `value x factor / divisor`, rounded half to even, without losing anything on the way; none for
/// a divisor that is not above zero or a result beyond 128 bits.
#[must_use]
pub fn scaled_quotient(value: Amount, factor: u128, divisor: Amount) -> Option<Amount> {
    let divisor = u128::try_from(divisor).ok().filter(|divisor| *divisor > 0)?;
    let (quotient, rest) = match value.unsigned_abs().checked_mul(factor) {
        Some(product) => (product / divisor, product % divisor),
        None => long_quotient(value.unsigned_abs(), factor, divisor)?,
    };
    let (half, is_odd) = (divisor - rest, quotient % 2 == 1);
    let goes_up = rest > half || (rest == half && is_odd);
    let magnitude = Amount::try_from(quotient.checked_add(u128::from(goes_up))?).ok()?;
    Some(if value < 0 { -magnitude } else { magnitude })
}

/// Multiplies and divides at once, bit by bit, because the product does not fit.
fn long_quotient(value: u128, factor: u128, divisor: u128) -> Option<(u128, u128)> {
    let (whole, part) = (value / divisor, value % divisor);
    let (mut quotient, mut rest) = (0u128, 0u128);
    for bit in (0..128).rev() {
        let doubled = carried(quotient.checked_mul(2)?, rest, rest, divisor)?;
        let summand = if factor >> bit & 1 == 1 { part } else { 0 };
        (quotient, rest) = carried(doubled.0, doubled.1, summand, divisor)?;
    }
    Some((quotient.checked_add(whole.checked_mul(factor)?)?, rest))
}

/// `rest + summand`, both below the divisor, as whole and rest.
fn carried(whole: u128, rest: u128, summand: u128, divisor: u128) -> Option<(u128, u128)> {
    let room = divisor - rest;
    if summand < room {
        Some((whole, rest + summand))
    } else {
        Some((whole.checked_add(1)?, summand - room))
    }
}

/// Exchange time on the wire.
#[must_use]
pub fn timestamp(time: Time) -> Timestamp {
    let seconds = (time.0 / Time::SECOND) as i64;
    Timestamp { seconds, nanos: (time.0 % Time::SECOND) as i32 }
}

/// A time that a client gave.
///
/// # Errors
/// It lies before 1970 or after 2554, or its parts are out of range.
pub fn time(field: &'static str, wire: &Timestamp) -> Result<Time, BadField> {
    let bad = || BadField::malformed(field, "must lie between the years 1970 and 2554");
    let seconds = u64::try_from(wire.seconds).map_err(|_| bad())?;
    let nanos = u64::try_from(wire.nanos).ok().filter(|n| *n < Time::SECOND).ok_or_else(bad)?;
    let whole = seconds.checked_mul(Time::SECOND).and_then(|time| time.checked_add(nanos));
    whole.map(Time).ok_or_else(bad)
}

/// A time that may be left out.
///
/// # Errors
/// As [`time`].
pub fn time_if_any(
    field: &'static str,
    wire: Option<&Timestamp>,
) -> Result<Option<Time>, BadField> {
    wire.map(|wire| time(field, wire)).transpose()
}

/// A place in a partition's log.
#[must_use]
pub fn position(partition: PartitionId, index: u64) -> v1::Position {
    v1::Position { partition: partition.0.into(), index }
}

impl From<Settles> for v1::Settles {
    fn from(settles: Settles) -> v1::Settles {
        v1::Settles { partition: settles.partition.0.into(), sequence: settles.sequence }
    }
}

impl TryFrom<v1::Settles> for Settles {
    type Error = BadField;

    fn try_from(wire: v1::Settles) -> Result<Settles, BadField> {
        let partition = u16::try_from(wire.partition);
        let bad = || format!("there is no partition {}", wire.partition);
        let partition = partition.map_err(|_| BadField::malformed("after.partition", bad()))?;
        Ok(Settles { partition: PartitionId(partition), sequence: wire.sequence })
    }
}
