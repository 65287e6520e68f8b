//! Since when the log's thread waits for its disk.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A disk that has not answered for so long will not: whoever waits for it goes down with it.
pub const ANSWERS_WITHIN: Duration = Duration::from_secs(20);

/// How often it is looked: nothing tells that something does not happen.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// One call to the disk at a time, from one thread.
#[derive(Clone, Debug, Default)]
pub struct Busy(Arc<Mutex<Option<Instant>>>);

impl Busy {
    /// Does something with the disk.
    pub(super) fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        self.set(Some(Instant::now()));
        let done = work();
        self.set(None);
        done
    }

    fn set(&self, since: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    fn is_stuck(&self) -> bool {
        let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| since.elapsed() >= ANSWERS_WITHIN)
    }

    /// Waits until the disk has not answered for [`ANSWERS_WITHIN`].
    pub async fn until_stuck(&self) {
        while !self.is_stuck() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
