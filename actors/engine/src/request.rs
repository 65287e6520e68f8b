//! What clients ask of an account, as it stands in the log.

use crate::amount::{Amount, Ticks};
use crate::client_id::ClientId;
use crate::ids::{AssetId, InstrumentId, OrderNo, Origin};
use crate::order::OrderRequest;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// When a client wants to hear of its order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ack {
    /// The funds are held.
    Accepted,
    /// The book has decided.
    #[default]
    Result,
    /// The fills are settled.
    Full,
}

/// Names an order by its number or by the id that the client gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderRef {
    No(OrderNo),
    ClientId(ClientId),
}

/// Who asks, and how a repetition of the same question is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    pub origin: Origin,
    /// The client order id of an order, the request id of anything else.
    pub id: ClientId,
    /// Of the request's body, without what may differ between tries.
    pub body_hash: u64,
    /// When the client first sent it, by its own clock.
    pub sent_at: Option<Time>,
}

/// A change that a client asks of its account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountRequest {
    /// The first request of every account: it comes into being.
    Open,
    Place {
        order: OrderRequest,
        ack: Ack,
        /// Stamped by the sequencer on an order that the market gives a price to: see
        /// [`OrderRequest::market_price`].
        market_price: Option<Ticks>,
    },
    Cancel {
        order: OrderRef,
    },
    /// The new total quantity (base minor units) and price; none keeps what stands.
    Amend {
        order: OrderRef,
        quantity: Option<Amount>,
        price: Option<Amount>,
    },
    CancelAll {
        instrument: Option<InstrumentId>,
    },
    /// Engaged, every open order is cancelled and nothing new is placed or amended until it is
    /// released.
    KillSwitch {
        engaged: bool,
    },
    /// New money from outside, counted as issued.
    Deposit {
        asset: AssetId,
        amount: Amount,
    },
    Withdraw {
        asset: AssetId,
        amount: Amount,
    },
    Transfer {
        to: Box<str>,
        asset: AssetId,
        amount: Amount,
    },
    /// A fresh start: everything open must be gone; balances are redeemed, then these issued.
    Reset {
        amounts: Vec<(AssetId, Amount)>,
    },
    /// Of the house of a followed instrument: new money, counted as issued, that its book trades
    /// with from then on.
    FundHouse {
        instrument: InstrumentId,
        asset: AssetId,
        amount: Amount,
    },
    /// The exchange's own, which no client asks and no log has: a session of the account is over,
    /// and every open order is cancelled.
    Lapse {
        session: ClientId,
    },
}
