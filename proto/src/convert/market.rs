//! Instruments, ladders, trades.

use super::BadField;
use super::follow::{follow, shown_follow};
use super::numbers::{amount, amount_if_any, rate, shown, shown_rate, timestamp};
use super::order::self_match;
use super::schedule::{
    breaker_level, duration, nanoseconds, shown_breaker_level, shown_interruption, shown_schedule,
};
pub use super::schedule::{interruption, schedule};
use crate::names::InstrumentName;
use crate::v1;
use hoga_engine::amount::{Amount, Lots, Ticks};
use hoga_engine::book::Clearing;
use hoga_engine::ids::{InstrumentId, PartitionId, TradeNo};
use hoga_engine::instrument::{Asset, Call, Calls, Fees, Instrument, Phase};
use hoga_engine::order::Side;
use hoga_engine::tick_table::{Band, TickTable};
use hoga_engine::time::Time;

/// Open orders of one account, where the request does not say.
const OPEN_ORDERS_MAX: u32 = 1_000;

/// An instrument's rules, as operators write them. Its ids and partition are left at zero: the
/// log gives them.
///
/// # Errors
/// A field is missing, has the wrong form, or is no whole number of ticks, lots or minor units.
/// Whether the rules fit one another is checked where the instrument is listed.
pub fn instrument(
    wire: &v1::Instrument,
    base: &Asset,
    quote: &Asset,
) -> Result<Instrument, BadField> {
    let name = InstrumentName::parse(&wire.name)
        .map_err(|bad| BadField::malformed("instrument.name", bad.to_string()))?;
    let (tick, ticks) = tick_table(&wire.tick_bands, quote.scale)?;
    let lot = amount("instrument.lot", wire.lot.as_ref(), base.scale)?;
    let lots = |field, wire: &Option<v1::Decimal>| {
        let quantity = amount(field, wire.as_ref(), base.scale)?;
        steps(field, quantity, lot, "lots").map(Lots)
    };
    let price = |field, wire: &Option<v1::Decimal>| {
        let price = amount_if_any(field, wire.as_ref(), quote.scale)?;
        price.map(|price| to_ticks(field, price, tick)).transpose()
    };
    let notional = |field, wire: &Option<v1::Decimal>| {
        amount_if_any(field, wire.as_ref(), quote.scale).map(|notional| notional.unwrap_or(0))
    };
    let band_low = price("instrument.band_low", &wire.band_low)?;
    let band_high = price("instrument.band_high", &wire.band_high)?;
    if band_low.is_some() != band_high.is_some() {
        let rule = "give band_low and band_high, or neither";
        return Err(BadField::malformed("instrument.band_low", rule));
    }
    Ok(Instrument {
        id: InstrumentId(0),
        symbol: name.id().into(),
        partition: PartitionId(0),
        base: base.id,
        base_code: base.code.clone(),
        base_scale: base.scale,
        quote: quote.id,
        quote_code: quote.code.clone(),
        quote_scale: quote.scale,
        tick,
        lot,
        ticks,
        quantity_min: lots("instrument.quantity_min", &wire.quantity_min)?,
        quantity_max: lots("instrument.quantity_max", &wire.quantity_max)?,
        notional_min: notional("instrument.notional_min", &wire.notional_min)?,
        notional_max: notional("instrument.notional_max", &wire.notional_max)?,
        base_price: price("instrument.base_price", &wire.base_price)?,
        band: band_low.zip(band_high),
        collar: rate("instrument.collar", wire.collar.as_ref())?,
        fees: Fees {
            version: 1,
            maker: rate("instrument.maker_fee", wire.maker_fee.as_ref())?,
            taker: rate("instrument.taker_fee", wire.taker_fee.as_ref())?,
            sell_tax: rate("instrument.sell_tax", wire.sell_tax.as_ref())?,
        },
        self_match: self_match("instrument.self_match", wire.self_match)?.unwrap_or_default(),
        open_orders_max: match wire.open_orders_max {
            0 => OPEN_ORDERS_MAX,
            most => most,
        },
        phase: Phase::Continuous,
        phase_until: None,
        schedule: schedule(wire.schedule.as_ref())?,
        calls: Calls {
            interruption: interruption(wire.volatility_interruption.as_ref())?,
            by_size: match &wire.limit_opening_first {
                Some(_) => Some(lots("instrument.limit_opening_first", &wire.limit_opening_first)?),
                None => None,
            },
            opening_ns: match &wire.opening_call {
                Some(length) => nanoseconds("instrument.opening_call", length)?,
                None => 0,
            },
            breaker: wire.circuit_breaker.iter().map(breaker_level).collect::<Result<_, _>>()?,
        },
        follow: follow(wire.follow.as_ref(), &base.code, &quote.code)?,
    })
}

/// What each order gets first where an opening at the limit of the day goes by size; none for by
/// time.
///
/// # Errors
/// It is no whole number of lots.
pub fn by_size(wire: &v1::Instrument, instrument: &Instrument) -> Result<Option<Lots>, BadField> {
    const FIELD: &str = "instrument.limit_opening_first";
    let first = amount_if_any(FIELD, wire.limit_opening_first.as_ref(), instrument.base_scale)?;
    first.map(|first| steps(FIELD, first, instrument.lot, "lots").map(Lots)).transpose()
}

/// Another band of an instrument: two prices, or none of them for no band.
///
/// # Errors
/// Only one is given, or one is no whole number of ticks.
pub fn band(
    wire: &v1::Instrument,
    instrument: &Instrument,
) -> Result<Option<(Ticks, Ticks)>, BadField> {
    let price = |field, wire: &Option<v1::Decimal>| {
        let price = amount_if_any(field, wire.as_ref(), instrument.quote_scale)?;
        price.map(|price| to_ticks(field, price, instrument.tick)).transpose()
    };
    let low = price("instrument.band_low", &wire.band_low)?;
    let high = price("instrument.band_high", &wire.band_high)?;
    if low.is_some() != high.is_some() {
        let rule = "give band_low and band_high, or neither";
        return Err(BadField::malformed("instrument.band_low", rule));
    }
    Ok(low.zip(high))
}

/// An instrument as everyone sees it.
#[must_use]
pub fn shown_instrument(instrument: &Instrument) -> v1::Instrument {
    let price = |ticks: Ticks| Some(shown_price(ticks, instrument));
    let quantity = |lots: Lots| Some(shown_quantity(lots, instrument));
    let limit = |minor: Amount| (minor != 0).then(|| shown(minor, instrument.quote_scale));
    let bands = instrument
        .ticks
        .bands()
        .iter()
        .map(|band| v1::TickBand { from: price(band.from), step: price(Ticks(band.step)) });
    v1::Instrument {
        name: format!("instruments/{}", instrument.symbol),
        base_asset: instrument.base_code.to_string(),
        quote_asset: instrument.quote_code.to_string(),
        phase: v1::Phase::from(instrument.phase).into(),
        tick_bands: bands.collect(),
        lot: quantity(Lots(1)),
        quantity_min: quantity(instrument.quantity_min),
        quantity_max: quantity(instrument.quantity_max),
        notional_min: limit(instrument.notional_min),
        notional_max: limit(instrument.notional_max),
        base_price: instrument.base_price.and_then(price),
        band_low: instrument.band.and_then(|(low, _)| price(low)),
        band_high: instrument.band.and_then(|(_, high)| price(high)),
        collar: Some(shown_rate(instrument.collar)),
        maker_fee: Some(shown_rate(instrument.fees.maker)),
        taker_fee: Some(shown_rate(instrument.fees.taker)),
        sell_tax: Some(shown_rate(instrument.fees.sell_tax)),
        self_match: v1::SelfMatch::from(instrument.self_match).into(),
        open_orders_max: instrument.open_orders_max,
        partition: instrument.partition.0.into(),
        version: instrument.fees.version,
        schedule: instrument.schedule.as_deref().map(shown_schedule),
        volatility_interruption: instrument.calls.interruption.as_ref().map(shown_interruption),
        phase_end_time: instrument.phase_until.map(timestamp),
        call_kind: call_kind(instrument.phase).into(),
        limit_opening_first: instrument.calls.by_size.and_then(quantity),
        opening_call: match instrument.calls.opening_ns {
            0 => None,
            length => Some(duration(length)),
        },
        circuit_breaker: instrument.calls.breaker.iter().map(shown_breaker_level).collect(),
        follow: instrument.follow.as_deref().map(shown_follow),
    }
}

/// A phase that begins, and when it ends by itself.
#[must_use]
pub fn phase_change(phase: Phase, until: Option<Time>) -> v1::PhaseChange {
    v1::PhaseChange {
        phase: v1::Phase::from(phase).into(),
        call_kind: call_kind(phase).into(),
        end_time: until.map(timestamp),
    }
}

/// Why orders collect in a phase.
#[must_use]
pub const fn call_kind(phase: Phase) -> v1::CallKind {
    match phase {
        Phase::Call(Call::Opening) => v1::CallKind::Opening,
        Phase::Call(Call::Closing) => v1::CallKind::Closing,
        Phase::Call(Call::Interruption) => v1::CallKind::Interruption,
        Phase::Call(Call::Reopening) => v1::CallKind::Reopening,
        Phase::Continuous | Phase::Halted | Phase::Closed => v1::CallKind::Unspecified,
    }
}

#[must_use]
pub fn shown_price(price: Ticks, instrument: &Instrument) -> v1::Decimal {
    shown(instrument.price_amount(price), instrument.quote_scale)
}

#[must_use]
pub fn shown_quantity(quantity: Lots, instrument: &Instrument) -> v1::Decimal {
    shown(instrument.base_amount(quantity), instrument.base_scale)
}

#[must_use]
pub fn level(price: Ticks, quantity: Lots, orders: u32, instrument: &Instrument) -> v1::Level {
    v1::Level {
        price: Some(shown_price(price, instrument)),
        quantity: Some(shown_quantity(quantity, instrument)),
        order_count: orders,
    }
}

#[must_use]
pub fn trade(
    no: TradeNo,
    price: Ticks,
    quantity: Lots,
    taker: Option<Side>,
    time: Time,
    instrument: &Instrument,
) -> v1::Trade {
    v1::Trade {
        name: format!("instruments/{}/trades/{}", instrument.symbol, no.0),
        price: Some(shown_price(price, instrument)),
        quantity: Some(shown_quantity(quantity, instrument)),
        taker_side: taker.map_or(v1::Side::Unspecified, v1::Side::from).into(),
        time: Some(timestamp(time)),
    }
}

/// What a call would come to now; zeros when nothing would trade.
#[must_use]
pub fn indication(clearing: Option<Clearing>, instrument: &Instrument) -> v1::Indication {
    let lots = |lots: Lots| Some(shown_quantity(lots, instrument));
    let surplus = clearing.and_then(|clearing| clearing.surplus);
    let of = |side| surplus.filter(|(known, _)| *known == side).map_or(Lots::ZERO, |(_, l)| l);
    v1::Indication {
        price: clearing.map(|clearing| shown_price(clearing.price, instrument)),
        quantity: lots(clearing.map_or(Lots::ZERO, |clearing| clearing.volume)),
        buy_surplus: lots(of(Side::Buy)),
        sell_surplus: lots(of(Side::Sell)),
    }
}

/// A price step to group a ladder by, in smallest ticks.
///
/// # Errors
/// It is no whole number of ticks above zero.
pub fn price_step(
    wire: Option<&v1::Decimal>,
    instrument: &Instrument,
) -> Result<Option<u32>, BadField> {
    const FIELD: &str = "price_step";
    let Some(step) = amount_if_any(FIELD, wire, instrument.quote_scale)? else { return Ok(None) };
    if step <= 0 {
        return Err(BadField::malformed(FIELD, "must be above zero"));
    }
    to_ticks(FIELD, step, instrument.tick).map(|ticks| Some(ticks.0))
}

/// The bands in smallest ticks, and the tick: the largest number that all of them are made of.
fn tick_table(bands: &[v1::TickBand], scale: u8) -> Result<(Amount, TickTable), BadField> {
    const FIELD: &str = "instrument.tick_bands";
    let mut read = Vec::with_capacity(bands.len());
    for band in bands {
        let from = amount("instrument.tick_bands.from", band.from.as_ref(), scale)?;
        let step = amount("instrument.tick_bands.step", band.step.as_ref(), scale)?;
        if from < 0 || step <= 0 {
            return Err(BadField::malformed(FIELD, "from must not be below 0, step above it"));
        }
        read.push((from, step));
    }
    let tick = read.iter().fold(0, |tick, (from, step)| gcd(gcd(tick, *from), *step));
    if tick == 0 {
        return Err(BadField::missing(FIELD));
    }
    let mut table = Vec::with_capacity(read.len());
    for (from, step) in read {
        let from = to_ticks(FIELD, from, tick)?;
        table.push(Band { from, step: to_ticks(FIELD, step, tick)?.0 });
    }
    let table = TickTable::new(table).map_err(|bad| BadField::malformed(FIELD, bad.to_string()))?;
    Ok((tick, table))
}

fn gcd(mut one: Amount, mut other: Amount) -> Amount {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

pub(super) fn to_ticks(
    field: &'static str,
    price: Amount,
    tick: Amount,
) -> Result<Ticks, BadField> {
    let ticks = steps(field, price, tick, "ticks")?;
    let ticks = u32::try_from(ticks).ok().filter(|ticks| *ticks <= Ticks::MAX.0);
    let rule = || format!("is more than {} ticks", Ticks::MAX.0);
    ticks.map(Ticks).ok_or_else(|| BadField::malformed(field, rule()))
}

/// A price in an instrument's ticks.
pub(super) fn ticks_of(
    field: &'static str,
    price: Amount,
    instrument: &Instrument,
) -> Result<Ticks, BadField> {
    to_ticks(field, price, instrument.tick)
}

/// A quantity in an instrument's lots.
pub(super) fn lots_of(
    field: &'static str,
    quantity: Amount,
    instrument: &Instrument,
) -> Result<Lots, BadField> {
    steps(field, quantity, instrument.lot, "lots").map(Lots)
}

fn steps(field: &'static str, value: Amount, step: Amount, of: &str) -> Result<u64, BadField> {
    if step <= 0 || value % step != 0 {
        return Err(BadField::malformed(field, format!("must be a whole number of {of}")));
    }
    let steps = u64::try_from(value / step);
    steps.map_err(|_| BadField::malformed(field, "is below zero or far too large"))
}

impl From<Phase> for v1::Phase {
    fn from(phase: Phase) -> v1::Phase {
        match phase {
            Phase::Continuous => v1::Phase::Continuous,
            Phase::Halted => v1::Phase::Halted,
            Phase::Closed => v1::Phase::Closed,
            Phase::Call(_) => v1::Phase::CallAuction,
        }
    }
}
