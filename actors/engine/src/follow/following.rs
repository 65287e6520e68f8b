//! What a listing has besides its book when it follows an outside one.

use super::Hears;
use super::outside::{Outside, Rung};
use super::purse::{Funding, Purse};
use super::rules::Follow;
use super::snapshot::Snapshot;
use super::taking::reaches;
use crate::amount::{Lots, Ticks};
use crate::book::{AmendRefused, Amended, Book, Decision, Floor, Incoming, decide};
use crate::ids::OrderKey;
use crate::instrument::Instrument;
use crate::order::{Side, TimeInForce};
use crate::reject::Reject;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// The outside book of an instrument, and what pays for trades with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Following {
    pub(super) outside: Outside,
    pub(super) purse: Purse,
    /// When the snapshot that stands is too old; none when it is, or before the first.
    stale_at: Option<Time>,
}

/// What became of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// The number of the snapshot that stands now.
    pub number: u64,
    /// Whether it is the one that was posted; otherwise that one was not newer.
    pub is_taken: bool,
}

impl Following {
    /// Number of the snapshot that stands; zero before the first.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.outside.number
    }

    /// When the outside market said so, by its own clock.
    #[must_use]
    pub fn time(&self) -> Time {
        self.outside.time
    }

    /// Nothing is traded against an outside book that is not known, or too old.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.stale_at.is_none()
    }

    /// When the snapshot that stands gets too old.
    #[must_use]
    pub fn stale_at(&self) -> Option<Time> {
        self.stale_at
    }

    #[must_use]
    pub fn purse(&self) -> Purse {
        self.purse
    }

    /// The levels of the snapshot that stands, best first, with what was taken of each.
    #[must_use]
    pub fn rungs(&self, side: Side) -> &[Rung] {
        self.outside.side(side)
    }

    /// What can be taken now, best price first.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = (Ticks, Lots)> + '_ {
        self.outside.levels(side, self.is_stale())
    }

    /// The best level that can be taken from, by its place.
    pub(super) fn best(&self, side: Side) -> Option<(usize, Rung)> {
        if self.is_stale() { None } else { self.outside.best(side) }
    }

    /// The best price at which something can be taken.
    pub(crate) fn best_price(&self, side: Side) -> Option<Ticks> {
        self.best(side).map(|(_, rung)| rung.price)
    }

    /// Whether an order of `side` at `limit` would trade at once.
    pub(crate) fn would_cross(&self, side: Side, limit: Ticks) -> bool {
        self.best_price(side.opposite()).is_some_and(|price| reaches(side, limit, price))
    }

    /// Takes over a newer snapshot; drops an older one.
    ///
    /// # Errors
    /// It is no book.
    pub(crate) fn post(
        &mut self,
        snapshot: &Snapshot,
        rules: &Follow,
        instrument: &Instrument,
        at: Time,
    ) -> Result<Posted, Reject> {
        snapshot.check(rules, instrument)?;
        let is_taken = snapshot.number > self.outside.number;
        if is_taken {
            self.outside.replace(snapshot);
            self.stale_at = Some(Time(at.0.saturating_add(rules.stale_ns)));
        }
        Ok(Posted { number: self.outside.number, is_taken })
    }

    /// The snapshot that stands is too old from here on.
    pub(crate) fn go_stale(&mut self) {
        self.stale_at = None;
    }

    pub(crate) fn fund(&mut self, funding: &Funding) {
        self.purse.fund(funding);
    }

    /// Tells what can be taken now, where that has changed.
    pub(crate) fn tell(&mut self, hears: &mut impl Hears) {
        let is_stale = self.is_stale();
        self.outside.tell(is_stale, hears);
    }

    /// After a restart: what there is was told before.
    pub(crate) fn was_told(&mut self) {
        let is_stale = self.is_stale();
        self.outside.was_told(is_stale);
    }

    /// Matches an order with the outside book and rests what is left of it, as its time in force
    /// says.
    pub(crate) fn submit<F: Floor + Hears>(
        &mut self,
        incoming: &Incoming,
        orders: &mut Book,
        instrument: &Instrument,
        floor: &mut F,
    ) -> Decision {
        if incoming.time_in_force == TimeInForce::Fok
            && let Some(reason) = self.cannot_fill(incoming, instrument)
        {
            return Decision { reason: Some(reason), ..Decision::killed(incoming.quantity) };
        }
        let taking = self.take(incoming, instrument, floor);
        let rests = incoming.time_in_force.rests() && taking.stopped.is_none();
        let resting = if rests { taking.left } else { 0 };
        if resting > 0 {
            orders.enter(incoming, Lots(taking.filled), Lots(resting), floor);
        }
        decide(&taking, resting)
    }

    /// Changes a resting order. Less quantity keeps its priority; a new price or more quantity
    /// sends it to the back, and it takes from the outside book if it reaches it.
    ///
    /// # Errors
    /// The order does not rest, or the new total is not above what is done already.
    pub(crate) fn amend<F: Floor + Hears>(
        &mut self,
        order: OrderKey,
        total: Option<Lots>,
        limit: Option<Ticks>,
        orders: &mut Book,
        instrument: &Instrument,
        floor: &mut F,
    ) -> Result<Amended, AmendRefused> {
        let standing = orders.find(order).ok_or(AmendRefused::NotOpen)?;
        let done = standing.filled + standing.reduced;
        let total = total.unwrap_or(standing.open + done);
        if total <= done {
            return Err(AmendRefused::BelowDone(done));
        }
        let (open, limit) = (total - done, limit.unwrap_or(standing.price));
        let incoming = Incoming::again(order, standing.side, limit, open, orders.life(order));
        if limit == standing.price && open <= standing.open {
            // It only shrinks, and then a book matches nothing.
            return orders.amend(order, Some(total), None, incoming.self_match, floor);
        }
        orders.cancel(order, floor);
        let taking = self.take(&incoming, instrument, floor);
        let filled = standing.filled + Lots(taking.filled);
        let resting = if taking.stopped.is_none() { taking.left } else { 0 };
        if resting > 0 {
            orders.enter(&incoming, filled, Lots(resting), floor);
        }
        Ok(Amended { decision: decide(&taking, resting), filled, limit, total })
    }
}
