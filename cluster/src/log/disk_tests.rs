//! What the log does when the disk fails or is full while it works.

use std::io::ErrorKind;
use std::sync::Arc;

use super::rig::{P1, append, at, indices, open, settled};
use super::{LogError, LogOptions, MemoryDisk, SegmentLog};

#[tokio::test]
async fn a_failed_fsync_ends_the_log_and_is_never_tried_again() {
    let disk = MemoryDisk::new();
    let log = open(&disk).expect("a new log");
    let (one, fatal) = (log.partition(P1), log.fatal());
    append(&one, 1, 0..1).await.expect("durable");
    settled(&log).await;
    disk.fail_syncs_after(0);
    let error = append(&one, 1, 1..2).await.expect_err("the fsync fails");
    assert!(matches!(error, LogError::Poisoned { .. }), "{error}");
    let steps = disk.steps().len();
    disk.fail_syncs_after(1_000);
    let error = append(&one, 1, 2..3).await.expect_err("the log has stopped");
    assert!(matches!(error, LogError::Poisoned { .. }), "{error}");
    assert_eq!(disk.steps().len(), steps, "nothing touches the disk any more");
    let cause = fatal.borrow().clone().expect("the node is told");
    assert!(cause.contains("fsync of log segment 1"), "{cause}");

    let survivor = MemoryDisk::after_power_loss(&disk.steps(), |_| false);
    assert_eq!(indices(&open(&survivor).expect("the same log").partition(P1)), [0]);
}

#[tokio::test]
async fn a_failed_write_ends_the_log() {
    let disk = MemoryDisk::new();
    let log = open(&disk).expect("a new log");
    let one = log.partition(P1);
    append(&one, 1, 0..1).await.expect("durable");
    settled(&log).await;
    disk.fail_writes(Some(ErrorKind::Other));
    let error = append(&one, 1, 1..2).await.expect_err("the write fails");
    assert!(matches!(error, LogError::Poisoned { .. }), "{error}");
    assert!(log.fatal().borrow().is_some());
    assert!(matches!(log.close().await, Err(LogError::Poisoned { .. })));
}

#[tokio::test]
async fn short_writes_are_completed() {
    let disk = MemoryDisk::new();
    disk.shorten_writes(700);
    let log = open(&disk).expect("a new log");
    append(&log.partition(P1), 1, 0..40).await.expect("durable");
    log.close().await.expect("a clean end");
    assert_eq!(indices(&open(&disk).expect("the same log").partition(P1)).len(), 40);
}

#[tokio::test]
async fn a_full_disk_refuses_appends_and_takes_them_again_when_space_returns() {
    let segment = LogOptions::small().segment_bytes;
    let disk = MemoryDisk::new();
    disk.set_capacity(Some(5 * segment));
    let log = open(&disk).expect("a new log");
    let one = log.partition(P1);
    let mut next = 0;
    let error = loop {
        match append(&one, 1, next..next + 1).await {
            Ok(()) => next += 1,
            Err(error) => break error,
        }
        assert!(next < 1000, "the disk never filled up");
    };
    assert!(matches!(error, LogError::Full { .. }), "{error}");
    assert!(log.stats().full);
    assert!(log.fatal().borrow().is_none(), "want of space is not fatal");
    assert_eq!(indices(&one).len() as u64, next, "a refused append leaves no trace");

    // A vote and a purge still have their place, and a purge makes room.
    one.save_vote(bytes::Bytes::from_static(b"vote")).await.expect("kept back for votes");
    disk.set_capacity(None);
    append(&one, 1, next..next + 1).await.expect("space returned");
    log.close().await.expect("a clean end");
    assert_eq!(indices(&open(&disk).expect("the same log").partition(P1)).len() as u64, next + 1);
}

#[tokio::test]
async fn on_a_full_disk_a_purge_makes_room() {
    let segment = LogOptions::small().segment_bytes;
    let disk = MemoryDisk::new();
    disk.set_capacity(Some(5 * segment));
    let log = open(&disk).expect("a new log");
    let one = log.partition(P1);
    let mut next = 0;
    while append(&one, 1, next..next + 1).await.is_ok() {
        next += 1;
    }
    one.purge_through(at(1, next - 2)).await.expect("a purge is never refused");
    for index in next..next + 100 {
        append(&one, 1, index..index + 1).await.expect("recycled segments");
        one.purge_through(at(1, index - 1)).await.expect("a purge is never refused");
    }
    assert!(log.fatal().borrow().is_none());
}

#[tokio::test]
async fn no_space_for_even_the_first_segment_is_said_so() {
    let disk = MemoryDisk::new();
    disk.set_capacity(Some(1000));
    let error = SegmentLog::open(Arc::new(disk), LogOptions::small()).err().expect("no space");
    assert!(error.to_string().contains("making the first segment"), "{error}");
}
