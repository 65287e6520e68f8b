//! Price steps that grow with the price.

use crate::amount::{Amount, Rate, Ticks};
use serde::{Deserialize, Serialize};

/// From a price on, prices lie on multiples of `step`. Both in smallest ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Band {
    pub from: Ticks,
    pub step: u32,
}

/// The bands of an instrument, lowest first; the first starts at zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TickTable(Vec<Band>);

/// Why bands make no table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTickTable {
    #[error("a tick table needs a first band that starts at price 0")]
    NoFirstBand,
    #[error("the band from {0} must start above the one before it")]
    NotAscending(u32),
    #[error("the band from {from} has step {step}, which is zero or does not divide its start")]
    BadStep { from: u32, step: u32 },
}

impl TickTable {
    /// # Errors
    /// The bands do not start at zero, do not ascend, or a step does not divide its band's start.
    pub fn new(bands: Vec<Band>) -> Result<TickTable, BadTickTable> {
        if bands.first().is_none_or(|band| band.from != Ticks(0)) {
            return Err(BadTickTable::NoFirstBand);
        }
        for pair in bands.windows(2) {
            if pair[1].from <= pair[0].from {
                return Err(BadTickTable::NotAscending(pair[1].from.0));
            }
        }
        for band in &bands {
            if band.step == 0 || !band.from.0.is_multiple_of(band.step) {
                return Err(BadTickTable::BadStep { from: band.from.0, step: band.step });
            }
        }
        Ok(TickTable(bands))
    }

    /// One step everywhere.
    #[must_use]
    pub fn uniform() -> TickTable {
        TickTable(vec![Band { from: Ticks(0), step: 1 }])
    }

    /// The bands, lowest first.
    #[must_use]
    pub fn bands(&self) -> &[Band] {
        &self.0
    }

    /// The limits of a day: the base price, a share of it away both ways. The share is rounded
    /// down to the step at the base; the upper limit is rounded down to the grid, the lower up.
    #[must_use]
    pub fn limits(&self, base: Ticks, share: Rate) -> (Ticks, Ticks) {
        let step = self.step(base);
        let width = Amount::from(base.0) * Amount::from(share.0) / Rate::ONE;
        let width = width.clamp(0, Amount::from(Ticks::MAX.0)) as u32 / step * step;
        let lower = self.ceil(Ticks(base.0.saturating_sub(width).max(1)));
        let upper = base.0.saturating_add(width).min(Ticks::MAX.0 - 1);
        (lower, self.floor(Ticks(upper)))
    }

    /// The step at a price.
    #[must_use]
    pub fn step(&self, price: Ticks) -> u32 {
        self.0.iter().rev().find(|band| band.from <= price).map_or(1, |band| band.step)
    }

    #[must_use]
    #[inline]
    pub fn is_on_grid(&self, price: Ticks) -> bool {
        match &*self.0 {
            [Band { step: 1, .. }] => true,
            _ => price.0.is_multiple_of(self.step(price)),
        }
    }

    /// The nearest price on the grid at or below.
    #[must_use]
    pub fn floor(&self, price: Ticks) -> Ticks {
        Ticks(price.0 - price.0 % self.step(price))
    }

    /// The nearest price on the grid at or above.
    #[must_use]
    pub fn ceil(&self, price: Ticks) -> Ticks {
        let floor = self.floor(price);
        if floor == price { price } else { Ticks(floor.0 + self.step(price)) }
    }
}
