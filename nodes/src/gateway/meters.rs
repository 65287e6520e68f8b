//! What the gateway counts about orders. Handles are looked up once, not with every order.

use hoga_engine::order::{OrderRequest, Side};
use hoga_engine::terms::StopAsked;
use metrics::{Counter, Histogram, counter, histogram};
use std::sync::OnceLock;
use std::time::Duration;

/// What became of an order request, as far as its answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderResult {
    Accepted,
    Resting,
    Filled,
    Cancelled,
    Refused,
    Unknown,
}

impl OrderResult {
    const COUNT: usize = 6;

    const fn label(self) -> &'static str {
        match self {
            OrderResult::Accepted => "accepted",
            OrderResult::Resting => "resting",
            OrderResult::Filled => "filled",
            OrderResult::Cancelled => "cancelled",
            OrderResult::Refused => "refused",
            OrderResult::Unknown => "unknown",
        }
    }
}

/// What an order is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKind {
    Limit,
    Market,
    Stop,
    StopLimit,
    TrailingStop,
}

impl OrderKind {
    const COUNT: usize = 5;

    #[must_use]
    pub fn of(order: &OrderRequest) -> OrderKind {
        match (order.stop().map(StopAsked::is_trailing), order.price) {
            (Some(true), _) => OrderKind::TrailingStop,
            (Some(false), None) => OrderKind::Stop,
            (Some(false), Some(_)) => OrderKind::StopLimit,
            (None, None) => OrderKind::Market,
            (None, Some(_)) => OrderKind::Limit,
        }
    }

    const fn label(self) -> &'static str {
        match self {
            OrderKind::Limit => "limit",
            OrderKind::Market => "market",
            OrderKind::Stop => "stop",
            OrderKind::StopLimit => "stop_limit",
            OrderKind::TrailingStop => "trailing_stop",
        }
    }
}

/// Of both sides, all kinds, all results.
const COUNTERS: usize = 2 * OrderKind::COUNT * OrderResult::COUNT;

/// Counters of one instrument, each made when it is first needed.
pub struct OrderMeters {
    symbol: Box<str>,
    counters: [OnceLock<Counter>; COUNTERS],
}

impl OrderMeters {
    #[must_use]
    pub fn new(symbol: &str) -> OrderMeters {
        OrderMeters { symbol: symbol.into(), counters: [const { OnceLock::new() }; COUNTERS] }
    }

    pub fn count(&self, side: Side, kind: OrderKind, result: OrderResult) {
        let column = usize::from(side == Side::Sell) * OrderKind::COUNT + kind as usize;
        let counter = &self.counters[column * OrderResult::COUNT + result as usize];
        let make = || {
            let side = if side == Side::Buy { "buy" } else { "sell" };
            let symbol = self.symbol.to_string();
            counter!("hoga_orders_total", "symbol" => symbol, "side" => side,
                "type" => kind.label(), "result" => result.label())
        };
        counter.get_or_init(make).increment(1);
    }
}

/// How long orders waited for their acknowledgement.
pub struct AckMeters {
    accepted: Histogram,
    result: Histogram,
    full: Histogram,
}

impl Default for AckMeters {
    fn default() -> Self {
        let stage = |stage: &'static str| histogram!("hoga_order_ack_seconds", "stage" => stage);
        AckMeters { accepted: stage("accepted"), result: stage("result"), full: stage("full") }
    }
}

impl AckMeters {
    pub fn record(&self, ack: hoga_engine::request::Ack, waited: Duration) {
        use hoga_engine::request::Ack;
        let stage = match ack {
            Ack::Accepted => &self.accepted,
            Ack::Result => &self.result,
            Ack::Full => &self.full,
        };
        stage.record(waited);
    }
}
