//! Whether the disk of the log still answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// A disk that has not answered for so long will not: whoever waits for it goes down with it.
pub const ANSWERS_WITHIN: Duration = Duration::from_secs(20);

/// How often it is looked: nothing tells that something does not happen.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Looks are counted and not the time: of a process that was stopped and goes on the clock says
/// that everything took long.
const LOOKS: u32 = (ANSWERS_WITHIN.as_millis() / LOOK_EVERY.as_millis()) as u32;

/// What the log's thread asks of the disk, one call at a time.
#[derive(Clone, Debug, Default)]
pub struct Busy(Arc<Calls>);

#[derive(Debug, Default)]
struct Calls {
    /// Counts where they begin and where they end: odd while one is under way.
    turns: AtomicU64,
    is_stuck: AtomicBool,
}

impl Busy {
    /// Does something with the disk.
    pub(super) fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.turns.fetch_add(1, Ordering::Relaxed);
        let done = work();
        self.0.turns.fetch_add(1, Ordering::Relaxed);
        done
    }

    /// The call that is under way, by its number.
    fn under_way(&self) -> Option<u64> {
        let turns = self.0.turns.load(Ordering::Relaxed);
        (turns % 2 == 1).then_some(turns / 2)
    }

    /// Waits until one call has not come back for [`ANSWERS_WITHIN`]; once that was seen it is so
    /// for everybody, and for good.
    pub async fn until_stuck(&self) {
        let (mut seen, mut looks) = (None, 0);
        while !self.0.is_stuck.load(Ordering::Relaxed) {
            let now = self.under_way();
            looks = if now.is_some() && now == seen { looks + 1 } else { 0 };
            seen = now;
            if looks >= LOOKS {
                self.0.is_stuck.store(true, Ordering::Relaxed);
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ANSWERS_WITHIN, Busy, LOOK_EVERY, LOOKS};
    use std::sync::mpsc;
    use tokio::time::timeout;

    #[test]
    fn looks_cover_the_time() {
        assert_eq!(LOOK_EVERY * LOOKS, ANSWERS_WITHIN);
    }

    #[tokio::test]
    async fn one_call_that_does_not_come_back_is_noticed_and_many_that_do_are_not() {
        let busy = Busy::default();
        let (end, ended) = mpsc::channel::<()>();
        let (begun, is_begun) = mpsc::channel();
        let disk = busy.clone();
        let thread = std::thread::spawn(move || {
            for _ in 0..1_000 {
                disk.during(|| ());
            }
            disk.during(|| {
                begun.send(()).expect("the test waits for it");
                ended.recv().expect("the test ends it");
            });
        });
        is_begun.recv().expect("it hangs now");
        assert_eq!(busy.under_way(), Some(1_000));
        timeout(LOOK_EVERY * 2, busy.until_stuck()).await.expect_err("not as soon as that");
        end.send(()).expect("it waits");
        thread.join().expect("it ends");
        assert_eq!(busy.under_way(), None);
        busy.0.is_stuck.store(true, super::Ordering::Relaxed);
        busy.until_stuck().await;
    }
}
