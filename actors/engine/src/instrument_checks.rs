//! The checks of an order against its instrument, in one place for account and book.

use crate::amount::{Lots, Ticks};
use crate::instrument::{Instrument, Phase};
use crate::message::Submit;
use crate::order::{OrderRequest, Size, TimeInForce};
use crate::reject::{Reject, Shown};
use crate::terms::TermsAsked;

/// What decides about an order's entry in a phase.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    pub time_in_force: TimeInForce,
    pub is_market: bool,
    pub is_stop: bool,
    pub by_amount: bool,
    pub post_only: bool,
}

impl From<&Submit> for Manner {
    #[inline(always)]
    fn from(submit: &Submit) -> Manner {
        Manner {
            time_in_force: submit.time_in_force,
            is_market: submit.is_market,
            is_stop: submit.stop().is_some(),
            by_amount: submit.value_max.is_some(),
            post_only: submit.post_only,
        }
    }
}

impl From<&OrderRequest> for Manner {
    #[inline(always)]
    fn from(order: &OrderRequest) -> Manner {
        Manner {
            time_in_force: order.time_in_force,
            is_market: order.price.is_none(),
            is_stop: order.stop().is_some(),
            by_amount: matches!(order.size, Size::QuoteAmount(_)),
            post_only: order.post_only,
        }
    }
}

impl Instrument {
    /// # Errors
    /// The instrument takes nothing new now, or nothing of this manner.
    #[inline]
    pub fn check_phase(&self, manner: Manner) -> Result<(), Reject> {
        // Nothing is made for a message before there is one: every order passes here twice.
        if self.phase == Phase::Continuous && !manner.time_in_force.is_for_call() {
            return Ok(());
        }
        self.check_manner(manner)
    }

    #[cold]
    #[inline(never)]
    fn check_manner(&self, manner: Manner) -> Result<(), Reject> {
        let reserves = self.schedule.as_ref().is_some_and(|table| table.reservation.is_some());
        match self.phase {
            Phase::Halted => return Err(self.not_open()),
            Phase::Closed if !reserves => return Err(self.not_open()),
            _ => {}
        }
        let (symbol, force) = (self.symbol.clone(), manner.time_in_force);
        let has = |call| self.schedule.as_ref().is_some_and(|schedule| schedule.has(call));
        let comes = |call| self.phase == Phase::Call(call) || has(call);
        if force.call().is_some_and(|call| !comes(call)) {
            return Err(Reject::NoCallAuction { symbol });
        }
        let what = match manner {
            _ if manner.is_stop => return Ok(()),
            _ if manner.by_amount => "an order by amount",
            _ if manner.post_only => "a post-only order",
            _ if force == TimeInForce::Fok || (!force.rests() && !manner.is_market) => {
                "an IOC or FOK order"
            }
            _ => return Ok(()),
        };
        let phase = if self.phase == Phase::Closed { "closed" } else { "in a call auction" };
        Err(Reject::NotInThisPhase { what: what.into(), symbol, phase: phase.into() })
    }

    /// # Errors
    /// It asks for what there is not where an outside book is followed.
    #[inline]
    pub fn check_followed(&self, order: &OrderRequest) -> Result<(), Reject> {
        match &order.terms {
            Some(terms) if self.follow.is_some() => self.refuse_terms(terms),
            _ => Ok(()),
        }
    }

    #[cold]
    fn refuse_terms(&self, terms: &TermsAsked) -> Result<(), Reject> {
        let what = match terms {
            TermsAsked { other: Some(_), .. } => "a pair of orders",
            TermsAsked { stop: Some(_), .. } => "a stop",
            TermsAsked { display: Some(_), .. } => "a hidden part",
            _ => return Ok(()),
        };
        Err(Reject::NotWhereFollowed { what: what.into(), symbol: self.symbol.clone() })
    }

    /// # Errors
    /// Nothing can be amended now, except, outside its hours, what waits for them.
    #[inline]
    pub fn check_amendable(&self, is_reserved: bool) -> Result<(), Reject> {
        match self.phase {
            Phase::Continuous | Phase::Call(_) => Ok(()),
            Phase::Closed if is_reserved => Ok(()),
            Phase::Halted | Phase::Closed => Err(self.not_open()),
        }
    }

    #[cold]
    fn not_open(&self) -> Reject {
        let symbol = self.symbol.clone();
        match self.phase {
            Phase::Closed => Reject::MarketClosed { symbol },
            _ => Reject::InstrumentHalted { symbol },
        }
    }

    /// The worst price of a market order of a call: the limit of the day, or the collar where
    /// there is none.
    #[must_use]
    pub fn worst_of_call(&self, is_buy: bool, from: Ticks) -> Ticks {
        match self.band {
            Some((low, high)) => {
                if is_buy {
                    high
                } else {
                    low
                }
            }
            None => self.collared(is_buy, from),
        }
    }

    /// A market order stops at the limit of the day, which may have moved since its worst price
    /// was made; what was held for a buy is never exceeded.
    #[must_use]
    pub fn within_band(&self, is_buy: bool, worst: Ticks) -> Ticks {
        match self.band {
            Some((_, high)) if is_buy => worst.min(high),
            Some((low, _)) => worst.max(low),
            None => worst,
        }
    }

    /// # Errors
    /// The price is not on its band's tick.
    #[inline]
    pub fn check_tick(&self, price: Ticks) -> Result<(), Reject> {
        if price > Ticks(0) && self.ticks.is_on_grid(price) {
            return Ok(());
        }
        Err(self.off_tick(self.shown_price(price), price))
    }

    /// What a price between two ticks is told, or one that is at `floor` of the smallest ones.
    #[cold]
    pub(crate) fn off_tick(&self, price: Shown, floor: Ticks) -> Reject {
        let step = Ticks(self.ticks.step(floor));
        let below = self.ticks.floor(floor).max(step);
        // Below the first tick there is nothing.
        let above = self.ticks.ceil(Ticks(floor.max(below).0 + 1));
        let [step, below, above] = [step, below, above].map(|ticks| self.shown_price(ticks));
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
