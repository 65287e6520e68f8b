//! What opening makes of a damaged log: a torn tail is cut, anything else is refused by name.

use super::rig::{P1, P2, append, at, indices, open};
use super::segment::file_name;
use super::{DiskStep, MemoryDisk, OpenError, PartitionId};

/// Two writes of one entry each for partition 1 and one for partition 2, in segment 1. Writes of
/// 1,000 bytes take one block each, from block 1 on.
async fn three_writes() -> MemoryDisk {
    let disk = MemoryDisk::new();
    let log = open(&disk).expect("a new log");
    append(&log.partition(P1), 1, 0..1).await.expect("durable");
    append(&log.partition(P1), 1, 1..2).await.expect("durable");
    append(&log.partition(P2), 1, 0..1).await.expect("durable");
    log.close().await.expect("a clean end");
    disk
}

/// A log over several segments, each sealed but the last.
async fn many_segments() -> (MemoryDisk, u64) {
    let disk = MemoryDisk::new();
    let log = open(&disk).expect("a new log");
    for index in 0..60 {
        append(&log.partition(P1), 1, index..index + 1).await.expect("durable");
    }
    let segments = log.stats().segments;
    log.close().await.expect("a clean end");
    assert!(segments >= 4, "{segments}");
    (disk, segments)
}

fn flip(disk: &MemoryDisk, segment: u64, offset: usize) {
    disk.tamper(&file_name(segment), |bytes| bytes[offset] ^= 0x10);
}

fn refused(disk: &MemoryDisk) -> (u64, u64, Vec<PartitionId>, String) {
    match open(disk).err().expect("the log must not open") {
        OpenError::Corrupt { segment, offset, partitions, reason } => {
            (segment, offset, partitions, reason)
        }
        other => panic!("another error: {other}"),
    }
}

#[tokio::test]
async fn a_flip_in_the_last_write_is_a_torn_tail() {
    for offset in [3 * 4096 + 9, 3 * 4096 + 50, 3 * 4096 + 500] {
        let disk = three_writes().await;
        flip(&disk, 1, offset);
        let log = open(&disk).expect("the tail is cut");
        assert_eq!(indices(&log.partition(P1)), [0, 1], "offset {offset}");
        assert!(indices(&log.partition(P2)).is_empty(), "offset {offset}");
        append(&log.partition(P2), 2, 0..1).await.expect("the log goes on");
        log.close().await.expect("a clean end");
        assert_eq!(indices(&open(&disk).expect("whole again").partition(P2)), [0]);
    }
}

#[tokio::test]
async fn a_flip_in_the_middle_is_refused_and_names_segment_offset_and_partitions() {
    for (offset, at) in [(2 * 4096 + 9, 8192), (2 * 4096 + 50, 8224), (2 * 4096 + 500, 8224)] {
        let disk = three_writes().await;
        flip(&disk, 1, offset);
        let (segment, found, partitions, _) = refused(&disk);
        assert_eq!((segment, found), (1, at), "flip at {offset}");
        assert!(partitions.contains(&P2), "{partitions:?}");
        let text = open(&disk).err().expect("still refused").to_string();
        assert!(text.contains("segment 1 at byte") && text.contains("p2"), "{text}");
    }
}

#[tokio::test]
async fn a_flip_in_a_segment_header_is_refused() {
    let disk = three_writes().await;
    flip(&disk, 1, 20);
    assert_eq!(refused(&disk).3, "the header is damaged");
}

#[tokio::test]
async fn a_flip_anywhere_in_an_older_segment_is_refused() {
    let (disk, segments) = many_segments().await;
    for segment in 1..segments {
        for offset in [20, 4096 + 9, 4096 + 700, 5 * 4096 + 60] {
            flip(&disk, segment, offset);
            assert_eq!(refused(&disk).0, segment, "offset {offset}");
            flip(&disk, segment, offset);
        }
    }
    let log = open(&disk).expect("whole again");
    assert_eq!(indices(&log.partition(P1)).len(), 60);
}

#[tokio::test]
async fn a_lost_seal_is_refused_because_the_next_segment_has_writes() {
    let (disk, _) = many_segments().await;
    let seal = find_last_write(&disk, 1);
    flip(&disk, 1, seal + 9);
    let (segment, offset, ..) = refused(&disk);
    assert_eq!((segment, offset), (1, seal as u64));
}

/// The offset of the last block of a segment that has something in it.
fn find_last_write(disk: &MemoryDisk, segment: u64) -> usize {
    let mut last = 0;
    disk.tamper(&file_name(segment), |bytes| {
        let blocks = bytes.chunks(4096).enumerate();
        let mut used = blocks.filter(|(_, block)| block.iter().any(|byte| *byte != 0));
        last = used.next_back().expect("a used segment").0 * 4096;
    });
    last
}

#[tokio::test]
async fn a_truncated_file_is_refused() {
    let disk = three_writes().await;
    for length in [0, 100, 4096 + 50, 3 * 4096, 40_000] {
        let short = MemoryDisk::after_kill(&disk.steps());
        short.tamper(&file_name(1), |bytes| bytes.truncate(length));
        let (segment, offset, _, reason) = refused(&short);
        assert_eq!((segment, offset), (1, length as u64));
        assert!(reason.contains("of 65536 bytes"), "{reason}");
    }
}

#[tokio::test]
async fn a_missing_segment_is_refused_wherever_it_was() {
    let (disk, segments) = many_segments().await;
    for missing in 1..=segments {
        let mut steps = disk.steps();
        steps.push(DiskStep::Remove { name: file_name(missing) });
        let (segment, _, partitions, reason) = refused(&MemoryDisk::after_kill(&steps));
        assert!(reason.contains("missing"), "{reason}");
        assert_eq!(partitions, [P1]);
        assert_eq!(segment, missing.max(2), "the first one is missed by what follows it");
    }
}

#[tokio::test]
async fn a_log_of_which_only_spare_segments_are_left_is_refused() {
    let disk = three_writes().await;
    let mut steps = disk.steps();
    steps.push(DiskStep::Remove { name: file_name(1) });
    let (segment, _, _, reason) = refused(&MemoryDisk::after_kill(&steps));
    assert_eq!(segment, 2);
    assert!(reason.contains("before this spare one is missing"), "{reason}");
}

#[tokio::test]
async fn a_newer_format_is_refused_as_such() {
    let disk = three_writes().await;
    disk.tamper(&file_name(1), |bytes| {
        bytes[24] = 9;
        let crc = crc32c::crc32c(&bytes[8..4096]);
        bytes[4..8].copy_from_slice(&crc.to_le_bytes());
    });
    let error = open(&disk).err().expect("unknown");
    assert!(matches!(error, OpenError::Version { found: 9, .. }), "{error}");
}

/// Runs a small history, and says after which disk steps each of its parts was acknowledged.
async fn history() -> (Vec<DiskStep>, Vec<(usize, u64)>) {
    let disk = MemoryDisk::new();
    let log = open(&disk).expect("a new log");
    let one = log.partition(P1);
    let mut acknowledged = Vec::new();
    for index in 0..40 {
        append(&one, 1, index..index + 1).await.expect("durable");
        acknowledged.push((disk.steps().len(), index));
        if index % 10 == 9 {
            one.purge_through(at(1, index - 4)).await.expect("durable");
        }
    }
    log.close().await.expect("a clean end");
    (disk.steps(), acknowledged)
}

/// Opens what survived a cut, looks for what is missing, and goes on with it.
async fn check_survivor(disk: &MemoryDisk, acknowledged: &[(usize, u64)], cut: usize) {
    let durable = acknowledged.iter().filter(|(steps, _)| *steps <= cut).map(|(_, i)| *i).max();
    let log = open(disk).unwrap_or_else(|error| panic!("cut after step {cut}: {error}"));
    let one = log.partition(P1);
    let found = one.state().last.map(|last| last.index);
    assert!(found >= durable, "cut after step {cut}: {found:?}, acknowledged {durable:?}");
    let present = indices(&one);
    assert!(present.windows(2).all(|pair| pair[0] + 1 == pair[1]), "cut after {cut}: {present:?}");
    let next = found.map_or(0, |last| last + 1);
    append(&one, 2, next..next + 2).await.expect("the log goes on");
    log.close().await.expect("a clean end");

    // What opening mended and what was written behind it read the same the next time.
    let log = open(disk).unwrap_or_else(|error| panic!("again after step {cut}: {error}"));
    let again = indices(&log.partition(P1));
    assert_eq!(again, [present, vec![next, next + 1]].concat(), "again after step {cut}");
    log.close().await.expect("a clean end");
}

#[tokio::test]
async fn killed_at_every_step_nothing_acknowledged_is_lost() {
    let (steps, acknowledged) = history().await;
    for cut in 0..=steps.len() {
        check_survivor(&MemoryDisk::after_kill(&steps[..cut]), &acknowledged, cut).await;
    }
}

#[tokio::test]
async fn without_power_at_every_step_nothing_acknowledged_is_lost() {
    let (steps, acknowledged) = history().await;
    let patterns: [fn(usize) -> bool; 5] =
        [|_| false, |n| n % 2 == 0, |n| n % 2 == 1, |n| n % 3 != 1, |n| n > 8];
    for cut in 0..=steps.len() {
        for survives in patterns {
            let disk = MemoryDisk::after_power_loss(&steps[..cut], survives);
            check_survivor(&disk, &acknowledged, cut).await;
        }
    }
}

#[tokio::test]
async fn what_opening_has_read_and_what_follows_stays_when_the_power_fails_next() {
    let (steps, _) = history().await;
    for cut in 0..=steps.len() {
        let disk = MemoryDisk::after_kill(&steps[..cut]);
        let log = open(&disk).unwrap_or_else(|error| panic!("cut after step {cut}: {error}"));
        let one = log.partition(P1);
        let read = (one.state().purged, indices(&one));
        log.close().await.expect("a clean end");
        let dark = MemoryDisk::after_power_loss(&disk.steps(), |_| false);
        let log = open(&dark).unwrap_or_else(|error| panic!("no power after {cut}: {error}"));
        let one = log.partition(P1);
        assert_eq!((one.state().purged, indices(&one)), read, "cut after step {cut}");
        log.close().await.expect("a clean end");

        let log = open(&disk).unwrap_or_else(|error| panic!("again after {cut}: {error}"));
        let one = log.partition(P1);
        let next = one.state().last.map_or(0, |last| last.index + 1);
        append(&one, 2, next..next + 1).await.expect("durable");
        log.close().await.expect("a clean end");
        let dark = MemoryDisk::after_power_loss(&disk.steps(), |_| false);
        let log = open(&dark).unwrap_or_else(|error| panic!("dark again after {cut}: {error}"));
        assert_eq!(log.partition(P1).state().last, Some(at(2, next)), "cut after step {cut}");
        log.close().await.expect("a clean end");
    }
}
