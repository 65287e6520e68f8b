//! A partition's snapshots in fair weather, and after a crash in the middle of one.

use super::*;
use hoga_engine::ids::PartitionId;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const PARTITION: PartitionId = PartitionId(3);

pub(super) fn store(dir: &Path) -> SnapshotStore {
    SnapshotStore::open(dir, PARTITION).expect("the directory opens")
}

pub(super) fn meta(index: u64) -> SnapshotMeta {
    SnapshotMeta {
        partition: PARTITION,
        index,
        term: 7,
        membership: vec![1, 2, 3],
        state_hash: index * 31,
    }
}

/// A state that differs in every chunk and between indexes, in blocks of uneven sizes.
pub(super) fn blocks(index: u64, bytes: usize) -> Vec<Vec<u8>> {
    let mut word = index.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut state = Vec::with_capacity(bytes + 8);
    while state.len() < bytes {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.extend_from_slice(&(word ^ (word >> 33)).to_le_bytes());
    }
    state.truncate(bytes);
    state.chunks(50_021).map(<[u8]>::to_vec).collect()
}

pub(super) fn write(store: &mut SnapshotStore, index: u64, bytes: usize) -> Manifest {
    store.write(meta(index), blocks(index, bytes)).expect("the disk is well")
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("the directory is there");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("it lists").file_name().into_string().expect("it is text"))
        .collect();
    names.sort();
    names
}

#[test]
fn what_was_written_is_loaded() {
    let dir = tempfile::tempdir().expect("a directory");
    let written = write(&mut store(dir.path()), 40, 1_000_000);
    assert_eq!(written.total_bytes, 1_000_000);
    assert_eq!(written.chunk_count(), 16);

    let loaded = store(dir.path()).load().expect("it is whole").expect("there is one");
    assert_eq!(loaded.manifest, written);
    assert!(loaded.damaged.is_empty());
    assert!(loaded.chunks[..15].iter().all(|chunk| chunk.len() == CHUNK_BYTES));
    assert_eq!(loaded.into_bytes(), blocks(40, 1_000_000).concat());
}

#[test]
fn a_partition_that_never_took_one_has_none() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut store = store(&dir.path().join("p3"));
    assert!(store.load().expect("nothing is wrong").is_none());
    assert_eq!(store.oldest_kept_index(), None);
}

#[test]
fn an_empty_state_is_a_state() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut store = store(dir.path());
    store.write(meta(1), Vec::new()).expect("the disk is well");
    let loaded = store.load().expect("it is whole").expect("there is one");
    assert_eq!(loaded.manifest.chunk_count(), 0);
    assert!(loaded.into_bytes().is_empty());
}

#[test]
fn the_newest_of_two_is_loaded_and_the_log_is_kept_to_the_older() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut store = store(dir.path());
    write(&mut store, 100, 70_000);
    assert_eq!(store.oldest_kept_index(), None, "one generation has nothing behind it");
    write(&mut store, 200, 70_000);
    assert_eq!(store.oldest_kept_index(), Some(100));
    write(&mut store, 300, 70_000);
    assert_eq!(store.oldest_kept_index(), Some(200));
    assert_eq!(names(dir.path()), ["gen-2", "gen-3"]);
    let loaded = store.load().expect("it is whole").expect("there is one");
    assert_eq!(loaded.manifest.meta, meta(300));
}

#[test]
fn after_a_start_the_log_is_kept_until_the_next_snapshot() {
    let dir = tempfile::tempdir().expect("a directory");
    write(&mut store(dir.path()), 100, 70_000);
    write(&mut store(dir.path()), 200, 70_000);
    let mut store = store(dir.path());
    store.load().expect("it is whole");
    assert_eq!(store.oldest_kept_index(), None, "nobody has looked at the older one");
    write(&mut store, 300, 70_000);
    assert_eq!(store.oldest_kept_index(), Some(200));
}

#[test]
fn a_crash_in_the_middle_leaves_the_one_before() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut first = store(dir.path());
    write(&mut first, 100, 300_000);
    // The process dies while the state is being read: nothing after that point runs.
    let dying = blocks(200, 300_000).into_iter().enumerate().map(|(number, block)| {
        assert!(number < 3, "the process dies here");
        block
    });
    let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        drop(first.write(meta(200), dying));
    }));
    assert!(died.is_err(), "a panic of the state is not swallowed");
    assert_eq!(names(dir.path()), ["gen-1", "gen-2.tmp"]);

    let mut after = store(dir.path());
    assert_eq!(names(dir.path()), ["gen-1"]);
    let loaded = after.load().expect("it is whole").expect("there is one");
    assert_eq!(loaded.manifest.meta, meta(100));
    write(&mut after, 300, 300_000);
    assert_eq!(names(dir.path()), ["gen-1", "gen-2"]);
}

#[test]
fn loading_changes_nothing_on_disk() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut store = store(dir.path());
    write(&mut store, 100, 2_000_000);
    let before = contents(dir.path());
    for _ in 0..20 {
        let loaded = store.load().expect("it is whole").expect("there is one");
        assert_eq!(loaded.into_bytes(), blocks(100, 2_000_000).concat());
    }
    let after = contents(dir.path());
    assert!(after == before, "{:?} became {:?}", before.keys(), after.keys());
}

#[test]
fn twenty_generations_take_the_space_of_two() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut store = store(dir.path());
    let bytes = 4_000_000;
    let mut after = Vec::new();
    for index in 1..=20 {
        write(&mut store, index, bytes);
        after.push(space(dir.path()));
    }
    // sled allocates by segments, in an order that differs from run to run.
    let (second, most) = (after[1], after[2..].iter().max().copied().unwrap_or_default());
    assert!(most <= second + second / 4, "{after:?}");
}

#[test]
fn too_little_space_refuses_and_leaves_what_was_there() {
    let dir = tempfile::tempdir().expect("a directory");
    write(&mut store(dir.path()), 100, 70_000);
    let mut full = store(dir.path()).with_reserve(u64::MAX);
    let error = full.write(meta(200), blocks(200, 70_000)).expect_err("there is too little space");
    assert!(matches!(error, SnapshotError::Full { reserve: u64::MAX, .. }), "{error}");
    assert_eq!(names(dir.path()), ["gen-1"]);
    write(&mut full.with_reserve(0), 200, 70_000);
    assert_eq!(names(dir.path()), ["gen-1", "gen-3"]);
}

#[test]
fn another_partitions_snapshot_is_not_taken_for_damage() {
    let dir = tempfile::tempdir().expect("a directory");
    write(&mut store(dir.path()), 100, 70_000);
    let mut other = SnapshotStore::open(dir.path(), PartitionId(4)).expect("it opens");
    let error = other.load().expect_err("it belongs to partition 3");
    assert!(matches!(error, SnapshotError::Foreign { found: 3, expected: 4, .. }), "{error}");
}

/// Every file below `dir` with the checksum of its bytes.
fn contents(dir: &Path) -> BTreeMap<PathBuf, u32> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).expect("the directory is there") {
        let path = entry.expect("it lists").path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            let bytes = fs::read(&path).expect("the file is there");
            found.insert(path, crc32c::crc32c(&bytes));
        }
    }
    found
}

pub(super) fn space(dir: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let mut bytes = 0;
    for entry in fs::read_dir(dir).expect("the directory is there") {
        let entry = entry.expect("it lists");
        let metadata = entry.metadata().expect("it is there");
        bytes += if metadata.is_dir() { space(&entry.path()) } else { metadata.blocks() * 512 };
    }
    bytes
}
