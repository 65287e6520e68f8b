//! A book as a list of its orders, best price first, oldest first.

use super::ladder::{Ladder, NIL, price_of};
use super::matching::{Book, Reports};
use super::rare::Iceberg;
use super::slab::Resting;
use crate::amount::{Lots, Ticks};
use crate::hash::StateHash;
use crate::ids::OrderKey;
use crate::order::{Life, Side};
use serde::{Deserialize, Serialize};

/// A resting order as a snapshot keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestingOrder {
    pub order: OrderKey,
    pub side: Side,
    pub price: Ticks,
    /// Hidden parts included.
    pub open: Lots,
    pub filled: Lots,
    pub reduced: Lots,
    /// Set for an iceberg.
    pub iceberg: Option<Hidden>,
    /// How long it stays.
    pub life: Life,
}

/// What of a resting order nobody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hidden {
    /// So much is shown at a time.
    pub display: Lots,
    pub hidden: Lots,
}

impl RestingOrder {
    /// The part of it that nobody sees.
    #[must_use]
    pub fn hidden(&self) -> Lots {
        self.open - self.shown()
    }

    /// The part of it that others see.
    #[must_use]
    pub fn shown(&self) -> Lots {
        self.iceberg.map_or(self.open, |iceberg| self.open - iceberg.hidden)
    }
}

impl Book {
    /// All orders: bids best to worst, then asks best to worst, in order of arrival within a
    /// price.
    pub fn orders(&self) -> impl Iterator<Item = RestingOrder> + '_ {
        [Side::Buy, Side::Sell].into_iter().flat_map(move |side| self.side(side))
    }

    /// The orders of one side in priority order.
    pub fn side(&self, side: Side) -> impl Iterator<Item = RestingOrder> + '_ {
        let keys = keys(self.ladder(side));
        keys.flat_map(move |key| {
            let mut slot = self.ladder(side).level(key).head;
            std::iter::from_fn(move || {
                let resting = (slot != NIL).then(|| self.slab.get(slot))?;
                let filled = Lots(self.slab.filled(slot));
                let aside = self.rare.aside(resting);
                slot = resting.next;
                let life = match aside.expires {
                    Some(time) => Life::Until(time),
                    None => resting.life(),
                };
                Some(RestingOrder {
                    order: resting.order(),
                    side,
                    price: price_of(side, key),
                    open: Lots(resting.open() + aside.hidden()),
                    filled,
                    reduced: Lots(aside.reduced),
                    iceberg: aside.iceberg.map(|iceberg| Hidden {
                        display: Lots(iceberg.display),
                        hidden: Lots(iceberg.hidden),
                    }),
                    life,
                })
            })
        })
    }

    /// Price levels of one side with what is shown there, best first.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = (Ticks, Lots)> + '_ {
        let ladder = self.ladder(side);
        keys(ladder).map(move |key| (price_of(side, key), Lots(ladder.level(key).quantity)))
    }

    /// What others see of the orders at a price, in priority order.
    pub fn queue(&self, side: Side, price: Ticks) -> impl Iterator<Item = Lots> + '_ {
        let key = super::ladder::key_of(side, price);
        let ladder = self.ladder(side);
        let mut slot = if ladder.quantity(key) == 0 { NIL } else { ladder.level(key).head };
        std::iter::from_fn(move || {
            let resting = (slot != NIL).then(|| self.slab.get(slot))?;
            slot = resting.next;
            Some(Lots(resting.open()))
        })
    }

    /// Puts back an order of a snapshot, behind those of its price that are there already.
    pub fn restore(&mut self, order: &RestingOrder) {
        let key = super::ladder::key_of(order.side, order.price);
        let shown = order.shown().0;
        let slot = self.slab.insert(Resting::new(order.order, order.side, key, shown));
        self.slab.add_filled(slot, order.filled.0);
        self.index.insert(order.order, slot);
        self.note_reduction(slot, order.reduced.0);
        if let Some(Hidden { display, hidden }) = order.iceberg {
            let iceberg = Iceberg { display: display.0, hidden: hidden.0 };
            self.rare.hide(self.slab.get_mut(slot), iceberg);
        }
        self.limit_life(slot, order.life);
        self.enqueue(slot, &mut Silent);
    }

    /// Adds everything that decides about later matches.
    #[expect(clippy::should_implement_trait, reason = "a state hash is no map key")]
    pub fn hash(&self, hash: &mut StateHash) {
        hash.number(self.len() as u64);
        for order in self.orders() {
            hash.number(order.order.account.bits());
            hash.number(order.order.no.0);
            hash.number(u64::from(order.price.0) << 1 | u64::from(order.side == Side::Sell));
            hash.number(order.open.0);
            hash.number(order.filled.0);
            hash.number(order.reduced.0);
            let (display, hidden) = order.iceberg.map_or((0, 0), |i| (i.display.0, i.hidden.0));
            hash.number(display);
            hash.number(hidden);
            order.life.words().into_iter().for_each(|word| hash.number(word));
        }
        hash.number(self.stops.len() as u64);
        self.stops.iter().for_each(|stop| stop.hash(hash));
    }
}

fn keys(ladder: &Ladder) -> impl Iterator<Item = u32> + '_ {
    let first = Some(ladder.best()).filter(|&key| key != NIL);
    std::iter::successors(first, |&key| Some(ladder.next(key)).filter(|&next| next != NIL))
}

/// Hears nothing.
pub(super) struct Silent;

impl Reports for Silent {
    fn traded(&mut self, _: &super::Execution) {}
    fn reduced(&mut self, _: OrderKey, _: Lots, _: Lots) {}
    fn level(&mut self, _: Side, _: Ticks, _: Lots) {}
}
