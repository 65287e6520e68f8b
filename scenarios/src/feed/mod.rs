//! Recorded streams of outside markets, as books to follow.
//!
//! Owns: the reading of an Upbit capture and of Binance's streams, and what a reader keeps between
//! two messages. Takes: lines of a file, and the outside name of one instrument. Emits: whole
//! books with the time at which they were received, and what was counted on the way. On failure:
//! [`FeedError`] with the line; a message that was lost is no failure but a gap, which is counted
//! and begun anew behind.

mod binance;
mod fit;
mod json;
mod upbit;

#[cfg(test)]
mod tests;

pub use fit::{Unfit, snapshot, trimmed};
pub use upbit::{UpbitFrame, upbit_frame};

use crate::time::Millis;
use rust_decimal::Decimal;
use std::io::{self, BufRead};

/// A level: price, then quantity.
pub type Level = (Decimal, Decimal);

/// What an outside market displayed, best first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideBook {
    /// When it was received, in nanoseconds since 1970.
    pub received_ns: u64,
    /// When the market says that it was so, in nanoseconds since 1970.
    pub time_ns: u64,
    pub bids: Vec<Level>,
    pub asks: Vec<Level>,
}

impl OutsideBook {
    /// Whether bids reach asks: no market displays that.
    #[must_use]
    pub fn is_crossed(&self) -> bool {
        let best = self.bids.first().zip(self.asks.first());
        best.is_some_and(|(bid, ask)| bid.0 >= ask.0)
    }
}

/// What was seen in a file besides the books.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Messages that are books, or changes of one, of the wanted instrument.
    pub books: u64,
    pub trades: u64,
    /// Where messages of the book are missing.
    pub gaps: u64,
    /// Where trades are missing.
    pub trade_gaps: u64,
}

/// Why a file is no recorded stream. Nothing was changed anywhere.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    #[error("cannot read {name}: {source}")]
    Read { name: String, source: io::Error },
    #[error("{name}:{line}: {what}")]
    Line { name: String, line: u64, what: String },
    #[error("{name} holds no book of {wanted}")]
    NoBook { name: String, wanted: String },
}

/// Reads one instrument's books out of a recorded stream.
#[derive(Debug)]
pub struct Reader {
    symbol: String,
    depth: usize,
    binance: binance::Depth,
    counted: Counted,
}

impl Reader {
    /// For an instrument that we call `BASE-QUOTE`, or that is called `code` outside; at most
    /// `depth` levels of a side.
    #[must_use]
    pub fn new(symbol: &str, depth: usize) -> Reader {
        let (binance, counted) = Default::default();
        Reader { symbol: symbol.into(), depth, binance, counted }
    }

    #[must_use]
    pub fn counted(&self) -> Counted {
        self.counted
    }

    /// Whether an outside market means the wanted instrument by a name: Upbit turns it round,
    /// Binance leaves the dash out.
    fn is_wanted(&self, code: &str) -> bool {
        if code == self.symbol {
            return true;
        }
        let Some((base, quote)) = self.symbol.split_once('-') else { return false };
        code.strip_prefix(quote).and_then(|rest| rest.strip_prefix('-')) == Some(base)
            || code.strip_prefix(base) == Some(quote)
    }

    /// Reads a line; the book as it is behind it, where that is one of the wanted instrument.
    ///
    /// # Errors
    /// What is wrong with the line.
    pub fn read(&mut self, line: &str) -> Result<Option<OutsideBook>, String> {
        let line = line.trim_end();
        if line.starts_with("wss://") || line.is_empty() {
            return Ok(None);
        }
        match line.split_once(": ") {
            Some((time, frame)) if frame.starts_with("b'") => self.upbit(time, frame),
            _ => self.binance(line),
        }
    }
}

/// All books of a file, in order.
///
/// # Errors
/// It cannot be read, a line is wrong, or there is no book of this instrument in it.
pub fn read_all(
    name: &str,
    source: impl BufRead,
    symbol: &str,
    depth: usize,
) -> Result<(Vec<OutsideBook>, Counted), FeedError> {
    let mut reader = Reader::new(symbol, depth);
    let mut books = Vec::new();
    for (number, line) in (1..).zip(source.lines()) {
        let line = line.map_err(|source| FeedError::Read { name: name.into(), source })?;
        let read = reader.read(&line);
        let wrong = |what| FeedError::Line { name: name.into(), line: number, what };
        books.extend(read.map_err(wrong)?);
    }
    if books.is_empty() {
        return Err(FeedError::NoBook { name: name.into(), wanted: symbol.into() });
    }
    Ok((books, reader.counted()))
}

/// How long after the first book another one came.
#[must_use]
pub fn since(first: &OutsideBook, book: &OutsideBook) -> Millis {
    Millis(book.received_ns.saturating_sub(first.received_ns) / 1_000_000)
}
