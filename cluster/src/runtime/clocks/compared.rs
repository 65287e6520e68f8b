//! Which of several clocks are off. Pure.

use crate::link::NodeId;
use hoga_engine::time::Time;
use std::collections::{BTreeMap, BTreeSet};

/// Nanoseconds from the median beyond which a node does not lead.
const OFF_MAX: u64 = Time::SECOND;
/// Nanoseconds within which one that was off leads again: a clock at the edge does not hand over
/// again and again.
const BACK_WITHIN: u64 = Time::SECOND * 8 / 10;
/// Fewer clocks than this cannot tell which of them is right.
const CLOCKS_MIN: usize = 3;

/// How far a clock is from the median of all, in nanoseconds: ahead when positive. Of an even
/// number of clocks the nearer of the two in the middle counts, so that two against two say nothing.
pub(super) fn ahead(ahead: &BTreeMap<NodeId, i64>, node: NodeId) -> i64 {
    let mut sorted: Vec<i64> = ahead.values().copied().collect();
    sorted.sort_unstable();
    let Some(&mine) = ahead.get(&node).filter(|_| sorted.len() >= CLOCKS_MIN) else { return 0 };
    let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    mine.saturating_sub(mine.clamp(low, high))
}

/// The nodes whose clock is off, of those whose clock is known, given those that were off before.
pub(super) fn off(clocks: &BTreeMap<NodeId, i64>, before: &BTreeSet<NodeId>) -> BTreeSet<NodeId> {
    let is_off = |node: &NodeId| {
        let max = if before.contains(node) { BACK_WITHIN } else { OFF_MAX };
        ahead(clocks, *node).unsigned_abs() > max
    };
    clocks.keys().copied().filter(is_off).collect()
}
