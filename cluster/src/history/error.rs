//! What can go wrong with a history store.

use super::key::RowKey;
use std::error::Error;
use std::io;
use std::sync::Arc;

/// Why a history did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Too little space is left to write safely. Nothing was written; a retry is safe and
    /// succeeds when space has returned.
    #[error("the disk of the history has {available} bytes left, below its reserve of {reserve}")]
    Full { available: u64, reserve: u64 },
    /// Another process works on this directory. Nothing was changed; retry when it has ended.
    #[error("the history in {dir} is in use by another process")]
    InUse { dir: String },
    /// The store failed. Rows of the last append may be there or not; they are rewritten by
    /// replay, so the remedy is to start the node again.
    #[error("{what}: {}", plain(.source))]
    Store { what: String, source: fjall::Error },
    /// The writer met a failure before this call and writes nothing more. Rows handed over may be
    /// there or not; they are rewritten by replay when the node is started again.
    #[error("the history has stopped: {cause}")]
    Stopped { cause: Arc<str> },
    /// A row is there and cannot be understood. Nothing was changed; a retry finds the same. The
    /// partition's history has to be fetched from a peer or rebuilt by replay.
    #[error("the history row {key} is damaged: {reason}")]
    Damaged { key: RowKey, reason: String },
    /// A newer release wrote the row. Nothing was changed; start that release.
    #[error("the history row {key} has format version {found}; this release reads up to {known}")]
    Version { key: RowKey, found: u8, known: u8 },
    /// A key in the store is none of ours. Nothing was changed; a retry finds the same.
    #[error("the history holds a key that is not one of its own: {0:02x?}")]
    ForeignKey(Vec<u8>),
}

impl HistoryError {
    pub(super) fn store(what: impl Into<String>) -> impl FnOnce(fjall::Error) -> HistoryError {
        let what = what.into();
        move |source| HistoryError::Store { what, source }
    }
}

/// A failure of the disk as the system says it; the store would print its own types around it.
fn plain(error: &fjall::Error) -> String {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(below) = cause {
        if let Some(disk) = below.downcast_ref::<io::Error>() {
            return disk.to_string();
        }
        cause = below.source();
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::HistoryError;
    use std::io;

    #[test]
    fn a_full_disk_is_said_in_words() {
        for source in [
            fjall::Error::Io(io::Error::from_raw_os_error(28)),
            fjall::Error::Storage(fjall::LsmError::Io(io::Error::from_raw_os_error(28))),
        ] {
            let error = HistoryError::store("appending rows")(source).to_string();
            assert_eq!(error, "appending rows: No space left on device (os error 28)");
        }
    }
}
