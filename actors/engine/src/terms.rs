//! What few orders ask for: triggers, hidden parts. It lies beside the order, which stays small.

use crate::amount::{Amount, Lots, Rate, Ticks};
use crate::client_id::ClientId;
use crate::ids::OrderNo;
use crate::order::Side;
use crate::tick_table::TickTable;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// Rare terms as a client asks for them, prices in quote minor units for one whole unit of base.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermsAsked {
    pub stop: Option<StopAsked>,
    /// Of an iceberg, in base minor units: so much is shown at a time.
    pub display: Option<Amount>,
    /// Of a limit order: a stop of the same instrument, side and quantity. The first fill or
    /// trigger of one cancels the other.
    pub other: Option<OtherAsked>,
    /// Of a good-till-date order: it is gone from this time on.
    pub expires: Option<Time>,
}

/// The second leg of two orders of which one cancels the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherAsked {
    /// Its own client order id.
    pub id: ClientId,
    pub stop: StopAsked,
    /// None for a stop that goes at market.
    pub price: Option<Amount>,
}

/// What a stop waits for, as a client asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StopAsked {
    /// The last trade price at or through this.
    At(Amount),
    /// A trigger that follows the market.
    Trailing { offset: Distance<Amount>, step: Distance<Amount> },
}

impl StopAsked {
    #[must_use]
    pub const fn is_trailing(&self) -> bool {
        matches!(self, StopAsked::Trailing { .. })
    }
}

/// Rare terms in the instrument's own units.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub stop: Option<Stop>,
    /// Of an iceberg: so much is shown at a time.
    pub display: Option<Lots>,
    /// The order that goes when this one trades or fires, and the other way round.
    pub other: Option<OtherLeg>,
    /// Of a good-till-date order: it is gone from this time on.
    pub expires: Option<Time>,
}

/// One of two legs of which one cancels the other, while both are open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherLeg {
    pub no: OrderNo,
    pub held: HeldFor,
}

/// Two legs hold once, at the larger need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HeldFor {
    /// This one holds for both: at least this much, in minor units.
    Both(Amount),
    /// The other holds for this one.
    Nothing,
}

/// Parts that an iceberg may come in, at most: each is a trade of its own to a large taker.
pub const ICEBERG_PARTS_MAX: u64 = 100;

/// What a stop waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// The last trade price at or through this fires it.
    pub trigger: Ticks,
    /// Set where the trigger follows the market.
    pub trail: Option<Trail>,
}

impl Stop {
    /// Whether a print at `price` fires it.
    #[must_use]
    pub fn is_reached(&self, side: Side, price: Ticks) -> bool {
        match side {
            Side::Buy => price >= self.trigger,
            Side::Sell => price <= self.trigger,
        }
    }
}

/// A difference of prices, or a share of a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Distance<P> {
    Price(P),
    Share(Rate),
}

impl Distance<Ticks> {
    /// In ticks, from this price; a share is rounded up.
    #[must_use]
    pub fn at(self, price: Ticks) -> u32 {
        match self {
            Distance::Price(ticks) => ticks.0,
            Distance::Share(rate) => {
                let most = Amount::from(Ticks::MAX.0);
                rate.ceil(Amount::from(price.0)).clamp(0, most) as u32
            }
        }
    }
}

/// How a trigger follows the market: never away from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// Of the trigger from the market.
    pub offset: Distance<Ticks>,
    /// The trigger moves by no less than this; a share is one of the trigger.
    pub step: Distance<Ticks>,
}

impl Trail {
    /// The trigger for a market that stands at `market`: off the grid it goes on away from it.
    #[must_use]
    pub fn trigger(&self, side: Side, market: Ticks, ticks: &TickTable) -> Ticks {
        let offset = self.offset.at(market);
        match side {
            Side::Buy => {
                let above = market.0.saturating_add(offset).min(Ticks::MAX.0);
                ticks.ceil(Ticks(above)).min(Ticks::MAX)
            }
            Side::Sell => {
                let lowest = Ticks(ticks.step(Ticks(1)));
                ticks.floor(Ticks(market.0.saturating_sub(offset))).max(lowest)
            }
        }
    }

    /// Where a trigger moves now that the market stands at `market`; none where it stays.
    #[must_use]
    pub fn follow(
        &self,
        side: Side,
        trigger: Ticks,
        market: Ticks,
        ticks: &TickTable,
    ) -> Option<Ticks> {
        let next = self.trigger(side, market, ticks);
        let moved = match side {
            Side::Buy => trigger.0.checked_sub(next.0),
            Side::Sell => next.0.checked_sub(trigger.0),
        }?;
        (moved > 0 && moved >= self.step.at(trigger)).then_some(next)
    }
}
