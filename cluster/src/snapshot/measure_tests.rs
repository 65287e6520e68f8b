//! What a snapshot costs. Run with `--release -- --ignored --nocapture measure`.

use super::SnapshotError;
use super::tests::{blocks, meta, space, store};
use std::path::Path;
use std::time::Instant;

#[test]
#[ignore = "a measurement, not a check of behaviour"]
fn measure_200_megabytes() {
    let dir = tempfile::tempdir_in(".").expect("a directory on the real disk");
    let mut store = store(dir.path());
    let bytes = 200_000_000;
    let state = blocks(1, bytes);
    for index in 1..=4 {
        let given = state.clone();
        let began = Instant::now();
        store.write(meta(index), given).expect("the disk is well");
        let written = began.elapsed();
        let began = Instant::now();
        let loaded = store.load().expect("it is whole").expect("there is one");
        let read = began.elapsed();
        assert_eq!(loaded.manifest.total_bytes, bytes as u64);
        let generations = store.generations().len() as f64;
        let ratio = space(dir.path()) as f64 / bytes as f64 / generations;
        eprintln!("snapshot {index}: written in {written:?}, loaded in {read:?}, space {ratio:.2}");
    }
}

/// Run with `HOGA_SMALL_DISK` naming a directory on a disk of 40 MiB, for example a tmpfs.
#[test]
#[ignore = "needs a small disk of its own"]
fn a_full_disk_fails_the_write_and_leaves_the_one_before() {
    let Some(dir) = std::env::var_os("HOGA_SMALL_DISK") else {
        eprintln!("skipped: HOGA_SMALL_DISK is not set");
        return;
    };
    let mut store = store(Path::new(&dir)).with_reserve(16 << 20);
    store.write(meta(1), blocks(1, 100_000)).expect("this fits");
    let error = store.write(meta(2), blocks(2, 100_000_000)).expect_err("this does not fit");
    assert!(matches!(error, SnapshotError::Full { .. }), "{error}");
    let loaded = store.load().expect("it is whole").expect("there is one");
    assert_eq!(loaded.manifest.meta, meta(1));
    store.write(meta(3), blocks(3, 100_000)).expect("this fits again");
    // A node that starts on a full disk can still read what it has.
    let fill = Path::new(&dir).join("fill");
    let mut file = std::fs::File::create(&fill).expect("it can be made");
    while std::io::Write::write_all(&mut file, &[1; 4_096]).is_ok() {}
    let loaded = super::tests::store(Path::new(&dir)).load();
    std::fs::remove_file(&fill).expect("it is there");
    assert_eq!(loaded.expect("it is whole").expect("there is one").manifest.meta, meta(3));
}
