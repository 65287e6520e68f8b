//! Writes history rows beside apply, in the order in which they were applied.

use crate::history::{History, HistoryError};
use hoga_engine::history::HistoryRow;
use hoga_engine::ids::PartitionId;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// Rows of one applied batch, or a request to make everything durable.
enum Work {
    Rows { partition: PartitionId, index: u64, rows: Vec<HistoryRow> },
    Sync { partition: PartitionId, done: oneshot::Sender<Result<(), HistoryError>> },
}

/// One partition's history: its store, and how far it is written.
#[derive(Clone)]
struct Book {
    store: Arc<dyn History>,
    written: watch::Sender<u64>,
}

/// The node's history thread.
#[derive(Clone)]
pub(crate) struct Historian {
    work: mpsc::Sender<Work>,
    books: Arc<BTreeMap<PartitionId, Book>>,
}

impl Historian {
    /// Starts the thread. A row that cannot be written ends the process: what the state counts,
    /// the history has to have.
    pub fn start(
        stores: BTreeMap<PartitionId, Arc<dyn History>>,
        queue_chunks: usize,
    ) -> std::io::Result<Historian> {
        let (work, mut queue) = mpsc::channel(queue_chunks);
        let book = |store| Book { store, written: watch::channel(0).0 };
        let books: BTreeMap<_, _> = stores.into_iter().map(|(id, s)| (id, book(s))).collect();
        let books = Arc::new(books);
        let at_work = books.clone();
        std::thread::Builder::new().name("hoga-history".into()).spawn(move || {
            while let Some(work) = queue.blocking_recv() {
                perform(&at_work, work);
            }
        })?;
        Ok(Historian { work, books })
    }

    /// Hands over the rows of a batch; waits while the thread is far behind.
    pub async fn append(&self, partition: PartitionId, index: u64, rows: Vec<HistoryRow>) {
        if self.books.contains_key(&partition) {
            // The thread ends only with the process.
            drop(self.work.send(Work::Rows { partition, index, rows }).await);
        }
    }

    /// Returns when everything handed over so far is durable.
    pub async fn sync(&self, partition: PartitionId) -> Result<(), HistoryError> {
        if !self.books.contains_key(&partition) {
            return Ok(());
        }
        let (done, synced) = oneshot::channel();
        drop(self.work.send(Work::Sync { partition, done }).await);
        synced.await.unwrap_or(Ok(()))
    }

    /// The partition's store, once it has the rows of everything up to `index`.
    pub async fn at(&self, partition: PartitionId, index: u64) -> Option<Arc<dyn History>> {
        let book = self.books.get(&partition)?;
        let mut written = book.written.subscribe();
        written.wait_for(|&written| written >= index).await.ok()?;
        Some(book.store.clone())
    }
}

fn perform(books: &BTreeMap<PartitionId, Book>, work: Work) {
    match work {
        Work::Rows { partition, index, rows } => {
            let book = &books[&partition];
            if !rows.is_empty()
                && let Err(error) = book.store.append(&rows)
            {
                tracing::error!(partition = partition.0, %error, "the history cannot be written");
                std::process::abort();
            }
            book.written.send_replace(index);
        }
        Work::Sync { partition, done } => drop(done.send(books[&partition].store.sync())),
    }
}
