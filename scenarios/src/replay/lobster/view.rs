//! The real book, as far as the published levels let one see.
//!
//! Messages exist only for the first N levels. A level beyond the N-th is forgotten with its
//! orders, because what happens to them there is not told. A level that appears at rank N
//! without a message was there before: it is adopted as one anonymous order, the oldest of its
//! price. Above rank N nothing is adopted: there every change has a message, and a difference is
//! a difference. A message about an order that is not known concerns the anonymous one.

use super::super::script::Desk;
use super::message::{Message, MessageKind, Published};
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::book::{Book, Incoming, Removed};
use hoga_engine::ids::{AccountId, OrderKey, OrderNo, PartitionId};
use hoga_engine::order::{Life, SelfMatch, Side, TimeInForce};

/// The desk of the book, and the number of published levels.
pub(super) struct View<D> {
    desk: D,
    levels: usize,
    strangers: u64,
}

impl<D: Desk> View<D> {
    pub fn new(levels: usize, desk: D) -> View<D> {
        View { desk, levels, strangers: 0 }
    }

    pub fn book(&self) -> &Book {
        self.desk.book()
    }

    pub fn desk(&self) -> &D {
        &self.desk
    }

    pub fn into_desk(self) -> D {
        self.desk
    }

    pub fn levels(&self) -> usize {
        self.levels
    }

    pub fn strangers(&self) -> u64 {
        self.strangers
    }

    /// The book before the first message: the first published one with that message undone.
    pub fn open(&mut self, published: &Published, first: &Message) {
        for side in [Side::Buy, Side::Sell] {
            for &(price, quantity) in published.side(side) {
                self.adopt(side, price, quantity);
            }
        }
        let Message { side, price, quantity, .. } = *first;
        match first.kind {
            MessageKind::Add => self.reduce(anonymous(side, price), quantity),
            MessageKind::Reduce | MessageKind::Delete | MessageKind::Execution => {
                let there = self.book().find(anonymous(side, price)).map_or(Lots::ZERO, |o| o.open);
                self.desk.cancel(anonymous(side, price));
                self.adopt(side, price, there + quantity);
            }
            MessageKind::Unseen => {}
        }
    }

    /// Does what a message says to the order that it names.
    pub fn apply(&mut self, message: &Message) {
        let Message { side, price, quantity, .. } = *message;
        match message.kind {
            MessageKind::Unseen => {}
            MessageKind::Add => self.place(named(message.order), side, price, quantity),
            MessageKind::Reduce | MessageKind::Delete | MessageKind::Execution => {
                self.reduce(self.order_of(message), quantity);
            }
        }
    }

    /// The order that a message means.
    pub fn order_of(&self, message: &Message) -> OrderKey {
        let order = named(message.order);
        let is_known = self.book().find(order).is_some();
        if is_known { order } else { anonymous(message.side, message.price) }
    }

    /// Forgets and adopts levels as the published book shows them.
    pub fn follow(&mut self, published: &Published) {
        for side in [Side::Buy, Side::Sell] {
            self.follow_side(published, side);
        }
    }

    /// The same while an incoming order is under way that the book has already taken whole: what
    /// it reaches, from the best price of a side to another, comes not into sight again.
    pub fn follow_during(&mut self, published: &Published, (taken, worst): (Side, Ticks)) {
        for side in [Side::Buy, Side::Sell] {
            let last = published.side(side).get(self.levels - 1);
            let is_reached = |price: Ticks| match taken {
                Side::Buy => price >= worst,
                Side::Sell => price <= worst,
            };
            if side != taken || !last.is_some_and(|last| is_reached(last.0)) {
                self.follow_side(published, side);
            }
        }
    }

    fn follow_side(&mut self, published: &Published, side: Side) {
        if let Some(&(last, quantity)) = published.side(side).get(self.levels - 1) {
            self.forget_beyond(side, last);
            if self.book().quantity_at(side, last).is_zero() {
                self.adopt(side, last, quantity);
            }
        }
    }

    fn forget_beyond(&mut self, side: Side, last: Ticks) {
        let is_beyond = |price: Ticks| if side == Side::Buy { price < last } else { price > last };
        let levels = self.book().levels(side).skip(self.levels - 1);
        if !levels.into_iter().any(|(price, _)| is_beyond(price)) {
            return;
        }
        let orders = self.book().side(side).filter(|order| is_beyond(order.price));
        let orders: Vec<OrderKey> = orders.map(|order| order.order).collect();
        for order in orders {
            self.desk.cancel(order);
        }
    }

    /// Whether all levels but the last published one are as published.
    pub fn shows(&self, published: &Published) -> bool {
        [Side::Buy, Side::Sell].into_iter().all(|side| {
            let wanted = published.side(side).iter().copied().take(self.levels - 1);
            self.book().levels(side).take(self.levels - 1).eq(wanted)
        })
    }

    /// An order as it comes in, whatever it meets.
    pub fn submit(&mut self, incoming: &Incoming) {
        self.desk.submit(incoming);
    }

    /// Makes an order's open quantity what it should be; says whether anything had to be done.
    pub fn set(&mut self, order: OrderKey, side: Side, price: Ticks, wanted: Lots) -> bool {
        let Some(Removed { open, filled, .. }) = self.book().find(order) else {
            if !wanted.is_zero() {
                self.place(order, side, price, wanted);
            }
            return !wanted.is_zero();
        };
        if open > wanted {
            self.reduce(order, open - wanted);
        } else if open < wanted {
            let amended = self.desk.amend(order, filled + wanted, None);
            assert!(amended.is_ok(), "more of a resting order is still an order");
        }
        open != wanted
    }

    fn adopt(&mut self, side: Side, price: Ticks, quantity: Lots) {
        self.place(anonymous(side, price), side, price, quantity);
    }

    fn place(&mut self, order: OrderKey, side: Side, limit: Ticks, quantity: Lots) {
        let incoming = Incoming {
            order,
            side,
            limit,
            quantity,
            time_in_force: TimeInForce::Gtc,
            self_match: SelfMatch::None,
            value_max: None,
            display: None,
            life: Life::UntilCancelled,
            at_market: false,
        };
        self.desk.submit(&incoming);
    }

    fn reduce(&mut self, order: OrderKey, quantity: Lots) {
        let Some(Removed { open, filled, .. }) = self.book().find(order) else {
            self.strangers += 1;
            return;
        };
        if open <= quantity {
            self.desk.cancel(order);
        } else {
            let amended = self.desk.amend(order, filled + open - quantity, None);
            assert!(amended.is_ok(), "less of a resting order is still an order");
        }
    }
}

/// A venue's order by its number there.
fn named(order: u64) -> OrderKey {
    OrderKey { account: AccountId::new(PartitionId(0), 1), no: OrderNo(order) }
}

/// The order that stands for a level's volume from before it was seen.
fn anonymous(side: Side, price: Ticks) -> OrderKey {
    let no = u64::from(price.0) << 1 | u64::from(side == Side::Sell);
    OrderKey { account: AccountId::new(PartitionId(0), 2), no: OrderNo(no) }
}
