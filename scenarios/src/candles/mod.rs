//! Candles of other exchanges, as their history is published.
//!
//! Owns: the reader of one format ([`upbit`]). Takes: a text. Emits: candles with their numbers as
//! they stand there, oldest first. On failure: [`CandlesError`], which says what is wrong where.

mod upbit;

#[cfg(test)]
mod tests;

pub use upbit::upbit;

use hoga_engine::candle::Interval;
use rust_decimal::Decimal;
use thiserror::Error;

/// A candle that somebody else made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideCandle {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub start: u64,
    pub open: Decimal,
    pub high: Decimal,
    pub low: Decimal,
    pub close: Decimal,
    /// In units of the base asset.
    pub volume: Decimal,
    /// In units of the quote asset.
    pub turnover: Decimal,
}

/// Candles of one length, oldest first, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideCandles {
    pub interval: Interval,
    pub candles: Vec<OutsideCandle>,
}

/// Why a text has no candles. The same text gives the same error again.
#[derive(Debug, Error)]
pub enum CandlesError {
    #[error("it is no list of candles: {0}")]
    Json(#[from] serde_json::Error),
    #[error("candle {nth}: `{value}` is not a valid {what}")]
    Field { nth: usize, what: &'static str, value: String },
    #[error("candle {nth} has another length than the first one")]
    Mixed { nth: usize },
    #[error("two candles begin at {start}")]
    Twice { start: u64 },
    #[error("there is no candle in it")]
    Empty,
    #[error("candles of {0} minutes are none of ours")]
    Unit(u32),
    #[error("candles of weeks, months and years are made of days: import those")]
    Period,
}
