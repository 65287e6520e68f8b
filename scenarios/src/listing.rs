//! Rule books as the exchange's own assets and instruments.
//!
//! Takes: a [`RuleBook`], in units that people write. Emits: a [`Market`] in ticks, lots and
//! minor units, with the fixed supplies that have to be issued before anybody trades. On
//! failure: [`ListingError`] names instrument, rule and value; the book itself was sound, but the
//! exchange cannot keep this rule exactly, or does not know it yet, and says so instead of
//! trading by another one.

use hoga_engine::amount::{AMOUNT_MAX, Lots, Rate, Ticks};
use hoga_engine::follow::{Follow, Subscription};
use hoga_engine::ids::{AssetId, InstrumentId};
use hoga_engine::instrument::{self as engine, BadInstrument, Fees};
use hoga_engine::order as engine_order;
use hoga_engine::session::{
    BreakerLevel, Interruption, PlannedPhase, Reservation as Waits, Schedule, Span,
};
use hoga_engine::tick_table::{self, BadTickTable};
use hoga_engine::topology::Topology;
use rust_decimal::Decimal;
use thiserror::Error;

use crate::grammar::SelfMatch;
use crate::numbers::{Amount, Fraction};
use crate::rules::{
    Hours, Instrument, Phase, PhaseKind, Reservation, RuleBook, VolatilityInterruption,
};
use crate::time::Millis;

/// The collar where a rule book names none: wide enough to reach every price a book can hold, so
/// that only the band bounds a market order.
pub const NO_COLLAR: Rate = Rate(Ticks::MAX.0 as i64 * 1_000_000_000);

/// A market, ready to be founded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Market {
    /// In the order of the rule book, numbered from 1.
    pub assets: Vec<engine::Asset>,
    /// In the order of the rule book, numbered from 1; open for trading.
    pub instruments: Vec<engine::Instrument>,
    pub issues: Vec<Issue>,
    pub funds: Vec<Fund>,
}

/// A fixed supply: all of it goes to the faucet before the first trade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    pub asset: AssetId,
    /// The faucet's account name.
    pub faucet: Box<str>,
    /// Minor units.
    pub amount: i128,
}

/// What the house of a followed instrument is given before the first trade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fund {
    pub instrument: InstrumentId,
    /// The house's account name.
    pub house: Box<str>,
    pub asset: AssetId,
    /// Minor units, above zero.
    pub amount: i128,
}

/// Why a rule book makes no market. Nothing was listed; another rule may do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ListingError {
    /// The value cannot be kept exactly.
    #[error("{of}: the rule `{rule}` cannot be kept: {why}")]
    Rule { of: String, rule: &'static str, why: String },
    #[error("{symbol}: {why}")]
    Ticks { symbol: String, why: BadTickTable },
    #[error("{symbol}: {why}")]
    Unsound { symbol: String, why: BadInstrument },
}

/// Turns a rule book into assets and instruments.
///
/// # Errors
/// The first rule that the exchange cannot keep.
pub fn market(book: &RuleBook, topology: &Topology) -> Result<Market, ListingError> {
    let assets: Vec<engine::Asset> = (1..)
        .zip(&book.assets)
        .map(|(id, rules)| {
            let faucet = book.supply.iter().find(|supply| supply.asset == rules.name);
            engine::Asset {
                id: AssetId(id),
                code: rules.name.as_str().into(),
                scale: rules.scale as u8,
                shown_scale: shown_scale(book, rules.name.as_str(), rules.scale),
                faucet: faucet.map(|supply| supply.faucet.as_str().into()),
            }
        })
        .collect();
    let list = |(id, rules): (u32, &Instrument)| {
        let listed = List { book, rules, symbol: rules.symbol.as_str(), assets: &assets };
        listed.instrument(InstrumentId(id), topology)
    };
    let instruments: Vec<engine::Instrument> =
        (1..).zip(&book.instruments).map(list).collect::<Result<_, _>>()?;
    let issues = issues(book, &assets)?;
    let funds = funds(book, &instruments)?;
    Ok(Market { assets, instruments, issues, funds })
}

fn issues(book: &RuleBook, assets: &[engine::Asset]) -> Result<Vec<Issue>, ListingError> {
    let issue = |supply: &crate::rules::Supply| {
        let asset = assets.iter().find(|asset| *asset.code == *supply.asset.as_str());
        let amount = asset.and_then(|asset| supply.total.minor(asset.scale.into()));
        match (asset, amount) {
            (Some(asset), Some(amount)) if (1..=AMOUNT_MAX).contains(&amount) => {
                Ok(Issue { asset: asset.id, faucet: supply.faucet.as_str().into(), amount })
            }
            _ => Err(ListingError::Rule {
                of: supply.asset.to_string(),
                rule: "supply",
                why: format!("{} is zero, too large or finer than the asset", supply.total),
            }),
        }
    };
    book.supply.iter().map(issue).collect()
}

fn funds(book: &RuleBook, listed: &[engine::Instrument]) -> Result<Vec<Fund>, ListingError> {
    let mut funds = Vec::new();
    for (rules, instrument) in book.instruments.iter().zip(listed) {
        let Some(follow) = &rules.rules.follow else { continue };
        for (put_up, asset, scale) in [
            (follow.base, instrument.base, instrument.base_scale),
            (follow.quote, instrument.quote, instrument.quote_scale),
        ] {
            let amount = put_up.minor(scale.into()).filter(|it| (0..=AMOUNT_MAX).contains(it));
            let amount = amount.ok_or_else(|| ListingError::Rule {
                of: rules.symbol.to_string(),
                rule: "follow",
                why: format!("the house's {put_up} is too large or finer than the asset"),
            })?;
            let (instrument, house) = (instrument.id, follow.house.as_str().into());
            if amount > 0 {
                funds.push(Fund { instrument, house, asset, amount });
            }
        }
    }
    Ok(funds)
}

/// The decimals of an asset that prices (as quote) and quantities (as base) can have.
fn shown_scale(book: &RuleBook, asset: &str, scale: u32) -> u8 {
    let finest = book.instruments.iter().filter_map(|instrument| {
        let (base, quote) = (instrument.base.as_str(), instrument.quote.as_str());
        match asset {
            _ if base == asset => Some(instrument.rules.lot),
            _ if quote == asset => Some(instrument.rules.ticks.smallest()),
            _ => None,
        }
    });
    let decimals = finest.map(|step| step.value().normalize().scale()).max();
    decimals.unwrap_or(scale).min(scale) as u8
}

/// One instrument on its way into the exchange's units.
struct List<'b> {
    book: &'b RuleBook,
    rules: &'b Instrument,
    symbol: &'b str,
    assets: &'b [engine::Asset],
}

impl List<'_> {
    fn instrument(
        &self,
        id: InstrumentId,
        topology: &Topology,
    ) -> Result<engine::Instrument, ListingError> {
        let rules = &self.rules.rules;
        let base = self.asset(self.rules.base.as_str(), "base")?;
        let quote = self.asset(self.rules.quote.as_str(), "quote")?;
        let smallest = rules.ticks.smallest();
        let open_orders_max = u32::try_from(rules.open_orders_max).unwrap_or(u32::MAX);
        let instrument = engine::Instrument {
            id,
            symbol: self.symbol.into(),
            partition: topology.book_partition(id),
            base: base.id,
            base_code: base.code.clone(),
            base_scale: base.scale,
            quote: quote.id,
            quote_code: quote.code.clone(),
            quote_scale: quote.scale,
            tick: self.minor("ticks", smallest, quote)?,
            lot: self.minor("lot", rules.lot, base)?,
            ticks: self.tick_table()?,
            quantity_min: self.lots("min_quantity", rules.min_quantity)?,
            quantity_max: self.lots("max_quantity", rules.max_quantity)?,
            notional_min: self.minor("min_notional", rules.min_notional, quote)?,
            notional_max: self.minor("max_notional", rules.max_notional, quote)?,
            base_price: Some(self.ticks("base_price", rules.base_price)?),
            band: self.band()?,
            collar: self.collar()?,
            fees: Fees {
                version: 1,
                maker: self.rate("maker_fee", rules.maker_fee)?,
                taker: self.rate("taker_fee", rules.taker_fee)?,
                sell_tax: self.rate("sell_tax", rules.sell_tax)?,
            },
            self_match: self_match(rules.self_match),
            open_orders_max,
            phase: engine::Phase::Continuous,
            phase_until: None,
            schedule: self.schedule()?,
            calls: self.calls()?,
            follow: self.follow(),
        };
        let checked = instrument.check();
        checked.map_err(|why| ListingError::Unsound { symbol: self.symbol.into(), why })?;
        Ok(instrument)
    }

    /// What makes orders collect besides the table of its day.
    fn calls(&self) -> Result<engine::Calls, ListingError> {
        const RULE: &str = "volatility_interruption";
        let rules = &self.rules.rules;
        let nanoseconds = |Millis(millis): Millis| millis.saturating_mul(1_000_000);
        let interruption = |rule: &VolatilityInterruption| {
            Ok(Interruption {
                dynamic: Some(self.percent(RULE, rule.dynamic_percent)?),
                fixed: Some(self.percent(RULE, rule.static_percent)?),
                call_ns: nanoseconds(rule.call),
            })
        };
        let level = |level: &crate::rules::BreakerLevel| {
            Ok(BreakerLevel {
                fall: self.percent("circuit_breaker", level.fall_percent)?,
                halt_ns: nanoseconds(level.halt),
                call_ns: nanoseconds(level.call),
                closes_day: level.closes_day,
            })
        };
        let first = rules.limit_opening_first;
        Ok(engine::Calls {
            interruption: rules.volatility_interruption.as_ref().map(interruption).transpose()?,
            by_size: first.map(|first| self.lots("limit_opening_first", first)).transpose()?,
            opening_ns: rules.opening_call.map_or(0, nanoseconds),
            breaker: self.book.circuit_breaker.iter().map(level).collect::<Result<_, _>>()?,
        })
    }

    /// How it follows an outside book, if it does.
    fn follow(&self) -> Option<Box<Follow>> {
        let follow = self.rules.rules.follow.as_ref()?;
        let subscription = follow.venue.as_ref().map(|venue| match &follow.code {
            Some(code) => Subscription { venue: venue.as_str().into(), code: code.as_str().into() },
            None => {
                Subscription::of_pair(venue, self.rules.base.as_str(), self.rules.quote.as_str())
            }
        });
        Some(Box::new(Follow {
            house: follow.house.as_str().into(),
            levels_max: u16::try_from(follow.levels).unwrap_or(u16::MAX),
            stale_ns: follow.stale_after.0.saturating_mul(1_000_000),
            subscription,
        }))
    }

    /// The table of its day; none where it never closes.
    fn schedule(&self) -> Result<Option<Box<Schedule>>, ListingError> {
        let Hours::Phases(phases) = &self.book.session.hours else { return Ok(None) };
        let span = |phase: &Phase| Span {
            phase: match phase.kind {
                PhaseKind::OpeningCall => PlannedPhase::OpeningCall,
                PhaseKind::Continuous => PlannedPhase::Continuous,
                PhaseKind::ClosingCall => PlannedPhase::ClosingCall,
            },
            from: phase.from.minutes,
            to: phase.to.minutes,
        };
        let session = &self.book.session;
        let share = self.rules.rules.price_band_percent;
        Ok(Some(Box::new(Schedule {
            zone_minutes: session.zone.minutes,
            weekends: session.weekends,
            holidays: session.holidays.iter().map(|d| d.days_since_1970() as u32).collect(),
            spans: phases.iter().map(span).collect(),
            reservation: self.book.reservation.map(|waits| match waits {
                Reservation::After(Millis(millis)) => Waits::After(millis * 1_000_000),
                Reservation::TradingDays(days) => {
                    Waits::TradingDays(u32::try_from(days).unwrap_or(u32::MAX))
                }
            }),
            band: share.map(|share| self.percent("price_band_percent", share)).transpose()?,
        })))
    }

    fn wrong(&self, rule: &'static str, why: String) -> ListingError {
        ListingError::Rule { of: self.symbol.into(), rule, why }
    }

    fn asset(&self, name: &str, rule: &'static str) -> Result<&engine::Asset, ListingError> {
        let found = self.assets.iter().find(|asset| *asset.code == *name);
        found.ok_or_else(|| self.wrong(rule, format!("{name} is none of the market's assets")))
    }

    fn minor(
        &self,
        rule: &'static str,
        value: Amount,
        asset: &engine::Asset,
    ) -> Result<i128, ListingError> {
        value.minor(asset.scale.into()).filter(|minor| *minor <= AMOUNT_MAX).ok_or_else(|| {
            let (code, scale) = (&asset.code, asset.scale);
            self.wrong(
                rule,
                format!("{value} is too large or has more than {code}'s {scale} decimals"),
            )
        })
    }

    fn ticks(&self, rule: &'static str, price: Amount) -> Result<Ticks, ListingError> {
        let smallest = self.rules.rules.ticks.smallest();
        let Some(count) = price.steps(smallest) else {
            return Err(self.wrong(rule, format!("{price} is no multiple of the tick {smallest}")));
        };
        let fits = u32::try_from(count).ok().filter(|count| *count < Ticks::MAX.0);
        fits.map(Ticks).ok_or_else(|| {
            let most = Ticks::MAX.0 - 1;
            let why = format!(
                "{price} is {count} times the smallest tick {smallest}, a book counts to {most}; \
                 start the tick table with a larger tick"
            );
            self.wrong(rule, why)
        })
    }

    fn lots(&self, rule: &'static str, quantity: Amount) -> Result<Lots, ListingError> {
        let lots = quantity.steps(self.rules.rules.lot).map(Lots);
        lots.filter(|lots| *lots <= Lots::MAX).ok_or_else(|| {
            let (lot, most) = (self.rules.rules.lot, Lots::MAX.0);
            self.wrong(rule, format!("{quantity} is not 0 to {most} whole lots of {lot}"))
        })
    }

    fn tick_table(&self) -> Result<tick_table::TickTable, ListingError> {
        let smallest = self.rules.rules.ticks.smallest();
        let band = |band: &crate::rules::TickBand| {
            let step = self.ticks("ticks", band.tick)?.0;
            // A table may go on above every price that a book can hold.
            let from = band.from.steps(smallest).ok_or_else(|| {
                self.wrong("ticks", format!("{} is no multiple of {smallest}", band.from))
            })?;
            let from = u32::try_from(from).ok().filter(|from| *from <= Ticks::MAX.0);
            Ok(from.map(|from| tick_table::Band { from: Ticks(from), step }))
        };
        let bands = self.rules.rules.ticks.bands().iter().map(band);
        let bands = bands.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        let symbol = self.symbol.into();
        tick_table::TickTable::new(bands).map_err(|why| ListingError::Ticks { symbol, why })
    }

    fn band(&self) -> Result<Option<(Ticks, Ticks)>, ListingError> {
        let rules = &self.rules.rules;
        if rules.price_band_percent.is_none() {
            return Ok(None);
        }
        let band = self.rules.band(rules.base_price).ok_or_else(|| {
            self.wrong("price_band_percent", format!("no band around {}", rules.base_price))
        })?;
        let low = self.ticks("price_band_percent", band.lower)?;
        let high = self.ticks("price_band_percent", band.upper)?;
        Ok(Some((low.max(Ticks(1)), high)))
    }

    fn collar(&self) -> Result<Rate, ListingError> {
        let rules = &self.rules.rules;
        let Some(percent) = rules.collar_percent else {
            if rules.price_band_percent.is_some() {
                return Ok(NO_COLLAR);
            }
            let why = "without a price band nothing else bounds a market order".into();
            return Err(self.wrong("collar_percent", why));
        };
        self.percent("collar_percent", percent)
    }

    fn percent(&self, rule: &'static str, percent: Amount) -> Result<Rate, ListingError> {
        let billionths = percent.value().checked_mul(Decimal::from(10_000_000));
        let whole = billionths.filter(Decimal::is_integer).and_then(|b| i64::try_from(b).ok());
        let rate = whole.map(Rate).filter(|rate| *rate <= NO_COLLAR);
        rate.ok_or_else(|| self.wrong(rule, format!("{percent} is too fine or large")))
    }

    fn rate(&self, rule: &'static str, fraction: Fraction) -> Result<Rate, ListingError> {
        let why = || format!("{fraction} is finer than a billionth");
        fraction.billionths().map(Rate).ok_or_else(|| self.wrong(rule, why()))
    }
}

/// The exchange's name for a mode.
#[must_use]
pub fn self_match(mode: SelfMatch) -> engine_order::SelfMatch {
    match mode {
        SelfMatch::None => engine_order::SelfMatch::None,
        SelfMatch::CancelTaker => engine_order::SelfMatch::CancelTaker,
        SelfMatch::CancelMaker => engine_order::SelfMatch::CancelMaker,
        SelfMatch::CancelBoth => engine_order::SelfMatch::CancelBoth,
        SelfMatch::Decrement => engine_order::SelfMatch::Decrement,
    }
}

#[cfg(test)]
mod tests;
