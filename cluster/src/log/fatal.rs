//! The one way out of a failed disk: the log stops for good and says so to whoever listens.

use std::sync::Arc;

use tokio::sync::watch;

/// Set once, by the first failure.
#[derive(Debug)]
pub(super) struct Fatal {
    cause: watch::Sender<Option<Arc<str>>>,
}

impl Fatal {
    pub(super) fn new() -> Self {
        Self { cause: watch::channel(None).0 }
    }

    pub(super) fn poison(&self, cause: &str) {
        tracing::error!(cause, "the log has stopped; this process must exit");
        self.cause.send_if_modified(|current| {
            let first = current.is_none();
            if first {
                *current = Some(cause.into());
            }
            first
        });
    }

    pub(super) fn cause(&self) -> Option<Arc<str>> {
        self.cause.borrow().clone()
    }

    pub(super) fn watch(&self) -> watch::Receiver<Option<Arc<str>>> {
        self.cause.subscribe()
    }
}
