//! Whether the matcher takes the makers that the venue took.
//!
//! Executions of one side that follow one another with one timestamp are one incoming order. It
//! is given to the matcher over a copy of the book as it stood before, with its whole quantity
//! and its worst price, as immediate-or-cancel; its fills must be the venue's, maker by maker.
//! The copy is then thrown away, so that an error cannot compound.
//!
//! An order that reaches prices which were not published before it says nothing about the
//! matcher, which could not see them either; it is counted apart.

use super::super::script::Desk;
use super::MatcherReport;
use super::message::{Message, MessageKind};
use super::view::View;
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::book::{Book, Execution, Incoming, Reports};
use hoga_engine::ids::{AccountId, OrderKey, OrderNo, PartitionId};
use hoga_engine::order::{Life, SelfMatch, Side, TimeInForce};

/// Quantity taken from a maker at a price.
type Fill = (OrderKey, Ticks, Lots);

/// Compares incoming orders one after another.
#[derive(Default)]
pub(super) struct Matcher {
    /// Emptied and filled again for each order.
    book: Book,
    fills: Fills,
    venue: Vec<Fill>,
    /// Row behind the last one of the order that is compared.
    end: usize,
    is_in_sight: bool,
    report: MatcherReport,
}

impl Matcher {
    pub fn report(&self) -> MatcherReport {
        self.report
    }

    /// Takes an execution, before it is applied to the view.
    pub fn execution<D: Desk>(&mut self, messages: &[Message], at: usize, view: &View<D>) {
        let message = &messages[at];
        if at >= self.end {
            self.end = at + group(&messages[at..]);
            self.venue.clear();
            self.match_order(&messages[at..self.end], view);
        }
        add(&mut self.venue, (view.order_of(message), message.price, message.quantity));
        let is_last = at + 1 == self.end;
        if is_last && self.is_in_sight {
            self.report.orders += 1;
            self.report.exact += u64::from(self.fills.0 == self.venue);
        } else if is_last {
            self.report.out_of_sight += 1;
        }
    }

    fn match_order<D: Desk>(&mut self, rows: &[Message], view: &View<D>) {
        let makers: Vec<OrderKey> = self.book.orders().map(|order| order.order).collect();
        for order in makers {
            self.book.cancel(order, &mut self.fills);
        }
        view.book().orders().for_each(|order| self.book.restore(&order));
        self.fills.0.clear();
        let makers = rows[0].side;
        let executions = || rows.iter().filter(|row| row.kind == MessageKind::Execution);
        let side = makers.opposite();
        let prices = || executions().map(|row| row.price);
        self.is_in_sight = prices().all(|price| !self.book.quantity_at(makers, price).is_zero());
        let worst = if side == Side::Buy { prices().max() } else { prices().min() };
        let incoming = Incoming {
            order: OrderKey { account: AccountId::new(PartitionId(0), 3), no: OrderNo(1) },
            side,
            limit: worst.unwrap_or(rows[0].price),
            quantity: Lots(executions().map(|row| row.quantity.0).sum()),
            time_in_force: TimeInForce::Ioc,
            self_match: SelfMatch::None,
            value_max: None,
            display: None,
            life: Life::UntilCancelled,
            at_market: false,
        };
        self.book.submit(&incoming, &mut self.fills);
    }
}

/// Rows, from an execution on, up to the last execution of the same incoming order. Hidden
/// executions between them are part of it and say nothing about the visible book.
pub(super) fn group(rows: &[Message]) -> usize {
    let first = &rows[0];
    let belongs = |row: &&Message| {
        row.kind == MessageKind::Unseen
            || (row.kind, row.time, row.side) == (first.kind, first.time, first.side)
    };
    let reach = rows.iter().take_while(belongs).count();
    let is_execution = |row: &Message| row.kind == MessageKind::Execution;
    rows[..reach].iter().rposition(is_execution).map_or(1, |last| last + 1)
}

/// Adds a fill, to the last one if that has the same maker: volume without a name is one order
/// here and may be several at the venue.
fn add(fills: &mut Vec<Fill>, fill: Fill) {
    match fills.last_mut() {
        Some(last) if (last.0, last.1) == (fill.0, fill.1) => last.2 += fill.2,
        _ => fills.push(fill),
    }
}

#[derive(Default)]
struct Fills(Vec<Fill>);

impl Reports for Fills {
    fn traded(&mut self, execution: &Execution) {
        add(&mut self.0, (execution.maker, execution.price, execution.quantity));
    }

    fn reduced(&mut self, _: OrderKey, _: Lots, _: Lots) {}

    fn level(&mut self, _: Side, _: Ticks, _: Lots) {}
}
