//! FILL-4: of no level of an outside snapshot is more filled than it displayed. What was displayed
//! is what the feed wrote down of each snapshot that it posted; who fills against a snapshot that
//! nobody wrote down cannot be judged.

use super::{Case, Verdict};
use crate::export::{Fill, Side};
use crate::number::Number;
use std::collections::{BTreeMap, HashMap, HashSet};

pub fn check(case: &Case) -> Verdict {
    let mut verdict = Verdict::default();
    let followed: HashSet<&str> = case
        .export
        .instruments
        .iter()
        .filter(|listed| listed.follows)
        .map(|listed| listed.name.as_str())
        .collect();
    let mut filled: BTreeMap<(&str, u64, u32, bool), Number> = BTreeMap::new();
    // A house is the other side of what users fill.
    for fill in case.export.fills().filter(|fill| !fill.order.is_empty()) {
        let Fill { instrument, trade, outside_snapshot, outside_level, .. } = fill;
        let says = (*outside_snapshot > 0, *outside_level > 0);
        let is_followed = followed.contains(instrument.as_str());
        verdict.expect(says == (is_followed, is_followed), || {
            format!("{trade}: made of level {outside_level} of snapshot {outside_snapshot}")
        });
        if is_followed {
            let key =
                (instrument.as_str(), *outside_snapshot, *outside_level, fill.side == Side::Buy);
            let sum = filled.entry(key).or_default();
            *sum += fill.quantity;
        }
    }
    let displayed: HashMap<(&str, u64), _> = case
        .snapshots
        .iter()
        .map(|snapshot| ((snapshot.instrument.as_str(), snapshot.number), snapshot))
        .collect();
    for ((instrument, number, level, is_buy), sum) in filled {
        let Some(snapshot) = displayed.get(&(instrument, number)) else {
            verdict.left_out += 1;
            continue;
        };
        let side = if is_buy { &snapshot.asks } else { &snapshot.bids };
        let shown = level.checked_sub(1).and_then(|place| side.get(place as usize));
        let shown = shown.map_or_else(Number::default, |(_, quantity)| *quantity);
        verdict.expect(sum <= shown, || {
            format!("{instrument}: {sum} filled of {shown} at level {level} of snapshot {number}")
        });
    }
    verdict
}
