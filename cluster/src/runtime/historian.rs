//! One partition's history beside apply: its store, and the thread that appends to it.

use crate::history::{History, HistoryError, HistoryWriter};
use hoga_engine::history::HistoryRow;
use std::io;
use std::sync::Arc;

/// The history of a partition; of no use in one that has no accounts.
#[derive(Clone, Default)]
pub(crate) struct Historian(Option<Book>);

#[derive(Clone)]
struct Book {
    store: Arc<dyn History>,
    writer: HistoryWriter,
}

impl Historian {
    /// Starts appending behind the log index that the state stands at.
    pub fn start(store: Arc<dyn History>, index: u64) -> io::Result<Historian> {
        let writer = HistoryWriter::start(store.clone(), index)?;
        Ok(Historian(Some(Book { store, writer })))
    }

    /// Hands over the rows of a chunk; waits while the thread is far behind.
    pub async fn append(&self, index: u64, rows: Vec<HistoryRow>) -> Result<(), HistoryError> {
        match &self.0 {
            Some(book) => book.writer.append(index, rows).await,
            None => Ok(()),
        }
    }

    /// Returns when everything handed over so far is durable.
    pub async fn sync(&self) -> Result<(), HistoryError> {
        match &self.0 {
            Some(book) => book.writer.sync().await,
            None => Ok(()),
        }
    }

    /// The store itself, as far as it is; none in a partition without accounts.
    pub fn store(&self) -> Option<Arc<dyn History>> {
        self.0.as_ref().map(|book| book.store.clone())
    }

    /// The store, once it has the rows of everything up to `index`.
    pub async fn at(&self, index: u64) -> Result<Arc<dyn History>, HistoryError> {
        let none = || HistoryError::Stopped { cause: "this partition keeps none".into() };
        let book = self.0.as_ref().ok_or_else(none)?;
        book.writer.reached(index).await?;
        Ok(book.store.clone())
    }
}
