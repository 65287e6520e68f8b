//! What is counted while a play runs: answers, trades, fills.

use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::effect::{Answer, MarketEvent};
use hoga_engine::follow::Snapshot;
use hoga_engine::history::FillRow;
use hoga_engine::ids::{InstrumentId, Origin, TradeNo};
use hoga_engine::instrument::{Call, Phase};
use hoga_engine::message::HOUSE_ORDER;
use hoga_engine::order::{OrderState, Side};
use hoga_engine::pit::Tap;
use hoga_engine::time::Time;

use super::digest::Digest;
use super::displayed::Displayed;
use super::strip::Strip;
use super::tracks::Tracks;
use crate::time::Millis;

/// One instrument's trades.
#[derive(Debug, Clone, Copy, Default)]
pub struct Trading {
    pub trades: u64,
    pub quantity: Lots,
    /// Sum of price x quantity, in tick-lots.
    pub value: u128,
    pub open: Option<Ticks>,
    pub high: Ticks,
    pub low: Ticks,
    pub close: Ticks,
    /// How often a trade would have leapt too far.
    pub interruptions: u64,
    /// What the legs that accounts settled come to; each must equal `quantity`.
    pub settled_by_buyers: Lots,
    pub settled_by_sellers: Lots,
}

impl Trading {
    /// The next trade.
    pub fn trade(&mut self, price: Ticks, quantity: Lots) {
        if self.open.is_none() {
            (self.open, self.high, self.low) = (Some(price), price, price);
        }
        self.trades += 1;
        self.quantity += quantity;
        self.value += u128::from(price.0) * u128::from(quantity.0);
        self.high = self.high.max(price);
        self.low = self.low.min(price);
        self.close = price;
    }
}

/// Hears everything that the pit says, and keeps sums of it.
pub(super) struct Tally {
    start: Time,
    /// Of the request that is being handled, the first one.
    answer: Option<Answer>,
    request: u64,
    /// By instrument number.
    tradings: Vec<Trading>,
    strips: Vec<Strip>,
    length: Millis,
    pub trades: u64,
    pub digest: Digest,
    pub tracks: Tracks,
    pub displayed: Displayed,
    /// Every trade and every candle that is over, for tests.
    #[cfg(test)]
    pub charted: (Vec<(InstrumentId, MarketEvent)>, Vec<hoga_engine::candle::CandleRow>),
}

impl Tally {
    pub fn new(start: Time, length: Millis, instruments: usize) -> Tally {
        Tally {
            start,
            answer: None,
            request: 0,
            tradings: vec![Trading::default(); instruments + 1],
            strips: vec![Strip::default(); instruments + 1],
            length,
            trades: 0,
            digest: Digest::default(),
            tracks: Tracks::default(),
            displayed: Displayed::default(),
            #[cfg(test)]
            charted: Default::default(),
        }
    }

    /// From now on answers to this request count.
    pub fn expect(&mut self, request: u64) {
        self.request = request;
        self.answer = None;
    }

    /// The first answer to the request: a book and then an account may both give it.
    pub fn take_answer(&mut self) -> Option<Answer> {
        self.answer.take()
    }

    pub fn trading(&self, instrument: InstrumentId) -> &Trading {
        &self.tradings[instrument.0 as usize]
    }

    pub fn strip(&self, instrument: InstrumentId) -> &Strip {
        &self.strips[instrument.0 as usize]
    }

    fn trade(
        &mut self,
        instrument: InstrumentId,
        no: TradeNo,
        price: Ticks,
        quantity: Lots,
        taker: Option<Side>,
        time: Time,
    ) {
        let at = Millis((time.0 - self.start.0) / 1_000_000);
        self.digest.trade(instrument, no, at, price, quantity, taker);
        self.trades += 1;
        self.strips[instrument.0 as usize].trade(at, self.length, price, quantity);
        self.tradings[instrument.0 as usize].trade(price, quantity);
    }
}

impl Tap for Tally {
    fn answer(&mut self, to: Origin, answer: Answer) {
        if to.request == self.request && self.answer.is_none() {
            self.answer = Some(answer);
        }
    }

    fn fill(&mut self, row: &FillRow) {
        // A house has no orders.
        if row.order != HOUSE_ORDER {
            self.tracks.fill(row);
        }
        self.displayed.fill(row);
        let trading = &mut self.tradings[row.instrument.0 as usize];
        if row.side == Side::Buy {
            trading.settled_by_buyers += row.quantity;
        } else {
            trading.settled_by_sellers += row.quantity;
        }
    }

    fn closed(&mut self, order: &OrderState) {
        self.tracks.told(order);
    }

    fn order(&mut self, order: &OrderState) {
        self.tracks.told(order);
    }

    fn posted(&mut self, instrument: InstrumentId, snapshot: &Snapshot) {
        self.displayed.posted(instrument, snapshot);
    }

    #[cfg(test)]
    fn candle(&mut self, row: &hoga_engine::candle::CandleRow) {
        self.charted.1.push(*row);
    }

    fn market(&mut self, instrument: InstrumentId, event: MarketEvent) {
        #[cfg(test)]
        if matches!(event, MarketEvent::Trade { .. }) {
            self.charted.0.push((instrument, event.clone()));
        }
        match event {
            MarketEvent::Trade { no, price, quantity, taker, time } => {
                self.trade(instrument, no, price, quantity, taker, time);
            }
            MarketEvent::Phase { phase: Phase::Call(Call::Interruption), .. } => {
                self.tradings[instrument.0 as usize].interruptions += 1;
            }
            _ => {}
        }
    }
}
