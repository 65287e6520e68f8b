//! The cold build: every account in exact order, from the columns.
//!
//! One pass takes the 64-bit prefixes of all scores, one sort orders them, and only accounts
//! whose prefixes are equal are compared again: by tie rule alone where the prefix says that the
//! scores are equal, exactly where it does not.

use super::figures::Lens;
use super::join::{Join, PIECE_ITEMS_MIN, fill, sort};
use super::score::{Prefix, Score};
use std::cmp::Reverse;

/// A slot behind the 64 bits that it is sorted by: one number, one comparison without a branch.
/// Equal keys leave the slots in order, so that whoever walks them reads the columns in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry(u128);

impl Entry {
    #[inline]
    fn new(key: u64, slot: u32) -> Entry {
        Entry(u128::from(key) << 32 | u128::from(slot))
    }

    #[inline]
    fn key(self) -> u64 {
        (self.0 >> 32) as u64
    }

    #[inline]
    pub fn prefix(self) -> Prefix {
        Prefix::from_bits(self.key())
    }

    #[inline]
    pub fn slot(self) -> u32 {
        self.0 as u32
    }
}

/// All accounts of the lens, best first.
pub(super) fn rank<J: Join>(lens: &Lens, join: &J) -> Vec<Entry> {
    let mut entries = vec![Entry::default(); lens.figures.len()];
    fill(&mut entries, join, &|slot, entry: &mut Entry, _: &mut Vec<()>| {
        *entry = Entry::new(lens.prefix(slot).bits(), slot as u32);
    });
    sort(&mut entries, join.ways(), join);
    settle(&mut entries, lens, join.ways(), join);
    entries
}

/// Puts every run of equal prefixes into its exact order.
fn settle<J: Join>(entries: &mut [Entry], lens: &Lens, ways: usize, join: &J) {
    if ways < 2 || entries.len() < 2 * PIECE_ITEMS_MIN {
        let runs = entries.chunk_by_mut(|a, b| a.key() == b.key());
        return runs.filter(|run| run.len() > 1).for_each(|run| settle_run(run, lens, 1, join));
    }
    // A run is never cut: it goes whole to one side, or to both cores when it is most of all.
    let middle = entries[entries.len() / 2].key();
    let start = entries.partition_point(|entry| entry.key() < middle);
    let end = entries.partition_point(|entry| entry.key() <= middle);
    let (head, rest) = entries.split_at_mut(start);
    let (run, tail) = rest.split_at_mut(end - start);
    settle_run(run, lens, ways, join);
    join.join(|| settle(head, lens, ways / 2, join), || settle(tail, lens, ways - ways / 2, join));
}

/// Orders accounts of one prefix.
fn settle_run<J: Join>(run: &mut [Entry], lens: &Lens, ways: usize, join: &J) {
    let prefix = run[0].prefix();
    if prefix.is_exact() || is_all_one_score(run, lens) {
        return settle_tie(run, lens, ways, join);
    }
    // What is compared is copied together first: a sort that looked into the columns would wait
    // for memory at every step.
    let exact = |entry: &Entry| {
        let slot = entry.slot();
        (Reverse(lens.score(slot as usize)), lens.tie(slot as usize), slot)
    };
    let mut places: Vec<(Reverse<Score>, _, u32)> = run.iter().map(exact).collect();
    sort(&mut places, ways, join);
    for (entry, (_, _, slot)) in run.iter_mut().zip(places) {
        *entry = Entry::new(prefix.bits(), slot);
    }
}

fn is_all_one_score(run: &[Entry], lens: &Lens) -> bool {
    let score = lens.score(run[0].slot() as usize);
    run[1..].iter().all(|entry| lens.score(entry.slot() as usize) == score)
}

/// Orders accounts of equal scores: by last event, and those of one instant by id. The prefix
/// makes room for the key meanwhile.
fn settle_tie<J: Join>(run: &mut [Entry], lens: &Lens, ways: usize, join: &J) {
    let prefix = run[0].key();
    sort_by(run, ways, join, |slot| lens.tie(slot).0);
    for instant in run.chunk_by_mut(|a, b| a.key() == b.key()) {
        if instant.len() > 1 {
            sort_by(instant, ways, join, |slot| lens.tie(slot).1);
        }
    }
    run.iter_mut().for_each(|entry| *entry = Entry::new(prefix, entry.slot()));
}

fn sort_by<J: Join>(run: &mut [Entry], ways: usize, join: &J, key: impl Fn(usize) -> u64) {
    run.iter_mut().for_each(|entry| *entry = Entry::new(key(entry.slot() as usize), entry.slot()));
    sort(run, ways, join);
}
