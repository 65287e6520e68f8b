//! The history on disk: reopening it, sharing it, and refusing in time.

use super::sample_rows::{PARTITION, account, fill, ledger, order};
use super::*;
use hoga_engine::history::HistoryRow;
use hoga_engine::ids::PartitionId;
use std::path::Path;

fn open(dir: &Path) -> HistoryDatabase {
    // Small memtables, so that a few thousand rows reach table files and are compacted.
    let options = HistoryOptions {
        memtable_bytes: 256 * 1024,
        reserve_bytes: 0,
        ..HistoryOptions::default()
    };
    HistoryDatabase::open(dir, options).expect("it opens")
}

fn rows(accounts: u32, each: u64) -> Vec<HistoryRow> {
    let of = |n| (0..accounts).flat_map(move |a| [fill(a, n), ledger(a, n), order(a, n)]);
    (1..=each).flat_map(of).collect()
}

#[test]
fn what_was_appended_is_there_after_reopening() {
    let dir = tempfile::tempdir().expect("a directory");
    let rows = rows(20, 200);
    {
        let history = open(dir.path()).partition(PARTITION).expect("it opens");
        rows.chunks(512).for_each(|chunk| history.append(chunk).expect("it is well"));
        history.sync().expect("it is well");
    }
    let history = open(dir.path()).partition(PARTITION).expect("it opens");
    let found: Vec<_> = history.export(None).collect::<Result<_, _>>().expect("it is well");
    let mut expected = rows;
    expected.sort_by_key(RowKey::of);
    assert_eq!(found, expected);
}

#[test]
fn rows_rewritten_after_reopening_stand_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let rows = rows(10, 300);
    for _ in 0..3 {
        let history = open(dir.path()).partition(PARTITION).expect("it opens");
        rows.chunks(512).for_each(|chunk| history.append(chunk).expect("it is well"));
        assert_eq!(history.export(None).count(), rows.len());
        let page = history.page(account(4), RowKind::Fill, Some(300), 3).expect("it is well");
        assert_eq!(page, [fill(4, 299), fill(4, 298), fill(4, 297)]);
    }
}

#[test]
fn partitions_share_a_database_and_see_only_their_own() {
    let dir = tempfile::tempdir().expect("a directory");
    let database = open(dir.path());
    let ours = database.partition(PARTITION).expect("it opens");
    let other = database.partition(PartitionId(9)).expect("it opens");
    ours.append(&rows(2, 5)).expect("it is well");
    assert_eq!(other.export(None).count(), 0);
    assert_eq!(ours.export(None).count(), 30);
}

#[test]
#[should_panic(expected = "a row of another partition")]
fn a_row_of_another_partition_is_a_bug() {
    let dir = tempfile::tempdir().expect("a directory");
    let other = open(dir.path()).partition(PartitionId(9)).expect("it opens");
    drop(other.append(&[fill(1, 1)]));
}

#[test]
fn a_directory_in_use_says_so() {
    let dir = tempfile::tempdir().expect("a directory");
    let first = open(dir.path());
    let second = HistoryDatabase::open(dir.path(), HistoryOptions::default());
    let error = second.err().expect("it is in use");
    assert!(matches!(error, HistoryError::InUse { .. }), "{error}");
    drop(first);
}

#[test]
fn too_little_space_refuses_before_anything_is_written() {
    let dir = tempfile::tempdir().expect("a directory");
    let options = HistoryOptions { reserve_bytes: u64::MAX, ..HistoryOptions::default() };
    let full = HistoryDatabase::open(dir.path(), options).expect("it opens");
    let history = full.partition(PARTITION).expect("it opens");
    for _ in 0..3 {
        let error = history.append(&rows(1, 1)).expect_err("there is too little space");
        assert!(matches!(error, HistoryError::Full { reserve: u64::MAX, .. }), "{error}");
    }
    assert_eq!(history.export(None).count(), 0);
    drop((history, full));
    // Space has returned.
    let history = open(dir.path()).partition(PARTITION).expect("it opens");
    history.append(&rows(1, 1)).expect("there is enough");
    assert_eq!(history.export(None).count(), 3);
}
