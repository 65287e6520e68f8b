//! Refusals: business answers with a stable reason, in a fixed precedence.

use crate::amount::Decimal;
use crate::client_id::ClientId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a refusal shows on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    InvalidArgument,
    FailedPrecondition,
    ResourceExhausted,
    NotFound,
    AlreadyExists,
}

/// A decimal number inside a refusal: minor units and their scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    pub minor: i128,
    pub scale: u8,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Decimal { minor: self.minor, scale: self.scale }.fmt(f)
    }
}

/// Defines the refusals once: reason, class, fields, message and the rule behind it.
macro_rules! rejects {
    ($($(#[$meta:meta])* $name:ident $({ $($field:ident : $ty:ty),* $(,)? })?
        => $reason:literal, $class:ident, $message:literal, $rule:literal;)*) => {
        /// A refusal that entities make, in the order in which they are checked.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Reject { $($(#[$meta])* $name $({ $($field: $ty),* })?,)* }

        impl Reject {
            /// The stable UPPER_SNAKE reason.
            #[must_use]
            pub const fn reason(&self) -> &'static str {
                match self { $(Reject::$name { .. } => $reason,)* }
            }

            #[must_use]
            pub const fn class(&self) -> Class {
                match self { $(Reject::$name { .. } => Class::$class,)* }
            }

            /// Every reason with its class and its rule, in the order of precedence.
            pub const TABLE: &'static [(&'static str, Class, &'static str)] =
                &[$(($reason, Class::$class, $rule),)*];
        }

        impl fmt::Display for Reject {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Reject::$name $({ $($field),* })? => write!(f, $message),)* }
            }
        }
    };
}

rejects! {
    Malformed { field: Box<str>, rule: Box<str> } => "MALFORMED", InvalidArgument,
        "{field}: {rule}",
        "A field is missing, has the wrong form, or contradicts another one.";
    AccountNotFound { name: Box<str> } => "ACCOUNT_NOT_FOUND", NotFound,
        "account {name} does not exist; create it first",
        "Nothing can be asked of an account before it was created.";
    AccountExists { name: Box<str> } => "ACCOUNT_EXISTS", AlreadyExists,
        "account {name} exists already",
        "An account's name is taken once, for ever.";
    UnknownInstrument { symbol: Box<str> } => "UNKNOWN_INSTRUMENT", NotFound,
        "instrument {symbol} is not listed; `hoga instruments` shows what is",
        "Only listed instruments can be traded.";
    UnknownAsset { code: Box<str> } => "UNKNOWN_ASSET", NotFound,
        "asset {code} is not known; an operator creates assets",
        "Balances exist only in assets that an operator created.";
    SeasonExists { name: Box<str> } => "SEASON_EXISTS", AlreadyExists,
        "there is a season {name} already, or was one not long ago; take another name",
        "A season's name is taken while it is open, and after that until eight others have closed.";
    UnknownSeason { name: Box<str> } => "UNKNOWN_SEASON", NotFound,
        "there is no season {name}; `hoga season list` shows those that there are",
        "A season can be closed while it is open, and read while it is open and as long as its ranking is kept.";
    TooManySeasons { max: u64 } => "TOO_MANY_SEASONS", FailedPrecondition,
        "{max} seasons are open; close one first",
        "Few seasons are open at a time: each of them ranks every account once more.";
    OrderNotFound { order: Box<str> } => "ORDER_NOT_FOUND", NotFound,
        "order {order} is not an order of this account",
        "Cancel and amend name an order of the account by its number or its client order id.";
    ClientOrderIdReused { id: Box<str> } => "CLIENT_ORDER_ID_REUSED", AlreadyExists,
        "id {id} was used for another request; a retry repeats the same body, a new request needs a new id",
        "An id names one request of an account. The same body again gets the first answer again; another body is refused.";
    ClientOrderIdTooOld { id: Box<str> } => "CLIENT_ORDER_ID_TOO_OLD", FailedPrecondition,
        "id {id} was sent before this account's memory of ids begins; look at the account's orders instead of sending it again",
        "An account remembers closed ids for 24 hours and at most 65,536 of them. What was sent before that is never executed.";
    KillSwitchEngaged { account: Box<str> } => "KILL_SWITCH_ENGAGED", FailedPrecondition,
        "the kill switch of account {account} is engaged; cancels work, new orders and amends do not until it is released",
        "An account whose kill switch is engaged has no open orders and gets no new ones until its owner releases it.";
    InstrumentHalted { symbol: Box<str> } => "INSTRUMENT_HALTED", FailedPrecondition,
        "{symbol} is halted; cancels work, new orders and amends do not",
        "While an instrument is halted nothing new enters its book.";
    MarketClosed { symbol: Box<str> } => "MARKET_CLOSED", FailedPrecondition,
        "the market for {symbol} is closed",
        "Outside its session an instrument takes no orders, unless its market reserves them for the next open.";
    NoCallAuction { symbol: Box<str> } => "NO_CALL_AUCTION", FailedPrecondition,
        "{symbol} has no such call auction",
        "AT_OPEN and AT_CLOSE orders are for instruments whose day begins or ends with a call auction.";
    NotInThisPhase { what: Box<str>, symbol: Box<str>, phase: Box<str> } =>
        "NOT_IN_THIS_PHASE", FailedPrecondition,
        "{what} is not taken while {symbol} is {phase}",
        "A call auction takes orders that can wait for its price; outside the session only such orders are kept for the open.";
    FeedStale { symbol: Box<str> } => "FEED_STALE", FailedPrecondition,
        "the outside book that {symbol} follows is not known or too old; orders that may rest are taken",
        "Nothing is traded against an outside book that is older than its limit. Until a newer one comes, orders that never rest are refused, and others rest.";
    NotWhereFollowed { what: Box<str>, symbol: Box<str> } => "NOT_WHERE_FOLLOWED", FailedPrecondition,
        "{what} is not taken in {symbol}, which follows an outside book",
        "Where users trade against an outside book there are no stops, no pairs of orders and no hidden parts.";
    NotFollowed { symbol: Box<str> } => "NOT_FOLLOWED", FailedPrecondition,
        "{symbol} makes its own price; it follows no outside book",
        "Snapshots of an outside book and funds of a house are for instruments that were listed to follow one.";
    NotTheHouse { account: Box<str>, symbol: Box<str> } => "NOT_THE_HOUSE", FailedPrecondition,
        "account {account} is not the house of {symbol}, or has traded for itself",
        "The house of a followed instrument is the account that its listing names, and trades for nobody else.";
    HouseAccount { account: Box<str> } => "HOUSE_ACCOUNT", FailedPrecondition,
        "account {account} is the house of a followed instrument; what it has is there for its users' trades",
        "What a house was funded with backs the trades of a followed instrument. It places no orders and pays nobody.";
    PriceNotOnTick { price: Shown, step: Shown, quote: Box<str>, below: Shown, above: Shown } =>
        "PRICE_NOT_ON_TICK", InvalidArgument,
        "price {price} is not on the {step} {quote} tick; try {below} or {above}",
        "A limit price is a multiple of the tick that the instrument's table gives for it.";
    QuantityNotOnLot { quantity: Shown, lot: Shown, base: Box<str> } =>
        "QUANTITY_NOT_ON_LOT", InvalidArgument,
        "quantity {quantity} is not a multiple of the {lot} {base} lot",
        "A quantity is a whole number of the instrument's lots.";
    QuantityTooSmall { quantity: Shown, min: Shown } => "QUANTITY_TOO_SMALL", InvalidArgument,
        "quantity {quantity} is below the minimum of {min}",
        "An order has at least the instrument's minimum quantity, and always more than zero.";
    QuantityTooLarge { quantity: Shown, max: Shown } => "QUANTITY_TOO_LARGE", InvalidArgument,
        "quantity {quantity} is above the maximum of {max}",
        "An order has at most the instrument's maximum quantity.";
    NotionalTooSmall { notional: Shown, min: Shown, quote: Box<str> } =>
        "NOTIONAL_TOO_SMALL", InvalidArgument,
        "price x quantity is {notional} {quote}, below the minimum of {min}",
        "An order is worth at least the instrument's minimum.";
    NotionalTooLarge { notional: Shown, max: Shown, quote: Box<str> } =>
        "NOTIONAL_TOO_LARGE", InvalidArgument,
        "price x quantity is {notional} {quote}, above the maximum of {max}",
        "An order is worth at most the instrument's maximum.";
    PriceOutOfBand { price: Shown, low: Shown, high: Shown } => "PRICE_OUT_OF_BAND", InvalidArgument,
        "price {price} is outside the band from {low} to {high}",
        "A limit price lies within the instrument's price band of the day.";
    NoReferencePrice { symbol: Box<str> } => "NO_REFERENCE_PRICE", FailedPrecondition,
        "{symbol} has no opposite price and no last price to price a market order by; send a limit order",
        "A market order is bounded by a collar around the market. Without a price there is no collar.";
    TooManyOpenOrders { open: u64, max: u64 } => "TOO_MANY_OPEN_ORDERS", FailedPrecondition,
        "the account has {open} open orders of at most {max}; cancel some first",
        "An account may have a bounded number of open orders.";
    InsufficientFunds { needed: Shown, available: Shown, asset: Box<str> } =>
        "INSUFFICIENT_FUNDS", FailedPrecondition,
        "this needs {needed} {asset}, fee bound included; {available} {asset} is available",
        "A buy holds price x quantity and the highest fee it can cost; a withdrawal or transfer what it takes.";
    InsufficientHoldings { needed: Shown, available: Shown, asset: Box<str> } =>
        "INSUFFICIENT_HOLDINGS", FailedPrecondition,
        "this sells {needed} {asset}; {available} {asset} is available",
        "A sell holds the whole quantity that it offers.";
    StopWouldTrigger { trigger: Shown, last: Shown } => "STOP_WOULD_TRIGGER", FailedPrecondition,
        "the last price {last} has reached the trigger {trigger} already; send the order without a stop",
        "A stop waits for its trigger. One whose trigger the last trade price has reached or passed is refused.";
    PostOnlyWouldTrade { price: Shown, best: Shown } => "POST_ONLY_WOULD_TRADE", FailedPrecondition,
        "post-only at {price} would trade with the best price {best}",
        "A post-only order that touches the opposite side is refused.";
    AmendBelowFilled { total: Shown, filled: Shown } => "AMEND_BELOW_FILLED", FailedPrecondition,
        "new total quantity {total} is not above what is already done, {filled}; cancel instead",
        "An amend gives the new total quantity; it must leave something open.";
    OrderNotOpen { order: Box<str> } => "ORDER_NOT_OPEN", FailedPrecondition,
        "order {order} is not open any more",
        "Only an order with open quantity can be cancelled or amended.";
    OpenOrdersExist { open: u64 } => "OPEN_ORDERS_EXIST", FailedPrecondition,
        "the account has {open} open orders; cancel them first",
        "A reset starts from a clean slate.";
    TransferToUnknown { to: Box<str> } => "TRANSFER_TO_UNKNOWN", NotFound,
        "account {to} does not exist; the amount came back",
        "A transfer to an account that does not exist bounces.";
    EntitySuspended { entity: Box<str> } => "ENTITY_SUSPENDED", FailedPrecondition,
        "{entity} is suspended after a failure; an operator has to resume it",
        "An entity that fails twice on one command takes nothing more until it is resumed.";
    SessionFenced { id: ClientId } => "SESSION_FENCED", FailedPrecondition,
        "session {id} is not this stream's any more: it was opened again, or it is over; open it \
         again, then ask what became of what was not answered",
        "A session that was opened again under its id fences off the stream that had it before.";
    TooManySessions { max: u64 } => "TOO_MANY_SESSIONS", ResourceExhausted,
        "{max} named sessions are open already, of this account or of all beside it; try again when some have ended",
        "An account has at most 64 named sessions, and a partition of accounts 65,536.";
}
