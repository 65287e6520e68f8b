//! What a figure was measured on.

use serde::Serialize;
use std::fmt;
use std::process::Command;

/// The machine and how busy it was before the run.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    pub cores: usize,
    pub cpu: String,
    /// Load average over the last minute; NaN (null in JSON) where the system does not tell.
    pub load_before: f64,
}

impl Machine {
    #[must_use]
    pub fn look() -> Machine {
        let cpu_info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu_info.lines().find(|line| line.starts_with("model name"));
        let cpu = model.and_then(|line| line.split_once(':')).map(|(_, name)| name.trim());
        let load = std::fs::read_to_string("/proc/loadavg").ok();
        let load = load.and_then(|text| text.split(' ').next()?.parse().ok());
        Machine {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            cpu: cpu.unwrap_or(std::env::consts::ARCH).to_owned(),
            load_before: load.unwrap_or(f64::NAN),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} cores, load {:.2} before", self.cpu, self.cores, self.load_before)
    }
}

/// The commit of the working directory, with `-dirty` behind it when files differ from it.
#[must_use]
pub(super) fn commit() -> String {
    let git = Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=12"]).output();
    let text = git.ok().filter(|output| output.status.success()).map(|output| output.stdout);
    let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
    text.map_or_else(|| "unknown".to_owned(), |commit| commit.trim().to_owned())
}

/// Ties the calling thread to the last core, so that it does not wander between caches. Says
/// whether that worked.
pub(super) fn pin() -> bool {
    #[cfg(target_os = "linux")]
    {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut set = rustix::thread::CpuSet::new();
        set.set(cores - 1);
        rustix::thread::sched_setaffinity(None, &set).is_ok()
    }
    #[cfg(not(target_os = "linux"))]
    false
}

/// Seconds that this thread has had a core for, if the system counts them.
pub(super) fn thread_seconds() -> Option<f64> {
    #[cfg(target_os = "linux")]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Some(time.tv_sec as f64 + time.tv_nsec as f64 / 1e9)
    }
    #[cfg(not(target_os = "linux"))]
    None
}
