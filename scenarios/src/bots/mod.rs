//! Seeded bots: traders as pure state machines.
//!
//! Owns: the kinds of bot and their random source. Takes: the virtual time and a [`View`] of the
//! market in whole ticks and lots. Emits: [`Intent`]s and the time of the next waking. The same
//! seed, index and views give the same intents, always: no clock, no float, no shared state.
//! On failure: there is none; a bot that cannot act (no funds, an empty book) waits.

mod maker;
mod momentum;
mod noise;
mod random;
mod taker;

pub use maker::MakerSettings;
pub use momentum::MomentumSettings;
pub use noise::NoiseSettings;
pub use random::Random;
pub use taker::TakerSettings;

use crate::grammar::Side;
use crate::time::Millis;

/// The most orders a bot of any kind means to have open at once.
pub const OPEN_ORDERS_MAX: usize = 64;

/// What a bot sees when it wakes. Prices are counted in the instrument's smallest tick,
/// quantities in lots, and cash in the worth of one lot at a price of one.
#[derive(Debug, Clone, Copy)]
pub struct View<'v> {
    pub best_bid: Option<u64>,
    pub best_ask: Option<u64>,
    pub last: Option<u64>,
    /// The base price, for the first moments, when nothing else is known.
    pub base: u64,
    /// The step prices must keep around here, in smallest ticks; at least 1.
    pub step: u64,
    /// Lowest and highest price of the day, where there are such: nobody asks for what is beyond.
    pub band: Option<(u64, u64)>,
    /// The bot's own open orders, oldest first.
    pub own: &'v [OwnOrder],
    /// Available, holds taken off.
    pub cash: u128,
    /// Available, holds taken off.
    pub lots: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnOrder {
    pub id: u64,
    pub side: Side,
    pub price: u64,
    pub open_lots: u64,
}

/// What a bot wants done, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    Cancel { id: u64 },
    Place { side: Side, lots: u64, terms: Terms },
}

/// How an order trades. Prices lie on the view's step and are above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    Rest { price: u64 },
    PostOnly { price: u64 },
    Ioc { price: u64 },
    Market,
}

/// A kind of bot with its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BotKind {
    Maker(MakerSettings),
    Noise(NoiseSettings),
    Momentum(MomentumSettings),
    Taker(TakerSettings),
}

/// The names of the kinds, as a scenario writes them.
pub const KINDS: [&str; 4] = ["maker", "noise", "momentum", "taker"];

/// One bot with its own random source and memory.
#[derive(Debug, Clone)]
pub struct Bot {
    kind: BotKind,
    random: Random,
    /// The price a momentum bot saw last.
    seen: Option<u64>,
    /// Where a maker's quotes sit around the reference, so that makers differ.
    skew: i64,
}

impl Bot {
    /// `index` counts the scenario's bots from zero; with `seed` it fixes all the bot ever does.
    #[must_use]
    pub fn new(kind: BotKind, seed: u64, index: u64) -> Bot {
        let mut random = Random::seeded(seed, index);
        let skew = match kind {
            BotKind::Maker(settings) => {
                let reach = settings.spread_ticks / 2;
                random.below(reach * 2 + 1) as i64 - reach as i64
            }
            _ => 0,
        };
        Bot { kind, random, seen: None, skew }
    }

    /// When the bot wakes for the first time: bots do not all start on one instant.
    pub fn first_wake(&mut self) -> Millis {
        match self.kind {
            BotKind::Maker(settings) => Millis(self.random.below(settings.every.0.max(1))),
            BotKind::Momentum(settings) => Millis(self.random.below(settings.every.0.max(1))),
            BotKind::Noise(settings) => self.random.pause(settings.rate),
            BotKind::Taker(settings) => self.random.pause(settings.rate),
        }
    }

    /// Acts once. Intents are appended to `intents`; the answer is the next waking, later than
    /// `now`.
    pub fn wake(&mut self, now: Millis, view: &View<'_>, intents: &mut Vec<Intent>) -> Millis {
        let Bot { kind, random, seen, skew } = self;
        let pause = match kind {
            BotKind::Maker(settings) => maker::act(settings, *skew, random, view, intents),
            BotKind::Noise(settings) => noise::act(settings, random, view, intents),
            BotKind::Momentum(settings) => momentum::act(settings, seen, random, view, intents),
            BotKind::Taker(settings) => taker::act(settings, random, view, intents),
        };
        Millis(now.0.saturating_add(pause.0.max(1)))
    }
}

impl View<'_> {
    /// The price the market stands at: the middle of the book, else the last trade, else the
    /// base. Always on the step and above zero.
    #[must_use]
    pub fn reference(&self) -> u64 {
        let middle = match (self.best_bid, self.best_ask) {
            (Some(bid), Some(ask)) => bid.midpoint(ask),
            _ => self.last.unwrap_or(self.base),
        };
        self.on_step(middle)
    }

    /// Into the band and down to the step, but never to zero nor below the band.
    #[must_use]
    pub fn on_step(&self, price: u64) -> u64 {
        let (low, high) = self.band.unwrap_or((1, u64::MAX));
        let price = price.clamp(low, high);
        let stepped = (price - price % self.step).max(self.step);
        if stepped < low { stepped.saturating_add(self.step) } else { stepped }
    }

    /// The price some steps above (or, negative, below) another.
    #[must_use]
    pub fn steps_from(&self, price: u64, steps: i64) -> u64 {
        let distance = self.step.saturating_mul(steps.unsigned_abs());
        self.on_step(if steps < 0 {
            price.saturating_sub(distance)
        } else {
            price.saturating_add(distance)
        })
    }

    /// As many of `lots` as the bot can pay for at `price`, or has to sell. A hundredth of the
    /// cash stays back for fees.
    fn affordable(&self, side: Side, lots: u64, price: u64) -> u64 {
        match side {
            Side::Sell => lots.min(self.lots),
            Side::Buy => {
                let spendable = self.cash - self.cash / 100;
                lots.min(u64::try_from(spendable / u128::from(price.max(1))).unwrap_or(lots))
            }
        }
    }

    /// What a taker meets: the best price of the other side.
    fn opposite(&self, side: Side) -> Option<u64> {
        if side == Side::Buy { self.best_ask } else { self.best_bid }
    }
}

/// Places if at least one lot is affordable.
fn place(
    view: &View<'_>,
    side: Side,
    lots: u64,
    price: u64,
    terms: Terms,
    intents: &mut Vec<Intent>,
) {
    let lots = view.affordable(side, lots, price);
    if lots > 0 {
        intents.push(Intent::Place { side, lots, terms });
    }
}

#[cfg(test)]
mod tests;
