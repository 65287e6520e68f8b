//! The common flow of operations through the bare book.

use super::ReplayError;
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::book::{Book, Execution, Incoming, Reports};
use hoga_engine::hash::Fnv;
use hoga_engine::ids::{AccountId, OrderKey, OrderNo, PartitionId};
use hoga_engine::order::{Life, SelfMatch, Side, TimeInForce};
use serde::Serialize;
use std::time::Instant;

pub use super::flow_file::read;

/// What an operation of the flow does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `A`: a limit order; what does not trade rests.
    Limit,
    /// `I`: a limit order; what does not trade is cancelled.
    Immediate,
    /// `C`: takes a resting order out.
    Cancel,
    /// `M`: gives a resting order a new price and a new *open* quantity; it loses its priority.
    Amend,
}

/// One operation. A cancel's and an amend's other fields repeat the state of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// From 1, without gaps.
    pub sequence: u64,
    pub kind: Kind,
    /// Of a new order its sequence, otherwise the order that is meant.
    pub order: u64,
    pub side: Side,
    pub price: Ticks,
    /// New open quantity of an order or an amend, what is open for a cancel.
    pub quantity: Lots,
    /// What the operation changes in the open quantity of a resting order.
    pub delta: i64,
    pub account: u32,
}

impl Operation {
    /// The order's name in the book.
    #[must_use]
    pub fn key(&self) -> OrderKey {
        let account = AccountId::new(PartitionId(0), self.account);
        OrderKey { account, no: OrderNo(self.order) }
    }

    /// A new order as the matcher takes it.
    #[must_use]
    pub fn incoming(&self) -> Incoming {
        let is_immediate = self.kind == Kind::Immediate;
        Incoming {
            order: self.key(),
            side: self.side,
            limit: self.price,
            quantity: self.quantity,
            time_in_force: if is_immediate { TimeInForce::Ioc } else { TimeInForce::Gtc },
            self_match: SelfMatch::None,
            value_max: None,
            display: None,
            life: Life::UntilCancelled,
            at_market: false,
        }
    }
}

/// What a flow came to. The digests are FNV-1a over 64-bit words: of every trade sequence, taker,
/// maker, price and quantity; of the final book side, price, order and open quantity.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlowReport {
    pub operations: u64,
    pub trades: u64,
    pub traded_qty: u64,
    pub trades_fnv: String,
    pub book_orders: u64,
    pub book_fnv: String,
    /// Cancels and amends whose order is not open, or not with the quantity that they repeat.
    pub disagreements: u64,
    pub wall_seconds: f64,
    /// There are no disagreements.
    pub ok: bool,
}

/// Trades, counted and digested.
#[derive(Default)]
struct Trades {
    sequence: u64,
    count: u64,
    quantity: u64,
    digest: Fnv,
}

impl Reports for Trades {
    fn traded(&mut self, execution: &Execution) {
        self.count += 1;
        self.quantity += execution.quantity.0;
        let price = u64::from(execution.price.0);
        let (taker, maker) = (execution.taker.no.0, execution.maker.no.0);
        for word in [self.sequence, taker, maker, price, execution.quantity.0] {
            self.digest.word(word);
        }
    }

    fn reduced(&mut self, _: OrderKey, _: Lots, _: Lots) {}

    fn level(&mut self, _: Side, _: Ticks, _: Lots) {}
}

/// A flow on its way through a book.
#[derive(Default)]
pub struct FlowRun {
    book: Book,
    trades: Trades,
    disagreements: u64,
}

impl FlowRun {
    /// The book as the operations so far left it.
    #[must_use]
    pub fn book(&self) -> &Book {
        &self.book
    }

    pub fn apply(&mut self, operation: &Operation) {
        self.trades.sequence = operation.sequence;
        let key = operation.key();
        match operation.kind {
            Kind::Limit | Kind::Immediate => {
                self.book.submit(&operation.incoming(), &mut self.trades);
            }
            Kind::Cancel => {
                let removed = self.book.cancel(key, &mut self.trades);
                let agrees = removed.is_some_and(|order| order.open == operation.quantity);
                self.disagreements += u64::from(!agrees);
            }
            Kind::Amend => self.amend(operation),
        }
    }

    fn amend(&mut self, operation: &Operation) {
        let key = operation.key();
        let Some(standing) = self.book.find(key) else {
            self.disagreements += 1;
            return;
        };
        let open = operation.quantity.0.checked_add_signed(-operation.delta);
        let agrees = open == Some(standing.open.0) && standing.side == operation.side;
        // The flow tells the open quantity, the book takes the total.
        let total = Some(standing.filled + standing.reduced + operation.quantity);
        let price = Some(operation.price);
        let amended = self.book.amend(key, total, price, SelfMatch::None, &mut self.trades);
        self.disagreements += u64::from(!agrees || amended.is_err());
    }

    #[must_use]
    pub fn finish(self, since: Instant) -> FlowReport {
        let mut book_digest = Fnv::default();
        let mut orders = 0;
        for order in self.book.orders() {
            let side = u64::from(order.side == Side::Sell);
            for word in [side, u64::from(order.price.0), order.order.no.0, order.open.0] {
                book_digest.word(word);
            }
            orders += 1;
        }
        FlowReport {
            operations: self.trades.sequence,
            trades: self.trades.count,
            traded_qty: self.trades.quantity,
            trades_fnv: format!("{:016x}", self.trades.digest.0),
            book_orders: orders,
            book_fnv: format!("{:016x}", book_digest.0),
            disagreements: self.disagreements,
            wall_seconds: since.elapsed().as_secs_f64(),
            ok: self.disagreements == 0,
        }
    }
}

/// Runs operations, read or generated, through a fresh book.
///
/// # Errors
/// The first that the source of operations gives; nothing is kept.
pub fn replay(
    operations: impl IntoIterator<Item = Result<Operation, ReplayError>>,
) -> Result<FlowReport, ReplayError> {
    let since = Instant::now();
    let mut run = FlowRun::default();
    for operation in operations {
        run.apply(&operation?);
    }
    Ok(run.finish(since))
}

#[cfg(test)]
#[path = "flow_tests.rs"]
mod tests;
