//! What entities say to one another. Every message leaves through an outbox and is applied
//! exactly once.

use crate::amount::{Amount, Lots, TickLots, Ticks};
use crate::board::TradingDay;
use crate::candle::Import;
use crate::client_id::ClientId;
use crate::follow::{Funding, Source};
use crate::ids::{
    AccountId, AssetId, InstrumentId, OrderKey, OrderNo, Origin, PartitionId, TradeNo,
};
use crate::instrument::{Asset, Instrument};
use crate::order::{CancelReason, SelfMatch, Side, Status, TimeInForce};
use crate::reject::Reject;
use crate::terms::{Stop, Terms};
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// A message with the entity that it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// Work: a book may decline it while its partition's outboxes are full.
    ToBook(InstrumentId, BookMessage),
    /// A consequence: always taken.
    ToAccount(AccountId, AccountMessage),
    /// For an account that the sender knows by name alone.
    ToNamedAccount(Box<str>, Credit),
    ToBoard(BoardMessage),
    /// A new or changed instrument or asset, for every entity of the partition.
    ToPartition(PartitionMessage),
    /// For the account, known by name alone, that holds a fixed supply.
    ToFaucet(Box<str>, Draw),
}

impl Message {
    /// Work may wait in its sender's outbox; a consequence never may.
    #[must_use]
    pub const fn is_work(&self) -> bool {
        matches!(self, Message::ToBook(..))
    }
}

/// Account to book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BookMessage {
    Submit(Submit),
    Pair(Box<Pair>),
    Cancel {
        order: OrderKey,
        request: Option<u128>,
        origin: Option<Origin>,
        /// What becomes its order's, if it is still open.
        reason: CancelReason,
    },
    Amend(Amend),
    /// The house of a followed instrument puts funds up. Nobody waits for an outcome.
    Fund(Funding),
    /// Candles of before the instrument traded here, from an operator. Nobody is answered.
    Import(Box<Import>),
}

/// An order on its way into a book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submit {
    pub order: OrderKey,
    pub side: Side,
    pub limit: Ticks,
    pub quantity: Lots,
    /// Cap on the sum of price x quantity in tick-lots, for a market buy by amount.
    pub value_max: Option<TickLots>,
    pub time_in_force: TimeInForce,
    pub is_market: bool,
    pub post_only: bool,
    pub self_match: SelfMatch,
    pub terms: Option<Box<Terms>>,
    /// Set when the client waits for the book's decision.
    pub origin: Option<Origin>,
}

impl Submit {
    /// What makes it wait, if it is a stop.
    #[must_use]
    #[inline(always)]
    pub fn stop(&self) -> Option<Stop> {
        self.terms.as_ref()?.stop
    }
}

/// Two orders of which one cancels the other, of one side and quantity: an order that may rest,
/// and a stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    pub limit: Submit,
    pub stop: Submit,
}

/// A change of an order that is, or may still be, in a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amend {
    pub order: OrderKey,
    /// Of this account, counts amends of the order; outcomes name it.
    pub amend_no: u32,
    pub total: Option<Lots>,
    pub limit: Option<Ticks>,
    /// The order's own: a new price that would trade at once is refused.
    pub post_only: bool,
    pub self_match: SelfMatch,
    pub request: u128,
    pub origin: Origin,
}

/// What a book decided about an order of a command. Each gets one; a stop that fires, or a reserved
/// order that is let in, has one more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub order: OrderKey,
    pub of: OutcomeOf,
    /// The command's number among all that the book has handled, from 1; zero where no book did.
    pub arrival: u64,
    pub status: Status,
    pub limit: Ticks,
    /// Over the order's life, as far as the book knows it.
    pub filled: Lots,
    /// What stays in the book.
    pub remaining: Lots,
    /// Went without a trade by this command.
    pub cancelled: Lots,
    /// Sum of price x quantity over the fills of this command, in tick-lots.
    pub value: TickLots,
    pub reason: Option<CancelReason>,
    pub reject: Option<Box<Reject>>,
}

impl Outcome {
    /// Whether open quantity went because the owner asked.
    #[must_use]
    #[inline(always)]
    pub fn is_requested(&self) -> bool {
        self.reason == Some(CancelReason::Requested)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutcomeOf {
    Submit,
    /// A print reached the stop's trigger, and it was matched.
    Trigger,
    /// The hours came that the order waited for, and it was entered.
    Admit,
    /// The request that asked, unless it was one of a cancel-all.
    Cancel(Option<u128>),
    Amend {
        amend_no: u32,
        request: u128,
        total: Lots,
    },
}

/// One side of a trade, on its way to the account that has to settle it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    pub order: OrderKey,
    pub instrument: InstrumentId,
    pub trade: TradeNo,
    pub side: Side,
    pub is_maker: bool,
    /// Of a call: the order rested, and so did the other.
    pub in_call: bool,
    pub price: Ticks,
    pub quantity: Lots,
    /// When the book traded.
    pub time: Time,
    /// Of a trade with the house of a followed instrument: what it was made of.
    pub source: Option<Source>,
}

impl Leg {
    /// Whether it is the house's side of a trade: no order of its own stands behind it.
    #[must_use]
    #[inline(always)]
    pub fn is_of_house(&self) -> bool {
        self.order.no == HOUSE_ORDER
    }
}

/// Stands for an order where the house of a followed instrument trades.
pub const HOUSE_ORDER: OrderNo = OrderNo(0);

/// Money that comes from another account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    pub asset: AssetId,
    pub amount: Amount,
    pub from: AccountId,
    pub from_name: Box<str>,
    pub request: ClientId,
    pub origin: Origin,
}

/// A deposit of an asset of fixed supply: what its faucet is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    pub asset: AssetId,
    pub amount: Amount,
    pub to: AccountId,
    pub to_name: Box<str>,
    pub request: ClientId,
    pub origin: Origin,
}

impl Draw {
    /// The message that tells the depositor that nothing comes.
    #[must_use]
    pub fn refused(&self, reject: Reject) -> Message {
        let (request, reject) = (self.request, Box::new(reject));
        Message::ToAccount(self.to, AccountMessage::DrawRefused { request, reject })
    }
}

/// To an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountMessage {
    Settle(Leg),
    Outcome(Outcome),
    /// Open quantity went without its owner asking.
    Dropped {
        order: OrderKey,
        quantity: Lots,
        reason: CancelReason,
        time: Time,
    },
    /// A trailing stop's trigger followed the market.
    Trailed {
        order: OrderKey,
        trigger: Ticks,
    },
    /// A transfer that arrived (`to` exists) or comes back (it does not).
    Credit(Credit),
    Bounce {
        credit: Credit,
        to: Box<str>,
    },
    /// The other side has it: the transfer is done.
    Credited {
        request: ClientId,
    },
    /// A deposit is asked of this account, which is the faucet.
    Draw(Draw),
    /// The faucet gave it.
    Drawn(Credit),
    /// The faucet did not.
    DrawRefused {
        request: ClientId,
        reject: Box<Reject>,
    },
}

/// To the partition that ranks accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BoardMessage {
    Standing(Standing),
    Mark {
        instrument: InstrumentId,
        price: Ticks,
        /// Of the book.
        time: Time,
        /// For so many levels of the circuit breaker the book had stopped that day.
        stops: u8,
    },
    DayClosed(DayClosed),
    /// A season of this name opens; none is open.
    OpenSeason(Box<str>),
    /// The season of this name closes.
    CloseSeason(Box<str>),
}

/// All books have closed a day, and a partition's accounts have said where they stood then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayClosed {
    pub day: TradingDay,
    pub partition: PartitionId,
    /// So many partitions have accounts.
    pub partitions: u16,
    /// The last price of each book that has one.
    pub marks: Vec<(InstrumentId, Ticks)>,
}

/// What an account is worth, before marks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    pub account: AccountId,
    pub name: Box<str>,
    /// Available + held, in minor units.
    pub balances: Vec<(AssetId, Amount)>,
    pub net_deposits: Amount,
    pub deposits: Amount,
    pub realised: Amount,
    /// Time of the account's last event: breaks ties.
    pub last_event: Time,
    /// Time of its last reset; 0 when there was none.
    pub reset_at: Time,
}

/// From the meta partition to every other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PartitionMessage {
    Asset(Asset),
    Instrument(Box<Instrument>),
    /// From a book, behind all that it had to say of that day: it has closed, at this price.
    DayClosed {
        instrument: InstrumentId,
        day: TradingDay,
        mark: Option<Ticks>,
    },
    /// To books: the market has fallen to this level of the circuit breaker, counted from 0.
    Break {
        level: u8,
    },
}
