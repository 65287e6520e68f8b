//! What a partition's sequencer is handed.

use crate::partition::{Carried, Entry};
use hoga_engine::ids::{Origin, PartitionId};
use tokio::sync::oneshot;

/// Client commands that may wait for a partition's sequencer; beyond, clients are refused.
pub(crate) const CLIENTS_MAX: usize = 16_384;
/// Batches from other partitions that may wait; their pumps wait for a place.
pub(crate) const INBOUND_MAX: usize = 64;

/// A client's command, and whom to tell when it could not be written.
pub(crate) struct Asked {
    pub entry: Entry,
    pub origin: Origin,
}

/// A batch out of another partition's outbox.
pub(crate) struct Inbound {
    pub source: PartitionId,
    pub first: u64,
    pub messages: Vec<Carried>,
    /// True once applied here; false when it may not have been written.
    pub done: oneshot::Sender<bool>,
}
