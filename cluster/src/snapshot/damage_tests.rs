//! What damage does: the older generation, or an error that names the directory; never a guess.

use super::generation::{MANIFEST_KEY, chunk_key};
use super::tests::{blocks, meta, space, store, write};
use super::*;
use std::fs;
use std::path::{Path, PathBuf};

const BYTES: usize = 500_000;

/// Two generations at 100 and 200; `harm` is done to the newer.
fn harmed(harm: impl FnOnce(&Path)) -> (tempfile::TempDir, SnapshotStore) {
    let dir = tempfile::tempdir().expect("a directory");
    let mut writing = store(dir.path());
    write(&mut writing, 100, BYTES);
    write(&mut writing, 200, BYTES);
    drop(writing);
    harm(&dir.path().join("gen-2"));
    let opened = store(dir.path());
    (dir, opened)
}

/// Asserts that the older generation is loaded, and returns why the newer was not.
#[track_caller]
fn falls_back(harm: impl FnOnce(&Path)) -> Damage {
    let (_dir, mut store) = harmed(harm);
    let loaded = store.load().expect("the older one is whole").expect("there is one");
    assert_eq!(loaded.manifest.meta, meta(100));
    assert_eq!(loaded.generation, 1);
    let [damaged] = &loaded.damaged[..] else { panic!("one is damaged: {:?}", loaded.damaged) };
    assert_eq!(damaged.generation, 2);
    let reason = damaged.reason.clone();
    assert_eq!(loaded.into_bytes(), blocks(100, BYTES).concat());
    reason
}

fn flip_bit(file: &Path, at: usize) {
    let mut bytes = fs::read(file).expect("the file is there");
    bytes[at] ^= 1 << (at % 8);
    fs::write(file, bytes).expect("the file can be written");
}

/// Where the bytes of the state's chunk `number` lie in the database's file.
fn chunk_offset(file: &Path, index: u64, number: usize) -> usize {
    let state = blocks(index, BYTES).concat();
    let wanted = &state[number * CHUNK_BYTES..][..64];
    let bytes = fs::read(file).expect("the file is there");
    bytes.windows(64).rposition(|found| found == wanted).expect("the chunk is in the file")
}

fn edit(generation: &Path, change: impl FnOnce(&sled::Db)) {
    let database = sled::open(generation).expect("it opens");
    change(&database);
    database.flush().expect("it flushes");
}

#[test]
fn a_bit_flip_in_a_chunk() {
    falls_back(|generation| {
        let file = generation.join("db");
        let at = chunk_offset(&file, 200, 4);
        flip_bit(&file, at + 1_000);
    });
}

#[test]
fn a_truncated_file() {
    falls_back(|generation| {
        let file = fs::OpenOptions::new().write(true).open(generation.join("db"));
        let file = file.expect("the file is there");
        let bytes = file.metadata().expect("it is there").len();
        file.set_len(bytes / 2).expect("it can be cut");
    });
}

#[test]
fn a_missing_file() {
    for name in ["db", "conf"] {
        let reason = falls_back(|generation| {
            fs::remove_file(generation.join(name)).expect("the file is there");
        });
        assert_eq!(reason, Damage::FileMissing(name));
    }
}

#[test]
fn an_emptied_directory() {
    let reason = falls_back(|generation| {
        fs::remove_dir_all(generation).expect("it is there");
        fs::create_dir(generation).expect("it is gone");
    });
    assert_eq!(reason, Damage::FileMissing("conf"));
}

#[test]
fn a_missing_manifest() {
    let reason = falls_back(|generation| {
        edit(generation, |database| drop(database.remove(MANIFEST_KEY)));
    });
    assert_eq!(reason, Damage::ManifestMissing);
}

#[test]
fn a_manifest_that_does_not_check() {
    let reason = falls_back(|generation| {
        edit(generation, |database| {
            let mut manifest = database.get(MANIFEST_KEY).expect("it reads").expect("it is there");
            manifest[9] ^= 4;
            database.insert(MANIFEST_KEY, manifest).expect("it writes");
        });
    });
    assert_eq!(reason, Damage::ManifestDamaged);
}

#[test]
fn a_missing_chunk_and_a_changed_one() {
    let reason = falls_back(|generation| {
        edit(generation, |database| drop(database.remove(chunk_key(5))));
    });
    assert_eq!(reason, Damage::ChunkMissing(5));
    let reason = falls_back(|generation| {
        edit(generation, |database| drop(database.insert(chunk_key(2), &b"other"[..])));
    });
    assert_eq!(reason, Damage::ChunkDamaged(2));
}

#[test]
fn a_newer_release_wrote_it() {
    let (dir, mut store) = harmed(|generation| {
        edit(generation, |database| {
            let mut bytes = (FORMAT_VERSION + 1).to_le_bytes().to_vec();
            bytes.extend_from_slice(b"what this release cannot know");
            let crc = crc32c::crc32c(&bytes);
            bytes.extend_from_slice(&crc.to_le_bytes());
            database.insert(MANIFEST_KEY, bytes).expect("it writes");
        });
    });
    let error = store.load().expect_err("it must not be passed over");
    let SnapshotError::Version { found, known, .. } = error else { panic!("{error}") };
    assert_eq!((found, known), (FORMAT_VERSION + 1, FORMAT_VERSION));
    assert!(dir.path().join("gen-2").exists());
}

#[test]
fn both_damaged_is_an_error_that_names_the_directory() {
    let (dir, mut store) = harmed(|generation| {
        let first = generation.with_file_name("gen-1");
        fs::remove_file(generation.join("db")).expect("it is there");
        edit(&first, |database| drop(database.remove(MANIFEST_KEY)));
    });
    let error = store.load().expect_err("nothing is whole");
    let text = error.to_string();
    assert!(text.contains(&dir.path().display().to_string()), "{text}");
    assert!(text.contains("manifest is missing") && text.contains("file db"), "{text}");
    let SnapshotError::AllDamaged { damaged, .. } = error else { panic!("{text}") };
    assert_eq!(damaged.iter().map(|one| one.generation).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn the_next_snapshot_replaces_the_damaged_one_and_not_the_sound_one() {
    let (dir, mut store) = harmed(|generation| {
        fs::remove_file(generation.join("db")).expect("it is there");
    });
    store.load().expect("the older one is whole");
    assert_eq!(store.oldest_kept_index(), None, "one sound generation has nothing behind it");
    write(&mut store, 250, BYTES);
    let generations: Vec<_> = store.generations().iter().map(|kept| kept.generation).collect();
    assert_eq!(generations, [1, 3]);
    assert_eq!(store.oldest_kept_index(), Some(100));
    assert!(!dir.path().join("gen-2").exists());
    let loaded = store.load().expect("it is whole").expect("there is one");
    assert_eq!(loaded.manifest.meta, meta(250));
}

/// Anything may happen to any file. Whatever it is, what is loaded was once written, and reading
/// comes to an end.
#[test]
fn random_damage_is_never_taken_for_a_state() {
    let dir = tempfile::tempdir().expect("a directory");
    let master = dir.path().join("master");
    let mut writing = store(&master);
    write(&mut writing, 100, BYTES);
    write(&mut writing, 200, BYTES);
    drop(writing);
    let mut seed = 0x5eed_u64;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let mut fell_back = 0;
    for round in 0..60 {
        let copy = dir.path().join(format!("round-{round}"));
        copy_tree(&master, &copy);
        let files = files_below(&copy.join("gen-2"));
        let file = &files[random(files.len())];
        let mut bytes = fs::read(file).expect("the file is there");
        match random(4) {
            0 => bytes.truncate(random(bytes.len())),
            1 => (0..4_096).for_each(|at| {
                let at = at % bytes.len();
                bytes[at] = 0;
            }),
            _ => {
                for _ in 0..=random(8) {
                    let at = random(bytes.len());
                    bytes[at] ^= 1 << random(8);
                }
            }
        }
        fs::write(file, bytes).expect("the file can be written");
        let loaded = store(&copy).load().expect("the older one is whole").expect("there is one");
        let index = loaded.manifest.meta.index;
        fell_back += u32::from(index == 100);
        assert_eq!(loaded.manifest.meta, meta(index));
        assert_eq!(loaded.into_bytes(), blocks(index, BYTES).concat(), "round {round}");
        fs::remove_dir_all(&copy).expect("it is there");
    }
    assert!(fell_back >= 20, "only {fell_back} rounds did harm");
    assert!(space(&master) > 0);
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).expect("it is there") {
        let path = entry.expect("it lists").path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else if path.metadata().expect("it is there").len() > 0 {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("it can be made");
    for entry in fs::read_dir(from).expect("it is there") {
        let path = entry.expect("it lists").path();
        let target = to.join(path.file_name().expect("it has a name"));
        if path.is_dir() {
            copy_tree(&path, &target);
        } else {
            fs::copy(&path, &target).expect("it can be copied");
        }
    }
}
