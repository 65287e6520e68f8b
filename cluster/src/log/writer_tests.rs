//! The log's thread step by step, driven by hand.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::core::Core;
use super::fatal::Fatal;
use super::options::LogOptions;
use super::recovery::recover;
use super::request::Request;
use super::rig::{P1, at, entry, indices, open};
use super::space::Space;
use super::writer::Writer;
use super::{MemoryDisk, PartitionLog};

/// A log without threads: what is asked waits in the queue until the test serves it.
fn by_hand(disk: &MemoryDisk) -> (PartitionLog, Writer, mpsc::Receiver<Request>) {
    let options = LogOptions::small();
    let found = recover(disk, &options).expect("the log opens");
    let fatal = Arc::new(Fatal::new());
    let shared = Arc::new(disk.clone());
    let space =
        Space::new(shared, options.clone(), found.ready, found.next_number, Arc::clone(&fatal));
    let core = Arc::new(Core::new(options, found.index, found.files, Arc::new(space), fatal));
    let (queue, requests) = mpsc::channel(16);
    let writer = Writer::new(Arc::clone(&core), found.tail, found.markers);
    (PartitionLog::new(P1, core, queue), writer, requests)
}

#[tokio::test]
async fn a_committed_marker_never_overtakes_the_entry_it_speaks_of() {
    let disk = MemoryDisk::new();
    let (one, mut writer, mut requests) = by_hand(&disk);
    let (_, mut nothing_more) = mpsc::channel(1);
    one.append(vec![entry(1, 0, 10)], Box::new(drop)).await.expect("queued");
    one.append(vec![entry(1, 1, 10)], Box::new(drop)).await.expect("queued");
    one.save_committed(Some(at(1, 1)));
    let (first, second) = (requests.recv().await, requests.recv().await);

    writer.serve(first.expect("entry 0"), &mut nothing_more);
    let survivor = open(&MemoryDisk::after_kill(&disk.steps())).expect("the log opens");
    assert_eq!(indices(&survivor.partition(P1)), [0]);
    assert_eq!(survivor.partition(P1).state().committed, None);

    writer.serve(second.expect("entry 1"), &mut nothing_more);
    let survivor = open(&MemoryDisk::after_kill(&disk.steps())).expect("the log opens");
    assert_eq!(indices(&survivor.partition(P1)), [0, 1]);
    assert_eq!(survivor.partition(P1).state().committed, Some(at(1, 1)));
}

#[tokio::test]
async fn an_entry_replaced_before_it_was_written_is_read_back_as_its_successor() {
    let disk = MemoryDisk::new();
    let (one, mut writer, mut requests) = by_hand(&disk);
    one.append(vec![entry(1, 0, 10), entry(1, 1, 10)], Box::new(drop)).await.expect("queued");
    let truncating = one.clone();
    let truncated = tokio::spawn(async move { truncating.truncate_from(1).await });
    tokio::task::yield_now().await;
    one.append(vec![entry(2, 1, 20)], Box::new(drop)).await.expect("queued");
    assert_eq!(indices(&one), [0, 1]);
    let first = requests.recv().await.expect("the first append");
    writer.serve(first, &mut requests);
    truncated.await.expect("no panic").expect("durable");
    assert_eq!(indices(&one), [0, 1]);
    assert_eq!(one.state().last, Some(at(2, 1)));
    let survivor = open(&MemoryDisk::after_kill(&disk.steps())).expect("the log opens");
    assert_eq!(indices(&survivor.partition(P1)), [0, 1]);
    assert_eq!(survivor.partition(P1).state().last, Some(at(2, 1)));
}
