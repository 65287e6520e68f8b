//! Orders: what is asked for, where it stands.

use crate::amount::{Amount, Lots, Ticks};
use crate::book::Prints;
use crate::client_id::ClientId;
use crate::ids::{InstrumentId, OrderKey};
use crate::instrument::{Call, Phase};
use crate::terms::{OtherAsked, StopAsked, Terms, TermsAsked};
use crate::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Side {
    Buy,
    Sell,
}

impl Side {
    #[must_use]
    pub const fn opposite(self) -> Side {
        match self {
            Side::Buy => Side::Sell,
            Side::Sell => Side::Buy,
        }
    }
}

/// How long an order stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeInForce {
    /// Until it is filled or cancelled.
    #[default]
    Gtc,
    /// Fills what it can at once; the rest is cancelled.
    Ioc,
    /// Fills whole at once or not at all.
    Fok,
    /// Until the market closes.
    Day,
    /// Until a time that its terms name.
    Gtd,
    /// Takes part in the next opening call; what remains is cancelled.
    AtOpen,
    /// Takes part in the next closing call; what remains is cancelled.
    AtClose,
}

impl TimeInForce {
    /// Whether what does not trade at once stays.
    #[must_use]
    #[inline(always)]
    pub const fn rests(self) -> bool {
        !matches!(self, TimeInForce::Ioc | TimeInForce::Fok)
    }

    /// The call auction that it is for, if it is for one alone.
    #[must_use]
    #[inline(always)]
    pub const fn call(self) -> Option<Call> {
        match self {
            TimeInForce::AtOpen => Some(Call::Opening),
            TimeInForce::AtClose => Some(Call::Closing),
            _ => None,
        }
    }

    /// Whether it is for a call auction alone.
    #[must_use]
    #[inline(always)]
    pub const fn is_for_call(self) -> bool {
        self.call().is_some()
    }

    /// What it is for an order that never rests, once it does not wait any more.
    #[must_use]
    pub const fn at_once(self) -> TimeInForce {
        if self.rests() { TimeInForce::Ioc } else { self }
    }
}

/// How long an order stays if nobody takes or cancels it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Life {
    #[default]
    UntilCancelled,
    /// Until the market closes.
    Day,
    /// It is gone from this time on.
    Until(Time),
    /// Until the call auction under way has made its price.
    Call,
    /// The same, and it trades there before all that have a limit.
    CallAtMarket,
}

impl Life {
    #[must_use]
    #[inline(always)]
    pub fn of(time_in_force: TimeInForce, terms: Option<&Terms>) -> Life {
        match time_in_force {
            TimeInForce::Day => Life::Day,
            TimeInForce::AtOpen | TimeInForce::AtClose => Life::Call,
            TimeInForce::Gtd => terms.and_then(|t| t.expires).map_or(Life::default(), Life::Until),
            _ => Life::UntilCancelled,
        }
    }

    #[must_use]
    pub const fn expires(self) -> Option<Time> {
        match self {
            Life::Until(time) => Some(time),
            _ => None,
        }
    }

    #[must_use]
    pub const fn ends_with_call(self) -> bool {
        matches!(self, Life::Call | Life::CallAtMarket)
    }

    /// As words of a state hash.
    #[must_use]
    pub(crate) const fn words(self) -> [u64; 2] {
        match self {
            Life::UntilCancelled => [0, 0],
            Life::Day => [1, 0],
            Life::Until(time) => [2, time.0],
            Life::Call => [3, 0],
            Life::CallAtMarket => [4, 0],
        }
    }
}

/// What happens when an account's order meets its own: the taker's mode decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SelfMatch {
    /// They trade.
    None,
    /// What is left of the taker is cancelled.
    #[default]
    CancelTaker,
    /// The maker is cancelled and the taker goes on.
    CancelMaker,
    CancelBoth,
    /// The smaller open quantity is taken off both; it counts as cancelled.
    Decrement,
}

/// How much is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Size {
    /// In base minor units.
    Quantity(Amount),
    /// A market buy for this much of the quote asset, fee included.
    QuoteAmount(Amount),
}

/// An order as a client asks for it; nothing in it is checked against an instrument yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRequest {
    pub instrument: InstrumentId,
    pub side: Side,
    pub size: Size,
    /// Quote minor units for one whole unit of the base asset; none for a market order.
    pub price: Option<Amount>,
    pub time_in_force: TimeInForce,
    pub post_only: bool,
    /// None for the instrument's default.
    pub self_match: Option<SelfMatch>,
    /// What few orders ask for besides.
    pub terms: Option<Box<TermsAsked>>,
}

impl OrderRequest {
    /// What makes it wait, if it is a stop.
    #[must_use]
    pub fn stop(&self) -> Option<&StopAsked> {
        self.terms.as_ref()?.stop.as_ref()
    }

    /// How long it stays once it is in the book.
    #[must_use]
    #[inline(always)]
    pub fn in_force(&self) -> TimeInForce {
        match self.time_in_force {
            // A stop at market waits as long as it says, and trades at once then.
            TimeInForce::Gtc if self.price.is_none() => TimeInForce::Ioc,
            other => other,
        }
    }

    /// When it goes, if it has a time of its own.
    #[must_use]
    #[inline]
    pub fn expires(&self) -> Option<Time> {
        self.terms.as_ref()?.expires
    }

    /// What the other order asks, if the first fill or trigger of one is to cancel the other.
    #[must_use]
    pub fn other(&self) -> Option<OtherAsked> {
        self.terms.as_ref()?.other
    }

    /// The other order, if the first fill or trigger of one is to cancel the other.
    #[must_use]
    pub fn other_leg(&self) -> Option<OrderRequest> {
        let (other, expires) = (self.other()?, self.expires());
        let terms = TermsAsked { stop: Some(other.stop), expires, ..TermsAsked::default() };
        // It waits as long as the first; at market it trades at once when it does not any more.
        let is_until_cancelled = self.time_in_force == TimeInForce::Gtc;
        let at_once = other.price.is_none() && is_until_cancelled;
        Some(OrderRequest {
            price: other.price,
            time_in_force: if at_once { TimeInForce::Ioc } else { self.time_in_force },
            post_only: false,
            terms: Some(Box::new(terms)),
            ..self.clone()
        })
    }

    /// Where the market stands for an order that has no price of its own: for a market order the
    /// best opposite price, else the last; for a trailing stop what it will follow. Where orders
    /// collect, what stands is no price that anybody gets.
    #[must_use]
    pub fn market_price(
        &self,
        best_opposite: Option<Ticks>,
        prints: Prints,
        phase: Phase,
    ) -> Option<Ticks> {
        let best_opposite = best_opposite.filter(|_| phase == Phase::Continuous);
        let stop = self.stop().copied().or(self.other().map(|other| other.stop));
        match (stop, self.price) {
            (Some(StopAsked::Trailing { .. }), _) => prints.followed(self.side, best_opposite),
            (Some(StopAsked::At(_)), _) | (None, Some(_)) => None,
            (None, None) => best_opposite.or(prints.last),
        }
    }
}

/// Where an order stands. Filled + cancelled + remaining is always what was ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Status {
    /// Durable in its account, not yet decided by its book.
    Pending,
    /// A stop whose trigger was not reached yet.
    Untriggered,
    /// Entered outside its hours: it waits for them.
    Reserved,
    Open,
    PartiallyFilled,
    Filled,
    Cancelled,
    Expired,
    Rejected,
}

impl Status {
    /// Nothing will happen to the order any more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Status::Filled | Status::Cancelled | Status::Expired | Status::Rejected)
    }
}

/// Why open quantity was taken out of the book without a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CancelReason {
    /// Its owner asked.
    Requested,
    /// An IOC or market order found nothing more to trade with.
    NoLiquidity,
    /// A FOK order could not be filled whole.
    NotFilledWhole,
    /// It met an order of its own account.
    SelfMatch,
    /// A market buy by amount has spent what it can.
    AmountSpent,
    /// The other one of two of which one cancels the other traded or fired.
    OtherLeg,
    /// Its time ran out.
    Expired,
    /// The market closed, and it was for that day.
    MarketClosed,
    /// What it would have traded next would have leapt too far, and it cannot wait for a call.
    Interrupted,
    /// The house of a followed instrument had nothing to trade with any more.
    HouseCannotPay,
    /// A session that had asked for it lost its client or its gateway.
    Disconnected,
}

impl CancelReason {
    /// What an order is of which nothing is left for this reason.
    #[must_use]
    pub const fn final_status(self) -> Status {
        match self {
            CancelReason::Expired => Status::Expired,
            _ => Status::Cancelled,
        }
    }
}

/// An order and where it stands, as its account knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderState {
    pub key: OrderKey,
    pub client_id: ClientId,
    pub instrument: InstrumentId,
    pub side: Side,
    /// In smallest ticks; for a market order the worst price it may trade at.
    pub limit: Ticks,
    pub is_market: bool,
    /// Set for a market buy by amount: quote minor units, fee included.
    pub quote_amount: Option<Amount>,
    pub time_in_force: TimeInForce,
    pub post_only: bool,
    pub self_match: SelfMatch,
    pub terms: Option<Box<Terms>>,
    /// Zero for a market buy by amount until it is decided; then what was filled.
    pub ordered: Lots,
    pub filled: Lots,
    pub cancelled: Lots,
    /// Sum of price x quantity over the fills, in quote minor units.
    pub notional: Amount,
    pub fee: Amount,
    pub tax: Amount,
    pub status: Status,
    pub reason: Option<CancelReason>,
    /// Which of its book's commands its entry was, counted from 1; zero until that is known.
    pub arrival: u64,
    /// The same of the last command that the book did to it: its entry, an amend, its cancel.
    pub last_arrival: u64,
    pub created: Time,
    pub updated: Time,
    /// Numbers the states of all orders of the account from 1, without gaps, in the order in
    /// which their owner was told of them.
    pub event: u64,
}

impl OrderState {
    #[must_use]
    pub fn remaining(&self) -> Lots {
        if self.status.is_final() {
            return Lots::ZERO;
        }
        Lots(self.ordered.0.saturating_sub(self.filled.0 + self.cancelled.0))
    }
}
