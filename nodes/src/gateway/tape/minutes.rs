//! The minutes of a strip that has missed trades, out of the candles.
//!
//! Candles are in the book's state and in the history, so they are whole wherever both came from.

use super::{MINUTE, MINUTES_MAX, Minute};
use hoga_cluster::history::{Direction, History, HistoryError, RowKey, RowKind};
use hoga_cluster::runtime::Exchange;
use hoga_engine::amount::Ticks;
use hoga_engine::book::Listing;
use hoga_engine::candle::{Bar, Base, CandleRow, Origin, Standing};
use hoga_engine::history::HistoryRow;
use hoga_engine::ids::{InstrumentId, TradeNo};
use hoga_engine::instrument::Instrument;
use hoga_engine::time::Time;
use std::collections::VecDeque;
use std::time::Duration;

/// How long the history is waited for.
const WITHIN: Duration = Duration::from_secs(1);

/// A day's minutes up to a trade.
pub struct Whole {
    pub minutes: VecDeque<Minute>,
    /// The close before them.
    pub before: Option<Ticks>,
    /// The last trade in them.
    pub through: TradeNo,
}

/// Reads them; none where the book or its history cannot be read now.
pub async fn read(exchange: &Exchange, id: InstrumentId) -> Option<Whole> {
    let look = |listing: &Listing, _| {
        (listing.candles(Base::Minute), listing.instrument().clone(), listing.trades())
    };
    let (standing, instrument, through) = exchange.book(id, None, look).await.ok()?;
    let history = tokio::time::timeout(WITHIN, exchange.book_history(id)).await.ok()?.ok()?;
    let made = tokio::task::spawn_blocking(move || made(&*history, &standing, &instrument));
    let (minutes, before) = made.await.ok()?.ok()?;
    Some(Whole { minutes, before, through })
}

fn made(
    history: &dyn History,
    standing: &Standing,
    instrument: &Instrument,
) -> Result<(VecDeque<Minute>, Option<Ticks>), HistoryError> {
    let newest = standing.newest.map(|(bar, _)| bar);
    let through = newest.map_or(standing.through, |bar| bar.start.max(standing.through));
    let first = through.minus(Time::DAY).0 / MINUTE;
    let key = RowKey::book(instrument.partition, instrument.id);
    let kind = RowKind::candle(Base::Minute, Origin::Traded);
    let rows = history.scan(key, kind, 0..=u64::MAX, Direction::NewestFirst);
    let mut minutes: VecDeque<Minute> = newest.iter().map(|bar| of(bar, instrument)).collect();
    for row in rows {
        let HistoryRow::Candle(CandleRow { bar, .. }) = row? else { continue };
        // The history may be ahead of the book that was asked.
        let is_known =
            bar.first <= standing.sequence && newest.is_none_or(|newest| bar.start < newest.start);
        if !is_known {
            continue;
        }
        if bar.start.0 / MINUTE < first || minutes.len() == MINUTES_MAX {
            return Ok((minutes, Some(bar.close)));
        }
        minutes.push_front(of(&bar, instrument));
    }
    Ok((minutes, None))
}

fn of(bar: &Bar, instrument: &Instrument) -> Minute {
    let &Bar { start, high, low, close, volume, value, trades, .. } = bar;
    let (volume, value) = (volume / instrument.lot, value / instrument.unit());
    Minute { start: start.0 / MINUTE, high, low, close, volume, value, trades }
}
