//! A partition with one voter: it leads at once, keeps order, and comes back with what it had.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::tally::{Shelf, Tally};
use super::{
    Applied, Committed, Machine, NoNetwork, ProposeError, Replica, ReplicaSettings, SnapshotError,
    SnapshotMeta, SnapshotWriting, StartError,
};
use crate::log::{LogOptions, LogPosition, MemoryDisk, PartitionId, SegmentLog};

const P: PartitionId = PartitionId(3);
const NODE: u64 = 7;

fn open(disk: &MemoryDisk) -> SegmentLog {
    SegmentLog::open(Arc::new(disk.clone()), LogOptions::small()).expect("the log opens")
}

async fn try_start(log: &SegmentLog, shelf: &Shelf) -> Result<Replica<Tally>, StartError> {
    let settings = ReplicaSettings::founded_by([NODE]);
    Replica::start(P, NODE, log, shelf.load(), NoNetwork, settings).await
}

async fn start(log: &SegmentLog, shelf: &Shelf) -> Replica<Tally> {
    let replica = try_start(log, shelf).await.expect("it starts");
    leads(&replica).await;
    replica
}

async fn leads(replica: &Replica<Tally>) {
    let mut leadership = replica.leadership();
    let leads = leadership.wait_for(|leadership| leadership.is_me);
    let led = tokio::time::timeout(Duration::from_secs(5), leads).await.expect("it leads soon");
    assert_eq!(led.expect("it runs").leader, Some(NODE));
}

async fn stop(replica: Replica<Tally>, log: SegmentLog) {
    replica.shutdown().await;
    log.close().await.expect("a clean end");
}

fn batch(number: u64) -> Bytes {
    Bytes::from(number.to_le_bytes().repeat(40))
}

fn batches(numbers: std::ops::Range<u64>) -> Vec<Bytes> {
    numbers.map(batch).collect()
}

#[tokio::test]
async fn it_leads_at_once_and_applies_what_is_proposed_in_order() {
    let (log, shelf) = (open(&MemoryDisk::new()), Shelf::default());
    let replica = start(&log, &shelf).await;
    let mut pending = Vec::new();
    for number in 0..100 {
        pending.push(replica.submit(batch(number)).await.expect("it leads"));
    }
    let mut last = None;
    for answer in pending {
        let at = answer.applied().await.expect("applied");
        assert!(Some(at) > last, "{at} follows {last:?}");
        last = Some(at);
    }
    assert_eq!(shelf.seen(), batches(0..100));
    let positions = shelf.positions();
    assert!(positions.windows(2).all(|pair| pair[0].index + 1 == pair[1].index), "no hole");
    assert_eq!(replica.read_barrier().await, Ok(last.expect("a hundred of them").index));
    stop(replica, log).await;
}

#[tokio::test]
async fn after_a_restart_everything_is_applied_again_and_it_leads_again() {
    let (disk, shelf) = (MemoryDisk::new(), Shelf::default());
    let log = open(&disk);
    let replica = start(&log, &shelf).await;
    for number in 0..50 {
        replica.propose(batch(number)).await.expect("applied");
    }
    let term = replica.leadership().borrow().term;
    stop(replica, log).await;

    let log = open(&disk);
    let replica = start(&log, &shelf).await;
    assert!(replica.leadership().borrow().term > term, "a new election, not the old leadership");
    replica.read_barrier().await.expect("it leads");
    assert_eq!(shelf.seen(), batches(0..50));
    replica.propose(batch(50)).await.expect("applied");
    assert_eq!(shelf.seen(), batches(0..51));
    stop(replica, log).await;
}

#[tokio::test]
async fn a_sole_voter_waits_for_no_election() {
    let (disk, shelf) = (MemoryDisk::new(), Shelf::default());
    // Long enough that the test would not live to see a time-out.
    let patient = ReplicaSettings {
        election_ms_min: 600_000,
        election_ms_max: 900_000,
        ..ReplicaSettings::founded_by([NODE])
    };
    for _start in 0..2 {
        let log = open(&disk);
        let settings = patient.clone();
        let replica = Replica::start(P, NODE, &log, shelf.load(), NoNetwork, settings).await;
        let replica = replica.expect("it starts");
        leads(&replica).await;
        stop(replica, log).await;
    }
}

#[tokio::test]
async fn killed_at_any_step_it_comes_back_with_every_acknowledged_batch_once_and_in_order() {
    let (disk, shelf) = (MemoryDisk::new(), Shelf::default());
    let log = open(&disk);
    let replica = start(&log, &shelf).await;
    let mut acknowledged = Vec::new();
    for number in 0..12 {
        replica.propose(batch(number)).await.expect("applied");
        acknowledged.push(disk.steps().len());
    }
    stop(replica, log).await;
    let steps = disk.steps();
    for cut in (0..=steps.len()).step_by(3) {
        for disk in [
            MemoryDisk::after_kill(&steps[..cut]),
            MemoryDisk::after_power_loss(&steps[..cut], |sector| sector % 2 == 0),
        ] {
            let (log, shelf) = (open(&disk), Shelf::default());
            let replica = start(&log, &shelf).await;
            replica.read_barrier().await.expect("it leads");
            let seen = shelf.seen();
            let durable = acknowledged.iter().filter(|step| **step <= cut).count();
            assert!(seen.len() >= durable, "cut {cut}: {} of {durable}", seen.len());
            assert_eq!(seen, batches(0..seen.len() as u64), "cut {cut}");
            stop(replica, log).await;
        }
    }
}

#[tokio::test]
async fn snapshots_cut_the_log_back_to_the_older_one_and_replay_starts_there() {
    let (disk, shelf) = (MemoryDisk::new(), Shelf::default());
    let log = open(&disk);
    let replica = start(&log, &shelf).await;
    for number in 0..90 {
        replica.propose(batch(number)).await.expect("applied");
        if number % 30 == 29 {
            assert!(replica.trigger_snapshot().await.expect("it is written"));
        }
    }
    assert!(!replica.trigger_snapshot().await.expect("nothing to write"));
    replica.propose(batch(90)).await.expect("applied");
    // The third snapshot lets the log go up to the second.
    let purged = log.partition(P).state().purged.expect("the log was cut");
    let second = shelf.positions().iter().filter(|at| at.index <= purged.index).count();
    assert!((60..63).contains(&second), "{purged}: {second}");
    stop(replica, log).await;

    let log = open(&disk);
    let replica = start(&log, &shelf).await;
    replica.read_barrier().await.expect("it leads");
    assert_eq!(shelf.seen(), batches(0..91));
    assert!(shelf.positions().len() < 10, "only the tail: {:?}", shelf.positions());
    stop(replica, log).await;
}

#[tokio::test]
async fn a_snapshot_that_fails_leaves_the_replica_and_its_log_alone() {
    let (log, shelf) = (open(&MemoryDisk::new()), Shelf::default());
    let replica = start(&log, &shelf).await;
    replica.propose(batch(0)).await.expect("applied");
    shelf.refuse_snapshots(true);
    replica.trigger_snapshot().await.expect_err("refused");
    replica.propose(batch(1)).await.expect("it goes on");
    shelf.refuse_snapshots(false);
    assert!(replica.trigger_snapshot().await.expect("it is written"));
    stop(replica, log).await;
}

#[tokio::test]
async fn a_lost_snapshot_is_noticed_before_anything_is_applied() {
    let (disk, shelf) = (MemoryDisk::new(), Shelf::default());
    let log = open(&disk);
    let replica = start(&log, &shelf).await;
    for number in 0..4 {
        replica.propose(batch(number)).await.expect("applied");
        replica.trigger_snapshot().await.expect("it is written");
    }
    replica.propose(batch(4)).await.expect("applied");
    stop(replica, log).await;
    shelf.lose_snapshots();
    let error = try_start(&open(&disk), &shelf).await.err().expect("refused");
    assert!(matches!(error, StartError::StateLost { .. }), "{error}");
}

#[tokio::test]
async fn entries_that_a_snapshot_has_overruled_are_cut_when_it_starts() {
    let (disk, shelf) = (MemoryDisk::new(), Shelf::default());
    let log = open(&disk);
    let replica = start(&log, &shelf).await;
    for number in 0..3 {
        replica.propose(batch(number)).await.expect("applied");
    }
    replica.trigger_snapshot().await.expect("it is written");
    for number in 3..8 {
        replica.propose(batch(number)).await.expect("applied");
    }
    stop(replica, log).await;
    // Of another leader, who had another entry behind the third: it is what is committed.
    let (mut meta, mut seen) = shelf.newest().expect("the snapshot");
    let overruled = meta.last.index + 1;
    meta.last = LogPosition { term: meta.last.term + 1, index: overruled };
    seen.push(batch(77));
    let arrived = Shelf::holding(meta, seen.clone());
    let log = open(&disk);
    let replica = start(&log, &arrived).await;
    let at = replica.propose(batch(8)).await.expect("it goes on");
    assert!(at.index > overruled, "{at}");
    seen.push(batch(8));
    assert_eq!(arrived.seen(), seen);
    stop(replica, log).await;
}

#[tokio::test]
async fn an_idle_partition_snapshots_when_the_log_wants_its_old_segments_back() {
    let (log, shelf) = (open(&MemoryDisk::new()), Shelf::default());
    let replica = start(&log, &shelf).await;
    replica.propose(batch(0)).await.expect("applied");
    assert!(replica.trigger_snapshot().await.expect("it is written"));
    replica.propose(batch(1)).await.expect("applied");
    let busy = log.partition(PartitionId(9));
    let mut stale = log.stale();
    for index in 0..300 {
        let (done, durable) = tokio::sync::oneshot::channel();
        let at = crate::log::LogPosition { term: 1, index };
        let entry = crate::log::LogEntry { at, tag: 1, payload: vec![1; 4000].into() };
        let done = Box::new(|outcome| drop(done.send(outcome)));
        busy.append(vec![entry], done).await.expect("accepted");
        durable.await.expect("answered").expect("durable");
        busy.purge_through(at).await.expect("durable");
    }
    let relieved = stale.wait_for(|partitions| !partitions.contains(&P));
    let relieved = tokio::time::timeout(Duration::from_secs(5), relieved).await;
    relieved.expect("it took a snapshot").expect("the log runs");
    assert!(log.partition(P).state().purged.is_some());
    stop(replica, log).await;
}

#[tokio::test]
async fn a_full_disk_refuses_batches_and_takes_them_again_when_space_returns() {
    let disk = MemoryDisk::new();
    let segment = LogOptions::small().segment_bytes;
    disk.set_capacity(Some(6 * segment));
    let (log, shelf) = (open(&disk), Shelf::default());
    let replica = start(&log, &shelf).await;
    let mut applied = 0;
    let error = loop {
        match replica.propose(batch(applied)).await {
            Ok(_) => applied += 1,
            Err(error) => break error,
        }
        assert!(applied < 2000, "the disk never filled up");
    };
    assert_eq!(error, ProposeError::Full);
    replica.read_barrier().await.expect("it still leads and reads");
    disk.set_capacity(None);
    replica.propose(batch(applied)).await.expect("space returned");
    assert_eq!(shelf.seen(), batches(0..applied + 1), "the refused one is not there");
    stop(replica, log).await;
}

#[tokio::test]
async fn a_failed_fsync_answers_unknown_and_stops_the_replica() {
    let disk = MemoryDisk::new();
    let (log, shelf) = (open(&disk), Shelf::default());
    let replica = start(&log, &shelf).await;
    replica.propose(batch(0)).await.expect("applied");
    disk.fail_syncs_after(0);
    let error = replica.propose(batch(1)).await.expect_err("not durable");
    assert_eq!(error, ProposeError::Unknown);
    assert_eq!(shelf.seen(), batches(0..1), "nothing is applied that is not durable");
    let mut fatal = log.fatal();
    assert!(fatal.wait_for(Option::is_some).await.is_ok(), "the node is told to exit");
    assert_eq!(replica.propose(batch(2)).await, Err(ProposeError::Stopped));
}

/// A machine whose state cannot go on.
struct Dead;

impl Machine for Dead {
    fn applied(&self) -> Applied {
        Applied::default()
    }

    async fn apply(&mut self, _: Vec<Committed>) {
        panic!("nothing can be applied");
    }

    async fn capture(&mut self, _: SnapshotMeta) -> SnapshotWriting {
        unreachable!("nothing was applied")
    }

    async fn install(&mut self, _: SnapshotMeta) -> Result<(), SnapshotError> {
        unreachable!("there are no peers")
    }
}

#[tokio::test]
async fn consensus_that_ends_by_itself_says_why_and_one_that_is_shut_down_says_nothing() {
    let (log, settings) = (open(&MemoryDisk::new()), ReplicaSettings::founded_by([NODE]));
    let dead = Replica::<Dead>::start(P, NODE, &log, Dead, NoNetwork, settings).await;
    let dead = dead.expect("it starts");
    let mut leadership = dead.leadership();
    leadership.wait_for(|leadership| leadership.is_me).await.expect("it leads");
    // Consensus finds out when it has something to apply again.
    while dead.submit(batch(1)).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let failed = tokio::time::timeout(Duration::from_secs(5), dead.failed());
    let cause = failed.await.expect("it ends");
    assert!(cause.is_some());

    let (log, shelf) = (open(&MemoryDisk::new()), Shelf::default());
    let replica = start(&log, &shelf).await;
    let failed = replica.failed();
    stop(replica, log).await;
    assert_eq!(failed.await, None);
}

#[tokio::test]
async fn an_outsized_batch_is_refused_before_the_log() {
    let (log, shelf) = (open(&MemoryDisk::new()), Shelf::default());
    let replica = start(&log, &shelf).await;
    let error = replica.propose(Bytes::from(vec![0; 20_000])).await.expect_err("too large");
    assert_eq!(error, ProposeError::TooLarge { bytes: 20_000, max: 12_288 });
    replica.propose(batch(0)).await.expect("it goes on");
    stop(replica, log).await;
}
