//! A ladder that frames are laid onto.

use super::super::wire;
use hoga_proto::decimal;
use hoga_proto::v1;
use hoga_proto::v1::content::Content;
use hoga_proto::v1::server_frame::Frame;
use std::collections::{BTreeMap, VecDeque};

/// Trades that are kept to be shown, newest first.
const TRADES_MAX: usize = 200;

/// One price of a ladder that somebody watches.
type Levels<K> = BTreeMap<K, v1::Level>;

/// The book as the frames so far leave it.
#[derive(Default)]
pub struct Ladder {
    bids: Levels<std::cmp::Reverse<Price>>,
    asks: Levels<Price>,
    pub trades: VecDeque<v1::Trade>,
    phase: v1::PhaseChange,
}

/// A price that can be ordered; what is no number stands first and never comes.
type Price = Option<rust_decimal::Decimal>;

impl Ladder {
    /// Lays a frame on; frames that say nothing about the market change nothing.
    pub fn lay(&mut self, frame: &v1::ServerFrame) {
        let (content, is_whole) = match &frame.frame {
            Some(Frame::Snapshot(snapshot)) => (&snapshot.content, true),
            Some(Frame::Delta(delta)) => (&delta.content, false),
            _ => return,
        };
        match content.as_ref().and_then(|content| content.content.as_ref()) {
            Some(Content::Book(book)) => self.lay_book(book, is_whole),
            Some(Content::Trades(trades)) => {
                if is_whole {
                    self.trades.clear();
                }
                for trade in &trades.trades {
                    self.trades.push_front(trade.clone());
                }
                self.trades.truncate(TRADES_MAX);
            }
            _ => {}
        }
    }

    fn lay_book(&mut self, book: &v1::BookContent, is_whole: bool) {
        if is_whole {
            self.bids.clear();
            self.asks.clear();
        }
        if let Some(phase) = book.phases.last() {
            self.phase = *phase;
        }
        for level in &book.bids {
            lay_level(&mut self.bids, std::cmp::Reverse(price(level)), level);
        }
        for level in &book.asks {
            lay_level(&mut self.asks, price(level), level);
        }
    }

    /// The best of both sides.
    pub fn book(&self, depth: usize) -> v1::Book {
        v1::Book {
            bids: self.bids.values().take(depth).cloned().collect(),
            asks: self.asks.values().take(depth).cloned().collect(),
            phase: self.phase.phase,
            call_kind: self.phase.call_kind,
            phase_end_time: self.phase.end_time,
            ..v1::Book::default()
        }
    }
}

fn price(level: &v1::Level) -> Price {
    decimal::parse(wire::text(level.price.as_ref())).ok()
}

fn lay_level<K: Ord>(levels: &mut Levels<K>, price: K, level: &v1::Level) {
    if wire::is_zero(level.quantity.as_ref()) {
        levels.remove(&price);
    } else {
        levels.insert(price, level.clone());
    }
}

#[cfg(test)]
#[path = "ladder_tests.rs"]
mod tests;
