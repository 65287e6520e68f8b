//! Matching: better prices first, within a price the oldest first, at the maker's price.

use super::index::Index;
use super::ladder::{Ladder, Level, NIL, key_of, price_of};
use super::rare::{Iceberg, Rare};
use super::reach::Reach;
use super::slab::{Resting, Slab};
use super::stops::Stops;
use crate::amount::{Lots, TickLots, Ticks};
use crate::ids::OrderKey;
use crate::message::Submit;
use crate::order::{CancelReason, Life, SelfMatch, Side, TimeInForce};

/// An order as the matcher takes it: already checked, always with a limit.
#[derive(Clone, Copy, Debug)]
pub struct Incoming {
    pub order: OrderKey,
    pub side: Side,
    pub limit: Ticks,
    pub quantity: Lots,
    pub time_in_force: TimeInForce,
    pub self_match: SelfMatch,
    /// Most that the sum of price x quantity may come to, in tick-lots.
    pub value_max: Option<TickLots>,
    /// Set for an iceberg: so much of what rests is seen at a time.
    pub display: Option<Lots>,
    /// How long what rests stays.
    pub life: Life,
    /// Should orders collect, it waits for whatever the call comes to.
    pub at_market: bool,
}

impl From<&Submit> for Incoming {
    #[inline(always)]
    fn from(submit: &Submit) -> Incoming {
        let terms = submit.terms.as_deref();
        Incoming {
            order: submit.order,
            side: submit.side,
            limit: submit.limit,
            quantity: submit.quantity,
            time_in_force: submit.time_in_force,
            self_match: submit.self_match,
            value_max: submit.value_max,
            display: terms.and_then(|terms| terms.display),
            life: Life::of(submit.time_in_force, terms),
            at_market: submit.is_market && submit.value_max.is_none(),
        }
    }
}

impl Incoming {
    /// A resting order that is entered again, as a good-till-cancelled one.
    pub(crate) fn again(
        order: OrderKey,
        side: Side,
        limit: Ticks,
        quantity: Lots,
        life: Life,
    ) -> Incoming {
        let (time_in_force, self_match) = (TimeInForce::Gtc, SelfMatch::None);
        let (value_max, display) = (None, None);
        Incoming {
            order,
            side,
            limit,
            quantity,
            time_in_force,
            self_match,
            value_max,
            display,
            life,
            at_market: false,
        }
    }

    /// Whether it must not trade with a maker, because both are of one account.
    #[inline(always)]
    fn avoids(&self, maker: &Resting) -> bool {
        self.self_match != SelfMatch::None && maker.is_of(self.order.account)
    }

    #[inline(always)]
    fn execution(&self, maker: OrderKey, price: Ticks, quantity: u64) -> Execution {
        let (taker, taker_side) = (self.order, self.side);
        Execution { taker, maker, taker_side, price, quantity: Lots(quantity) }
    }
}

/// One trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Execution {
    pub taker: OrderKey,
    pub maker: OrderKey,
    pub taker_side: Side,
    pub price: Ticks,
    pub quantity: Lots,
}

/// What became of an incoming order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Traded by this command.
    pub filled: Lots,
    /// Sum of price x quantity of that, in tick-lots.
    pub value: TickLots,
    /// Rests in the book now.
    pub resting: Lots,
    /// Went without a trade, and why.
    pub cancelled: Lots,
    pub reason: Option<CancelReason>,
}

impl Decision {
    /// All of it rests.
    pub(super) const fn rests(resting: Lots) -> Decision {
        let nothing = Lots::ZERO;
        Decision { filled: nothing, value: 0, resting, cancelled: nothing, reason: None }
    }

    /// It could not be filled whole.
    pub(crate) const fn killed(cancelled: Lots) -> Decision {
        let reason = Some(CancelReason::NotFilledWhole);
        Decision { cancelled, reason, ..Decision::rests(Lots::ZERO) }
    }
}

/// An order that was taken out of the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removed {
    pub side: Side,
    pub price: Ticks,
    /// What was open, hidden parts included.
    pub open: Lots,
    pub filled: Lots,
    /// What self-match had taken off it before.
    pub reduced: Lots,
}

/// Hears what happens while an order is matched, in order.
pub trait Reports {
    fn traded(&mut self, execution: &Execution);
    /// A resting order lost `quantity` to self-match; `left` stays open, hidden parts included.
    fn reduced(&mut self, maker: OrderKey, quantity: Lots, left: Lots);
    /// A price level shows `quantity` now.
    fn level(&mut self, side: Side, price: Ticks, quantity: Lots);
}

/// Resting orders in price-time priority.
pub struct Book {
    pub(super) bids: Ladder,
    pub(super) asks: Ladder,
    pub(super) slab: Slab,
    pub(super) index: Index,
    pub(super) rare: Rare,
    pub(super) stops: Stops,
    /// Orders collect for a call instead of matching.
    pub(super) collects: bool,
    /// Where trades happen now. No part of the state: whoever has such a rule sets it before each
    /// order.
    pub(super) reach: Reach,
}

impl Default for Book {
    fn default() -> Self {
        Book {
            bids: Ladder::new(),
            asks: Ladder::new(),
            slab: Slab::default(),
            index: Index::new(),
            rare: Rare::default(),
            stops: Stops::default(),
            collects: false,
            reach: Reach::default(),
        }
    }
}

/// How an incoming order stands while it takes.
pub(crate) struct Taking {
    pub left: u64,
    pub filled: u64,
    pub value: TickLots,
    /// Taken off it by self-match with `DECREMENT`.
    pub decremented: u64,
    /// Why it takes no more.
    pub stopped: Option<CancelReason>,
}

impl Book {
    /// Number of resting orders.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The best price of a side.
    #[must_use]
    #[inline]
    pub fn best(&self, side: Side) -> Option<Ticks> {
        let key = self.ladder(side).best();
        (key != NIL).then(|| price_of(side, key))
    }

    /// What is open at a price of a side.
    #[must_use]
    pub fn quantity_at(&self, side: Side, price: Ticks) -> Lots {
        Lots(self.ladder(side).quantity(key_of(side, price)))
    }

    /// Whether an order of `side` at `limit` would trade at once.
    #[must_use]
    #[inline]
    pub fn would_cross(&self, side: Side, limit: Ticks) -> bool {
        self.ladder(side.opposite()).best() <= key_of(side.opposite(), limit)
    }

    #[inline(always)]
    pub(super) fn ladder(&self, side: Side) -> &Ladder {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    #[inline(always)]
    pub(super) fn ladder_mut(&mut self, side: Side) -> &mut Ladder {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// Matches an order and rests what is left of it, as its time in force says.
    #[inline]
    pub fn submit(&mut self, incoming: &Incoming, reports: &mut impl Reports) -> Decision {
        if self.collects {
            return self.collect(incoming, reports);
        }
        if incoming.time_in_force == TimeInForce::Fok && !self.fills_whole(incoming) {
            return Decision::killed(incoming.quantity);
        }
        let taking = self.take(incoming, reports);
        if taking.stopped.is_some() {
            return self.stop_taking(incoming, &taking, reports);
        }
        let resting = if incoming.time_in_force.rests() { taking.left } else { 0 };
        if resting > 0 {
            self.rest(incoming, &taking, reports);
        }
        decide(&taking, resting)
    }

    #[inline(always)]
    pub(super) fn rest(
        &mut self,
        incoming: &Incoming,
        taking: &Taking,
        reports: &mut impl Reports,
    ) {
        let key = key_of(incoming.side, incoming.limit);
        let resting = Resting::new(incoming.order, incoming.side, key, taking.left);
        let slot = self.slab.insert(resting);
        self.slab.add_filled(slot, taking.filled);
        self.index.insert(incoming.order, slot);
        self.note_reduction(slot, taking.decremented);
        if let Some(display) = incoming.display {
            self.hide(slot, display);
        }
        if incoming.life != Life::UntilCancelled {
            self.limit_life(slot, incoming.life);
        }
        self.enqueue(slot, reports);
    }

    /// Notes when an order has to go.
    #[cold]
    pub(super) fn limit_life(&mut self, slot: u32, life: Life) {
        let resting = self.slab.get_mut(slot);
        resting.set_life(life);
        if let Life::Until(time) = life {
            self.rare.expire_at(resting, time);
        }
    }

    /// Shows a part of an order that is not in its queue, and hides the rest.
    #[cold]
    pub(super) fn hide(&mut self, slot: u32, display: Lots) {
        let resting = self.slab.get_mut(slot);
        let (shown, iceberg) = Iceberg::of(display.0, resting.open());
        resting.set_open(shown);
        self.rare.hide(resting, iceberg);
    }

    /// Takes from the opposite side until nothing is left or nothing matches.
    #[inline(always)]
    pub(super) fn take(&mut self, incoming: &Incoming, reports: &mut impl Reports) -> Taking {
        let mut taking = Taking::nothing(incoming.quantity);
        let side = incoming.side.opposite();
        let limit = key_of(side, incoming.limit);
        while taking.left > 0 && taking.stopped.is_none() {
            let key = self.ladder(side).best();
            // An empty side's best is NIL, which lies beyond every limit.
            if key > limit {
                break;
            }
            if !self.reach.has(side, key) {
                self.leap(incoming, &mut taking, reports);
                break;
            }
            self.take_level::<false>(incoming, side, key, &mut taking, reports);
        }
        taking
    }

    /// Takes from the best price. Of a price that lies `TOO_FAR` nothing is traded; what does
    /// without a trade happens, until the first that would not.
    #[inline(always)]
    pub(super) fn take_level<const TOO_FAR: bool>(
        &mut self,
        incoming: &Incoming,
        side: Side,
        key: u32,
        taking: &mut Taking,
        reports: &mut impl Reports,
    ) {
        let Book { bids, asks, slab, index, rare, .. } = self;
        let ladder = if side == Side::Buy { bids } else { asks };
        let level = ladder.best_level();
        let price = price_of(side, key);
        let mut head = level.head;
        let before = level.quantity;
        let mut shown = before;
        while head != NIL && taking.left > 0 && taking.stopped.is_none() {
            let maker = slab.get_mut(head);
            let order = maker.order();
            let open = maker.open();
            let (next, was_rare) = (maker.next, maker.is_rare());
            let quantity = if incoming.avoids(maker) {
                let whole = open + rare.aside(maker).hidden();
                let lost = taking.meet_own(incoming.self_match, whole);
                lose(maker, lost, rare, reports)
            } else {
                let quantity = taking.affordable(open, price, incoming.value_max);
                if quantity == 0 {
                    taking.stopped = Some(CancelReason::AmountSpent);
                    break;
                }
                if TOO_FAR {
                    taking.stopped = Some(CancelReason::Interrupted);
                    break;
                }
                maker.set_open(open - quantity);
                if open > quantity {
                    slab.add_filled(head, quantity);
                }
                taking.fill(quantity, price);
                reports.traded(&incoming.execution(order, price, quantity));
                quantity
            };
            shown -= quantity;
            if open > quantity {
                // It keeps its place: either the taker is done, or the maker only shrank.
                continue;
            }
            if was_rare {
                let part = resurface(slab, level, rare, head, quantity);
                if part > 0 {
                    shown += part;
                    head = level.head;
                    continue;
                }
            }
            index.remove(order, head);
            slab.release(head);
            head = next;
        }
        level.quantity = shown;
        level.head = head;
        if head == NIL {
            ladder.vacate(key);
        } else {
            slab.get_mut(head).prev = NIL;
        }
        if shown != before {
            reports.level(side, price, Lots(shown));
        }
    }

    /// Links a slot at the back of its level's queue.
    #[inline(always)]
    pub(super) fn enqueue(&mut self, slot: u32, reports: &mut impl Reports) {
        let resting = self.slab.get(slot);
        let (key, side, open) = (resting.key, resting.side(), resting.open());
        let ladder = if side == Side::Buy { &mut self.bids } else { &mut self.asks };
        let level = ladder.occupy(key);
        let tail = level.tail;
        level.tail = slot;
        level.quantity += open;
        let shown = level.quantity;
        if tail == NIL {
            level.head = slot;
        } else {
            self.slab.get_mut(tail).next = slot;
        }
        let order = self.slab.get_mut(slot);
        order.prev = tail;
        order.next = NIL;
        reports.level(side, price_of(side, key), Lots(shown));
    }

    /// Unlinks a slot from its level's queue.
    #[inline(always)]
    pub(super) fn dequeue(&mut self, slot: u32, reports: &mut impl Reports) {
        let resting = self.slab.get(slot);
        let Resting { key, prev, next, .. } = *resting;
        let (side, open) = (resting.side(), resting.open());
        let ladder = if side == Side::Buy { &mut self.bids } else { &mut self.asks };
        let level = ladder.level_mut(key);
        level.quantity -= open;
        let shown = level.quantity;
        if prev == NIL {
            level.head = next;
        } else {
            self.slab.get_mut(prev).next = next;
        }
        if next == NIL {
            level.tail = prev;
        } else {
            self.slab.get_mut(next).prev = prev;
        }
        if prev == NIL && next == NIL {
            ladder.vacate(key);
        }
        reports.level(side, price_of(side, key), Lots(shown));
    }

    /// Takes an order out of the book.
    #[inline]
    pub fn cancel(&mut self, order: OrderKey, reports: &mut impl Reports) -> Option<Removed> {
        let (place, slot) = self.index.find_place(order, &self.slab)?;
        let removed = self.removed(slot);
        self.dequeue(slot, reports);
        self.index.remove_at(place);
        self.drop_slot(slot);
        Some(removed)
    }

    /// A resting order as it stands.
    #[must_use]
    pub fn find(&self, order: OrderKey) -> Option<Removed> {
        self.index.find(order, &self.slab).map(|slot| self.removed(slot))
    }

    #[inline(always)]
    fn removed(&self, slot: u32) -> Removed {
        let resting = self.slab.get(slot);
        let aside = self.rare.aside(resting);
        Removed {
            side: resting.side(),
            price: price_of(resting.side(), resting.key),
            open: Lots(resting.open() + aside.hidden()),
            filled: Lots(self.slab.filled(slot)),
            reduced: Lots(aside.reduced),
        }
    }

    #[inline(always)]
    pub(super) fn note_reduction(&mut self, slot: u32, quantity: u64) {
        if quantity > 0 {
            self.rare.add_reduction(self.slab.get_mut(slot), quantity);
        }
    }

    /// Forgets a dequeued order.
    #[inline(always)]
    pub(super) fn forget(&mut self, slot: u32) {
        self.index.remove(self.slab.get(slot).order(), slot);
        self.drop_slot(slot);
    }

    #[inline(always)]
    fn drop_slot(&mut self, slot: u32) {
        let resting = self.slab.get(slot);
        if resting.is_rare() {
            self.rare.forget(resting.order());
        }
        self.slab.release(slot);
    }
}

impl Taking {
    /// Of an order that takes nothing.
    pub fn nothing(quantity: Lots) -> Taking {
        Taking { left: quantity.0, filled: 0, value: 0, decremented: 0, stopped: None }
    }

    /// What it would trade next lies too far away.
    #[inline(always)]
    pub fn leaps(&self) -> bool {
        self.stopped == Some(CancelReason::Interrupted)
    }

    /// How much of a maker the taker can have and pay for.
    #[inline(always)]
    pub(crate) fn affordable(&self, open: u64, price: Ticks, value_max: Option<TickLots>) -> u64 {
        let wanted = self.left.min(open);
        let Some(most) = value_max else { return wanted };
        let lots = (most - self.value) / TickLots::from(price.0.max(1));
        lots.min(TickLots::from(wanted)) as u64
    }

    #[inline(always)]
    pub(crate) fn fill(&mut self, quantity: u64, price: Ticks) {
        self.left -= quantity;
        self.filled += quantity;
        self.value += TickLots::from(price.0) * TickLots::from(quantity);
    }

    /// Applies the taker's mode to a meeting with its own order; returns what the maker loses.
    fn meet_own(&mut self, mode: SelfMatch, maker_open: u64) -> u64 {
        match mode {
            SelfMatch::None => unreachable!("orders of one account trade in this mode"),
            SelfMatch::CancelMaker => maker_open,
            SelfMatch::CancelTaker => {
                self.stopped = Some(CancelReason::SelfMatch);
                0
            }
            SelfMatch::CancelBoth => {
                self.stopped = Some(CancelReason::SelfMatch);
                maker_open
            }
            SelfMatch::Decrement => {
                let smaller = self.left.min(maker_open);
                self.left -= smaller;
                self.decremented += smaller;
                smaller
            }
        }
    }
}

/// Takes from a maker what self-match costs it. Returns what it loses of what is shown.
fn lose(maker: &mut Resting, quantity: u64, rare: &mut Rare, reports: &mut impl Reports) -> u64 {
    if quantity == 0 {
        return 0;
    }
    let (of_shown, left) = rare.lose(maker, quantity);
    reports.reduced(maker.order(), Lots(quantity), left);
    of_shown
}

/// The shown part of a level's first order is gone, the last `quantity` of it just now: gives it
/// its next part, behind all others. Returns how much that is; nothing of an order that is gone,
/// which is forgotten.
#[cold]
#[inline(never)]
fn resurface(slab: &mut Slab, level: &mut Level, rare: &mut Rare, head: u32, quantity: u64) -> u64 {
    let key = slab.get(head).order();
    let Some(part) = rare.surface(key) else {
        rare.forget(key);
        return 0;
    };
    slab.add_filled(head, quantity);
    let order = slab.get_mut(head);
    let next = order.next;
    order.set_open(part);
    level.head = head;
    if next != NIL {
        (order.prev, order.next) = (level.tail, NIL);
        slab.get_mut(level.tail).next = head;
        (level.head, level.tail) = (next, head);
    }
    part
}

/// The decision about an order of which `resting` stays in the book.
#[inline(always)]
pub(crate) fn decide(taking: &Taking, resting: u64) -> Decision {
    let dropped = taking.left - resting;
    let cancelled = dropped + taking.decremented;
    let reason = if dropped > 0 {
        Some(taking.stopped.unwrap_or(CancelReason::NoLiquidity))
    } else {
        (taking.decremented > 0).then_some(CancelReason::SelfMatch)
    };
    Decision {
        filled: Lots(taking.filled),
        value: taking.value,
        resting: Lots(resting),
        cancelled: Lots(cancelled),
        reason,
    }
}
