//! Orders that rest and are matched by somebody else: where the book only keeps them.

use super::matching::{Book, Incoming, Reports, Taking};
use crate::amount::Lots;
use crate::ids::OrderKey;
use crate::order::Life;

impl Book {
    /// Rests what an order has left, behind all others of its price.
    pub(crate) fn enter(
        &mut self,
        incoming: &Incoming,
        filled: Lots,
        resting: Lots,
        reports: &mut impl Reports,
    ) {
        let taking = Taking { filled: filled.0, ..Taking::nothing(resting) };
        self.rest(incoming, &taking, reports);
    }

    /// So much of a resting order has traded elsewhere. One of which nothing is left is gone.
    pub(crate) fn fill(&mut self, order: OrderKey, quantity: Lots, reports: &mut impl Reports) {
        let slot = self.index.find(order, &self.slab).expect("what fills rests");
        let resting = *self.slab.get(slot);
        let left = resting.open() - quantity.0;
        if left == 0 {
            self.dequeue(slot, reports);
            self.forget(slot);
            return;
        }
        self.slab.get_mut(slot).set_open(left);
        self.slab.add_filled(slot, quantity.0);
        let level = self.ladder_mut(resting.side()).level_mut(resting.key);
        level.quantity -= quantity.0;
        let shown = Lots(level.quantity);
        let price = super::ladder::price_of(resting.side(), resting.key);
        reports.level(resting.side(), price, shown);
    }

    /// How long a resting order stays.
    pub(crate) fn life(&self, order: OrderKey) -> Life {
        let Some(slot) = self.index.find(order, &self.slab) else { return Life::default() };
        let resting = self.slab.get(slot);
        self.rare.aside(resting).expires.map_or(resting.life(), Life::Until)
    }
}
