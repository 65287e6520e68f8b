//! Appending without holding up whoever applies commands.
//!
//! The store may make an append wait while it flushes or compacts, a tenth of a second at worst.
//! So a thread of its own does the appending, in order, behind a bounded queue; whoever reads waits
//! until it has caught up with what was handed over.

use super::error::HistoryError;
use super::key::RowKey;
use super::port::History;
use super::retention::Sweeper;
use crate::log::LogPosition;
use hoga_engine::history::HistoryRow;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot, watch};

/// Blocks of rows that may wait to be appended, one for some entries. When they do, whoever
/// appends waits: the history falls behind the state by no more than this.
pub const QUEUE_BLOCKS_MAX: usize = 64;

/// Rows taken from the queue into one batch, when that many are waiting.
pub(super) const BATCH_ROWS: usize = 2_048;

/// Time between two attempts on a full disk. Nothing tells that space has returned.
const RETRY_FULL: Duration = Duration::from_millis(50);

/// Appends to one partition's history. Clones share the queue; the thread ends with the last.
#[derive(Clone)]
pub struct HistoryWriter {
    jobs: mpsc::Sender<Job>,
    progress: watch::Receiver<Progress>,
    handed: Arc<Mutex<Handed>>,
}

/// What was handed over.
#[derive(Clone, Copy, Default)]
struct Handed {
    blocks: u64,
    /// The rows of all entries up to here.
    through: Option<LogPosition>,
}

/// Whether the row of a key is one that the log has.
pub type Happened = Box<dyn Fn(RowKey) -> bool + Send>;

enum Job {
    Append { through: LogPosition, rows: Vec<HistoryRow> },
    Sync { through: Option<LogPosition>, done: oneshot::Sender<()> },
    Settle(Happened),
}

#[derive(Clone, Debug, Default)]
struct Progress {
    /// Blocks that are in the store.
    blocks: u64,
    stopped: Option<Arc<str>>,
}

impl HistoryWriter {
    /// Starts the thread. Behind a sync it removes what is older than `keep`, counted from the newest
    /// row; all is kept without.
    ///
    /// # Errors
    /// The thread could not be started.
    pub fn start(history: Arc<dyn History>, keep: Option<Duration>) -> io::Result<HistoryWriter> {
        let (jobs, queue) = mpsc::channel(QUEUE_BLOCKS_MAX);
        let (report, progress) = watch::channel(Progress::default());
        let work = move || run(&*history, Sweeper::new(keep), queue, &report);
        thread::Builder::new().name("history".into()).spawn(work)?;
        Ok(HistoryWriter { jobs, progress, handed: Arc::default() })
    }

    /// Hands over the rows of all entries after those of the call before, up to `through`; when
    /// there are none, nobody is woken for it. Waits while the queue is full, on a full disk until
    /// space returns.
    ///
    /// # Errors
    /// [`HistoryError::Stopped`]. The rows may be there or not; replay writes them.
    pub async fn append(
        &self,
        through: LogPosition,
        rows: Vec<HistoryRow>,
    ) -> Result<(), HistoryError> {
        if self.progress.borrow().stopped.is_some() {
            return Err(self.stopped());
        }
        let has_rows = !rows.is_empty();
        if has_rows {
            let sent = self.jobs.send(Job::Append { through, rows }).await;
            sent.map_err(|_| self.stopped())?;
        }
        let mut handed = self.handed();
        handed.blocks += u64::from(has_rows);
        handed.through = Some(through);
        Ok(())
    }

    /// Returns when everything handed over before survives a loss of power.
    ///
    /// # Errors
    /// [`HistoryError::Stopped`].
    pub async fn sync(&self) -> Result<(), HistoryError> {
        let (done, synced) = oneshot::channel();
        let through = self.handed().through;
        let job = Job::Sync { through, done };
        self.jobs.send(job).await.map_err(|_| self.stopped())?;
        synced.await.map_err(|_| self.stopped())
    }

    /// Removes what never happened, before anything that is handed over later.
    ///
    /// # Errors
    /// [`HistoryError::Stopped`].
    pub async fn settle(&self, happened: Happened) -> Result<(), HistoryError> {
        self.jobs.send(Job::Settle(happened)).await.map_err(|_| self.stopped())
    }

    /// Waits until a read of the history sees everything that was handed over before this call.
    ///
    /// # Errors
    /// [`HistoryError::Stopped`].
    pub async fn caught_up(&self) -> Result<(), HistoryError> {
        let blocks = self.handed().blocks;
        let mut progress = self.progress.clone();
        let reached = progress.wait_for(|now| now.blocks >= blocks || now.stopped.is_some()).await;
        match reached {
            Ok(now) if now.blocks >= blocks => Ok(()),
            _ => Err(self.stopped()),
        }
    }

    fn handed(&self) -> MutexGuard<'_, Handed> {
        // Two numbers are whole whoever panicked beside them.
        self.handed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stopped(&self) -> HistoryError {
        let cause = self.progress.borrow().stopped.clone();
        HistoryError::Stopped { cause: cause.unwrap_or_else(|| "its thread has ended".into()) }
    }
}

/// Works off the queue until its last sender is gone or the store fails.
fn run(
    history: &dyn History,
    mut sweeper: Sweeper,
    mut queue: mpsc::Receiver<Job>,
    report: &watch::Sender<Progress>,
) {
    let mut rows = Vec::new();
    loop {
        // What grows old goes between two jobs, and while there is none.
        let mut next = match queue.try_recv() {
            Ok(job) => Some(job),
            Err(TryRecvError::Empty) if sweeper.is_under_way() => None,
            Err(TryRecvError::Empty) => queue.blocking_recv(),
            Err(TryRecvError::Disconnected) => return,
        };
        if next.is_none() && !sweeper.is_under_way() {
            return;
        }
        let (mut blocks, mut reached, mut last) = (0, None, None);
        while let Some(job) = next.take() {
            match job {
                Job::Append { through, rows: more } => {
                    rows.extend(more);
                    blocks += 1;
                    reached = Some(through);
                    if rows.len() < BATCH_ROWS {
                        next = queue.try_recv().ok();
                    }
                }
                other => last = Some(other),
            }
        }
        let mut done = append_when_there_is_space(history, &rows, &queue);
        sweeper.see(&rows);
        rows.clear();
        if let (Ok(()), Some(through)) = (&done, reached) {
            history.note(through);
        }
        let mut waiting = None;
        done = done.and_then(|()| match last {
            Some(Job::Sync { through, done }) => {
                through.into_iter().for_each(|through| history.note(through));
                waiting = Some(done);
                history.sync().and_then(|()| sweeper.begin(history))
            }
            Some(Job::Settle(happened)) => history.settle(&happened).map(|removed| {
                tracing::warn!(removed, "removed rows that no log has from the history");
            }),
            Some(Job::Append { .. }) | None => Ok(()),
        });
        done = done.and_then(|()| sweeper.sweep(history));
        if let Err(error) = done {
            tracing::error!(%error, "the history has stopped");
            report.send_modify(|now| now.stopped = Some(error.to_string().into()));
            return;
        }
        if blocks > 0 {
            report.send_modify(|now| now.blocks += blocks);
        }
        if let Some(waiting) = waiting {
            // Whoever asked may have gone; then nobody needs to know.
            let _ = waiting.send(());
        }
    }
}

/// Appends, on a full disk again and again; gives up only when nobody would add anything more.
fn append_when_there_is_space(
    history: &dyn History,
    rows: &[HistoryRow],
    queue: &mpsc::Receiver<Job>,
) -> Result<(), HistoryError> {
    let mut told = false;
    loop {
        match history.append(rows) {
            Err(error @ HistoryError::Full { .. }) if !queue.is_closed() => {
                if !told {
                    tracing::warn!(%error, "the history waits for space");
                    told = true;
                }
                thread::sleep(RETRY_FULL);
            }
            other => return other,
        }
    }
}
