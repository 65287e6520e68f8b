//! The node's log: one sequence of segment files for all partitions, one fsync for all of them.
//!
//! *Owns* the segment files and the lock on their directory, a thread that writes, and a thread
//! that prepares segments. *Takes* appends, votes, truncations and purges of any number of
//! partitions through one bounded queue; who finds it full waits. *Emits* one completion for each
//! request, in order, after its fsync; the partitions that keep old segments from being used again
//! ([`SegmentLog::stale`]); and the failure that ends it ([`SegmentLog::fatal`]).
//!
//! *On failure*: want of space refuses what asks for room first ([`PartitionLog::reserve`]) and
//! delays the rest until there is space. Any other failed write, and any failed fsync, ends the
//! log for good: an fsync is never tried twice, the process has to exit. Damage found at opening
//! is cut off when nobody can have been told that it was durable, and is an error otherwise.
//!
//! ```text
//! append ─▶ index (readable) ─▶ queue ─▶ thread: encode · write · fsync ─▶ completions
//! ```

mod busy;
mod cache;
mod core;
mod disk;
mod entry;
mod error;
mod fatal;
mod frame;
mod handle;
mod index;
mod lock;
mod markers;
mod memory_disk;
mod options;
mod partition;
mod recovery;
mod request;
mod scan;
mod segment;
mod space;
mod steps;
mod types;
mod writer;

#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod disk_tests;
#[cfg(test)]
mod log_tests;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod writer_tests;

pub use busy::{ANSWERS_WITHIN, Busy};
pub use core::LogStats;
pub use disk::{DirectoryDisk, Disk, DiskFile};
pub use error::{LogError, OpenError};
pub use frame::BLOCK_BYTES;
pub use handle::SegmentLog;
pub use lock::{DirLock, LOCK_FILE};
pub use memory_disk::{DiskStep, MemoryDisk};
pub use options::LogOptions;
pub use partition::PartitionLog;
pub use request::Completion;
pub use space::Reservation;
pub use steps::LogSteps;
pub use types::{LogEntry, LogPosition, PartitionId, PartitionState};
