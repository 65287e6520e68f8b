//! What a healthy log does: it keeps what it was given, in order, across restarts.

use bytes::Bytes;

use super::rig::{P1, P2, append, append_entries, at, entry, indices, open};
use super::{LogError, LogOptions, MemoryDisk, OpenError, SegmentLog};

#[tokio::test]
async fn a_new_log_is_empty() {
    let log = open(&MemoryDisk::new()).expect("a new log");
    assert_eq!(log.partition(P1).state().last, None);
    assert!(indices(&log.partition(P1)).is_empty());
    log.close().await.expect("a clean end");
}

#[tokio::test]
async fn entries_and_votes_of_two_partitions_survive_a_restart() {
    let disk = MemoryDisk::new();
    let log = open(&disk).expect("a new log");
    let (one, two) = (log.partition(P1), log.partition(P2));
    append(&one, 1, 0..3).await.expect("durable");
    two.save_vote(Bytes::from_static(b"term 7, node 2")).await.expect("durable");
    append(&two, 7, 0..2).await.expect("durable");
    one.save_committed(Some(at(1, 1)));
    log.close().await.expect("a clean end");

    let log = open(&disk).expect("the same log");
    let (one, two) = (log.partition(P1), log.partition(P2));
    assert_eq!(indices(&one), [0, 1, 2]);
    assert_eq!(one.state().last, Some(at(1, 2)));
    assert_eq!(one.state().committed, Some(at(1, 1)));
    assert_eq!(indices(&two), [0, 1]);
    assert_eq!(two.state().vote.as_deref(), Some(b"term 7, node 2".as_slice()));
}

#[tokio::test]
async fn a_truncated_tail_stays_away_and_is_replaced() {
    let disk = MemoryDisk::new();
    let log = open(&disk).expect("a new log");
    let one = log.partition(P1);
    append(&one, 1, 0..10).await.expect("durable");
    one.truncate_from(4).await.expect("durable");
    append(&one, 2, 4..6).await.expect("durable");
    assert_eq!(indices(&one), [0, 1, 2, 3, 4, 5]);
    log.close().await.expect("a clean end");

    let one = open(&disk).expect("the same log").partition(P1);
    assert_eq!(indices(&one), [0, 1, 2, 3, 4, 5]);
    assert_eq!(one.state().last, Some(at(2, 5)));
    assert_eq!(one.terms(3..6), [at(1, 3), at(2, 4), at(2, 5)]);
}

#[tokio::test]
async fn rolling_over_many_segments_reads_from_disk_what_memory_let_go() {
    let disk = MemoryDisk::new();
    let log = open(&disk).expect("a new log");
    let one = log.partition(P1);
    for index in 0..400 {
        append(&one, 1, index..index + 1).await.expect("durable");
    }
    assert!(log.stats().rolls > 10, "{:?}", log.stats());
    assert_eq!(indices(&one).len(), 400);
    assert!(log.stats().disk_reads > 0, "{:?}", log.stats());
    log.close().await.expect("a clean end");

    let one = open(&disk).expect("the same log").partition(P1);
    assert_eq!(indices(&one), (0..400).collect::<Vec<_>>());
}

#[tokio::test]
async fn purged_segments_are_used_again_and_votes_in_them_survive() {
    let disk = MemoryDisk::new();
    let log = open(&disk).expect("a new log");
    let (one, two) = (log.partition(P1), log.partition(P2));
    two.save_vote(Bytes::from_static(b"an old vote")).await.expect("durable");
    for index in 0..1000 {
        append(&one, 1, index..index + 1).await.expect("durable");
        if index % 20 == 19 {
            one.purge_through(at(1, index - 5)).await.expect("durable");
        }
    }
    assert!(log.stats().rolls > 30, "{:?}", log.stats());
    assert!(log.stats().segments <= 3, "{:?}", log.stats());
    log.close().await.expect("a clean end");
    let held = disk.used_bytes() / LogOptions::small().segment_bytes;
    assert!(held <= 6, "{held} segments are held for a log that needs two");

    let log = open(&disk).expect("the same log");
    assert_eq!(indices(&log.partition(P1)), (995..1000).collect::<Vec<_>>());
    assert_eq!(log.partition(P1).state().purged, Some(at(1, 994)));
    assert_eq!(log.partition(P2).state().vote.as_deref(), Some(b"an old vote".as_slice()));
}

#[tokio::test]
async fn a_partition_that_holds_old_segments_is_reported_until_it_purges() {
    let log = open(&MemoryDisk::new()).expect("a new log");
    let (idle, busy) = (log.partition(P1), log.partition(P2));
    let stale = log.stale();
    append(&idle, 1, 0..1).await.expect("durable");
    for index in 0..200 {
        append(&busy, 1, index..index + 1).await.expect("durable");
        busy.purge_through(at(1, index)).await.expect("durable");
    }
    assert_eq!(*stale.borrow(), [P1]);
    idle.purge_through(at(1, 0)).await.expect("durable");
    assert!(stale.borrow().is_empty());
}

#[tokio::test]
async fn purging_beyond_the_last_entry_leaves_an_empty_log_that_goes_on_there() {
    let disk = MemoryDisk::new();
    let log = open(&disk).expect("a new log");
    let one = log.partition(P1);
    append(&one, 1, 0..5).await.expect("durable");
    one.purge_through(at(3, 20)).await.expect("durable");
    assert_eq!(one.state().last, Some(at(3, 20)));
    append(&one, 3, 21..23).await.expect("durable");
    log.close().await.expect("a clean end");
    let one = open(&disk).expect("the same log").partition(P1);
    assert_eq!(indices(&one), [21, 22]);
}

#[tokio::test]
async fn appends_of_many_partitions_share_writes() {
    let log = open(&MemoryDisk::new()).expect("a new log");
    let mut waiting = Vec::new();
    for id in 0..32 {
        let one = log.partition(super::PartitionId(id));
        waiting.push(tokio::spawn(async move {
            for index in 0..20 {
                append_entries(&one, vec![entry(1, index, 100)]).await.expect("durable");
            }
        }));
    }
    for task in waiting {
        task.await.expect("a partition that appends");
    }
    let stats = log.stats();
    assert_eq!(stats.entries, 640);
    assert!(stats.writes < 640, "{stats:?}");
}

#[tokio::test]
async fn an_append_larger_than_a_write_is_split_and_a_larger_entry_refused() {
    let disk = MemoryDisk::new();
    let log = open(&disk).expect("a new log");
    let one = log.partition(P1);
    append(&one, 1, 0..60).await.expect("durable, in several writes");
    let error = append_entries(&one, vec![entry(1, 60, 16 << 10)]).await.expect_err("too large");
    assert!(matches!(error, LogError::TooLarge { max: 12288, .. }), "{error}");
    append(&one, 1, 60..61).await.expect("nothing was left behind");
    log.close().await.expect("a clean end");
    assert_eq!(indices(&open(&disk).expect("the same log").partition(P1)).len(), 61);
}

#[tokio::test]
async fn a_directory_in_use_is_refused_by_name() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = SegmentLog::open_dir(dir.path(), LogOptions::small()).expect("a new log");
    append(&log.partition(P1), 1, 0..2).await.expect("durable");
    let error = SegmentLog::open_dir(dir.path(), LogOptions::small()).err().expect("in use");
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains(&dir.path().display().to_string()), "{text}");
    assert!(text.contains(&format!("process {}", std::process::id())), "{text}");
    log.close().await.expect("a clean end");
    drop(log);
    let log = SegmentLog::open_dir(dir.path(), LogOptions::small()).expect("free again");
    assert_eq!(indices(&log.partition(P1)), [0, 1]);
}
