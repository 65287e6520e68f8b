//! What a run had of the rarer things: without floors on these, everything could hold because
//! nothing of it happened.

use super::Case;
use crate::number::Number;
use serde::Serialize;

/// Counted by the naive book, as far as it came, and in what orders say at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Happened {
    /// By the naive book.
    pub stops_fired: u64,
    pub icebergs_refilled: u64,
    pub calls_priced: u64,
    pub orders_admitted: u64,
    /// By what orders say.
    pub trailing_fired: u64,
    pub other_legs_cancelled: u64,
    pub expired_by_date: u64,
    pub expired_with_day: u64,
    pub filled_at_open: u64,
    pub filled_at_close: u64,
    pub waiting_at_end: u64,
}

impl Happened {
    pub fn add(&mut self, other: Happened) {
        for (sum, more) in [
            (&mut self.stops_fired, other.stops_fired),
            (&mut self.icebergs_refilled, other.icebergs_refilled),
            (&mut self.calls_priced, other.calls_priced),
            (&mut self.orders_admitted, other.orders_admitted),
        ] {
            *sum += more;
        }
    }

    /// Counts what orders say.
    pub fn count(&mut self, case: &Case) {
        for order in case.export.orders() {
            let has_filled = order.filled > Number::ZERO;
            let force = order.time_in_force.as_str();
            let is_trailing = order.terms.kind == "TRAILING_STOP";
            for (count, is_so) in [
                (&mut self.trailing_fired, is_trailing && order.has_fired()),
                (&mut self.other_legs_cancelled, order.reason == "OTHER_LEG"),
                (&mut self.expired_by_date, force == "GTD" && order.state == "EXPIRED"),
                (&mut self.expired_with_day, force == "DAY" && order.reason == "MARKET_CLOSED"),
                (&mut self.filled_at_open, force == "AT_OPEN" && has_filled),
                (&mut self.filled_at_close, force == "AT_CLOSE" && has_filled),
                (&mut self.waiting_at_end, order.waits()),
            ] {
                *count += u64::from(is_so);
            }
        }
    }
}
