//! What a partition gives to consensus.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

use super::error::SnapshotError;
use crate::log::LogPosition;

/// An entry that a quorum has, in log order, each exactly once since the machine's own position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    pub at: LogPosition,
    /// The batch as proposed; nothing for an entry of consensus itself, which only moves the
    /// position.
    pub payload: Option<Bytes>,
}

/// Where a machine stands when it is handed over, usually because it was loaded from a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The last entry in the state; nothing when the state is the empty one.
    pub last: Option<LogPosition>,
    /// The membership as of then, as the snapshot's [`SnapshotMeta`] had it; empty when none.
    pub membership: Bytes,
}

/// What has to be stored with a snapshot and given back through [`Machine::applied`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotMeta {
    /// The last entry in the state.
    pub last: LogPosition,
    /// The membership as of then, opaque.
    pub membership: Bytes,
}

/// What a finished snapshot allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotWritten {
    /// The log is not needed up to this index, not even to fall back to an older snapshot.
    pub log_needless_through: Option<u64>,
}

/// The part of a snapshot that goes on in the background; durable when it resolves with `Ok`.
pub type SnapshotWriting =
    Pin<Box<dyn Future<Output = Result<SnapshotWritten, SnapshotError>> + Send>>;

/// A partition's state machine. All calls come from one task, strictly in log order.
///
/// It never fails: a command that cannot be carried out is a refusal inside the machine, equal on
/// every replica.
pub trait Machine: Send + Sync + 'static {
    /// The position of the state as loaded. Called before anything is applied.
    fn applied(&self) -> Applied;

    /// Applies a few entries. Their proposers are answered when this resolves.
    fn apply(&mut self, entries: Vec<Committed>) -> impl Future<Output = ()> + Send;

    /// Captures the state as of the last apply and returns the writing of it. Apply waits for the
    /// capture and not for the writing; there is one writing at a time.
    fn capture(&mut self, meta: SnapshotMeta) -> impl Future<Output = SnapshotWriting> + Send;

    /// Replaces the state by the newest snapshot in the machine's store, which came from another
    /// node and is of this position. What comes next follows it.
    ///
    /// # Errors
    /// The state cannot be read; the replica stops.
    fn install(
        &mut self,
        meta: SnapshotMeta,
    ) -> impl Future<Output = Result<(), SnapshotError>> + Send;
}
