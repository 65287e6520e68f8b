//! Makes the common flow: a market around a wandering middle price, the same on every machine.
//!
//! All draws come from one splitmix64 sequence in a fixed order and only integers are used, so a
//! seed and a shape say every operation. The generator trades its own operations in a book, to
//! know which orders live.

use super::flow::{Kind, Operation};
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::book::{Book, Execution, Reports};
use hoga_engine::ids::OrderKey;
use hoga_engine::order::{SelfMatch, Side};

/// The seed of the published digests.
pub const SEED: u64 = 20_261_121;

/// How large a book the flow keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// About 5,000 live orders: the book stays in the cache.
    Default,
    /// About 730,000 live orders at 20,600 prices after three million operations.
    Deep,
}

/// What a shape means in numbers.
struct Settings {
    /// Only new orders until so many live.
    warm_up: usize,
    /// One order in fifty is uniformly so far from the middle.
    far: u64,
    /// Mean distance from the middle of a new order, and of one that moves.
    add_mean: u64,
    move_mean: u64,
    /// Sweeps grow by one unit per half so many live orders.
    sweep: u64,
}

impl Shape {
    const fn settings(self) -> Settings {
        match self {
            Shape::Default => {
                Settings { warm_up: 1_000, far: 2_000, add_mean: 12, move_mean: 6, sweep: 2_000 }
            }
            Shape::Deep => Settings {
                warm_up: 400_000,
                far: 20_000,
                add_mean: 900,
                move_mean: 400,
                sweep: 200_000,
            },
        }
    }
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Below `bound`, by the upper half of a 128-bit product.
    fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// Geometric with that mean, at most a hundred times it.
    fn geometric(&mut self, mean: u64) -> i64 {
        let mut value = 0;
        while value < 100 * mean && self.below(mean + 1) != 0 {
            value += 1;
        }
        value as i64
    }

    /// 1 to 100, once in eight a round number of hundreds up to 1,000.
    fn quantity(&mut self) -> u64 {
        if self.one_in(8) { 100 * (1 + self.below(10)) } else { 1 + self.below(100) }
    }

    fn side(&mut self) -> Side {
        if self.one_in(2) { Side::Buy } else { Side::Sell }
    }
}

/// The live orders, in an order that depends on nothing but the flow.
#[derive(Default)]
struct Live {
    orders: Vec<OrderKey>,
    /// Place in `orders` by order number; stale for orders that are gone.
    places: Vec<u32>,
}

impl Live {
    fn add(&mut self, order: OrderKey) {
        let no = order.no.0 as usize;
        if self.places.len() <= no {
            self.places.resize(no + 1, u32::MAX);
        }
        self.places[no] = self.orders.len() as u32;
        self.orders.push(order);
    }

    /// The last order moves into the hole.
    fn remove(&mut self, order: OrderKey) {
        let place = self.places[order.no.0 as usize] as usize;
        assert_eq!(self.orders[place], order, "a live order is where its place says");
        self.orders.swap_remove(place);
        if let Some(moved) = self.orders.get(place) {
            self.places[moved.no.0 as usize] = place as u32;
        }
    }
}

/// The makers of the trades of one operation, in order.
#[derive(Default)]
struct Makers(Vec<OrderKey>);

impl Reports for Makers {
    fn traded(&mut self, execution: &Execution) {
        self.0.push(execution.maker);
    }

    fn reduced(&mut self, _: OrderKey, _: Lots, _: Lots) {}

    fn level(&mut self, _: Side, _: Ticks, _: Lots) {}
}

/// The generator: an iterator over a given number of operations.
pub struct FlowSource {
    settings: Settings,
    random: Random,
    middle: i64,
    book: Book,
    live: Live,
    makers: Makers,
    sequence: u64,
    operations: u64,
}

/// What is drawn for an operation before its number and its effect are known.
struct Draft {
    kind: Kind,
    /// None for a new order.
    order: Option<OrderKey>,
    side: Side,
    price: i64,
    quantity: u64,
    delta: i64,
    account: u32,
}

impl FlowSource {
    #[must_use]
    pub fn new(shape: Shape, seed: u64, operations: u64) -> FlowSource {
        FlowSource {
            settings: shape.settings(),
            random: Random(seed),
            middle: 100_000,
            book: Book::default(),
            live: Live::default(),
            makers: Makers::default(),
            sequence: 0,
            operations,
        }
    }

    /// The middle makes single steps, and a jump of up to eight now and then.
    fn wander(&mut self) {
        if self.random.one_in(64) {
            self.middle += if self.random.one_in(2) { 1 } else { -1 };
        }
        if self.random.one_in(20_000) {
            self.middle += self.random.below(17) as i64 - 8;
        }
        self.middle = self.middle.clamp(80_000, 120_000);
    }

    fn draft(&mut self) -> Draft {
        let draw = self.random.below(100);
        let is_warm = self.live.orders.len() >= self.settings.warm_up;
        match draw {
            _ if !is_warm => self.add(),
            0..55 => self.add(),
            55..90 => self.cancel(),
            90..95 => self.amend(),
            _ => self.sweep(),
        }
    }

    /// A price so far from the middle on the side's own half.
    fn away(&self, side: Side, distance: i64) -> i64 {
        if side == Side::Buy { self.middle - 1 - distance } else { self.middle + 1 + distance }
    }

    fn add(&mut self) -> Draft {
        let side = self.random.side();
        let is_far = self.random.one_in(50);
        let distance = if is_far {
            self.random.below(self.settings.far) as i64
        } else {
            self.random.geometric(self.settings.add_mean)
        };
        let price = self.away(side, distance);
        let quantity = self.random.quantity();
        let account = 1 + self.random.below(1_000) as u32;
        Draft { kind: Kind::Limit, order: None, side, price, quantity, delta: 0, account }
    }

    /// Half of the cancels meet the newest eighth of the live orders.
    fn cancel(&mut self) -> Draft {
        let live = self.live.orders.len() as u64;
        let is_recent = self.random.one_in(2);
        let place = if is_recent {
            live - 1 - self.random.below((live / 8).max(1))
        } else {
            self.random.below(live)
        };
        let (order, side, price, open) = self.standing(place);
        let (quantity, delta, account) = (open, -(open as i64), order.account.index());
        Draft { kind: Kind::Cancel, order: Some(order), side, price, quantity, delta, account }
    }

    /// One amend in twenty goes through the middle; each one changes the price.
    fn amend(&mut self) -> Draft {
        let place = self.random.below(self.live.orders.len() as u64);
        let (order, side, old_price, open) = self.standing(place);
        let distance = self.random.geometric(self.settings.move_mean);
        let mut price = self.away(side, distance);
        if self.random.one_in(20) {
            price = self.away(side, -3);
        }
        if price == old_price {
            price += if side == Side::Buy { -1 } else { 1 };
        }
        let keeps_quantity = self.random.one_in(2);
        let quantity = if keeps_quantity { open } else { self.random.quantity() };
        let (delta, account) = (quantity as i64 - open as i64, order.account.index());
        Draft { kind: Kind::Amend, order: Some(order), side, price, quantity, delta, account }
    }

    /// An order through the best price; its size steers how many orders live.
    fn sweep(&mut self) -> Draft {
        let side = self.random.side();
        let kind = if self.random.one_in(2) { Kind::Immediate } else { Kind::Limit };
        let account = 1 + self.random.below(1_000) as u32;
        let live = self.live.orders.len() as u64;
        let times = 1 + self.random.below(1 + 2 * live / self.settings.sweep);
        let quantity = self.random.quantity() * times;
        let slip = 1 + self.random.below(10) as i64;
        let best = self.book.best(side.opposite());
        let best = best.map_or(self.middle, |price| i64::from(price.0));
        let price = if side == Side::Buy { best + slip } else { best - slip };
        Draft { kind, order: None, side, price, quantity, delta: 0, account }
    }

    fn standing(&self, place: u64) -> (OrderKey, Side, i64, u64) {
        let order = self.live.orders[place as usize];
        let found = self.book.find(order).expect("a live order rests in the book");
        (order, found.side, i64::from(found.price.0), found.open.0)
    }

    /// Lets the operation happen, so that the next one knows the book.
    fn perform(&mut self, operation: &Operation) {
        let order = operation.key();
        self.makers.0.clear();
        match operation.kind {
            Kind::Limit | Kind::Immediate => {
                self.book.submit(&operation.incoming(), &mut self.makers);
            }
            Kind::Cancel => {
                self.book.cancel(order, &mut self.makers);
            }
            Kind::Amend => {
                let filled = self.book.find(order).map_or(Lots::ZERO, |order| order.filled);
                let total = Some(filled + operation.quantity);
                let limit = Some(operation.price);
                let done = self.book.amend(order, total, limit, SelfMatch::None, &mut self.makers);
                assert!(done.is_ok(), "an amend of a live order succeeds");
            }
        }
        for &maker in &self.makers.0 {
            if self.book.find(maker).is_none() {
                self.live.remove(maker);
            }
        }
        let is_new = matches!(operation.kind, Kind::Limit | Kind::Immediate);
        match (is_new, self.book.find(order).is_some()) {
            (true, true) => self.live.add(order),
            (false, false) => self.live.remove(order),
            _ => {}
        }
    }
}

impl Iterator for FlowSource {
    type Item = Operation;

    fn next(&mut self) -> Option<Operation> {
        if self.sequence == self.operations {
            return None;
        }
        self.sequence += 1;
        self.wander();
        let draft = self.draft();
        let price = u32::try_from(draft.price).ok().map(Ticks);
        let operation = Operation {
            sequence: self.sequence,
            kind: draft.kind,
            order: draft.order.map_or(self.sequence, |order| order.no.0),
            side: draft.side,
            price: price.expect("the middle keeps prices far above zero"),
            quantity: Lots(draft.quantity),
            delta: draft.delta,
            account: draft.account,
        };
        self.perform(&operation);
        Some(operation)
    }
}
