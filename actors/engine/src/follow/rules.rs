//! How an instrument follows, as its listing says.

use super::subscription::{BadSubscription, Subscription};
use crate::instrument::{Call, Calls};
use crate::session::Schedule;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// Levels of a side that a snapshot may have, whatever an instrument allows.
pub const LEVELS_MAX: u16 = 100;
/// The longest that a snapshot may stand in for the market.
const STALE_NS_MAX: u64 = Time::DAY;

/// The rules of an instrument whose users trade against an outside book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follow {
    /// Name of the account that is the other side of every trade.
    pub house: Box<str>,
    /// Levels of a side that a snapshot may have.
    pub levels_max: u16,
    /// Nanoseconds of exchange time after which a snapshot is too old to trade against.
    pub stale_ns: u64,
    /// Whose book it is; none while only somebody's posts are followed.
    pub subscription: Option<Subscription>,
}

/// Why rules are none to follow by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFollow {
    #[error("a followed instrument needs a house account")]
    NoHouse,
    #[error("follow levels are {0}; they must lie between 1 and {LEVELS_MAX}")]
    Levels(u16),
    #[error("a snapshot must be stale after more than nothing and at most a day")]
    Stale,
    #[error(
        "a followed instrument has no call auctions, for whatever cause, and reserves no orders"
    )]
    Calls,
    #[error(transparent)]
    Subscription(#[from] BadSubscription),
}

impl Follow {
    /// # Errors
    /// A number is out of range, or the table of the day asks for what follow mode has not.
    pub fn check(&self, schedule: Option<&Schedule>, rules: &Calls) -> Result<(), BadFollow> {
        if self.house.is_empty() {
            return Err(BadFollow::NoHouse);
        }
        if !(1..=LEVELS_MAX).contains(&self.levels_max) {
            return Err(BadFollow::Levels(self.levels_max));
        }
        if !(1..=STALE_NS_MAX).contains(&self.stale_ns) {
            return Err(BadFollow::Stale);
        }
        if let Some(subscription) = &self.subscription {
            subscription.check()?;
        }
        let calls = [Call::Opening, Call::Closing];
        let has_calls = |table: &Schedule| calls.into_iter().any(|call| table.has(call));
        if *rules != Calls::default() {
            return Err(BadFollow::Calls);
        }
        match schedule {
            Some(table) if has_calls(table) || table.reservation.is_some() => Err(BadFollow::Calls),
            _ => Ok(()),
        }
    }
}
