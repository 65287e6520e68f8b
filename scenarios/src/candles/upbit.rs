//! The candles of Upbit's REST interface, `/v1/candles/...`: newest first, times in UTC.

use super::{CandlesError, OutsideCandle, OutsideCandles};
use hoga_engine::candle::Interval;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Numbers are taken as they are written: none of them may pass through a float.
#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    candle_date_time_utc: &'a str,
    #[serde(borrow)]
    opening_price: &'a RawValue,
    #[serde(borrow)]
    high_price: &'a RawValue,
    #[serde(borrow)]
    low_price: &'a RawValue,
    #[serde(borrow)]
    trade_price: &'a RawValue,
    #[serde(borrow)]
    candle_acc_trade_price: &'a RawValue,
    #[serde(borrow)]
    candle_acc_trade_volume: &'a RawValue,
    /// Minutes; those of seconds and days have none.
    unit: Option<u32>,
    /// Days have it.
    #[serde(borrow)]
    prev_closing_price: Option<&'a RawValue>,
    /// Weeks and longer have it.
    #[serde(borrow)]
    first_day_of_period: Option<&'a str>,
}

/// Reads a list of candles, in any order.
///
/// # Errors
/// See [`CandlesError`].
pub fn upbit(text: &str) -> Result<OutsideCandles, CandlesError> {
    let rows: Vec<Row<'_>> = serde_json::from_str(text)?;
    let interval = rows.first().ok_or(CandlesError::Empty).and_then(interval)?;
    let mut candles = Vec::with_capacity(rows.len());
    for (nth, row) in (1..).zip(&rows) {
        if self::interval(row)? != interval {
            return Err(CandlesError::Mixed { nth });
        }
        candles.push(candle(nth, row)?);
    }
    candles.sort_by_key(|candle| candle.start);
    if let Some(pair) = candles.windows(2).find(|pair| pair[0].start == pair[1].start) {
        return Err(CandlesError::Twice { start: pair[0].start });
    }
    Ok(OutsideCandles { interval, candles })
}

fn interval(row: &Row<'_>) -> Result<Interval, CandlesError> {
    match row.unit {
        _ if row.first_day_of_period.is_some() => Err(CandlesError::Period),
        None if row.prev_closing_price.is_some() => Ok(Interval::Day1),
        None => Ok(Interval::Second1),
        Some(1) => Ok(Interval::Minute1),
        Some(3) => Ok(Interval::Minute3),
        Some(5) => Ok(Interval::Minute5),
        Some(15) => Ok(Interval::Minute15),
        Some(30) => Ok(Interval::Minute30),
        Some(60) => Ok(Interval::Hour1),
        Some(240) => Ok(Interval::Hour4),
        Some(minutes) => Err(CandlesError::Unit(minutes)),
    }
}

fn candle(nth: usize, row: &Row<'_>) -> Result<OutsideCandle, CandlesError> {
    let number = |what, value: &RawValue| {
        let text = value.get();
        let read = text.parse::<Decimal>().or_else(|_| Decimal::from_scientific(text));
        let wrong = |_| CandlesError::Field { nth, what, value: text.into() };
        read.map(|value| value.normalize()).map_err(wrong)
    };
    let time = row.candle_date_time_utc;
    let start = seconds(time);
    let wrong = || CandlesError::Field { nth, what: "time of UTC", value: time.into() };
    Ok(OutsideCandle {
        start: start.ok_or_else(wrong)?,
        open: number("opening price", row.opening_price)?,
        high: number("high price", row.high_price)?,
        low: number("low price", row.low_price)?,
        close: number("trade price", row.trade_price)?,
        volume: number("volume", row.candle_acc_trade_volume)?,
        turnover: number("turnover", row.candle_acc_trade_price)?,
    })
}

/// Seconds since 1970 of `2020-02-20T11:19:00`.
fn seconds(time: &str) -> Option<u64> {
    let (date, clock) = time.split_once('T')?;
    let parts = |text: &str, by| -> Option<[u64; 3]> {
        let parts: Option<Vec<u64>> = text.split(by).map(|part| part.parse().ok()).collect();
        parts?.try_into().ok()
    };
    let ([year, month, day], [hour, minute, second]) = (parts(date, '-')?, parts(clock, ':')?);
    let is_date = (1970..10_000).contains(&year) && (1..=12).contains(&month) && day >= 1;
    if !is_date || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let lengths = [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let month = month as usize - 1;
    if day > lengths[month] {
        return None;
    }
    let years = (1970..year).map(|year| 365 + u64::from(is_leap(year))).sum::<u64>();
    let days = years + lengths[..month].iter().sum::<u64>() + day - 1;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}
