//! What a bot sees, in the smallest ticks and lots that it thinks in.

use hoga_engine::amount::{Amount, Ticks};
use hoga_engine::instrument::Instrument;

use crate::bots::{OwnOrder, View};

/// A market and an account as they stand.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sight {
    pub best_bid: Option<Ticks>,
    pub best_ask: Option<Ticks>,
    pub last: Option<Ticks>,
    /// The lowest and the highest price of the day.
    pub band: Option<(Ticks, Ticks)>,
    /// Available of the quote asset and of the base asset, in minor units.
    pub cash: Amount,
    pub goods: Amount,
}

impl Sight {
    /// As a bot with these open orders sees it.
    #[must_use]
    pub fn view<'v>(&self, instrument: &Instrument, own: &'v [OwnOrder]) -> View<'v> {
        let ticks = |price: Option<Ticks>| price.map(|price| u64::from(price.0));
        let base = instrument.base_price.unwrap_or(Ticks(1));
        let lots = self.goods.max(0) / instrument.lot;
        View {
            best_bid: ticks(self.best_bid),
            best_ask: ticks(self.best_ask),
            last: ticks(self.last),
            base: base.0.into(),
            band: self.band.map(|(low, high)| (low.0.into(), high.0.into())),
            step: instrument.ticks.step(self.last.unwrap_or(base)).into(),
            own,
            cash: (self.cash.max(0) / instrument.unit()) as u128,
            lots: u64::try_from(lots).unwrap_or(u64::MAX),
        }
    }
}
