//! Follow mode said once more, as plainly as it can be: one lot at a time, and every search a look
//! at everything. For the differential test.

use super::{OutsideFill, Snapshot, Source};
use crate::amount::{Amount, Lots, TickLots, Ticks};
use crate::ids::{AccountId, OrderKey};
use crate::instrument::Instrument;
use crate::order::{CancelReason, Side};
use std::collections::BTreeMap;

/// An order of a user that rests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waits {
    pub order: OrderKey,
    pub side: Side,
    pub limit: Ticks,
    pub open: u64,
    pub filled: u64,
}

/// An order that comes in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comes {
    pub order: OrderKey,
    pub side: Side,
    pub limit: Ticks,
    pub quantity: u64,
    pub value_max: Option<TickLots>,
    pub rests: bool,
    pub is_whole: bool,
}

/// What was said of orders, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Filled(OutsideFill),
    Dropped(OrderKey, u64, CancelReason),
}

#[derive(Clone)]
pub(super) struct NaiveFollow {
    pub instrument: Instrument,
    pub house: AccountId,
    pub base: Amount,
    pub quote: Amount,
    pub snapshot: Snapshot,
    pub taken: BTreeMap<(Side, Ticks), u64>,
    pub is_stale: bool,
    /// Oldest first.
    pub waits: Vec<Waits>,
    pub said: Vec<Said>,
}

impl NaiveFollow {
    pub fn new(instrument: Instrument, house: AccountId) -> NaiveFollow {
        NaiveFollow {
            instrument,
            house,
            base: 0,
            quote: 0,
            snapshot: Snapshot::default(),
            taken: BTreeMap::new(),
            is_stale: true,
            waits: Vec::new(),
            said: Vec::new(),
        }
    }

    pub fn post(&mut self, snapshot: &Snapshot) {
        if snapshot.number > self.snapshot.number {
            self.snapshot = snapshot.clone();
            self.taken.clear();
            self.is_stale = false;
        }
    }

    /// What is left at a level, by its place.
    fn left(&self, side: Side, place: usize) -> u64 {
        let level = self.snapshot.side(side)[place];
        level.quantity.0 - self.taken.get(&(side, level.price)).copied().unwrap_or(0)
    }

    /// The first level of a side with something left: levels come best first.
    fn best(&self, side: Side) -> Option<usize> {
        let places = 0..self.snapshot.side(side).len();
        if self.is_stale { None } else { places.into_iter().find(|at| self.left(side, *at) > 0) }
    }

    /// Whether the house has what one more lot takes; then that is moved.
    fn pays(&mut self, side: Side, price: Ticks) -> bool {
        let (goods, money) = (self.instrument.lot, self.instrument.notional(price, Lots(1)));
        let enough = if side == Side::Buy { self.base >= goods } else { self.quote >= money };
        if enough && side == Side::Buy {
            (self.base, self.quote) = (self.base - goods, self.quote + money);
        } else if enough {
            (self.base, self.quote) = (self.base + goods, self.quote - money);
        }
        enough
    }

    /// One lot of a level goes to an order.
    fn fill(&mut self, order: OrderKey, side: Side, place: usize, price: Ticks, is_maker: bool) {
        let level = self.snapshot.side(side.opposite())[place].price;
        *self.taken.entry((side.opposite(), level)).or_default() += 1;
        let source = Source { snapshot: self.snapshot.number, level: place as u32 + 1 };
        let (house, quantity) = (self.house, Lots(1));
        let fill = OutsideFill { order, house, side, is_maker, price, quantity, source };
        if let Some(Said::Filled(last)) = self.said.last_mut()
            && (OutsideFill { quantity, ..*last }) == fill
        {
            last.quantity += quantity;
            return;
        }
        self.said.push(Said::Filled(fill));
    }

    /// Takes for an order; what it filled and why it stopped, if that was no want of levels.
    fn take(&mut self, comes: &Comes) -> (u64, Option<CancelReason>) {
        let (mut filled, mut value) = (0, 0);
        while filled < comes.quantity {
            let Some(place) = self.best(comes.side.opposite()) else { break };
            let price = self.snapshot.side(comes.side.opposite())[place].price;
            let is_within = match comes.side {
                Side::Buy => price <= comes.limit,
                Side::Sell => price >= comes.limit,
            };
            if !is_within {
                break;
            }
            if comes.value_max.is_some_and(|most| value + TickLots::from(price.0) > most) {
                return (filled, Some(CancelReason::AmountSpent));
            }
            if !self.pays(comes.side, price) {
                return (filled, Some(CancelReason::HouseCannotPay));
            }
            self.fill(comes.order, comes.side, place, price, false);
            filled += 1;
            value += TickLots::from(price.0);
        }
        (filled, None)
    }

    /// What was filled, what rests, and why the rest went.
    pub fn submit(&mut self, comes: &Comes) -> (u64, u64, Option<CancelReason>) {
        if comes.is_whole {
            let (filled, stopped) = self.clone().take(comes);
            if filled < comes.quantity {
                let short = stopped.filter(|why| *why == CancelReason::HouseCannotPay);
                return (0, 0, Some(short.unwrap_or(CancelReason::NotFilledWhole)));
            }
        }
        let (filled, stopped) = self.take(comes);
        let open = comes.quantity - filled;
        if open > 0 && comes.rests && stopped.is_none() {
            let Comes { order, side, limit, .. } = *comes;
            self.waits.push(Waits { order, side, limit, open, filled });
            return (filled, open, None);
        }
        (filled, 0, (open > 0).then_some(stopped.unwrap_or(CancelReason::NoLiquidity)))
    }

    /// Fills what rests and is reached.
    pub fn cross(&mut self) {
        for side in [Side::Buy, Side::Sell] {
            while let Some(place) = self.best(side.opposite()) {
                let price = self.snapshot.side(side.opposite())[place].price;
                let reached = |w: &&mut Waits| match side {
                    Side::Buy => w.side == side && w.limit >= price,
                    Side::Sell => w.side == side && w.limit <= price,
                };
                let better = |w: &&mut Waits| match side {
                    Side::Buy => Ticks::MAX.0 - w.limit.0,
                    Side::Sell => w.limit.0,
                };
                // Of those that are equal the first is taken, which is the oldest.
                let Some(first) = self.waits.iter_mut().filter(reached).min_by_key(better) else {
                    break;
                };
                let (order, limit) = (first.order, first.limit);
                if !self.pays(side, limit) {
                    self.drop(order, CancelReason::HouseCannotPay);
                    continue;
                }
                self.fill(order, side, place, limit, true);
                let waits = self.waits.iter_mut().find(|waits| waits.order == order);
                let waits = waits.expect("it was just found");
                (waits.open, waits.filled) = (waits.open - 1, waits.filled + 1);
                self.waits.retain(|waits| waits.open > 0);
            }
        }
    }

    fn drop(&mut self, order: OrderKey, reason: CancelReason) {
        if let Some(gone) = self.remove(order) {
            self.said.push(Said::Dropped(order, gone.open, reason));
        }
    }

    pub fn remove(&mut self, order: OrderKey) -> Option<Waits> {
        let place = self.waits.iter().position(|waits| waits.order == order)?;
        Some(self.waits.remove(place))
    }

    /// What was filled now, what rests, and why the rest went; none where nothing was changed.
    pub fn amend(
        &mut self,
        order: OrderKey,
        total: Option<u64>,
        limit: Option<Ticks>,
    ) -> Option<(u64, u64, Option<CancelReason>)> {
        let standing = self.waits.iter_mut().find(|waits| waits.order == order)?;
        let total = total.unwrap_or(standing.open + standing.filled);
        let limit = limit.unwrap_or(standing.limit);
        if total <= standing.filled {
            return None;
        }
        let open = total - standing.filled;
        if limit == standing.limit && open <= standing.open {
            standing.open = open;
            return Some((0, open, None));
        }
        let (side, before) = (standing.side, standing.filled);
        self.remove(order);
        let (quantity, value_max) = (open, None);
        let (rests, is_whole) = (true, false);
        let comes = Comes { order, side, limit, quantity, value_max, rests, is_whole };
        let done = self.submit(&comes);
        if let Some(waits) = self.waits.iter_mut().find(|waits| waits.order == order) {
            waits.filled += before;
        }
        Some(done)
    }
}
