//! Whether an order could be filled whole, before anything is touched.

use super::ladder::{NIL, key_of, price_of};
use super::matching::{Book, Incoming, Unsized};
use crate::order::SelfMatch;

impl Book {
    /// Own orders are no liquidity unless they would trade: `CANCEL_MAKER` reaches past them,
    /// every other mode ends or shrinks the taker there. Hidden parts come behind all that is
    /// shown at their price.
    pub(super) fn can_fill_whole(&self, incoming: &Incoming) -> bool {
        let side = incoming.side.opposite();
        let ladder = self.ladder(side);
        let limit = key_of(side, incoming.limit);
        let mut left = incoming.quantity.0;
        let mut value: Unsized = 0;
        let mut key = ladder.best();
        while key <= limit && key != NIL {
            let level = ladder.level(key);
            let price = Unsized::from(price_of(side, key).0);
            let mut slot = level.head;
            let mut hidden = 0;
            while slot != NIL {
                let maker = self.slab.get(slot);
                let is_own = maker.is_of(incoming.order.account);
                if !is_own || incoming.self_match == SelfMatch::None {
                    let quantity = left.min(maker.open());
                    value += price * Unsized::from(quantity);
                    if incoming.value_max.is_some_and(|most| value > most) {
                        return false;
                    }
                    left -= quantity;
                    if left == 0 {
                        return true;
                    }
                    hidden += self.rare.aside(maker).hidden();
                } else if incoming.self_match != SelfMatch::CancelMaker {
                    return false;
                }
                slot = maker.next;
            }
            if hidden > 0 {
                let quantity = left.min(hidden);
                value += price * Unsized::from(quantity);
                if incoming.value_max.is_some_and(|most| value > most) {
                    return false;
                }
                left -= quantity;
                if left == 0 {
                    return true;
                }
            }
            key = ladder.next(key);
        }
        false
    }
}
