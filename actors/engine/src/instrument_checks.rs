//! The checks of an order against its instrument, in one place for account and book.

use crate::amount::{Lots, Ticks};
use crate::instrument::{Instrument, Phase};
use crate::reject::{Reject, Shown};

impl Instrument {
    /// # Errors
    /// The instrument takes nothing new now.
    #[inline]
    pub fn check_phase(&self) -> Result<(), Reject> {
        // Nothing is made for a message before there is one: every order passes here twice.
        if self.phase == Phase::Continuous { Ok(()) } else { Err(self.not_matching()) }
    }

    #[cold]
    fn not_matching(&self) -> Reject {
        let symbol = || self.symbol.clone();
        match self.phase {
            Phase::Continuous | Phase::Halted => Reject::InstrumentHalted { symbol: symbol() },
            Phase::Closed => Reject::MarketClosed { symbol: symbol() },
        }
    }

    /// # Errors
    /// The price is not on its band's tick.
    #[inline]
    pub fn check_tick(&self, price: Ticks) -> Result<(), Reject> {
        if price > Ticks(0) && self.ticks.is_on_grid(price) {
            return Ok(());
        }
        Err(self.off_tick(price))
    }

    #[cold]
    fn off_tick(&self, price: Ticks) -> Reject {
        let step = Ticks(self.ticks.step(price));
        let below = self.ticks.floor(price).max(step);
        let above = self.ticks.ceil(Ticks(price.0 + 1));
        let [price, step, below, above] =
            [price, step, below, above].map(|ticks| self.shown_price(ticks));
        let quote = self.quote_code.clone();
        Reject::PriceNotOnTick { price, step, quote, below, above }
    }

    /// # Errors
    /// The quantity is outside the instrument's limits.
    #[inline]
    pub fn check_size(&self, quantity: Lots) -> Result<(), Reject> {
        if (self.quantity_min..=self.quantity_max).contains(&quantity) {
            return Ok(());
        }
        Err(self.beyond_size(quantity))
    }

    #[cold]
    fn beyond_size(&self, quantity: Lots) -> Reject {
        if quantity < self.quantity_min {
            let [quantity, min] = [quantity, self.quantity_min].map(|q| self.shown_quantity(q));
            return Reject::QuantityTooSmall { quantity, min };
        }
        let [quantity, max] = [quantity, self.quantity_max].map(|q| self.shown_quantity(q));
        Reject::QuantityTooLarge { quantity, max }
    }

    /// # Errors
    /// The price is outside the band.
    #[inline]
    pub fn check_band(&self, price: Ticks) -> Result<(), Reject> {
        match self.band {
            Some((low, high)) if price < low || price > high => {
                Err(self.out_of_band(price, low, high))
            }
            _ => Ok(()),
        }
    }

    #[cold]
    fn out_of_band(&self, price: Ticks, low: Ticks, high: Ticks) -> Reject {
        let [price, low, high] = [price, low, high].map(|ticks| self.shown_price(ticks));
        Reject::PriceOutOfBand { price, low, high }
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
