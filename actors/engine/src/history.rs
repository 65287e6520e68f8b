//! Rows of the history: what a store keeps for reading later, in the order of its sequence.

use crate::amount::{Amount, Lots, Ticks};
use crate::candle::CandleRow;
use crate::client_id::ClientId;
use crate::follow::Source;
use crate::ids::{AccountId, AssetId, InstrumentId, OrderNo, TradeNo};
use crate::order::{OrderState, Side};
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// Why an account's balance changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LedgerKind {
    Deposit,
    Withdrawal,
    TransferIn,
    TransferOut,
    Buy,
    Sell,
    Issue,
    /// A reset takes back what was there.
    Redeem,
}

/// A row of an account's ledger, in the asset that moved.
///
/// `before + amount - commission - tax = after`; `after` is the next row's `before` for the same
/// asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    pub account: AccountId,
    /// From 1, without gaps, over all assets of the account.
    pub sequence: u64,
    pub kind: LedgerKind,
    pub asset: AssetId,
    pub instrument: Option<InstrumentId>,
    pub order: Option<OrderNo>,
    pub trade: Option<TradeNo>,
    /// In base minor units.
    pub quantity: Amount,
    pub price: Ticks,
    /// What the asset's balance gained, before commission and tax.
    pub amount: Amount,
    pub commission: Amount,
    pub tax: Amount,
    pub before: Amount,
    pub after: Amount,
    /// When it happened: a trade's time is its book's.
    pub time: Time,
    /// When it was posted here; monotone within an account.
    pub posted: Time,
    pub request: Option<ClientId>,
}

/// One side of a trade, settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillRow {
    pub account: AccountId,
    /// From 1, without gaps, within the account.
    pub sequence: u64,
    /// Zero for a house, which has no orders.
    pub order: OrderNo,
    pub instrument: InstrumentId,
    pub trade: TradeNo,
    pub side: Side,
    pub is_maker: bool,
    pub price: Ticks,
    pub quantity: Lots,
    /// In quote minor units.
    pub notional: Amount,
    pub fee: Amount,
    pub tax: Amount,
    pub time: Time,
    pub posted: Time,
    /// In a followed instrument: which level of which outside snapshot it was made of.
    pub source: Option<Source>,
}

/// Whom a ledger row of a transfer was with. Apart from the row, which most trades have two of
/// and no use for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyRow {
    pub account: AccountId,
    /// The ledger row's.
    pub sequence: u64,
    pub name: Box<str>,
    pub posted: Time,
}

/// A row for the history store. Keys are (account, kind, sequence); an order's sequence is its
/// number, so replay rewrites what is already there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HistoryRow {
    Ledger(LedgerRow),
    Fill(FillRow),
    /// An order that reached its final status.
    Order(Box<OrderState>),
    Party(Box<PartyRow>),
    /// A candle that is over; its key has its book and where it begins.
    Candle(CandleRow),
}
