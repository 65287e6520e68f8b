//! Writes a day as a venue would: a deep book of its own, of which only some levels are told.

use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::book::{Execution, Incoming, NaiveBook, Reports, RestingOrder};
use hoga_engine::ids::{AccountId, OrderKey, OrderNo, PartitionId};
use hoga_engine::order::{Life, SelfMatch, Side, TimeInForce};
use std::fmt::Write;

/// Units of the file in a tick.
const UNIT: u32 = 100;
const MIDDLE: u32 = 10_000;
/// Orders that are in the book before the day begins.
const BEFORE: u64 = 300;

/// Which maker of a price the venue takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    OldestFirst,
    /// What no fair venue does.
    NewestFirst,
}

/// The text of the two files.
pub struct Day {
    pub levels: usize,
    pub messages: String,
    pub books: String,
}

impl Day {
    pub fn generate(levels: usize, seed: u64, events: u64, queue: Queue) -> Day {
        let day = Day { levels, messages: String::new(), books: String::new() };
        let mut venue = Venue { day, book: NaiveBook::default(), seed, queue, time: 0, last: 0 };
        for event in 0..BEFORE + events {
            venue.time = event;
            let is_told = event >= BEFORE;
            venue.event(is_told);
        }
        venue.day
    }

    pub fn rows(&self) -> u64 {
        self.messages.lines().count() as u64
    }
}

struct Venue {
    day: Day,
    book: NaiveBook,
    seed: u64,
    queue: Queue,
    time: u64,
    last: u64,
}

/// Type and fields of a message.
struct Told {
    kind: u8,
    order: u64,
    quantity: u64,
    price: Ticks,
    side: Side,
}

impl Venue {
    fn below(&mut self, bound: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
        (self.seed >> 33) % bound
    }

    fn event(&mut self, is_told: bool) {
        let side = if self.below(2) == 0 { Side::Buy } else { Side::Sell };
        match self.below(if is_told { 100 } else { 40 }) {
            0..45 => self.add(side, is_told),
            45..60 => self.sweep(side),
            60..63 => self.unseen(side),
            63..75 => self.take_back(side, true),
            _ => self.take_back(side, false),
        }
    }

    fn add(&mut self, side: Side, is_told: bool) {
        self.last += 1;
        let distance = 1 + self.below(25) as u32 * self.below(3) as u32;
        let price = if side == Side::Buy { MIDDLE - distance } else { MIDDLE + distance };
        let (quantity, price) = (1 + self.below(300), Ticks(price));
        let order = self.last;
        self.rest(order, side, price, quantity);
        if is_told && self.is_seen(side, price) {
            self.tell(&Told { kind: 1, order, quantity, price, side });
        }
    }

    /// Cancels an order, or part of it.
    fn take_back(&mut self, side: Side, only_part: bool) {
        let orders: Vec<RestingOrder> = self.book.orders().filter(|o| o.side == side).collect();
        if orders.len() < 40 {
            return;
        }
        let resting = orders[self.below(orders.len() as u64) as usize];
        let is_seen = self.is_seen(side, resting.price);
        let open = resting.open.0;
        let quantity = if only_part && open > 1 { 1 + self.below(open - 1) } else { open };
        self.lose(&resting, quantity);
        if is_seen {
            let kind = if quantity < open { 2 } else { 3 };
            let (order, price) = (resting.order.no.0, resting.price);
            self.tell(&Told { kind, order, quantity, price, side });
        }
    }

    /// An incoming order: one execution a maker, all at one time, best price first.
    fn sweep(&mut self, makers: Side) {
        let mut left = 1 + self.below(700);
        while left > 0 && self.book.orders().filter(|o| o.side == makers).count() > 30 {
            let best = self.book.best(makers);
            let at_best = |o: &RestingOrder| o.side == makers && Some(o.price) == best;
            let queue: Vec<RestingOrder> = self.book.orders().filter(at_best).collect();
            let maker = match self.queue {
                Queue::OldestFirst => queue.first(),
                Queue::NewestFirst => queue.last(),
            };
            let maker = *maker.expect("the best price has an order");
            let quantity = left.min(maker.open.0);
            left -= quantity;
            self.lose(&maker, quantity);
            let (order, price) = (maker.order.no.0, maker.price);
            self.tell(&Told { kind: 4, order, quantity, price, side: makers });
            if self.below(8) == 0 {
                self.unseen(makers);
            }
        }
    }

    /// A hidden execution, at half a tick.
    fn unseen(&mut self, side: Side) {
        self.tell(&Told { kind: 5, order: 0, quantity: 10, price: Ticks(MIDDLE), side });
    }

    fn lose(&mut self, resting: &RestingOrder, quantity: u64) {
        let total = resting.filled + resting.open;
        if quantity == resting.open.0 {
            self.book.cancel(resting.order, &mut Unheard);
        } else {
            let total = Some(total - Lots(quantity));
            let mode = SelfMatch::None;
            let amended = self.book.amend(resting.order, total, None, mode, &mut Unheard);
            assert!(amended.is_ok(), "some of it stays");
        }
    }

    fn rest(&mut self, no: u64, side: Side, limit: Ticks, lots: u64) {
        let incoming = Incoming {
            order: OrderKey { account: AccountId::new(PartitionId(0), 1), no: OrderNo(no) },
            side,
            limit,
            quantity: Lots(lots),
            time_in_force: TimeInForce::Gtc,
            self_match: SelfMatch::None,
            value_max: None,
            display: None,
            life: Life::UntilCancelled,
            at_market: false,
        };
        self.book.submit(&incoming, &mut Unheard);
    }

    /// Messages are told for the published levels alone.
    fn is_seen(&self, side: Side, price: Ticks) -> bool {
        self.book.levels(side).take(self.day.levels).any(|(level, _)| level == price)
    }

    fn tell(&mut self, told: &Told) {
        let direction = if told.side == Side::Buy { "1" } else { "-1" };
        let Told { kind, order, quantity, price, .. } = told;
        let units = if *kind == 5 { price.0 * UNIT + UNIT / 2 } else { price.0 * UNIT };
        let time = format!("{}.{:09}", 34_200 + self.time / 100, self.time % 100);
        let row = format!("{time},{kind},{order},{quantity},{units},{direction}");
        writeln!(self.day.messages, "{row}").expect("text grows");
        let row = self.published();
        writeln!(self.day.books, "{row}").expect("text grows");
    }

    fn published(&self) -> String {
        let level = |side: Side, rank: usize| match self.book.levels(side).nth(rank) {
            Some((price, quantity)) => format!("{},{}", price.0 * UNIT, quantity.0),
            None if side == Side::Buy => "-9999999999,0".to_owned(),
            None => "9999999999,0".to_owned(),
        };
        let both = |rank| format!("{},{}", level(Side::Sell, rank), level(Side::Buy, rank));
        (0..self.day.levels).map(both).collect::<Vec<_>>().join(",")
    }
}

struct Unheard;

impl Reports for Unheard {
    fn traded(&mut self, _: &Execution) {}
    fn reduced(&mut self, _: OrderKey, _: Lots, _: Lots) {}
    fn level(&mut self, _: Side, _: Ticks, _: Lots) {}
}
