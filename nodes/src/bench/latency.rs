//! Times of single operations, from the system's clock.

use std::hint::black_box;
use std::time::Instant;

/// How often the clock's own cost is measured.
const CLOCK_SAMPLES: usize = 200_000;

/// Times of operations in nanoseconds, without the clock's own cost.
pub(super) struct Latencies {
    /// Ascending.
    nanoseconds: Vec<u32>,
}

impl Latencies {
    /// Times every operation on its own. The median cost of reading the clock twice is taken off.
    pub fn measure<T>(operations: &[T], mut perform: impl FnMut(&T)) -> Latencies {
        let cost = clock_cost();
        let mut nanoseconds = Vec::with_capacity(operations.len());
        for operation in operations {
            let before = Instant::now();
            perform(operation);
            let took = before.elapsed().as_nanos();
            nanoseconds.push(u32::try_from(took).unwrap_or(u32::MAX).saturating_sub(cost));
        }
        nanoseconds.sort_unstable();
        Latencies { nanoseconds }
    }

    /// Microseconds below which that share of the operations stays.
    pub fn quantile_us(&self, share: f64) -> f64 {
        let count = self.nanoseconds.len();
        let rank = ((count as f64 * share) as usize).min(count.saturating_sub(1));
        self.nanoseconds.get(rank).map_or(f64::NAN, |&ns| f64::from(ns) / 1e3)
    }
}

/// What two readings of the clock cost, in nanoseconds.
pub(super) fn clock_cost() -> u32 {
    let mut costs: Vec<u32> = (0..CLOCK_SAMPLES)
        .map(|_| {
            let before = Instant::now();
            black_box(());
            before.elapsed().as_nanos() as u32
        })
        .collect();
    costs.sort_unstable();
    costs[CLOCK_SAMPLES / 2]
}
