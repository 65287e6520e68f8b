//! Everything that a pit said, kept: for tests and for the checks.

use super::Tap;
use crate::amount::{Lots, Ticks};
use crate::effect::{Answer, MarketEvent};
use crate::follow::Snapshot;
use crate::history::{FillRow, LedgerRow};
use crate::ids::{InstrumentId, OrderKey, Origin, TradeNo};
use crate::order::{OrderState, Side};
use std::collections::BTreeMap;

/// A trade as its book told the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    pub instrument: InstrumentId,
    pub no: TradeNo,
    pub price: Ticks,
    pub quantity: Lots,
    pub taker: Option<Side>,
}

/// In the order in which it was said.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub ledger: Vec<LedgerRow>,
    pub fills: Vec<FillRow>,
    pub trades: Vec<Trade>,
    /// Orders that became final.
    pub closed: Vec<OrderState>,
    pub answers: Vec<(Origin, Answer)>,
    /// The last that was said of every order, and the least favourable limit it ever had.
    pub orders: BTreeMap<OrderKey, OrderState>,
    pub worst_limits: BTreeMap<OrderKey, Ticks>,
    /// Outside books that were posted, also those that were dropped.
    pub posted: Vec<(InstrumentId, Snapshot)>,
}

impl Record {
    /// The answers to a request, in order; a book and an account may both give one.
    pub fn answers_to(&self, request: u64) -> impl Iterator<Item = &Answer> + '_ {
        self.answers.iter().filter(move |(to, _)| to.request == request).map(|(_, answer)| answer)
    }

    fn note_order(&mut self, state: OrderState) {
        let worst = self.worst_limits.entry(state.key).or_insert(state.limit);
        *worst = match state.side {
            Side::Buy => state.limit.max(*worst),
            Side::Sell => state.limit.min(*worst),
        };
        self.orders.insert(state.key, state);
    }
}

impl Tap for Record {
    fn answer(&mut self, to: Origin, answer: Answer) {
        self.answers.push((to, answer));
    }

    fn ledger(&mut self, row: &LedgerRow) {
        self.ledger.push(*row);
    }

    fn fill(&mut self, row: &FillRow) {
        self.fills.push(*row);
    }

    fn closed(&mut self, order: &OrderState) {
        self.closed.push(order.clone());
        self.note_order(order.clone());
    }

    fn order(&mut self, order: &OrderState) {
        self.note_order(order.clone());
    }

    fn posted(&mut self, instrument: InstrumentId, snapshot: &Snapshot) {
        self.posted.push((instrument, snapshot.clone()));
    }

    fn market(&mut self, instrument: InstrumentId, event: MarketEvent) {
        if let MarketEvent::Trade { no, price, quantity, taker, .. } = event {
            self.trades.push(Trade { instrument, no, price, quantity, taker });
        }
    }
}
