//! What few resting orders have: hidden parts, a time to go, and what self-match took off them. It
//! lies beside the queues, found by an order's name; a flag of the order says whether to look.

use super::slab::Resting;
use crate::amount::Lots;
use crate::ids::OrderKey;
use crate::time::Time;
use std::collections::{BTreeSet, HashMap};

/// An order of which others see a part at a time. What is shown of it now lies in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Iceberg {
    /// So much is shown when the part before it is gone.
    pub display: u64,
    pub hidden: u64,
}

impl Iceberg {
    /// Splits what is open: returns what is shown first.
    pub fn of(display: u64, open: u64) -> (u64, Iceberg) {
        let shown = open.min(display);
        (shown, Iceberg { display, hidden: open - shown })
    }
}

/// What is kept beside a resting order: nothing beside most.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Aside {
    pub iceberg: Option<Iceberg>,
    /// What self-match took off it.
    pub reduced: u64,
    /// When it goes.
    pub expires: Option<Time>,
}

impl Aside {
    /// What nobody sees of the order.
    #[inline(always)]
    pub fn hidden(&self) -> u64 {
        self.iceberg.map_or(0, |iceberg| iceberg.hidden)
    }
}

#[derive(Default)]
pub(super) struct Rare {
    asides: HashMap<OrderKey, Aside>,
    /// Those that go at a time, in the order in which they come.
    due: BTreeSet<(Time, OrderKey)>,
}

impl Rare {
    /// What is kept of a resting order.
    #[inline(always)]
    pub fn aside(&self, resting: &Resting) -> Aside {
        if resting.is_rare() { self.look(resting.order()) } else { Aside::default() }
    }

    #[cold]
    #[inline(never)]
    fn look(&self, order: OrderKey) -> Aside {
        self.asides.get(&order).copied().unwrap_or_default()
    }

    /// Lets an order go at a time.
    #[cold]
    #[inline(never)]
    pub fn expire_at(&mut self, resting: &mut Resting, time: Time) {
        self.asides.entry(resting.order()).or_default().expires = Some(time);
        self.due.insert((time, resting.order()));
    }

    /// The order that goes next.
    #[inline(always)]
    pub fn first_due(&self) -> Option<(Time, OrderKey)> {
        self.due.first().copied()
    }

    #[cold]
    #[inline(never)]
    pub fn add_reduction(&mut self, resting: &mut Resting, quantity: u64) {
        resting.set_reduced();
        self.asides.entry(resting.order()).or_default().reduced += quantity;
    }

    #[cold]
    #[inline(never)]
    pub fn hide(&mut self, resting: &mut Resting, iceberg: Iceberg) {
        resting.set_iceberg();
        self.asides.entry(resting.order()).or_default().iceberg = Some(iceberg);
    }

    /// Takes from a maker what self-match costs it: of its hidden part first. Returns what it
    /// loses of the part that is shown, and what stays open of it all.
    #[cold]
    #[inline(never)]
    pub fn lose(&mut self, maker: &mut Resting, quantity: u64) -> (u64, Lots) {
        let of_shown = self.shrink_hidden(maker, quantity);
        maker.set_open(maker.open() - of_shown);
        let left = maker.open() + self.aside(maker).hidden();
        if left > 0 {
            self.add_reduction(maker, quantity);
        }
        (of_shown, Lots(left))
    }

    /// Takes so much off the hidden part; returns what the shown part has to give.
    pub fn shrink_hidden(&mut self, resting: &Resting, quantity: u64) -> u64 {
        let aside = resting.is_iceberg().then(|| self.asides.get_mut(&resting.order())).flatten();
        let Some(iceberg) = aside.and_then(|aside| aside.iceberg.as_mut()) else {
            return quantity;
        };
        let of_hidden = iceberg.hidden.min(quantity);
        iceberg.hidden -= of_hidden;
        quantity - of_hidden
    }

    /// The next part of an order whose shown part is gone; none when nothing is left of it, or it
    /// is no iceberg.
    #[cold]
    #[inline(never)]
    pub fn surface(&mut self, order: OrderKey) -> Option<u64> {
        let iceberg = self.asides.get_mut(&order)?.iceberg.as_mut().filter(|it| it.hidden > 0)?;
        let (shown, rest) = Iceberg::of(iceberg.display, iceberg.hidden);
        *iceberg = rest;
        Some(shown)
    }

    /// Forgets an order that is gone.
    #[cold]
    #[inline(never)]
    pub fn forget(&mut self, order: OrderKey) {
        if let Some(Aside { expires: Some(time), .. }) = self.asides.remove(&order) {
            self.due.remove(&(time, order));
        }
    }
}
