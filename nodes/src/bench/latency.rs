//! Times of single operations, from the system's clock.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// How often the clock's own cost is measured.
const CLOCK_SAMPLES: usize = 200_000;

/// Times of operations in nanoseconds, without the clock's own cost.
pub(super) struct Latencies {
    /// Ascending once they are [`Latencies::sorted`].
    nanoseconds: Vec<u32>,
    clock: u32,
}

impl Default for Latencies {
    fn default() -> Self {
        Latencies { nanoseconds: Vec::new(), clock: clock_cost() }
    }
}

impl Latencies {
    /// Times every operation on its own. The median cost of reading the clock twice is taken off.
    pub fn measure<T>(operations: &[T], perform: impl FnMut(&T)) -> Latencies {
        let mut latencies = Latencies::default();
        latencies.add(operations, perform);
        latencies.sorted()
    }

    /// Times some more operations.
    pub fn add<T>(&mut self, operations: &[T], mut perform: impl FnMut(&T)) {
        self.nanoseconds.reserve(operations.len());
        for operation in operations {
            let before = Instant::now();
            perform(operation);
            let took = u32::try_from(before.elapsed().as_nanos()).unwrap_or(u32::MAX);
            self.nanoseconds.push(took.saturating_sub(self.clock));
        }
    }

    pub fn sorted(mut self) -> Latencies {
        self.nanoseconds.sort_unstable();
        self
    }

    /// Microseconds below which that share of the operations stays.
    pub fn quantile_us(&self, share: f64) -> f64 {
        let count = self.nanoseconds.len();
        let rank = ((count as f64 * share) as usize).min(count.saturating_sub(1));
        self.nanoseconds.get(rank).map_or(f64::NAN, |&ns| f64::from(ns) / 1e3)
    }
}

/// Microseconds below which that share of some times stays.
pub(super) fn quantile_us(times: &[Duration], share: f64) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let rank = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(rank).map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
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
