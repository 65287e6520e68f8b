//! What can be traded, and under which rules.

use crate::amount::{Amount, Lots, Rate, Ticks, divide, product};
use crate::follow::{BadFollow, Follow};
use crate::ids::{AssetId, InstrumentId, PartitionId};
pub use crate::instrument_checks::Manner;
use crate::order::SelfMatch;
use crate::session::{
    BadInterruption, BadSchedule, BreakerLevel, CALL_NS_MAX, Interruption, Schedule,
};
use crate::tick_table::TickTable;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A currency, coin or stock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    pub id: AssetId,
    pub code: Box<str>,
    /// Minor units are 10^-scale of a whole one.
    pub scale: u8,
    /// Decimals that a person is shown.
    pub shown_scale: u8,
    /// Set for an asset of fixed supply: deposits of it come out of this account.
    pub faucet: Option<Box<str>>,
}

/// What trading costs. An order keeps the version that was in force when it was entered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fees {
    pub version: u32,
    pub maker: Rate,
    pub taker: Rate,
    /// Charged to the seller on top of the fee.
    pub sell_tax: Rate,
}

impl Fees {
    /// The rate that a hold has to cover.
    #[must_use]
    pub fn bound(&self) -> Rate {
        self.maker.max(self.taker).max(Rate(0))
    }
}

/// Whether orders are matched now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    #[default]
    Continuous,
    /// Cancels work, nothing else does.
    Halted,
    /// Outside its hours.
    Closed,
    /// Orders collect, and trade at one price when it ends.
    Call(Call),
}

/// Why orders collect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Call {
    Opening,
    Closing,
    /// A price would have leapt too far.
    Interruption,
    /// Behind the halt of a circuit breaker.
    Reopening,
}

/// An instrument's rules. Prices are in smallest ticks, quantities in lots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instrument {
    pub id: InstrumentId,
    pub symbol: Box<str>,
    pub partition: PartitionId,
    pub base: AssetId,
    pub base_code: Box<str>,
    pub base_scale: u8,
    pub quote: AssetId,
    pub quote_code: Box<str>,
    pub quote_scale: u8,
    /// Quote minor units of one smallest tick, for one whole unit of the base asset.
    pub tick: Amount,
    /// Base minor units of one lot.
    pub lot: Amount,
    pub ticks: TickTable,
    pub quantity_min: Lots,
    pub quantity_max: Lots,
    /// In quote minor units; zero for none.
    pub notional_min: Amount,
    /// In quote minor units; zero for none.
    pub notional_max: Amount,
    /// The reference price before the first trade.
    pub base_price: Option<Ticks>,
    /// Lowest and highest price of a limit order.
    pub band: Option<(Ticks, Ticks)>,
    /// How far through the last price a market order may reach.
    pub collar: Rate,
    pub fees: Fees,
    pub self_match: SelfMatch,
    pub open_orders_max: u32,
    pub phase: Phase,
    /// When the phase ends by itself, as far as that is known.
    pub phase_until: Option<Time>,
    /// When it trades; none for a market that never closes.
    pub schedule: Option<Box<Schedule>>,
    /// What makes orders collect besides that table.
    pub calls: Calls,
    /// Set where users trade against an outside book and not with one another.
    pub follow: Option<Box<Follow>>,
}

/// Rules of call auctions that no table of the day has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calls {
    pub interruption: Option<Interruption>,
    /// An opening at the limit of the day goes by size, with so many lots for each order first.
    pub by_size: Option<Lots>,
    /// A new listing opens by a call of so many nanoseconds; zero for at once.
    pub opening_ns: u64,
    /// Falls of the index of all instruments that have such levels, the smallest first.
    pub breaker: Vec<BreakerLevel>,
}

/// Those of 64 bits: every order needs one, and raising to a power multiplies many times.
const POWERS_OF_TEN: [u64; 20] = {
    let mut powers = [1; 20];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// Why rules make no instrument.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadInstrument {
    #[error("tick {tick} x lot {lot} is no whole number of {quote} minor units")]
    NotExact { tick: Amount, lot: Amount, quote: Box<str> },
    #[error("{field} is {value}; it must be above zero")]
    NotPositive { field: &'static str, value: Amount },
    #[error("the maker rebate may not exceed the taker fee")]
    RebateAboveFee,
    #[error("{field} is {value}; a rate must lie below 1 (1,000,000,000 billionths)")]
    RateTooHigh { field: &'static str, value: i64 },
    #[error("the quantity limits {min} to {max} lots are empty or above {}", Lots::MAX.0)]
    QuantityLimits { min: u64, max: u64 },
    #[error(transparent)]
    Schedule(#[from] BadSchedule),
    #[error("what each order gets first at the limit of the day must be above zero")]
    BySize,
    #[error("the levels of a circuit breaker must fall further each, by less than all, and stop")]
    Breaker,
    #[error("a circuit breaker needs a table of the day")]
    BreakerWithoutDay,
    #[error("the call by which a listing opens must be at most a day long")]
    OpeningCall,
    #[error(transparent)]
    Interruption(#[from] BadInterruption),
    #[error(transparent)]
    Follow(#[from] BadFollow),
}

impl Calls {
    /// # Errors
    /// A rule says nothing, or a call has no length or too much.
    pub fn check(&self) -> Result<(), BadInstrument> {
        if self.by_size == Some(Lots::ZERO) {
            return Err(BadInstrument::BySize);
        }
        if self.opening_ns > CALL_NS_MAX {
            return Err(BadInstrument::OpeningCall);
        }
        let stops = |level: &BreakerLevel| {
            let is_fall = level.fall.0 > 0 && Amount::from(level.fall.0) < Rate::ONE;
            let lasts = level.halt_ns.max(level.call_ns);
            is_fall && (level.closes_day || (1..=CALL_NS_MAX).contains(&lasts))
        };
        let is_sorted = self.breaker.is_sorted_by(|one, next| one.fall.0 < next.fall.0);
        let is_short = self.breaker.len() < usize::from(u8::MAX);
        if !(is_sorted && is_short && self.breaker.iter().all(stops)) {
            return Err(BadInstrument::Breaker);
        }
        Ok(self.interruption.as_ref().map_or(Ok(()), Interruption::check)?)
    }
}

impl Instrument {
    /// Whether its book begins with hearing what time it is.
    #[must_use]
    pub fn begins_by_time(&self) -> bool {
        self.schedule.is_some() || self.calls.opening_ns > 0
    }

    /// Checks what every later calculation relies on.
    ///
    /// # Errors
    /// Notional would not be exact, a size is not positive, or a rate is out of range.
    pub fn check(&self) -> Result<(), BadInstrument> {
        for (field, value) in [("tick", self.tick), ("lot", self.lot)] {
            if value <= 0 {
                return Err(BadInstrument::NotPositive { field, value });
            }
        }
        if self.tick * self.lot % 10i128.pow(u32::from(self.base_scale)) != 0 {
            let quote = self.quote_code.clone();
            return Err(BadInstrument::NotExact { tick: self.tick, lot: self.lot, quote });
        }
        let (min, max) = (self.quantity_min.0, self.quantity_max.0);
        if min == 0 || min > max || max > Lots::MAX.0 {
            return Err(BadInstrument::QuantityLimits { min, max });
        }
        let Fees { maker, taker, sell_tax, .. } = self.fees;
        for (field, rate) in [("maker fee", maker), ("taker fee", taker), ("sell tax", sell_tax)] {
            if Amount::from(rate.0) >= Rate::ONE {
                return Err(BadInstrument::RateTooHigh { field, value: rate.0 });
            }
        }
        if taker.0 < 0 || sell_tax.0 < 0 || maker.0 + taker.0 < 0 {
            return Err(BadInstrument::RebateAboveFee);
        }
        self.calls.check()?;
        let closes = self.schedule.as_ref().is_some_and(|schedule| schedule.closes());
        if !self.calls.breaker.is_empty() && !closes {
            return Err(BadInstrument::BreakerWithoutDay);
        }
        self.schedule.as_ref().map_or(Ok(()), |schedule| schedule.check())?;
        let schedule = self.schedule.as_deref();
        self.follow.as_ref().map_or(Ok(()), |follow| Ok(follow.check(schedule, &self.calls)?))
    }

    /// Quote minor units of one lot at one tick; whole by [`Instrument::check`].
    #[must_use]
    #[inline]
    pub fn unit(&self) -> Amount {
        let whole = product(self.tick, self.lot);
        match POWERS_OF_TEN.get(usize::from(self.base_scale)) {
            Some(1) => whole,
            Some(&power) => divide(whole, Amount::from(power)).0,
            None => whole / 10i128.pow(u32::from(self.base_scale)),
        }
    }

    /// Quote minor units of `quantity` at `price`, exact.
    #[must_use]
    #[inline]
    pub fn notional(&self, price: Ticks, quantity: Lots) -> Amount {
        product(Amount::from(price.0) * Amount::from(quantity.0), self.unit())
    }

    /// Base minor units of `quantity`.
    #[must_use]
    #[inline]
    pub fn base_amount(&self, quantity: Lots) -> Amount {
        product(Amount::from(quantity.0), self.lot)
    }

    /// Quote minor units of `price`, for one whole unit of the base asset.
    #[must_use]
    pub fn price_amount(&self, price: Ticks) -> Amount {
        Amount::from(price.0) * self.tick
    }

    /// The worst price at which a market order may trade, from where the market stands.
    #[must_use]
    pub fn collared(&self, is_buy: bool, from: Ticks) -> Ticks {
        let reach = self.collar.ceil(Amount::from(from.0)).clamp(0, Amount::from(Ticks::MAX.0));
        let (low, high) = self.band.unwrap_or((Ticks(1), Ticks::MAX));
        if is_buy {
            let top = (u64::from(from.0) + reach as u64).min(u64::from(high.0)) as u32;
            self.ticks.floor(Ticks(top)).max(from.min(high))
        } else {
            let bottom = from.0.saturating_sub(reach as u32).max(low.0).max(1);
            self.ticks.ceil(Ticks(bottom)).min(from.max(low))
        }
    }
}

/// The instruments and assets that an account partition knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    pub assets: BTreeMap<AssetId, Asset>,
    pub instruments: BTreeMap<InstrumentId, Instrument>,
}

impl Catalogue {
    #[must_use]
    pub fn instrument_by_symbol(&self, symbol: &str) -> Option<&Instrument> {
        self.instruments.values().find(|instrument| &*instrument.symbol == symbol)
    }

    /// The instrument that says what an asset is worth: the first that trades it; none for money.
    #[must_use]
    pub fn first_of(&self, base: AssetId) -> Option<&Instrument> {
        self.instruments.values().find(|instrument| instrument.base == base)
    }

    /// Whether an account of this name is nobody's who trades: the house of a followed instrument,
    /// or the faucet of an asset of fixed supply. Boards rank users alone.
    #[must_use]
    pub fn is_of_exchange(&self, name: &str) -> bool {
        let mut faucets = self.assets.values().filter_map(|asset| asset.faucet.as_deref());
        self.is_house(name) || faucets.any(|faucet| faucet == name)
    }

    /// Whether an account of this name is the house of a followed instrument.
    #[must_use]
    pub fn is_house(&self, name: &str) -> bool {
        let mut follows = self.instruments.values().filter_map(|it| it.follow.as_ref());
        follows.any(|follow| *follow.house == *name)
    }

    #[must_use]
    pub fn asset_by_code(&self, code: &str) -> Option<&Asset> {
        self.assets.values().find(|asset| &*asset.code == code)
    }
}
