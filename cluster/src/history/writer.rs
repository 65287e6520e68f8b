//! Appending without holding up whoever applies commands.
//!
//! The store may make an append wait while it flushes or compacts, a tenth of a second at worst.
//! So a thread of its own does the appending, in order, behind a bounded queue; whoever reads and
//! must see a certain position waits until the history has reached it.

use super::error::HistoryError;
use super::port::History;
use hoga_engine::history::HistoryRow;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// Blocks of rows that may wait to be appended, one an applied chunk. When they do, whoever
/// appends waits: the history falls behind the state by no more than this.
pub const QUEUE_BLOCKS_MAX: usize = 64;

/// Rows taken from the queue into one batch, when that many are waiting.
const BATCH_ROWS: usize = 2_048;

/// Time between two attempts on a full disk. Nothing tells that space has returned.
const RETRY_FULL: Duration = Duration::from_millis(50);

/// Appends to one partition's history. Clones share the queue; the thread ends with the last.
#[derive(Clone, Debug)]
pub struct HistoryWriter {
    jobs: mpsc::Sender<Job>,
    progress: watch::Receiver<Progress>,
}

#[derive(Debug)]
enum Job {
    Append { index: u64, rows: Vec<HistoryRow> },
    Sync(oneshot::Sender<()>),
}

#[derive(Clone, Debug, Default)]
struct Progress {
    /// The log index up to which rows are in the store.
    index: u64,
    stopped: Option<Arc<str>>,
}

impl HistoryWriter {
    /// Starts the thread. `index` is the log index the state stands at: that of the snapshot it
    /// was loaded from, or 0.
    ///
    /// # Errors
    /// The thread could not be started.
    pub fn start(history: Arc<dyn History>, index: u64) -> io::Result<HistoryWriter> {
        let (jobs, queue) = mpsc::channel(QUEUE_BLOCKS_MAX);
        let (report, progress) = watch::channel(Progress { index, stopped: None });
        let work = move || run(&*history, queue, &report);
        thread::Builder::new().name("history".into()).spawn(work)?;
        Ok(HistoryWriter { jobs, progress })
    }

    /// Hands over the rows of the chunk that ends at `index`, also when there are none: the
    /// position counts. Waits while the queue is full, on a full disk until space returns.
    ///
    /// # Errors
    /// [`HistoryError::Stopped`]. The rows may be there or not; replay writes them.
    pub async fn append(&self, index: u64, rows: Vec<HistoryRow>) -> Result<(), HistoryError> {
        let sent = self.jobs.send(Job::Append { index, rows }).await;
        sent.map_err(|_| self.stopped())
    }

    /// Returns when everything handed over before survives a loss of power.
    ///
    /// # Errors
    /// [`HistoryError::Stopped`].
    pub async fn sync(&self) -> Result<(), HistoryError> {
        let (done, synced) = oneshot::channel();
        self.jobs.send(Job::Sync(done)).await.map_err(|_| self.stopped())?;
        synced.await.map_err(|_| self.stopped())
    }

    /// Waits until a read of the history sees everything up to log index `index`.
    ///
    /// # Errors
    /// [`HistoryError::Stopped`].
    pub async fn reached(&self, index: u64) -> Result<(), HistoryError> {
        let mut progress = self.progress.clone();
        let reached = progress.wait_for(|now| now.index >= index || now.stopped.is_some()).await;
        match reached {
            Ok(now) if now.index >= index => Ok(()),
            _ => Err(self.stopped()),
        }
    }

    fn stopped(&self) -> HistoryError {
        let cause = self.progress.borrow().stopped.clone();
        HistoryError::Stopped { cause: cause.unwrap_or_else(|| "its thread has ended".into()) }
    }
}

/// Works off the queue until its last sender is gone or the store fails.
fn run(history: &dyn History, mut queue: mpsc::Receiver<Job>, report: &watch::Sender<Progress>) {
    let mut rows = Vec::new();
    while let Some(job) = queue.blocking_recv() {
        let mut next = Some(job);
        let mut reached = None;
        let mut waiting = None;
        while let Some(job) = next.take() {
            match job {
                Job::Append { index, rows: more } => {
                    rows.extend(more);
                    reached = Some(index);
                    if rows.len() < BATCH_ROWS {
                        next = queue.try_recv().ok();
                    }
                }
                Job::Sync(done) => waiting = Some(done),
            }
        }
        let mut done = append_when_there_is_space(history, &rows, &queue);
        rows.clear();
        if waiting.is_some() {
            done = done.and_then(|()| history.sync());
        }
        if let Err(error) = done {
            tracing::error!(%error, "the history has stopped");
            report.send_modify(|now| now.stopped = Some(error.to_string().into()));
            return;
        }
        if let Some(index) = reached {
            report.send_modify(|now| now.index = index);
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
