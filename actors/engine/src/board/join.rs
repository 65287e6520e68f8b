//! Work that may run side by side, without knowing of threads.
//!
//! The engine says which two pieces are independent; the shell decides whether two cores take
//! them. The result is the same either way, because the pieces share nothing that changes.

/// Runs two independent pieces of work.
pub trait Join: Sync {
    /// How many pieces are worth having at once: the number of cores, 1 for none.
    fn ways(&self) -> usize;

    /// Runs both to their end, in any order or at once.
    fn join<A: Send, B: Send>(
        &self,
        first: impl FnOnce() -> A + Send,
        second: impl FnOnce() -> B + Send,
    ) -> (A, B);
}

/// One piece after the other, in the caller's thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct InTurn;

impl Join for InTurn {
    fn ways(&self) -> usize {
        1
    }

    fn join<A: Send, B: Send>(
        &self,
        first: impl FnOnce() -> A + Send,
        second: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        (first(), second())
    }
}

/// Fewer items than this are not worth another thread.
pub(super) const PIECE_ITEMS_MIN: usize = 1 << 13;

/// Visits every cell with its index, in pieces. A visit may add to a list of its piece; the
/// lists come back as one, in the order of the cells.
pub(super) fn fill<T, X, J, F>(cells: &mut [T], join: &J, visit: &F) -> Vec<X>
where
    T: Send,
    X: Send,
    J: Join,
    F: Fn(usize, &mut T, &mut Vec<X>) + Sync + Send,
{
    fill_from(cells, 0, join.ways(), join, visit)
}

fn fill_from<T, X, J, F>(cells: &mut [T], first: usize, ways: usize, join: &J, visit: &F) -> Vec<X>
where
    T: Send,
    X: Send,
    J: Join,
    F: Fn(usize, &mut T, &mut Vec<X>) + Sync + Send,
{
    if ways > 1 && cells.len() >= 2 * PIECE_ITEMS_MIN {
        let middle = cells.len() / 2;
        let (left, right) = cells.split_at_mut(middle);
        let (mut lists, more) = join.join(
            || fill_from(left, first, ways / 2, join, visit),
            || fill_from(right, first + middle, ways - ways / 2, join, visit),
        );
        lists.extend(more);
        return lists;
    }
    let mut list = Vec::new();
    for (index, cell) in cells.iter_mut().enumerate() {
        visit(first + index, cell, &mut list);
    }
    list
}

/// Sorts, in pieces that are separated by value first, so that nothing has to be merged.
pub(super) fn sort<T: Ord + Send, J: Join>(items: &mut [T], ways: usize, join: &J) {
    if ways < 2 || items.len() < 2 * PIECE_ITEMS_MIN {
        items.sort_unstable();
        return;
    }
    let middle = items.len() / 2;
    let (left, _, right) = items.select_nth_unstable(middle);
    join.join(|| sort(left, ways / 2, join), || sort(right, ways - ways / 2, join));
}
