//! The cold build in pieces, and orders that move over many blocks.

use super::arbitrary::standing;
use super::figures::{BoardKind, Figures, Lens};
use super::join::{InTurn, Join};
use super::order::Order;
use super::rank::rank;
use super::register::Register;
use crate::message::Standing;

/// Two pieces at a time, in threads of their own.
pub(super) struct Threads(pub usize);

impl Join for Threads {
    fn ways(&self) -> usize {
        self.0
    }

    fn join<A: Send, B: Send>(
        &self,
        first: impl FnOnce() -> A + Send,
        second: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        std::thread::scope(|scope| {
            let second = scope.spawn(second);
            (first(), second.join().expect("a piece of work panicked"))
        })
    }
}

/// A sequence of numbers that look drawn at random and are the same every time.
pub(super) struct Draw(pub u64);

impl Draw {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ mixed >> 31) % bound
    }
}

/// Many equal returns, some of them thirds, many zeros, and few that differ by very little.
fn drawn(index: u32, draw: &mut Draw) -> Standing {
    let (deposits, cash) = match draw.below(10) {
        0..4 => (1000, 1000),
        4..6 => (3 * (1 + draw.below(4)), 0),
        6..8 => (1000, draw.below(3000)),
        _ => (1 << 60, (1 << 60) + draw.below(30)),
    };
    let cash = if deposits < 100 { deposits / 3 * 4 } else { cash };
    standing(index, deposits.into(), cash.into(), draw.below(50))
}

fn crowd(accounts: u32, draw: &mut Draw) -> (Register, Figures) {
    let (mut register, mut figures) = (Register::default(), Figures::default());
    for index in 0..accounts {
        let standing = drawn(index, draw);
        register.add(standing.account, &standing.name);
        figures.push(&standing, standing.balances[0].1);
    }
    (register, figures)
}

#[test]
fn pieces_give_the_order_of_the_whole_and_that_is_exact() {
    let (register, figures) = crowd(60_000, &mut Draw(1));
    for kind in BoardKind::ALL {
        let lens = Lens { kind, register: &register, figures: &figures, starts: None };
        let whole = rank(&lens, &InTurn);
        for ways in [2, 3, 8] {
            assert_eq!(rank(&lens, &Threads(ways)), whole, "{kind:?} in {ways} pieces");
        }
        let pairs = whole.windows(2);
        let mut ordered =
            pairs.map(|pair| lens.compare(pair[0].slot() as usize, pair[1].slot() as usize));
        assert!(ordered.all(|order| order.is_lt()), "{kind:?}");
    }
}

#[test]
fn one_great_tie_is_split_between_the_pieces() {
    let (mut register, mut figures) = (Register::default(), Figures::default());
    for index in 0..40_000u32 {
        let standing = standing(index, 300, 400, u64::from(index * 7919 % 40_000));
        register.add(standing.account, &standing.name);
        figures.push(&standing, 400);
    }
    let lens =
        Lens { kind: BoardKind::Return, register: &register, figures: &figures, starts: None };
    let order = rank(&lens, &Threads(2));
    let events = order.iter().map(|entry| figures.last_event(entry.slot() as usize));
    assert!(events.is_sorted());
}

#[test]
fn an_order_that_moved_equals_one_that_was_built() {
    let draw = &mut Draw(2);
    let (register, mut figures) = crowd(5_000, draw);
    for kind in BoardKind::ALL {
        let lens = Lens { kind, register: &register, figures: &figures, starts: None };
        let mut order = Order::of(&rank(&lens, &InTurn));
        for event in 0..20_000 {
            // Crowds move to one place at times: blocks split there and run empty elsewhere.
            let slot = draw.below(5_000) as usize;
            let seed = if event % 5_000 < 2_500 { draw.below(1 << 30) } else { 3 };
            let standing = drawn(slot as u32, &mut Draw(seed));
            let lens = Lens { kind, register: &register, figures: &figures, starts: None };
            order.remove(slot as u32, &lens);
            figures.set(slot, &standing, standing.balances[0].1);
            let lens = Lens { kind, register: &register, figures: &figures, starts: None };
            order.insert(slot as u32, &lens);
        }
        let lens = Lens { kind, register: &register, figures: &figures, starts: None };
        let built: Vec<u32> = rank(&lens, &InTurn).iter().map(|entry| entry.slot()).collect();
        assert_eq!(order.from(0).collect::<Vec<_>>(), built, "{kind:?}");
        for (position, &slot) in built.iter().enumerate() {
            assert_eq!(order.position(slot, &lens), position);
            assert_eq!(order.from(position).next(), Some(slot));
        }
        assert_eq!(order.from(built.len()).next(), None);
    }
}

#[test]
fn an_order_can_run_empty_and_fill_again() {
    let (register, figures) = crowd(2_000, &mut Draw(3));
    let kind = BoardKind::Return;
    let lens = Lens { kind, register: &register, figures: &figures, starts: None };
    let built = rank(&lens, &InTurn);
    let mut order = Order::default();
    for _ in 0..2 {
        (0..2_000).for_each(|slot| order.insert(slot, &lens));
        assert!(order.from(0).eq(built.iter().map(|entry| entry.slot())));
        (0..2_000).rev().for_each(|slot| order.remove(slot, &lens));
        assert_eq!(order.from(0).next(), None);
    }
}
