//! Whether an order could be filled whole, before anything is touched.

use super::ladder::{NIL, key_of, price_of};
use super::matching::{Book, Incoming};
use crate::amount::TickLots;
use crate::order::SelfMatch;

impl Book {
    /// Own orders are no liquidity unless they would trade: `CANCEL_MAKER` reaches past them,
    /// every other mode ends or shrinks the taker there. Hidden parts come behind all that is
    /// shown at their price.
    fn can_fill_whole(&self, incoming: &Incoming) -> Whole {
        let side = incoming.side.opposite();
        let ladder = self.ladder(side);
        let limit = key_of(side, incoming.limit);
        let value_max = incoming.value_max;
        let mut wanted = Wanted { left: incoming.quantity.0, value: 0, value_max };
        let mut whole = Whole::Near;
        let mut key = ladder.best();
        while key <= limit && key != NIL {
            let level = ladder.level(key);
            let price = TickLots::from(price_of(side, key).0);
            let mut slot = level.head;
            let mut hidden = 0;
            while slot != NIL {
                let maker = self.slab.get(slot);
                let is_own = maker.is_of(incoming.order.account);
                if !is_own || incoming.self_match == SelfMatch::None {
                    if !self.reach.has(side, key) {
                        whole = Whole::TooFar;
                    }
                    if let Some(decided) = wanted.take(maker.open(), price) {
                        return if decided { whole } else { Whole::No };
                    }
                    hidden += self.rare.aside(maker).hidden();
                } else if incoming.self_match != SelfMatch::CancelMaker {
                    return Whole::No;
                }
                slot = maker.next;
            }
            if hidden > 0
                && let Some(decided) = wanted.take(hidden, price)
            {
                return if decided { whole } else { Whole::No };
            }
            key = ladder.next(key);
        }
        Whole::No
    }

    /// Whether an order is filled whole. Where some of that would trade too far away nothing of it
    /// does, and orders collect from here on.
    pub(super) fn fills_whole(&mut self, incoming: &Incoming) -> bool {
        let whole = self.can_fill_whole(incoming);
        self.collects |= whole == Whole::TooFar;
        whole == Whole::Near
    }
}

/// Whether what is wanted is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    No,
    Near,
    /// It is, but some of it is too far away to trade.
    TooFar,
}

/// What is still to be found, and what has been found costs so far.
struct Wanted {
    left: u64,
    value: TickLots,
    value_max: Option<TickLots>,
}

impl Wanted {
    /// Takes what is open at a price. Says whether the order can be filled, once that is decided.
    fn take(&mut self, open: u64, price: TickLots) -> Option<bool> {
        let quantity = self.left.min(open);
        self.value += price * TickLots::from(quantity);
        if self.value_max.is_some_and(|most| self.value > most) {
            return Some(false);
        }
        self.left -= quantity;
        (self.left == 0).then_some(true)
    }
}
