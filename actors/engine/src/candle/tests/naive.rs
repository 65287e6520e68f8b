//! Candles the slow way: every trade looked at for every candle, oldest first.

use super::super::{Candle, Interval, Zone};
use crate::amount::{Amount, Lots, Ticks};
use crate::instrument::Instrument;
use crate::session::{PlannedPhase, Schedule};
use crate::time::Time;

/// A trade, and the number of the event it is.
#[derive(Clone, Copy, Debug)]
pub struct Traded {
    pub sequence: u64,
    pub price: Ticks,
    pub quantity: Lots,
    pub time: Time,
}

/// What a candle says, without what only the book knows.
pub type Row = (Time, Option<[u32; 4]>, Amount, Amount, u64, u64);

pub fn row(candle: &Candle) -> Row {
    let bar = &candle.bar;
    let prices = [bar.open, bar.high, bar.low, bar.close].map(|price| price.0);
    // A gap has the event of the candle before it; the prices say the rest.
    (bar.start, Some(prices), bar.volume, bar.value, bar.trades, bar.first)
}

/// Candles that begin before `before`, oldest first.
pub fn rebuild(
    trades: &[Traded],
    interval: Interval,
    instrument: &Instrument,
    before: Time,
) -> Vec<Row> {
    let schedule = instrument.schedule.as_deref();
    let zone = Zone::of(schedule);
    let Some(first) = trades.first() else { return Vec::new() };
    let mut rows: Vec<Row> = Vec::new();
    let mut start = zone.start(interval, first.time);
    while start < before {
        let end = zone.end(interval, start);
        let within: Vec<&Traded> =
            trades.iter().filter(|trade| (start..end).contains(&trade.time)).collect();
        match (within.first(), within.last()) {
            (Some(oldest), Some(newest)) => {
                let prices = || within.iter().map(|trade| trade.price.0);
                let (high, low) = (prices().max().unwrap_or(0), prices().min().unwrap_or(0));
                let all = [oldest.price.0, high, low, newest.price.0];
                let volume = within.iter().map(|trade| instrument.base_amount(trade.quantity));
                let value =
                    within.iter().map(|trade| instrument.notional(trade.price, trade.quantity));
                let count = within.len() as u64;
                let (volume, value) = (volume.sum(), value.sum());
                rows.push((start, Some(all), volume, value, count, oldest.sequence));
            }
            _ if is_open_within(schedule, start, end, before) => {
                let last = rows.last().map_or((0, 0), |row| (row.1.map_or(0, |p| p[3]), row.5));
                rows.push((start, Some([last.0; 4]), 0, 0, 0, last.1));
            }
            _ => {}
        }
        start = end;
    }
    rows
}

/// Looks at every minute.
fn is_open_within(schedule: Option<&Schedule>, start: Time, end: Time, before: Time) -> bool {
    let Some(schedule) = schedule.filter(|schedule| !schedule.spans.is_empty()) else {
        return true;
    };
    let continuous = PlannedPhase::Continuous.phase();
    let step = (60 * Time::SECOND).min(end.0 - start.0) as usize;
    (start.0..end.0.min(before.0))
        .step_by(step)
        .any(|time| schedule.phase_at(Time(time)) == continuous)
}
