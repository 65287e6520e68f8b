//! What clients ask and what they are told, in the words of a history.

use serde::Serialize;

/// A request, with everything that makes it the same request when it is sent again. Accounts and
/// instruments are resource names, numbers are decimals as text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Ask {
    CreateAccount {
        account: String,
        id: String,
    },
    CreateOrder(Box<Order>),
    /// `order` is the client order id.
    CancelOrder {
        account: String,
        id: String,
        order: String,
    },
    AmendOrder {
        account: String,
        id: String,
        order: String,
        quantity: Option<String>,
        price: Option<String>,
    },
    CancelAll {
        account: String,
        id: String,
        instrument: String,
    },
    Deposit {
        account: String,
        id: String,
        asset: String,
        amount: String,
    },
    Withdraw {
        account: String,
        id: String,
        asset: String,
        amount: String,
    },
    Transfer {
        account: String,
        id: String,
        to: String,
        asset: String,
        amount: String,
    },
    GetAccount {
        account: String,
    },
    GetBook {
        instrument: String,
    },
    /// Of an operator.
    HaltInstrument {
        instrument: String,
    },
    ResumeInstrument {
        instrument: String,
    },
}

/// An order as it is asked for. Without a price it is one at market.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Order {
    pub account: String,
    pub id: String,
    pub instrument: String,
    /// `BUY` or `SELL`.
    pub side: &'static str,
    pub quantity: Option<String>,
    pub quote_amount: Option<String>,
    pub price: Option<String>,
    /// `GTC`, `IOC`, `DAY`, …; empty for the default.
    pub time_in_force: &'static str,
    pub post_only: bool,
    /// `NONE`, `DECREMENT`, …; empty for the instrument's default.
    pub self_match: &'static str,
    /// `STOP`, `STOP_LIMIT`, `TRAILING_STOP`; empty for what does not wait.
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub trigger: Option<String>,
    pub offset: Option<String>,
    pub step: Option<String>,
    /// Of an iceberg.
    pub display: Option<String>,
    /// Of a GTD order, nanoseconds since 1970.
    pub expires: Option<u64>,
    /// The second of two of which one cancels the other.
    pub other: Option<Box<Order>>,
    /// When to answer: `ACCEPTED`, `RESULT`, `FULL`. No part of the request.
    #[serde(skip)]
    pub ack: &'static str,
}

/// What an answer said; what it did not say is left out of the line.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub book_position: Option<Position>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settles: Option<Settles>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Said>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trades: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub balances: Vec<Wealth>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub book: Option<Ladder>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_count: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub repeated: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Position {
    pub partition: u32,
    pub index: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settles {
    pub partition: u32,
    pub sequence: u64,
}

/// An order as an answer showed it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Said {
    pub name: String,
    /// `OPEN`, `FILLED`, …
    pub state: String,
    pub filled: Option<String>,
    pub remaining: Option<String>,
    /// The numbers that its book gave its entry and its last command; 0 where none was said.
    #[serde(skip_serializing_if = "is_unsaid")]
    pub arrival: u64,
    #[serde(skip_serializing_if = "is_unsaid")]
    pub last_arrival: u64,
}

fn is_unsaid(number: &u64) -> bool {
    *number == 0
}

/// A balance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Wealth {
    pub asset: String,
    pub available: String,
    pub held: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ladder {
    pub instrument: String,
    pub bids: Vec<(String, String)>,
    pub asks: Vec<(String, String)>,
    pub sequence: u64,
}

impl Said {
    /// Something of it can still trade.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let waits = matches!(self.state.as_str(), "PENDING" | "UNTRIGGERED" | "RESERVED");
        waits || matches!(self.state.as_str(), "OPEN" | "PARTIALLY_FILLED")
    }

    #[must_use]
    pub fn has_filled(&self) -> bool {
        self.filled.as_deref().is_some_and(|filled| filled != "0")
    }
}

/// A frame of a book's stream: the whole ladder, or the levels that changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Frame {
    pub instrument: String,
    pub is_snapshot: bool,
    pub first: u64,
    pub last: u64,
    pub bids: Vec<(String, String)>,
    pub asks: Vec<(String, String)>,
}

type Levels = Vec<(String, String)>;

impl Frame {
    #[must_use]
    pub fn new(
        instrument: &str,
        is_snapshot: bool,
        (first, last): (u64, u64),
        (bids, asks): (Levels, Levels),
    ) -> Frame {
        Frame { instrument: instrument.into(), is_snapshot, first, last, bids, asks }
    }
}
