//! Follow mode: users trade against the book of an outside market, never with one another.
//!
//! Owns: the snapshot of the outside book that stands, what was taken of each of its levels, what
//! the instrument's house can still pay ([`Following`]), and the rules for both ([`Follow`]).
//! Takes: numbered snapshots, funds of the house, and the orders that a listing gives it; users'
//! orders that rest lie in the listing's [`Book`](crate::book::Book), which never matches them.
//! Emits: fills, each with the snapshot and the level that it was made of; the levels that can
//! still be taken.
//! On failure: an older snapshot is dropped, one that contradicts itself is refused; what the house
//! cannot pay is cancelled.

mod crossing;
mod following;
#[cfg(test)]
mod naive;
mod outside;
mod purse;
mod rules;
mod snapshot;
mod subscription;
mod taking;
#[cfg(test)]
mod tests;

pub use following::{Following, Posted};
pub use outside::Rung;
pub use purse::{Funding, Purse};
pub use rules::{BadFollow, Follow, LEVELS_MAX};
pub use snapshot::{Level, Snapshot};
pub use subscription::{BadSubscription, Subscription};

use crate::amount::{Lots, Ticks};
use crate::ids::{AccountId, OrderKey};
use crate::order::Side;
use serde::{Deserialize, Serialize};

/// Which level of which snapshot a fill was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Source {
    /// The snapshot's number.
    pub snapshot: u64,
    /// From 1, the best, on the side that the user's order took from.
    pub level: u32,
}

/// A trade of a user with the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutsideFill {
    /// The user's order.
    pub order: OrderKey,
    pub house: AccountId,
    pub side: Side,
    /// The order rested, and traded at its own limit.
    pub is_maker: bool,
    pub price: Ticks,
    pub quantity: Lots,
    pub source: Source,
}

/// Hears what happens outside, besides what a book reports.
pub(crate) trait Hears {
    fn filled(&mut self, fill: &OutsideFill);
    /// So much can be taken at a price now.
    fn displayed(&mut self, side: Side, price: Ticks, quantity: Lots);
}
