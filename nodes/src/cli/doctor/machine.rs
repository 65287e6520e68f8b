//! The machine: cores, memory, limits, clock.

use super::Finding;
use std::time::SystemTime;

const MIB: u64 = 1 << 20;
/// An exchange of a few thousand accounts with its caches.
const MEMORY_MIN: u64 = 512 * MIB;
/// A thousand stream clients, segments, snapshots and the history's tables.
const OPEN_FILES_MIN: u64 = 4_096;
/// 2026-01-01: no clock that runs is behind this program.
const THIS_PROGRAM_SECONDS: u64 = 1_767_225_600;

pub fn cores() -> Finding {
    match std::thread::available_parallelism().map(std::num::NonZero::get) {
        Ok(1) => Finding::warn("cores", "1", "two or more let the log and the books work at once"),
        Ok(count) => Finding::ok("cores", count.to_string()),
        Err(error) => Finding::warn("cores", error.to_string(), "not known here"),
    }
}

pub fn memory() -> Finding {
    const WHAT: &str = "memory";
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = |name: &str| -> Option<u64> {
        let line = text.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    let Some(available) = kib("MemAvailable:").map(|kib| kib * 1024) else {
        return Finding::warn(WHAT, "not known here", "half a GiB free is enough to start");
    };
    let found = format!("{} MiB free", available / MIB);
    if available < MEMORY_MIN {
        return Finding::fail(WHAT, found, "free at least 512 MiB");
    }
    Finding::ok(WHAT, found)
}

pub fn open_files() -> Finding {
    const WHAT: &str = "open files";
    let text = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"));
    let Some(soft) = line.and_then(|line| line.split_whitespace().next()) else {
        return Finding::warn(WHAT, "limit not known here", "4096 or more are wanted");
    };
    let found = format!("at most {soft}");
    // Anything that is no number is `unlimited`.
    if soft.parse::<u64>().is_ok_and(|soft| soft < OPEN_FILES_MIN) {
        let advice = "raise it for many clients: ulimit -n 65536";
        return Finding::warn(WHAT, found, advice);
    }
    Finding::ok(WHAT, found)
}

/// Exchange time begins at the system's clock and never goes back.
pub fn clock() -> Finding {
    const WHAT: &str = "clock";
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let shown = prost_types::Timestamp { seconds: now.as_secs() as i64, nanos: 0 }.to_string();
    if now.as_secs() < THIS_PROGRAM_SECONDS {
        let advice = "set it: exchange time starts there and cannot go back";
        return Finding::fail(WHAT, format!("{shown}, before this program was written"), advice);
    }
    Finding::ok(WHAT, shown)
}
