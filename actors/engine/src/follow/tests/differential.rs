//! Random snapshots and orders through the real and the naive core: the same fills of the same
//! levels, the same orders that rest, the same purse; also by way of an encoded state.

use super::super::naive::{Comes, NaiveFollow, Said, Waits};
use super::venue::{HOUSE, STALE_NS, Venue, instrument, key, order};
use crate::amount::{Lots, Ticks};
use crate::book::Listing;
use crate::follow::{Level, Snapshot, Source};
use crate::message::Submit;
use crate::order::{Side, TimeInForce};
use crate::pit::Chooser;
use crate::time::Time;
use std::collections::BTreeMap;

const SEEDS: u64 = 40;
const STEPS: u64 = 4_000;

struct Run {
    dice: Chooser,
    venue: Venue,
    naive: NaiveFollow,
    orders: u64,
    stale_at: Time,
    /// FILL-4: what was displayed, and what of it was filled.
    displayed: BTreeMap<(Source, Side), u64>,
    filled: BTreeMap<(Source, Side), u64>,
    fills: u64,
    makers: u64,
    broke: u64,
}

impl Run {
    fn new(seed: u64) -> Run {
        let naive = NaiveFollow::new(instrument(), HOUSE);
        Run {
            dice: Chooser(!seed),
            venue: Venue::poor(),
            naive,
            orders: 0,
            stale_at: Time(0),
            displayed: BTreeMap::new(),
            filled: BTreeMap::new(),
            fills: 0,
            makers: 0,
            broke: 0,
        }
    }

    fn step(&mut self) {
        match self.dice.below(100) {
            0..12 => self.post(),
            12..72 => self.submit(),
            72..84 => self.cancel(),
            84..94 => self.amend(),
            94..97 => self.fund(),
            97 => self.pass(),
            _ => self.restart(),
        }
        self.compare();
    }

    /// Now and then one that is older than the one that stands.
    fn post(&mut self) {
        let middle = 100 + self.dice.below(9) as u32;
        let dice = &mut self.dice;
        let mut side = |sign: i32| {
            let mut price = middle as i32;
            let levels = (0..dice.below(5)).map(|_| {
                price += sign * (1 + dice.below(3) as i32);
                Level { price: Ticks(price as u32), quantity: Lots(1 + dice.below(12)) }
            });
            levels.collect::<Vec<Level>>()
        };
        let (bids, asks) = (side(-1), side(1));
        let number = self.naive.snapshot.number + self.dice.below(4);
        let snapshot = Snapshot { number: number.max(1), time: self.venue.now, bids, asks };
        if snapshot.number > self.naive.snapshot.number {
            self.stale_at = Time(self.venue.now.0 + STALE_NS);
            for side in [Side::Buy, Side::Sell] {
                for (level, shown) in (1..).zip(snapshot.side(side)) {
                    let source = Source { snapshot: snapshot.number, level };
                    self.displayed.insert((source, side), shown.quantity.0);
                }
            }
        }
        self.venue.post(&snapshot);
        self.naive.post(&snapshot);
        self.naive.cross();
    }

    fn submit(&mut self) {
        self.orders += 1;
        let side = *self.dice.one_of(&[Side::Buy, Side::Sell]);
        let (gtc, ioc, fok) = (TimeInForce::Gtc, TimeInForce::Ioc, TimeInForce::Fok);
        let time_in_force = *self.dice.one_of(&[gtc, gtc, gtc, gtc, ioc, fok]);
        let limit = 96 + self.dice.below(18) as u32;
        let mut submit = order(self.orders, side, 1 + self.dice.below(15), limit);
        submit.time_in_force = time_in_force;
        if time_in_force == ioc && side == Side::Buy && self.dice.below(3) == 0 {
            submit = Submit { value_max: Some(u128::from(self.dice.below(2_000))), ..submit };
        }
        let outcome = self.venue.submit(submit.clone());
        if self.naive.is_stale && !time_in_force.rests() {
            assert_eq!(outcome.reject.expect("the feed is stale").reason(), "FEED_STALE");
            return;
        }
        let (filled, open, reason) = self.naive.submit(&Comes {
            order: submit.order,
            side,
            limit: submit.limit,
            quantity: submit.quantity.0,
            value_max: submit.value_max,
            rests: time_in_force.rests(),
            is_whole: time_in_force == fok,
        });
        self.naive.cross();
        assert_eq!((outcome.filled.0, outcome.remaining.0), (filled, open), "{submit:?}");
        if submit.value_max.is_none() || filled == 0 {
            assert_eq!(outcome.reason, reason, "{submit:?}");
        }
    }

    fn some_order(&mut self) -> u64 {
        let waits = self.naive.waits.len() as u64;
        if waits == 0 || self.dice.below(8) == 0 {
            return 1 + self.dice.below(self.orders + 1);
        }
        self.naive.waits[self.dice.below(waits) as usize].order.no.0
    }

    fn cancel(&mut self) {
        let no = self.some_order();
        let outcome = self.venue.cancel(no);
        let gone = self.naive.remove(key(no));
        assert_eq!(outcome.reject.is_none(), gone.is_some());
        assert_eq!(outcome.cancelled.0, gone.map_or(0, |gone| gone.open));
    }

    fn amend(&mut self) {
        let no = self.some_order();
        let total = (self.dice.below(3) != 0).then(|| 1 + self.dice.below(15));
        let limit = (self.dice.below(3) != 0).then(|| 96 + self.dice.below(18) as u32);
        let outcome = self.venue.amend(no, total, limit);
        let amended = self.naive.amend(key(no), total, limit.map(Ticks));
        self.naive.cross();
        let done = outcome.reject.is_none().then_some((outcome.remaining.0, outcome.reason));
        assert_eq!(done, amended.map(|(_, open, reason)| (open, reason)), "{outcome:?}");
    }

    fn fund(&mut self) {
        let (base, quote) = (self.dice.below(300), self.dice.below(9_000));
        self.venue.fund(base.into(), quote.into());
        (self.naive.base, self.naive.quote) =
            (self.naive.base + i128::from(base), self.naive.quote + i128::from(quote));
    }

    fn pass(&mut self) {
        self.venue.pass(self.dice.below(4 * Time::SECOND));
        self.naive.is_stale |= self.venue.now >= self.stale_at;
    }

    /// Goes on from what a snapshot of the partition keeps.
    fn restart(&mut self) {
        let state = self.venue.listing.state();
        let bytes = postcard::to_stdvec(&state).expect("it encodes");
        let read = postcard::from_bytes(&bytes).expect("it was just written");
        self.venue.listing = Listing::restore(read);
        assert_eq!(self.venue.listing.state(), state);
    }

    fn compare(&mut self) {
        let (fills, dropped) = self.venue.take_said();
        for fill in &fills {
            let place = (fill.source, fill.side.opposite());
            let filled = self.filled.entry(place).or_default();
            *filled += fill.quantity.0;
            assert!(*filled <= self.displayed[&place], "FILL-4: {place:?} is over-filled");
            self.makers += u64::from(fill.is_maker);
        }
        (self.fills, self.broke) =
            (self.fills + fills.len() as u64, self.broke + dropped.len() as u64);
        let mut said: Vec<Said> = fills.into_iter().map(Said::Filled).collect();
        let mut gone: Vec<Said> =
            dropped.into_iter().map(|(order, open, why)| Said::Dropped(order, open, why)).collect();
        // Which of a fill and a drop came first is not told apart here: there is one way.
        said.append(&mut gone);
        let (mut filled, mut lost) = (Vec::new(), Vec::new());
        for one in std::mem::take(&mut self.naive.said) {
            match one {
                Said::Filled(_) => filled.push(one),
                Said::Dropped(..) => lost.push(one),
            }
        }
        filled.append(&mut lost);
        assert_eq!(said, filled);
        let waits = self.venue.listing.book().orders().map(|order| Waits {
            order: order.order,
            side: order.side,
            limit: order.price,
            open: order.open.0,
            filled: order.filled.0,
        });
        let mut naive = self.naive.waits.clone();
        // The sort is stable, so what is older stays before.
        naive.sort_by_key(|w| match w.side {
            Side::Buy => (0, Ticks::MAX.0 - w.limit.0),
            Side::Sell => (1, w.limit.0),
        });
        assert_eq!(waits.collect::<Vec<Waits>>(), naive);
        let purse = self.venue.listing.following().expect("it follows").purse();
        assert_eq!((purse.base, purse.quote), (self.naive.base, self.naive.quote));
    }
}

#[test]
fn the_naive_core_says_the_same() {
    let (mut fills, mut makers, mut broke) = (0, 0, 0);
    for seed in 0..SEEDS {
        let mut run = Run::new(seed);
        for _ in 0..STEPS {
            run.step();
        }
        (fills, makers, broke) = (fills + run.fills, makers + run.makers, broke + run.broke);
    }
    // A course in which nothing happens proves nothing.
    assert!(fills > 20_000, "only {fills} fills");
    assert!(makers > 2_000, "only {makers} of orders that rested");
    assert!(broke > 100, "only {broke} orders went because the house had nothing");
}
