//! Random calls against an auction that tries every price and counts every order.
//!
//! The usual run compares some thousands; a million with
//! `HOGA_BOOKS=1000000 cargo test -p hoga-engine brute_force`.

use super::{AnyBook, Book, Report, Tape};
use crate::amount::{Lots, Ticks};
use crate::book::{BySize, Clearing, Incoming, Prints};
use crate::ids::{AccountId, OrderKey, OrderNo, PartitionId};
use crate::order::{Life, SelfMatch, Side, TimeInForce};
use crate::tick_table::{Band, TickTable};
use std::collections::BTreeMap;

const BOOKS: u64 = 20_000;
/// Prices run from 1 to here.
const PRICES: u32 = 60;

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

#[derive(Clone, Copy)]
struct Wish {
    no: u64,
    side: Side,
    limit: u32,
    quantity: u64,
    at_market: bool,
}

impl Wish {
    fn trades_at(&self, price: u32) -> bool {
        match self.side {
            Side::Buy => self.limit >= price,
            Side::Sell => self.limit <= price,
        }
    }

    fn incoming(&self) -> Incoming {
        Incoming {
            order: OrderKey {
                account: AccountId::new(PartitionId(6), self.no as u32),
                no: OrderNo(self.no),
            },
            side: self.side,
            limit: Ticks(self.limit),
            quantity: Lots(self.quantity),
            time_in_force: if self.at_market { TimeInForce::Ioc } else { TimeInForce::Gtc },
            self_match: SelfMatch::CancelTaker,
            value_max: None,
            display: None,
            life: Life::UntilCancelled,
            at_market: self.at_market,
        }
    }
}

/// Every price of the grid, by the rule's words: volume, then surplus, then distance, then price.
fn best(wishes: &[Wish], reference: u32, step: u32) -> Option<(u32, u64)> {
    let of = |side, price| -> u64 {
        let meant = wishes.iter().filter(|w| w.side == side && w.trades_at(price));
        meant.map(|wish| wish.quantity).sum()
    };
    let mut best: Option<(u64, u64, u32, u32)> = None;
    for price in (1..=PRICES).filter(|price| price.is_multiple_of(step)) {
        let (bought, sold) = (of(Side::Buy, price), of(Side::Sell, price));
        let (volume, surplus) = (bought.min(sold), bought.abs_diff(sold));
        let away = price.abs_diff(reference);
        let is_better = best.is_none_or(|(most, least, nearest, _)| {
            volume > most
                || (volume == most && surplus < least)
                || (volume == most && surplus == least && away <= nearest)
        });
        if volume > 0 && is_better {
            best = Some((volume, surplus, away, price));
        }
    }
    best.map(|(volume, _, _, price)| (price, volume))
}

/// What each order trades: who reaches what is left of the other side, then who is at market, then
/// by price, then by arrival.
fn shares(wishes: &[Wish], side: Side, price: u32, volume: u64) -> BTreeMap<u64, u64> {
    let mut queue: Vec<&Wish> =
        wishes.iter().filter(|w| w.side == side && w.trades_at(price)).collect();
    let left = wishes.iter().filter(|w| w.side != side && !w.trades_at(price)).map(|w| w.limit);
    let left = if side == Side::Buy { left.min() } else { left.max() };
    queue.sort_by_key(|wish| {
        let crosses = left.is_some_and(|left| wish.trades_at(left));
        let away = if side == Side::Buy { u32::MAX - wish.limit } else { wish.limit };
        let is_next = wish.at_market && !crosses;
        (!crosses, !is_next, away, !wish.at_market, wish.no)
    });
    let mut left = volume;
    let mut shares = BTreeMap::new();
    for wish in queue {
        let share = wish.quantity.min(left);
        left -= share;
        if share > 0 {
            shares.insert(wish.no, share);
        }
    }
    assert_eq!(left, 0, "everything that is to trade finds an order");
    shares
}

fn wishes(random: &mut Random, step: u32) -> Vec<Wish> {
    let count = 1 + random.below(12);
    let wish = |no| {
        let side = if random.below(2) == 0 { Side::Buy } else { Side::Sell };
        let at_market = random.below(8) == 0;
        let limit = step * (1 + random.below(u64::from(PRICES / step)) as u32);
        Wish { no, side, limit, quantity: 1 + random.below(20), at_market }
    };
    (1..=count).map(wish).collect()
}

fn compare(random: &mut Random) {
    let step = [1, 1, 2, 5][random.below(4) as usize];
    let wishes = wishes(random, step);
    let reference = 1 + random.below(u64::from(PRICES)) as u32;
    let grid = TickTable::new(vec![Band { from: Ticks(0), step }]).expect("one step is a table");
    let mut book = Book::default();
    let mut tape = Tape::after(Prints::default());
    book.call();
    wishes.iter().for_each(|wish| {
        AnyBook::submit(&mut book, &wish.incoming(), &mut tape);
    });
    tape.said.clear();
    let clearing = AnyBook::uncross(&mut book, Some(Ticks(reference)), &grid, None, &mut tape);
    let found = clearing.map(|Clearing { price, volume, .. }| (price.0, volume.0));
    let wanted = best(&wishes, reference, step);
    assert_eq!(found, wanted, "reference {reference}, step {step}");
    let mut traded = [BTreeMap::new(), BTreeMap::new()];
    for report in &tape.said {
        if let Report::Crossed(crossing) = report {
            assert_eq!(Some(crossing.price.0), wanted.map(|(price, _)| price));
            *traded[0].entry(crossing.buy.no.0).or_insert(0) += crossing.quantity.0;
            *traded[1].entry(crossing.sell.no.0).or_insert(0) += crossing.quantity.0;
        }
    }
    let Some((price, volume)) = wanted else { return };
    assert_eq!(traded[0], shares(&wishes, Side::Buy, price, volume));
    assert_eq!(traded[1], shares(&wishes, Side::Sell, price, volume));
    // What is left is what was wished less what traded; nothing of it can still meet.
    for wish in wishes.iter().filter(|wish| !wish.at_market) {
        let done = traded[usize::from(wish.side == Side::Sell)].get(&wish.no).copied();
        let open = book.find(wish.incoming().order).map_or(0, |standing| standing.open.0);
        assert_eq!(open + done.unwrap_or(0), wish.quantity, "order {}", wish.no);
    }
    let (bid, ask) = (AnyBook::best(&book, Side::Buy), AnyBook::best(&book, Side::Sell));
    assert!(bid.is_none() || ask.is_none() || bid < ask, "still crossed: {bid:?}, {ask:?}");
}

/// The one thing a test takes from outside: how many books.
#[allow(clippy::disallowed_methods)]
fn books() -> u64 {
    let asked = std::env::var("HOGA_BOOKS").ok();
    asked.and_then(|books| books.parse().ok()).unwrap_or(BOOKS)
}

#[test]
fn random_calls_come_to_what_trying_every_price_comes_to() {
    let mut random = Random(20_261_126);
    (0..books()).for_each(|_| compare(&mut random));
}

/// Nothing is lost and nobody gets more than was wished; the first part comes before any second,
/// and of two orders the larger never gets less.
#[test]
fn what_goes_by_size_is_all_there_is() {
    let mut random = Random(20_261_127);
    for _ in 0..books() {
        let sizes: Vec<u64> = (0..random.below(9)).map(|_| 1 + random.below(300)).collect();
        let first = 1 + random.below(40);
        let whole: u64 = sizes.iter().sum();
        let volume = random.below(whole + 20);
        let limits = (Ticks(1), Ticks(PRICES));
        let rule = BySize { limits, each_first: Lots(first) };
        let shares = rule.share(&sizes, volume);
        let told = || format!("{volume} over {sizes:?}, first {first}: {shares:?}");
        let sum: u64 = shares.iter().map(|(_, share)| share).sum();
        assert_eq!(sum, volume.min(whole), "{}", told());
        let firsts: u64 = sizes.iter().map(|size| first.min(*size)).sum();
        for (nth, (place, share)) in shares.iter().enumerate() {
            assert!(*share <= sizes[*place], "{}", told());
            assert!(firsts > volume || *share >= first.min(sizes[*place]), "{}", told());
            for (smaller, less) in &shares[nth + 1..] {
                assert!(sizes[*smaller] <= sizes[*place] && less <= share, "{}", told());
            }
        }
    }
}
