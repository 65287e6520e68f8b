//! Whose clock is off.

use super::compared::{ahead, off};
use std::collections::{BTreeMap, BTreeSet};

const MS: i64 = 1_000_000;

/// The nodes that are off, from node 1 on, when their clocks say these milliseconds.
fn off_of(clocks_ms: &[i64], before: &[u64]) -> Vec<u64> {
    let clocks: BTreeMap<u64, i64> = (1..).zip(clocks_ms.iter().map(|ms| ms * MS)).collect();
    let before: BTreeSet<u64> = before.iter().copied().collect();
    off(&clocks, &before).into_iter().collect()
}

#[test]
fn who_is_more_than_a_second_from_the_median_is_off() {
    assert_eq!(off_of(&[0, 0, 1_000], &[]), [0; 0]);
    assert_eq!(off_of(&[0, 0, 1_001], &[]), [3]);
    assert_eq!(off_of(&[0, -3_600_000, 200], &[]), [2]);
    assert_eq!(off_of(&[0, 900, 1_800], &[]), [0; 0], "each is near the one in the middle");
    assert_eq!(off_of(&[0, 2_000, 4_000], &[]), [1, 3]);
    assert_eq!(off_of(&[0, 5, -5, 3_000, -3_000], &[]), [4, 5]);
}

#[test]
fn two_clocks_and_two_against_two_say_nothing() {
    assert_eq!(off_of(&[0, 10_000], &[]), [0; 0]);
    assert_eq!(off_of(&[0, 0, 10_000, 10_000], &[]), [0; 0]);
    assert_eq!(off_of(&[0, 0, 0, 10_000], &[]), [4]);
    assert_eq!(off_of(&[0], &[1]), [0; 0]);
}

#[test]
fn who_was_off_has_to_come_nearer_before_it_leads_again() {
    assert_eq!(off_of(&[0, 0, 900], &[3]), [3]);
    assert_eq!(off_of(&[0, 0, 800], &[3]), [0; 0]);
}

#[test]
fn how_far_is_told_from_the_median() {
    let clocks = [(1, 0), (2, 100 * MS), (3, -7_000 * MS)].into();
    assert_eq!((ahead(&clocks, 1), ahead(&clocks, 2)), (0, 100 * MS));
    assert_eq!((ahead(&clocks, 3), ahead(&clocks, 9)), (-7_000 * MS, 0));
}
