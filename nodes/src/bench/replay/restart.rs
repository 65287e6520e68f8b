//! One start of a node, timed.

use super::super::BenchError;
use super::{exchange_on, failed};
use hoga_cluster::history::HistoryError;
use hoga_cluster::runtime::{Exchange, StartError};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long the history of a stopped node may take to let go of its directory, and how often
/// that is looked at. Between two processes there is no such wait.
const RELEASED_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Names of the threads that keep the history.
const HISTORY_THREADS: [&str; 2] = ["history", "fjall:worker"];

/// A start, from its first step until the node serves.
pub(super) struct Restarted {
    pub served: Duration,
    /// Time of all cores.
    pub cpu: Duration,
    /// Of that, of the threads of the history.
    pub of_history: Option<Duration>,
}

/// Starts a node on the directory and stops it again.
pub(super) async fn restart(dir: &Path) -> Result<Restarted, BenchError> {
    let (exchange, mut restarted) = start(dir).await?;
    restarted.of_history = history_time();
    exchange.stop().await;
    Ok(restarted)
}

/// Starts a node on the directory. The time counts from when the one before has let go of it.
pub(super) async fn start(dir: &Path) -> Result<(Exchange, Restarted), BenchError> {
    let until = Instant::now() + RELEASED_WITHIN;
    loop {
        let (since, cpu_before) = (Instant::now(), cpu_time());
        match Exchange::start(exchange_on(dir)).await {
            Ok(exchange) => {
                let (served, cpu) = (since.elapsed(), cpu_time() - cpu_before);
                return Ok((exchange, Restarted { served, cpu, of_history: None }));
            }
            Err(StartError::History(HistoryError::InUse { .. })) if Instant::now() < until => {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            Err(error) => return Err(failed(error)),
        }
    }
}

/// What this process has had of all cores.
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    // Neither part is negative, and the second is below a second: the kernel says so.
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// What the living threads of the history have had of all cores.
fn history_time() -> Option<Duration> {
    let mut total = None;
    for thread in std::fs::read_dir("/proc/self/task").ok()?.flatten() {
        let read = |file| std::fs::read_to_string(thread.path().join(file)).ok();
        // A thread may end while it is looked at.
        let (Some(name), Some(times)) = (read("comm"), read("schedstat")) else { continue };
        let had = times.split(' ').next().and_then(|ns| ns.parse().ok());
        if let (true, Some(ns)) = (HISTORY_THREADS.contains(&name.trim()), had) {
            *total.get_or_insert(Duration::ZERO) += Duration::from_nanos(ns);
        }
    }
    total
}
