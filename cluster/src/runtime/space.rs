//! Watches the free space of the data directory, so that orders are refused before anything that
//! was accepted could get stuck.
//!
//! The log has its segments in advance and the history and the snapshots keep a reserve of their
//! own. Below the reserve here nothing new is taken in, and what was taken in can be finished.

use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::watch;

/// How often the disk is looked at: nothing tells when space goes or comes back.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Tells, for as long as anybody listens, whether less than `reserve` bytes are free.
pub(crate) async fn watch_space(dir: PathBuf, reserve: u64, is_low: watch::Sender<bool>) {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            _ = looks.tick() => {}
            () = is_low.closed() => return,
        }
        let Ok(found) = rustix::fs::statvfs(&dir) else { continue };
        let free = found.f_bavail.saturating_mul(found.f_frsize);
        let low = free < reserve;
        let changed = is_low.send_if_modified(|was| std::mem::replace(was, low) != low);
        if changed && low {
            tracing::warn!(free, reserve, "the disk is nearly full: new requests are refused");
        } else if changed {
            tracing::info!(free, "the disk has space again");
        }
    }
}
