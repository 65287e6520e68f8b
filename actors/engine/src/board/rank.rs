//! The cold build: every account in exact order, from the columns.
//!
//! One pass takes the 64-bit prefixes of all scores, one sort orders them, and only accounts
//! whose prefixes are equal are compared again: by tie rule alone where the prefix says that the
//! scores are equal, exactly where it does not.

use super::figures::Lens;
use super::join::{Join, PIECE_ITEMS_MIN, fill, sort};
use super::score::{Prefix, Score};

/// An account's place to be: its prefix, then its slot so that equal prefixes read the columns
/// in order.
pub(super) type Entry = (Prefix, u32);

/// All accounts of the lens, best first.
pub(super) fn rank<J: Join>(lens: &Lens, join: &J) -> Vec<Entry> {
    let mut entries = vec![(Prefix::LOWEST, 0); lens.figures.len()];
    fill(&mut entries, join, &|slot, entry: &mut Entry, _: &mut Vec<()>| {
        *entry = (lens.prefix(slot), slot as u32);
    });
    sort(&mut entries, join.ways(), join);
    settle(&mut entries, lens, join.ways(), join);
    entries
}

/// Puts every run of equal prefixes into its exact order.
fn settle<J: Join>(entries: &mut [Entry], lens: &Lens, ways: usize, join: &J) {
    if ways < 2 || entries.len() < 2 * PIECE_ITEMS_MIN {
        for run in entries.chunk_by_mut(|a, b| a.0 == b.0) {
            settle_run(run, lens, 1, join);
        }
        return;
    }
    // A run is never cut: it goes whole to one side, or to both cores when it is most of all.
    let middle = entries[entries.len() / 2].0;
    let start = entries.partition_point(|entry| entry.0 < middle);
    let end = entries.partition_point(|entry| entry.0 <= middle);
    let (head, rest) = entries.split_at_mut(start);
    let (run, tail) = rest.split_at_mut(end - start);
    settle_run(run, lens, ways, join);
    join.join(|| settle(head, lens, ways / 2, join), || settle(tail, lens, ways - ways / 2, join));
}

/// Orders accounts of one prefix. What is compared is copied together first: a sort that looked
/// into the columns would wait for memory at every step.
fn settle_run<J: Join>(run: &mut [Entry], lens: &Lens, ways: usize, join: &J) {
    let [(prefix, first), others @ ..] = &*run else { return };
    if others.is_empty() {
        return;
    }
    let score = lens.score(*first as usize);
    let is_tie = |slot: &Entry| lens.score(slot.1 as usize) == score;
    if prefix.is_exact() || others.iter().all(is_tie) {
        let tie = |&(_, slot): &Entry| (lens.tie(slot as usize), slot);
        let mut ties: Vec<_> = run.iter().map(tie).collect();
        sort(&mut ties, ways, join);
        run.iter_mut().zip(ties).for_each(|(entry, (_, slot))| entry.1 = slot);
        return;
    }
    type Exact = (std::cmp::Reverse<Score>, (u64, u64), u32);
    let exact = |&(_, slot): &Entry| -> Exact {
        let score = std::cmp::Reverse(lens.score(slot as usize));
        (score, lens.tie(slot as usize), slot)
    };
    let mut places: Vec<Exact> = run.iter().map(exact).collect();
    sort(&mut places, ways, join);
    run.iter_mut().zip(places).for_each(|(entry, (_, _, slot))| entry.1 = slot);
}
