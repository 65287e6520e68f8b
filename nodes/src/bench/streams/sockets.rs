//! How many sockets this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are open besides: the log, the history, the snapshots.
const OTHERS: u64 = 600;

/// Raises the limit as far as it goes; returns how many connections of at most `wanted` there can
/// be with both ends in this process.
pub(super) fn room_for(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        // Then it is what it was.
        Err(_) => limit.current,
    };
    let room = current.map_or(u64::MAX, |current| current.saturating_sub(OTHERS) / 2);
    wanted.min(usize::try_from(room).unwrap_or(usize::MAX)).max(1)
}
