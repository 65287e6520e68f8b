//! Candles: what an instrument's trades did, second by second and year by year.
//!
//! Owns: the candles under way of a book ([`Candles`]), the lengths of candles and where they
//! begin ([`Interval`]), and how candles of any length are made of shorter ones and gaps are
//! filled ([`list`]). Takes: trades with their exchange time, and the time as it passes. Emits: a
//! row for every candle of a second, minute, hour or day that is over ([`Base`]); the other
//! lengths are merged from these when somebody asks. On failure: nothing can fail.
//!
//! All sums are whole numbers, so a longer candle is exactly the merge of the shorter ones in it.

mod bar;
mod candles;
mod imports;
mod interval;
mod list;
#[cfg(test)]
mod tests;

pub use bar::{Bar, CandleRow, Origin};
pub use candles::{Candles, Standing};
pub use imports::{Import, Imports};
pub use interval::{Base, Interval, Zone};
pub use list::{Candle, List, Listed};
