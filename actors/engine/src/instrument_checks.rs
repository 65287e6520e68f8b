//! The checks of an order against its instrument, in one place for account and book.

use crate::amount::{Lots, Ticks};
use crate::instrument::{Instrument, Phase};
use crate::reject::{Reject, Shown};

impl Instrument {
    /// # Errors
    /// The instrument takes nothing new now.
    pub fn check_phase(&self) -> Result<(), Reject> {
        // Nothing is made for a message before there is one: every order passes here twice.
        let symbol = || self.symbol.clone();
        match self.phase {
            Phase::Continuous => Ok(()),
            Phase::Halted => Err(Reject::InstrumentHalted { symbol: symbol() }),
            Phase::Closed => Err(Reject::MarketClosed { symbol: symbol() }),
        }
    }

    /// # Errors
    /// The price is not on its band's tick.
    pub fn check_tick(&self, price: Ticks) -> Result<(), Reject> {
        if self.ticks.is_on_grid(price) && price > Ticks(0) {
            return Ok(());
        }
        let step = Ticks(self.ticks.step(price));
        let below = self.ticks.floor(price).max(step);
        let above = self.ticks.ceil(Ticks(price.0 + 1));
        let [price, step, below, above] =
            [price, step, below, above].map(|ticks| self.shown_price(ticks));
        let quote = self.quote_code.clone();
        Err(Reject::PriceNotOnTick { price, step, quote, below, above })
    }

    /// # Errors
    /// The quantity is outside the instrument's limits.
    pub fn check_size(&self, quantity: Lots) -> Result<(), Reject> {
        if quantity < self.quantity_min {
            let [quantity, min] = [quantity, self.quantity_min].map(|q| self.shown_quantity(q));
            return Err(Reject::QuantityTooSmall { quantity, min });
        }
        if quantity > self.quantity_max {
            let [quantity, max] = [quantity, self.quantity_max].map(|q| self.shown_quantity(q));
            return Err(Reject::QuantityTooLarge { quantity, max });
        }
        Ok(())
    }

    /// # Errors
    /// The price is outside the band.
    pub fn check_band(&self, price: Ticks) -> Result<(), Reject> {
        match self.band {
            Some((low, high)) if price < low || price > high => {
                let [price, low, high] = [price, low, high].map(|ticks| self.shown_price(ticks));
                Err(Reject::PriceOutOfBand { price, low, high })
            }
            _ => Ok(()),
        }
    }

    #[must_use]
    pub fn shown_price(&self, price: Ticks) -> Shown {
        Shown { minor: self.price_amount(price), scale: self.quote_scale }
    }

    #[must_use]
    pub fn shown_quantity(&self, quantity: Lots) -> Shown {
        Shown { minor: self.base_amount(quantity), scale: self.base_scale }
    }
}
