//! The writer between the partition and its history: order, waiting, stopping.

use super::sample_rows::{account, fill};
use super::*;
use crate::log::LogPosition;
use hoga_engine::history::{FillRow, HistoryRow};
use hoga_engine::time::Time;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// A history in memory whose disk can be full, broken or slow.
#[derive(Default)]
struct Moody {
    rows: MemoryHistory,
    full: AtomicBool,
    broken: AtomicBool,
    /// Walks that looked for what is too old.
    walks: AtomicUsize,
    /// The disk does not move while this is set.
    stuck: Mutex<bool>,
    moves: Condvar,
}

impl Moody {
    fn stick(&self, stuck: bool) {
        *self.stuck.lock().expect("no test panics with it") = stuck;
        self.moves.notify_all();
    }
}

impl History for Moody {
    fn append(&self, rows: &[HistoryRow]) -> Result<(), HistoryError> {
        let stuck = self.stuck.lock().expect("no test panics with it");
        drop(self.moves.wait_while(stuck, |stuck| *stuck).expect("no test panics with it"));
        if self.full.load(Ordering::SeqCst) {
            return Err(HistoryError::Full { available: 0, reserve: 1 });
        }
        if self.broken.load(Ordering::SeqCst) {
            return Err(HistoryError::ForeignKey(vec![1]));
        }
        self.rows.append(rows)
    }
    fn sync(&self) -> Result<(), HistoryError> {
        self.rows.sync()
    }
    fn note(&self, through: LogPosition) {
        self.rows.note(through);
    }
    fn reach(&self) -> Result<Reach, HistoryError> {
        self.rows.reach()
    }
    fn doubt(&self) -> Result<(), HistoryError> {
        self.rows.doubt()
    }
    fn settle(&self, happened: &dyn Fn(RowKey) -> bool) -> Result<usize, HistoryError> {
        self.rows.settle(happened)
    }
    fn get(&self, key: RowKey) -> Result<Option<HistoryRow>, HistoryError> {
        self.rows.get(key)
    }
    fn scan(
        &self,
        account: hoga_engine::ids::AccountId,
        kind: RowKind,
        sequences: RangeInclusive<u64>,
        direction: Direction,
    ) -> Rows {
        self.rows.scan(account, kind, sequences, direction)
    }
    fn export(&self, after: Option<RowKey>) -> Rows {
        self.rows.export(after)
    }
    fn retain_after(
        &self,
        oldest_kept: Time,
        resume: Option<RowKey>,
        rows_max: usize,
    ) -> Result<Sweep, HistoryError> {
        self.walks.fetch_add(usize::from(resume.is_none()), Ordering::SeqCst);
        self.rows.retain_after(oldest_kept, resume, rows_max)
    }
    fn mark_swept(&self, time: Time) -> Result<(), HistoryError> {
        self.rows.mark_swept(time)
    }
    fn swept(&self) -> Result<Option<Time>, HistoryError> {
        self.rows.swept()
    }
}

const KEEP: Duration = Duration::from_secs(400 * 86_400);

fn start() -> (Arc<Moody>, HistoryWriter) {
    let history = Arc::new(Moody::default());
    let writer =
        HistoryWriter::start(Arc::<Moody>::clone(&history), Some(KEEP)).expect("a thread starts");
    (history, writer)
}

/// A position of one term.
fn at(index: u64) -> LogPosition {
    LogPosition { term: 1, index }
}

fn count(history: &Moody) -> usize {
    history.export(None).count()
}

#[tokio::test]
async fn a_read_that_waits_sees_what_was_handed_over_before() {
    let (history, writer) = start();
    for index in 1..=300 {
        writer.append(at(index), vec![fill(1, index)]).await.expect("it is well");
    }
    writer.append(at(301), Vec::new()).await.expect("it is well");
    writer.caught_up().await.expect("it is well");
    let page = history.page(account(1), RowKind::Fill, None, 1).expect("it is well");
    assert_eq!(page, [fill(1, 300)]);
    assert_eq!(count(&history), 300);
}

#[tokio::test]
async fn a_sync_covers_everything_handed_over_before() {
    let (history, writer) = start();
    for index in 1..=100 {
        writer.append(at(index), vec![fill(1, index)]).await.expect("it is well");
    }
    writer.sync().await.expect("it is well");
    history.rows.lose_power();
    assert_eq!(count(&history), 100);
}

#[tokio::test]
async fn a_stuck_disk_makes_the_writer_wait_and_no_more_than_the_queue_is_held() {
    let (history, writer) = start();
    history.stick(true);
    // One batch is in the thread's hands, filled while it was taken out; the queue holds the rest.
    let most = (super::writer::BATCH_ROWS + QUEUE_BLOCKS_MAX) as u64;
    let mut taken = 0;
    let row = |n| writer.append(at(n), vec![fill(1, n)]);
    while let Ok(sent) = tokio::time::timeout(Duration::from_secs(1), row(taken + 1)).await {
        sent.expect("it is well");
        taken += 1;
        assert!(taken <= most, "nothing bounds the queue");
    }
    assert!(taken >= QUEUE_BLOCKS_MAX as u64);
    history.stick(false);
    writer.caught_up().await.expect("it moves again");
}

#[tokio::test]
async fn a_full_disk_is_waited_for() {
    let (history, writer) = start();
    history.full.store(true, Ordering::SeqCst);
    writer.append(at(1), vec![fill(1, 1)]).await.expect("the queue takes it");
    let early = tokio::time::timeout(Duration::from_millis(120), writer.caught_up()).await;
    assert!(early.is_err(), "nothing is there on a full disk");
    assert_eq!(count(&history), 0);
    history.full.store(false, Ordering::SeqCst);
    writer.caught_up().await.expect("space has returned");
    assert_eq!(count(&history), 1);
}

#[tokio::test]
async fn a_broken_store_stops_the_writer_and_everyone_is_told_why() {
    let (history, writer) = start();
    history.broken.store(true, Ordering::SeqCst);
    writer.append(at(1), vec![fill(1, 1)]).await.expect("the queue takes it");
    let error = writer.caught_up().await.expect_err("the store is broken");
    assert!(matches!(&error, HistoryError::Stopped { cause } if cause.contains("key")), "{error}");
    writer.sync().await.expect_err("nothing more is written");
    writer.append(at(2), Vec::new()).await.expect_err("nothing more is taken");
}

#[tokio::test]
async fn a_store_reaches_as_far_as_it_was_synced() {
    let (history, writer) = start();
    writer.append(at(1), vec![fill(1, 1)]).await.expect("it is well");
    // Without rows, but the store may know it all the same.
    writer.append(at(2), Vec::new()).await.expect("it is well");
    writer.sync().await.expect("it is well");
    writer.append(at(3), vec![fill(1, 2)]).await.expect("it is well");
    writer.caught_up().await.expect("it is well");
    assert_eq!(history.reach().expect("it is well").through, Some(at(3)));
    history.rows.lose_power();
    assert_eq!(history.reach().expect("it is well").through, Some(at(2)));
    assert_eq!(count(&history), 1);
}

#[tokio::test]
async fn what_never_happened_goes_before_anything_new_comes() {
    let (history, writer) = start();
    writer.append(at(1), vec![fill(1, 1), fill(1, 2)]).await.expect("it is well");
    history.doubt().expect("it is well");
    writer.settle(Box::new(|key| key.sequence < 2)).await.expect("it is well");
    writer.append(at(2), vec![fill(1, 2), fill(1, 3)]).await.expect("it is well");
    writer.caught_up().await.expect("it is well");
    assert_eq!(count(&history), 3);
    let reach = history.reach().expect("it is well");
    assert_eq!(reach, Reach { through: Some(at(2)), is_doubtful: false });
}

#[tokio::test]
async fn what_is_too_old_goes_behind_a_sync_and_once_a_day() {
    let (history, writer) = start();
    let row = |sequence, days: u64| match fill(1, sequence) {
        HistoryRow::Fill(row) => {
            // Well behind every clock.
            let posted = Time(18_000 * Time::DAY + sequence + days * Time::DAY);
            vec![HistoryRow::Fill(FillRow { posted, ..row })]
        }
        other => panic!("{other:?}"),
    };
    for (sequence, days) in [(1, 0), (2, 2), (3, 399), (4, 401)] {
        writer.append(at(sequence), row(sequence, days)).await.expect("it is well");
    }
    writer.caught_up().await.expect("it is well");
    assert_eq!(count(&history), 4, "nothing goes before what replaces it is durable");
    writer.sync().await.expect("it is well");
    assert_eq!(count(&history), 3, "400 days before the newest, not before today");
    let kept = history.page(account(1), RowKind::Fill, None, 9).expect("it is well");
    assert_eq!(kept.iter().map(|row| RowKey::of(row).sequence).collect::<Vec<_>>(), [4, 3, 2]);
    let swept = history.swept().expect("it is well");
    // Half a day later nothing is looked for; a day and a half later it is.
    writer.append(at(5), row(5, 401)).await.expect("it is well");
    writer.sync().await.expect("it is well");
    assert_eq!(history.swept().expect("it is well"), swept);
    writer.append(at(6), row(6, 403)).await.expect("it is well");
    writer.sync().await.expect("it is well");
    assert!(history.swept().expect("it is well") > swept);
    assert_eq!(count(&history), 4);
}

#[tokio::test]
async fn an_exchange_that_is_young_is_walked_once_a_day_too() {
    let (history, writer) = start();
    for sequence in 1..=20 {
        let HistoryRow::Fill(row) = fill(1, sequence) else { panic!("a fill") };
        let posted = Time(18_000 * Time::DAY + sequence * Time::DAY / 8);
        let row = HistoryRow::Fill(FillRow { posted, ..row });
        writer.append(at(sequence), vec![row]).await.expect("it is well");
        writer.sync().await.expect("it is well");
    }
    assert_eq!(count(&history), 20);
    assert_eq!(history.walks.load(Ordering::SeqCst), 3, "20 syncs in two and a half days");
}
