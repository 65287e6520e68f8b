//! The exchange's final state, as its API showed it: what the checkers look at.
//!
//! It is read over gRPC by [`crate::fetch`], or from a JSON file that an earlier run wrote.

pub use crate::history::{Balance, Ladder, Side};
use crate::number::Number;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Export {
    pub instruments: Vec<Instrument>,
    pub accounts: Vec<Account>,
    pub partitions: Vec<Partition>,
    pub books: Vec<Ladder>,
    /// As everyone sees them; as far back as the exchange remembers.
    pub trades: Vec<Trade>,
    /// What each node that was asked says of its own replicas.
    #[serde(default)]
    pub views: Vec<View>,
}

/// The replicas of one node.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct View {
    pub node: String,
    pub replicas: Vec<Replica>,
}

/// A partition as one node has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Replica {
    pub applied: u64,
    /// Empty where the exchange does not say it.
    pub hash: String,
    pub entities: u64,
    pub partition: Partition,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Instrument {
    pub name: String,
    pub base: String,
    pub quote: String,
    pub maker_fee: Number,
    pub taker_fee: Number,
    /// What orders get that do not say: `CANCEL_TAKER`.
    pub self_match: String,
    /// Quantities are multiples of it.
    pub lot: Number,
    /// Its users trade against an outside book, and not with one another.
    #[serde(default)]
    pub follows: bool,
    /// Before the first trade, what the price of a call is to be near to.
    #[serde(default)]
    pub base_price: Option<Number>,
    /// When it trades; none for always.
    #[serde(default)]
    pub table: Option<Table>,
}

/// The phases of a trading day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// How far its clock is ahead of UTC.
    pub zone_minutes: i64,
    /// `OPENING_CALL`, `CONTINUOUS` or `CLOSING_CALL`, the first minute of the day and the one at
    /// which it is over.
    pub spans: Vec<(String, u64, u64)>,
}

/// An outside book as its feed wrote it down: pairs of price and quantity, best first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    pub instrument: String,
    pub number: u64,
    pub bids: Vec<(Number, Number)>,
    pub asks: Vec<(Number, Number)>,
}

/// Sums that a partition keeps of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Partition {
    pub number: u32,
    /// Messages whose arrival the other partition has not confirmed.
    pub outbox: u64,
    pub suspended: Vec<String>,
    pub totals: Vec<Totals>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    pub asset: String,
    pub issued: Number,
    /// Absent where the exchange leaves this sum to whoever lists the accounts.
    pub in_accounts: Option<Number>,
    pub fees: Number,
    pub taxes: Number,
    pub clearing: Number,
}

/// An account with everything that it ever did, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Account {
    pub name: String,
    pub partition: u32,
    pub balances: Vec<Balance>,
    pub orders: Vec<Order>,
    pub fills: Vec<Fill>,
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    pub name: String,
    pub client_order_id: String,
    pub instrument: String,
    pub side: Side,
    pub is_market: bool,
    pub time_in_force: String,
    pub post_only: bool,
    pub self_match: String,
    /// Absent for an order by amount that filled nothing.
    pub quantity: Option<Number>,
    pub quote_amount: Option<Number>,
    /// The limit; of a market order the worst price.
    pub limit: Number,
    /// `OPEN`, `FILLED`, …
    pub state: String,
    /// Why open quantity went, `SELF_MATCH`; else empty.
    pub reason: String,
    /// The numbers that its book gave its entry and the last command that was done to it; 0 while
    /// it is undecided.
    pub arrival: u64,
    pub last_arrival: u64,
    pub filled: Number,
    pub cancelled: Number,
    pub remaining: Number,
    pub notional: Number,
    pub fee: Number,
    pub tax: Number,
    #[serde(default)]
    pub terms: Terms,
    /// When its account took it, nanoseconds of exchange time.
    #[serde(default)]
    pub created: u64,
}

/// What few orders have, as it stands now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// `LIMIT`, `STOP_LIMIT`, …
    pub kind: String,
    /// Of a trailing stop, where it has come to.
    pub trigger: Option<Number>,
    /// Of a trailing stop, in the quote asset; none where it is a share of the price.
    pub offset: Option<Number>,
    /// None for any step.
    pub step: Option<Number>,
    pub display: Option<Number>,
    /// Of a GTD order, nanoseconds of exchange time.
    pub expires: Option<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fill {
    pub sequence: u64,
    /// Empty for a house, which trades without orders.
    pub order: String,
    pub client_order_id: String,
    pub trade: String,
    pub instrument: String,
    pub side: Side,
    pub is_maker: bool,
    pub price: Number,
    pub quantity: Number,
    pub notional: Number,
    pub fee: Number,
    pub tax: Number,
    /// In a followed instrument, what it was made of; else zero.
    #[serde(default)]
    pub outside_snapshot: u64,
    #[serde(default)]
    pub outside_level: u32,
    /// When the book traded, nanoseconds of exchange time.
    #[serde(default)]
    pub time: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    pub sequence: u64,
    /// `BUY`, `DEPOSIT`, …
    pub kind: String,
    pub asset: String,
    pub order: String,
    pub trade: String,
    pub amount: Number,
    pub commission: Number,
    pub tax: Number,
    pub before: Number,
    pub after: Number,
    pub request_id: String,
    pub counterparty: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trade {
    pub name: String,
    pub price: Number,
    pub quantity: Number,
    /// None in a call, where neither side took.
    pub taker_side: Option<Side>,
}

impl Export {
    pub fn orders(&self) -> impl Iterator<Item = &Order> {
        self.accounts.iter().flat_map(|account| &account.orders)
    }

    pub fn fills(&self) -> impl Iterator<Item = &Fill> {
        self.accounts.iter().flat_map(|account| &account.fills)
    }
}

impl Order {
    /// Something of it may still trade.
    pub fn is_open(&self) -> bool {
        self.rests() || self.waits() || self.state == "PENDING"
    }

    /// It stands in the book.
    pub fn rests(&self) -> bool {
        matches!(self.state.as_str(), "OPEN" | "PARTIALLY_FILLED")
    }

    /// It stands beside the book, for a trigger or its hours.
    pub fn waits(&self) -> bool {
        matches!(self.state.as_str(), "UNTRIGGERED" | "RESERVED")
    }

    pub fn is_stop(&self) -> bool {
        matches!(self.terms.kind.as_str(), "STOP" | "STOP_LIMIT" | "TRAILING_STOP")
    }

    /// A stop that was reached: whatever became of it, it did not go while it waited.
    pub fn has_fired(&self) -> bool {
        let is_over = matches!(
            self.reason.as_str(),
            "REQUESTED" | "DISCONNECTED" | "OTHER_LEG" | "EXPIRED" | "MARKET_CLOSED"
        );
        let traded_or_went = !self.filled.is_zero() || !(self.waits() || is_over);
        self.is_stop() && self.state != "REJECTED" && (traded_or_went || self.rests())
    }
}

/// The account's part of `accounts/alice/orders/17`.
pub fn owner(order: &str) -> &str {
    order.split_once("/orders/").map_or(order, |(account, _)| account)
}

/// The number at the end of a resource name, 17 of `accounts/alice/orders/17`.
pub fn number(name: &str) -> Option<u64> {
    name.rsplit('/').next()?.parse().ok()
}
