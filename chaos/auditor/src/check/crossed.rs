//! BOOK-2: no book that anyone saw at rest is crossed.

use super::{Case, Verdict};
use crate::export::Ladder;

pub fn check(case: &Case) -> Verdict {
    let mut verdict = Verdict::default();
    let mut look = |whence: &str, book: &Ladder| {
        let (bid, ask) = (book.bids.first(), book.asks.first());
        // In a call orders collect, and until its price is made they may be crossed.
        let collects = !matches!(book.phase.as_str(), "" | "CONTINUOUS");
        let is_open = collects || bid.zip(ask).is_none_or(|(bid, ask)| bid.0 < ask.0);
        let is_sorted = book.bids.is_sorted_by(|one, next| one.0 > next.0)
            && book.asks.is_sorted_by(|one, next| one.0 < next.0);
        let is_full = book.bids.iter().chain(&book.asks).all(|level| !level.1.is_zero());
        verdict.expect(is_open && is_sorted && is_full, || {
            let price = |level: Option<&(_, _)>| level.map(|(price, _)| price).copied();
            let (bid, ask) = (price(bid).unwrap_or_default(), price(ask).unwrap_or_default());
            format!("{whence}: {} bid {bid}, ask {ask}, or levels in disorder", book.instrument)
        });
    };
    for attempt in &case.history.attempts {
        if let Some(book) = attempt.answer().and_then(|answer| answer.book.as_ref()) {
            look(&attempt.op, book);
        }
    }
    for book in &case.export.books {
        look("at the end", book);
    }
    for (whose, book) in super::ladders::rebuilt(&case.history) {
        look(&whose, &book);
    }
    verdict
}
