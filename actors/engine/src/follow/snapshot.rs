//! A snapshot of an outside book, as a feed posts it.

use super::rules::Follow;
use crate::amount::{Lots, Ticks};
use crate::instrument::Instrument;
use crate::order::Side;
use crate::reject::Reject;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// What an outside market displays at a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    pub price: Ticks,
    pub quantity: Lots,
}

/// The best levels of an outside book at one time, best first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Grows with each snapshot of the instrument; from 1, gaps are allowed.
    pub number: u64,
    /// When the outside market said so, by its own clock. No rule looks at it.
    pub time: Time,
    pub bids: Vec<Level>,
    pub asks: Vec<Level>,
}

impl Snapshot {
    #[must_use]
    pub fn side(&self, side: Side) -> &[Level] {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    /// # Errors
    /// It is no book: too many levels, a price off the tick or out of order, nothing at a level,
    /// or bids that reach asks.
    pub fn check(&self, rules: &Follow, instrument: &Instrument) -> Result<(), Reject> {
        if self.number == 0 {
            return Err(malformed("number", "must be above zero".into()));
        }
        for side in [Side::Buy, Side::Sell] {
            self.check_side(side, rules, instrument)?;
        }
        match (self.bids.first(), self.asks.first()) {
            (Some(bid), Some(ask)) if bid.price >= ask.price => {
                Err(malformed("bids", "must lie below the asks".into()))
            }
            _ => Ok(()),
        }
    }

    fn check_side(
        &self,
        side: Side,
        rules: &Follow,
        instrument: &Instrument,
    ) -> Result<(), Reject> {
        let (field, levels) = match side {
            Side::Buy => ("bids", &self.bids),
            Side::Sell => ("asks", &self.asks),
        };
        if levels.len() > usize::from(rules.levels_max) {
            let rule = format!("must have at most {} levels", rules.levels_max);
            return Err(malformed(field, rule));
        }
        for level in levels {
            if level.price > Ticks::MAX {
                return Err(malformed(field, "have a price beyond all ticks".into()));
            }
            instrument.check_tick(level.price)?;
            if level.quantity.is_zero() || level.quantity > Lots::MAX {
                return Err(malformed(field, "must display something, in bounds".into()));
            }
        }
        let is_better = |pair: &[Level]| match side {
            Side::Buy => pair[0].price > pair[1].price,
            Side::Sell => pair[0].price < pair[1].price,
        };
        if !levels.windows(2).all(is_better) {
            return Err(malformed(field, "must come best first, each price once".into()));
        }
        Ok(())
    }
}

fn malformed(field: &str, rule: String) -> Reject {
    Reject::Malformed { field: format!("snapshot.{field}").into(), rule: rule.into() }
}
