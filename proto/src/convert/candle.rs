//! Candles.

use super::BadField;
use super::market::{shown_price, to_ticks};
use super::numbers::{amount, shown, time, timestamp};
use crate::v1;
use hoga_engine::amount::{AMOUNT_MAX, Amount, Ticks};
use hoga_engine::candle::{Bar, Base, Candle, Interval, Zone};
use hoga_engine::instrument::Instrument;
use hoga_engine::reject::Shown;

const INTERVALS: [(v1::CandleInterval, Interval); 12] = [
    (v1::CandleInterval::Second1, Interval::Second1),
    (v1::CandleInterval::Minute1, Interval::Minute1),
    (v1::CandleInterval::Minute3, Interval::Minute3),
    (v1::CandleInterval::Minute5, Interval::Minute5),
    (v1::CandleInterval::Minute15, Interval::Minute15),
    (v1::CandleInterval::Minute30, Interval::Minute30),
    (v1::CandleInterval::Hour1, Interval::Hour1),
    (v1::CandleInterval::Hour4, Interval::Hour4),
    (v1::CandleInterval::Day1, Interval::Day1),
    (v1::CandleInterval::Week1, Interval::Week1),
    (v1::CandleInterval::Month1, Interval::Month1),
    (v1::CandleInterval::Year1, Interval::Year1),
];

/// How long candles are to be; a minute for one that does not say.
///
/// # Errors
/// It is none of the values.
pub fn interval(field: &'static str, wire: i32) -> Result<Interval, BadField> {
    if wire == i32::from(v1::CandleInterval::Unspecified) {
        return Ok(Interval::Minute1);
    }
    let known = INTERVALS.into_iter().find(|(known, _)| i32::from(*known) == wire);
    let rule = || format!("{wire} is none of its values");
    known.map(|(_, interval)| interval).ok_or_else(|| BadField::malformed(field, rule()))
}

#[must_use]
pub fn shown_interval(interval: Interval) -> v1::CandleInterval {
    let known = INTERVALS.into_iter().find(|(_, known)| *known == interval);
    known.map_or(v1::CandleInterval::Unspecified, |(shown, _)| shown)
}

/// A candle as everyone sees it.
#[must_use]
pub fn candle(candle: &Candle, interval: Interval, instrument: &Instrument) -> v1::Candle {
    let bar = &candle.bar;
    let price = |ticks: Ticks| Some(shown_price(ticks, instrument));
    v1::Candle {
        instrument: format!("instruments/{}", instrument.symbol),
        interval: shown_interval(interval).into(),
        start_time: Some(timestamp(bar.start)),
        open: price(bar.open),
        high: price(bar.high),
        low: price(bar.low),
        close: price(bar.close),
        volume: Some(shown(bar.volume, instrument.base_scale)),
        turnover: Some(shown(bar.value, instrument.quote_scale)),
        trade_count: bar.trades,
        filled_gap: candle.is_gap,
        closed: candle.is_closed,
        imported: candle.is_imported,
    }
}

/// A kept length that candles can be imported in.
///
/// # Errors
/// It is none of them.
pub fn base(wire: i32) -> Result<Base, BadField> {
    const FIELD: &str = "interval";
    let interval = interval(FIELD, wire)?;
    let base = Base::ALL.into_iter().find(|base| base.interval() == interval);
    let rule =
        "import candles of a second, a minute, an hour or a day: the others are made of them";
    base.ok_or_else(|| BadField::malformed(FIELD, rule))
}

/// Another exchange's candle.
///
/// # Errors
/// A field is missing, does not fit the instrument's scales and smallest tick, contradicts
/// another, or the candle begins where none begins.
pub fn bar(wire: &v1::Candle, base: Base, instrument: &Instrument) -> Result<Bar, BadField> {
    const START: &str = "candles.start_time";
    let price = |field, wire: &Option<v1::Decimal>| {
        let price = amount(field, wire.as_ref(), instrument.quote_scale)?;
        to_ticks(field, price, instrument.tick)
    };
    let sum = |field, wire: &Option<v1::Decimal>, scale| -> Result<Amount, BadField> {
        let sum = amount(field, wire.as_ref(), scale)?;
        let bad = || {
            let shown = |minor| Shown { minor, scale };
            let most = shown(AMOUNT_MAX);
            BadField::malformed(field, format!("{} must lie between 0 and {most}", shown(sum)))
        };
        Some(sum).filter(|sum| (0..=AMOUNT_MAX).contains(sum)).ok_or_else(bad)
    };
    let start = wire.start_time.as_ref().ok_or_else(|| BadField::missing(START))?;
    let start = time(START, start)?;
    if Zone::of(instrument.schedule.as_deref()).start(base.interval(), start) != start {
        let rule = format!("no candle of {} begins there", base.interval().name());
        return Err(BadField::malformed(START, rule));
    }
    let (open, close) = (price("candles.open", &wire.open)?, price("candles.close", &wire.close)?);
    let (high, low) = (price("candles.high", &wire.high)?, price("candles.low", &wire.low)?);
    if low > open.min(close) || high < open.max(close) {
        let shown =
            |price| Shown { minor: instrument.price_amount(price), scale: instrument.quote_scale };
        let [open, high, low, close] = [open, high, low, close].map(shown);
        let rule = format!(
            "{low} must not lie above open {open} or close {close}, nor high {high} below them"
        );
        return Err(BadField::malformed("candles.low", rule));
    }
    let volume = sum("candles.volume", &wire.volume, instrument.base_scale)?;
    let value = sum("candles.turnover", &wire.turnover, instrument.quote_scale)?;
    let (first, trades) = (0, wire.trade_count);
    Ok(Bar { start, first, open, high, low, close, volume, value, trades })
}
