//! The cores of this machine, for the one entity whose work can be split: the boards.

use hoga_engine::board::Join;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::OnceLock;
use std::thread;

/// More pieces gain nothing: a ranking waits for the memory by then.
const CORES_MAX: usize = 8;

/// A thread for every second piece, as long as it lasts.
#[derive(Clone, Copy, Debug)]
pub struct Cores(usize);

impl Cores {
    /// As many as the process may use.
    #[must_use]
    pub fn all() -> Cores {
        static CORES: OnceLock<usize> = OnceLock::new();
        let count = || thread::available_parallelism().map_or(1, NonZero::get).min(CORES_MAX);
        Cores(*CORES.get_or_init(count))
    }
}

impl Join for Cores {
    fn ways(&self) -> usize {
        self.0
    }

    fn join<A: Send, B: Send>(
        &self,
        first: impl FnOnce() -> A + Send,
        second: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        thread::scope(|scope| {
            let second = scope.spawn(second);
            let first = first();
            // A panic over there is one of the entity, as it would be here.
            (first, second.join().unwrap_or_else(|panic| resume_unwind(panic)))
        })
    }
}
