//! When a trade would leap too far.

use crate::amount::{Amount, Rate, Ticks};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// The longest call that an interruption may bring.
pub const CALL_NS_MAX: u64 = Time::DAY;

/// A trade that lies so far away, or further, does not happen: a call begins instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interruption {
    /// From the last price before the order that would trade.
    pub dynamic: Option<Rate>,
    /// From the last price that a call of this day made; before the first from the base price.
    pub fixed: Option<Rate>,
    /// How long the call is, in nanoseconds.
    pub call_ns: u64,
}

/// Why an interruption is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadInterruption {
    #[error("an interruption needs a distance, above zero, from the last price or the last call's")]
    Distance,
    #[error("the call of an interruption must be above zero and at most a day long")]
    Length,
}

impl Interruption {
    /// # Errors
    /// There is no distance, one is not above zero, or the call has no length.
    pub fn check(&self) -> Result<(), BadInterruption> {
        let mut distances = self.dynamic.iter().chain(&self.fixed).peekable();
        if distances.peek().is_none() || distances.any(|rate| rate.0 <= 0) {
            return Err(BadInterruption::Distance);
        }
        if self.call_ns == 0 || self.call_ns > CALL_NS_MAX {
            return Err(BadInterruption::Length);
        }
        Ok(())
    }

    /// The prices at which trades happen, by the last price and the last call's. It is empty where
    /// both lie too far apart.
    #[must_use]
    pub fn allowed(&self, last: Option<Ticks>, call: Option<Ticks>) -> RangeInclusive<Ticks> {
        let around = |from: Option<Ticks>, rate: Option<Rate>| {
            let (Some(from), Some(rate)) = (from, rate) else { return (Ticks(0), Ticks::MAX) };
            // At the distance itself no trade happens.
            let away = rate.ceil(Amount::from(from.0)).clamp(1, Amount::from(Ticks::MAX.0));
            let away = away as u32 - 1;
            let high = from.0.saturating_add(away).min(Ticks::MAX.0);
            (Ticks(from.0.saturating_sub(away)), Ticks(high))
        };
        let (moving, still) = (around(last, self.dynamic), around(call, self.fixed));
        moving.0.max(still.0)..=moving.1.min(still.1)
    }
}
