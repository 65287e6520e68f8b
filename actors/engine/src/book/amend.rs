//! Amends: a new total quantity and price in one step, never a moment with both orders.

use super::ladder::key_of;
use super::matching::{Book, Decision, Incoming, Reports, Taking, decide};
use crate::amount::{Lots, Ticks};
use crate::ids::OrderKey;
use crate::order::{Life, SelfMatch};

/// What an amend did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amended {
    /// Fills, rest and cancellations of this command alone.
    pub decision: Decision,
    /// Filled over the order's life.
    pub filled: Lots,
    pub limit: Ticks,
    /// The total that stands now.
    pub total: Lots,
}

/// Why nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmendRefused {
    NotOpen,
    /// The new total leaves nothing open; so much is done (filled, or taken off by self-match).
    BelowDone(Lots),
}

impl Book {
    /// Changes a resting order. Less quantity keeps its priority; a new price or more quantity
    /// sends it to the back, and it trades as a taker if it crosses.
    ///
    /// # Errors
    /// The order is not in the book, or the new total is not above what is done already.
    pub fn amend(
        &mut self,
        order: OrderKey,
        total: Option<Lots>,
        limit: Option<Ticks>,
        self_match: SelfMatch,
        reports: &mut impl Reports,
    ) -> Result<Amended, AmendRefused> {
        let slot = self.index.find(order, &self.slab).ok_or(AmendRefused::NotOpen)?;
        let standing = *self.slab.get(slot);
        let filled_before = self.slab.filled(slot);
        let aside = self.rare.aside(&standing);
        let done = filled_before + aside.reduced;
        let open_before = standing.open() + aside.hidden();
        let total = total.map_or(open_before + done, |lots| lots.0);
        if total <= done {
            return Err(AmendRefused::BelowDone(Lots(done)));
        }
        let side = standing.side();
        let key = limit.map_or(standing.key, |price| key_of(side, price));
        let limit = super::ladder::price_of(side, key);
        let open = total - done;
        if key == standing.key && open <= open_before {
            self.shrink(slot, open_before - open, reports);
            let decision = Decision::rests(Lots(open));
            let filled = Lots(filled_before);
            return Ok(Amended { decision, filled, limit, total: Lots(total) });
        }
        self.dequeue(slot, reports);
        let quantity = Lots(open);
        let display = aside.iceberg.map(|iceberg| Lots(iceberg.display));
        // It rests in the place that it has, which knows for how long.
        let again = Incoming::again(order, side, limit, quantity, Life::UntilCancelled);
        let incoming = Incoming { self_match, display, ..again };
        let taking = match self.collects {
            true => Taking::nothing(quantity),
            false => self.take(&incoming, reports),
        };
        let filled = filled_before + taking.filled;
        let waits = taking.stopped.is_none() || taking.leaps();
        let rests = if waits { taking.left } else { 0 };
        if rests > 0 {
            let again = self.slab.get_mut(slot);
            again.key = key;
            again.set_open(rests);
            self.slab.add_filled(slot, taking.filled);
            self.note_reduction(slot, taking.decremented);
            if let Some(display) = display {
                self.hide(slot, display);
            }
            self.enqueue(slot, reports);
        } else {
            self.forget(slot);
        }
        let decision = decide(&taking, rests);
        Ok(Amended { decision, filled: Lots(filled), limit, total: Lots(total) })
    }

    /// Takes off an order what it asks for no more: of its hidden part first.
    fn shrink(&mut self, slot: u32, less: u64, reports: &mut impl Reports) {
        let order = self.slab.get_mut(slot);
        let less = self.rare.shrink_hidden(order, less);
        if less == 0 {
            return;
        }
        let (side, key) = (order.side(), order.key);
        order.set_open(order.open() - less);
        let level = self.ladder_mut(side).level_mut(key);
        level.quantity -= less;
        let shown = Lots(level.quantity);
        reports.level(side, super::ladder::price_of(side, key), shown);
    }
}
