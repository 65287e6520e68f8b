//! BOOK-3: a book is what its orders are, and a snapshot and its deltas are the book.
//!
//! The final ladder is compared with the open orders of all accounts; of an iceberg it shows some,
//! and never more than its display quantity. Where the history has
//! frames, each client's are put together: numbers have no gap, and the ladder that results is
//! the one that a read of the book showed at the same number.

use super::{Case, Verdict};
use crate::export::{Export, Ladder, Side};
use crate::history::{Frame, History};
use crate::number::Number;
use std::collections::{BTreeMap, HashMap};

pub fn check(case: &Case) -> Verdict {
    let mut verdict = Verdict::default();
    let follows = |book: &&Ladder| {
        let mut listed = case.export.instruments.iter();
        listed.any(|listed| listed.follows && listed.name == book.instrument)
    };
    // Of a followed instrument the outside book is seen, which nobody's orders are.
    for book in case.export.books.iter().filter(|book| !follows(book)) {
        for (side, levels) in [(Side::Buy, &book.bids), (Side::Sell, &book.asks)] {
            let orders = of_orders(&case.export, &book.instrument, side, levels.len());
            let fits = |(level, may): (&(Number, Number), &(Number, Shown))| {
                level.0 == may.0 && may.1.allows(level.1)
            };
            let holds = levels.len() == orders.len() && levels.iter().zip(&orders).all(fits);
            verdict.expect(holds, || {
                format!("{} {side:?}: shows {levels:?}, its orders are {orders:?}", book.instrument)
            });
        }
    }
    gaps(&case.history, &mut verdict);
    let answers = case.history.attempts.iter().filter_map(|attempt| attempt.answer());
    let read: HashMap<(&str, u64), &Ladder> = answers
        .filter_map(|answer| answer.book.as_ref())
        .chain(&case.export.books)
        .map(|book| ((book.instrument.as_str(), book.sequence), book))
        .collect();
    for (whose, rebuilt) in rebuilt(&case.history) {
        if let Some(book) = read.get(&(rebuilt.instrument.as_str(), rebuilt.sequence)) {
            let depth = book.bids.len().max(book.asks.len());
            let is_same = cut(&rebuilt.bids, depth) == cut(&book.bids, depth)
                && cut(&rebuilt.asks, depth) == cut(&book.asks, depth);
            verdict.expect(is_same, || {
                format!("{whose}: {} at {} is another", rebuilt.instrument, rebuilt.sequence)
            });
        }
    }
    verdict
}

fn cut(levels: &[(Number, Number)], depth: usize) -> &[(Number, Number)] {
    &levels[..levels.len().min(depth)]
}

/// What a level may show: all of what is not hidden, and of each iceberg a part.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Shown {
    open: Number,
    /// Of icebergs, at most.
    parts: Number,
}

impl Shown {
    fn allows(self, shown: Number) -> bool {
        let of_icebergs = shown - self.open;
        match self.parts.is_zero() {
            true => of_icebergs.is_zero(),
            false => of_icebergs > Number::ZERO && of_icebergs <= self.parts,
        }
    }
}

/// The levels that the open orders of one side make, best first, as many as the ladder shows
/// when that is full.
fn of_orders(export: &Export, instrument: &str, side: Side, shown: usize) -> Vec<(Number, Shown)> {
    /// Levels of a side that an exchange shows at most.
    const SHOWN_MAX: usize = 1_000;
    let mut levels: BTreeMap<Number, Shown> = BTreeMap::new();
    let orders = export.orders().filter(|order| order.instrument == instrument);
    for order in orders.filter(|order| order.rests() && order.side == side) {
        let level = levels.entry(order.limit).or_default();
        match order.terms.display {
            Some(display) => level.parts += display.min(order.remaining),
            None => level.open += order.remaining,
        }
    }
    let mut levels: Vec<_> = levels.into_iter().collect();
    if side == Side::Buy {
        levels.reverse();
    }
    if shown == SHOWN_MAX {
        levels.truncate(shown);
    }
    levels
}

fn gaps(history: &History, verdict: &mut Verdict) {
    let mut last: HashMap<(&str, &str), u64> = HashMap::new();
    for (_, client, frame) in &history.frames {
        let Frame { instrument, first, last: to, .. } = frame;
        let before = last.insert((client, instrument), *to);
        if frame.is_snapshot {
            continue;
        }
        verdict.expect(before.is_some_and(|before| before + 1 == *first) && first <= to, || {
            format!("{client}: {instrument} {first} to {to} behind {before:?}")
        });
    }
}

/// The book as each client knew it after each frame.
pub fn rebuilt(history: &History) -> Vec<(String, Ladder)> {
    let mut sides: HashMap<(&str, &str), [BTreeMap<Number, Number>; 2]> = HashMap::new();
    let mut ladders = Vec::new();
    for (_, client, frame) in &history.frames {
        let known = sides.entry((client, &frame.instrument)).or_default();
        if frame.is_snapshot {
            *known = Default::default();
        }
        for (side, levels) in known.iter_mut().zip([&frame.bids, &frame.asks]) {
            for &(price, quantity) in levels {
                match quantity.is_zero() {
                    true => side.remove(&price),
                    false => side.insert(price, quantity),
                };
            }
        }
        let [bids, asks] = known;
        let pair = |(price, quantity): (&Number, &Number)| (*price, *quantity);
        let ladder = Ladder {
            instrument: frame.instrument.clone(),
            bids: bids.iter().rev().map(pair).collect(),
            asks: asks.iter().map(pair).collect(),
            sequence: frame.last,
            phase: String::new(),
        };
        ladders.push((client.clone(), ladder));
    }
    ladders
}
