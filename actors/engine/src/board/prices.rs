//! What one set of marks makes every asset worth.

use crate::amount::{Amount, Ticks};
use crate::ids::{AssetId, InstrumentId};
use crate::instrument::{Catalogue, Instrument};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Names a set of marks. Every answer of a board carries one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkSet {
    /// Counts the sets from 1; zero before the first.
    pub number: u64,
    /// When the set was adopted.
    pub time: Time,
}

/// What `unit` minor units of an asset are worth, in quote minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Price {
    unit: Amount,
    worth: Amount,
}

/// Money: an asset that is no instrument's base counts as it is.
const FACE: Price = Price { unit: 1, worth: 1 };

/// Prices of all assets in one set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prices {
    /// By asset id. Assets beyond the end are money.
    by_asset: Vec<Price>,
    /// How many instruments the catalogue held: a new one brings a new set at once.
    instruments: u64,
}

impl Prices {
    /// Values every base asset by the mark of the first instrument that trades it for money and
    /// has a mark; else by the first base price; else at nothing.
    pub fn of(catalogue: &Catalogue, marks: &BTreeMap<InstrumentId, Ticks>) -> Prices {
        let instruments = || catalogue.instruments.values();
        let mut by_asset = Vec::new();
        for base in instruments() {
            let index = usize::from(base.base.0);
            if by_asset.len() <= index {
                by_asset.resize(index + 1, FACE);
            }
            by_asset[index] = Price { unit: 1, worth: 0 };
        }
        let is_money =
            |asset: AssetId| by_asset.get(usize::from(asset.0)).is_none_or(|p| p == &FACE);
        let first = |price: &dyn Fn(&Instrument) -> Option<Ticks>| {
            let mut found = BTreeMap::new();
            for instrument in instruments().filter(|instrument| is_money(instrument.quote)) {
                if let Some(ticks) = price(instrument) {
                    found.entry(instrument.base).or_insert(Price {
                        unit: 10i128.pow(u32::from(instrument.base_scale)),
                        worth: instrument.price_amount(ticks),
                    });
                }
            }
            found
        };
        let mut prices = first(&|instrument| instrument.base_price);
        prices.extend(first(&|instrument| marks.get(&instrument.id).copied()));
        for (asset, price) in prices {
            by_asset[usize::from(asset.0)] = price;
        }
        Prices { by_asset, instruments: catalogue.instruments.len() as u64 }
    }

    /// Whether the set was made before an instrument of the catalogue was listed.
    pub fn is_behind(&self, catalogue: &Catalogue) -> bool {
        self.instruments != catalogue.instruments.len() as u64
    }

    /// Whether every holding is worth the same in both.
    pub fn values_like(&self, other: &Prices) -> bool {
        self.by_asset == other.by_asset
    }

    /// Quote minor units, rounded down once per holding.
    #[inline]
    pub fn value(&self, asset: AssetId, amount: Amount) -> Amount {
        let Some(&Price { unit, worth }) = self.by_asset.get(usize::from(asset.0)) else {
            return amount;
        };
        if unit == 1 {
            return amount.saturating_mul(worth);
        }
        // Whole units and the rest apart: the rest's product always fits.
        let (whole, rest) = divided(amount, unit);
        let part = if rest == 0 { 0 } else { rest.saturating_mul(worth).div_euclid(unit) };
        whole.saturating_mul(worth).saturating_add(part)
    }
}

/// Whole part and rest, rounded down; in 64 bits where that is enough, which is much quicker.
#[inline]
fn divided(amount: Amount, unit: Amount) -> (Amount, Amount) {
    match (i64::try_from(amount), i64::try_from(unit)) {
        (Ok(amount), Ok(unit)) => (amount.div_euclid(unit).into(), amount.rem_euclid(unit).into()),
        _ => (amount.div_euclid(unit), amount.rem_euclid(unit)),
    }
}
