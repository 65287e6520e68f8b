//! An instrument at a glance.

use super::ladder::{Rung, Sides};
use super::tape::Day;
use hoga_engine::amount::{Amount, Ticks};
use hoga_engine::instrument::Instrument;
use hoga_engine::time::Time;
use hoga_proto::convert::market::{level, shown_price};
use hoga_proto::convert::numbers::{shown, shown_ratio, timestamp};
use hoga_proto::v1;

/// The day up to `now`; `best` has the best level of each side.
#[must_use]
pub fn ticker(
    instrument: &Instrument,
    best: &Sides,
    last: Option<Ticks>,
    day: &Day,
    sequence: u64,
    now: Time,
) -> v1::Ticker {
    let price = |ticks: Option<Ticks>| ticks.map(|ticks| shown_price(ticks, instrument));
    let open = day.before.or(instrument.base_price);
    let change = last.zip(open).map(|(last, open)| Amount::from(last.0) - Amount::from(open.0));
    let rung = |rungs: &[Rung]| {
        rungs.first().map(|rung| level(rung.price, rung.quantity, rung.orders, instrument))
    };
    v1::Ticker {
        instrument: format!("instruments/{}", instrument.symbol),
        last: price(last),
        open: price(open),
        high: price(day.high),
        low: price(day.low),
        volume: Some(shown(day.volume * instrument.lot, instrument.base_scale)),
        turnover: Some(shown(day.value * instrument.unit(), instrument.quote_scale)),
        change: change.map(|change| shown(change * instrument.tick, instrument.quote_scale)),
        change_rate: change
            .zip(open)
            .and_then(|(change, open)| shown_ratio(change, Amount::from(open.0))),
        bid: rung(&best.bids),
        ask: rung(&best.asks),
        trade_count: day.trades,
        sequence,
        time: Some(timestamp(now)),
    }
}
