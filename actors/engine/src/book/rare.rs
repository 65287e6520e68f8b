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
    reductions: HashMap<OrderKey, u64>,
    icebergs: HashMap<OrderKey, Iceberg>,
    expiries: HashMap<OrderKey, Time>,
    /// The same, in the order in which they come.
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
        let iceberg = self.icebergs.get(&order).copied();
        let expires = self.expiries.get(&order).copied();
        Aside { iceberg, reduced: self.reductions.get(&order).copied().unwrap_or(0), expires }
    }

    /// Lets an order go at a time.
    #[cold]
    #[inline(never)]
    pub fn expire_at(&mut self, resting: &mut Resting, time: Time) {
        self.expiries.insert(resting.order(), time);
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
        *self.reductions.entry(resting.order()).or_default() += quantity;
    }

    #[cold]
    #[inline(never)]
    pub fn hide(&mut self, resting: &mut Resting, iceberg: Iceberg) {
        resting.set_iceberg();
        self.icebergs.insert(resting.order(), iceberg);
    }

    /// Takes from a maker what self-match costs it: of its hidden part first. Returns what it
    /// loses of the part that is shown, and what stays open of it all.
    #[cold]
    #[inline(never)]
    pub fn lose(&mut self, maker: &mut Resting, quantity: u64) -> (u64, Lots) {
        let of_shown = self.shrink_hidden(maker, quantity);
        maker.set_open(maker.open() - of_shown);
        let left = maker.open() + self.aside(maker).hidden();
        if left > 0 && quantity > 0 {
            self.add_reduction(maker, quantity);
        }
        (of_shown, Lots(left))
    }

    /// Takes so much off the hidden part; returns what the shown part has to give.
    pub fn shrink_hidden(&mut self, resting: &Resting, quantity: u64) -> u64 {
        if !resting.is_iceberg() {
            return quantity;
        }
        match self.icebergs.get_mut(&resting.order()) {
            Some(iceberg) => {
                let of_hidden = iceberg.hidden.min(quantity);
                iceberg.hidden -= of_hidden;
                quantity - of_hidden
            }
            None => quantity,
        }
    }

    /// The next part of an order whose shown part is gone; none when nothing is left of it.
    #[cold]
    #[inline(never)]
    pub fn surface(&mut self, order: OrderKey) -> Option<u64> {
        let iceberg = self.icebergs.get_mut(&order).filter(|iceberg| iceberg.hidden > 0)?;
        let shown = iceberg.hidden.min(iceberg.display);
        iceberg.hidden -= shown;
        Some(shown)
    }

    /// The next part of an order that may be an iceberg; zero when nothing is left of it.
    pub fn surface_if_any(&mut self, resting: &Resting) -> u64 {
        let part = resting.is_iceberg().then(|| self.surface(resting.order()));
        part.flatten().unwrap_or(0)
    }

    /// Forgets an order that is gone.
    #[cold]
    #[inline(never)]
    pub fn forget(&mut self, order: OrderKey) {
        self.reductions.remove(&order);
        self.icebergs.remove(&order);
        if let Some(time) = self.expiries.remove(&order) {
            self.due.remove(&(time, order));
        }
    }
}
