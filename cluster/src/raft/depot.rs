//! What is asked of a partition's snapshots to carry them from node to node.

use bytes::Bytes;

use super::error::SnapshotError;
use super::machine::SnapshotMeta;

/// The largest block that a snapshot travels in, in bytes.
pub const BLOCK_BYTES_MAX: usize = 256 << 10;

/// One piece of a snapshot on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Where the snapshot goes on behind this block, in the words of the depot that gave it.
    pub cursor: Bytes,
    /// At most [`BLOCK_BYTES_MAX`].
    pub bytes: Bytes,
}

/// Names a snapshot of one node: the same name, the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotName {
    pub meta: SnapshotMeta,
    /// Tells it from others that the node took at the same position.
    pub generation: u64,
}

/// Where a partition's snapshots lie. All calls block on the disk.
pub trait Depot: Send + Sync + 'static {
    /// Opens the newest snapshot that is whole; none when there is no snapshot.
    ///
    /// # Errors
    /// It cannot be read.
    fn open(&self) -> Result<Option<Box<dyn Outgoing>>, SnapshotError>;

    /// Takes a snapshot from another node: it is durable, whole, and the newest, when this
    /// returns `Ok`. It is nothing when this fails, when `blocks` does, or when the node dies.
    ///
    /// # Errors
    /// It cannot be written, is not what it says it is, or is older than one that is here.
    fn take(
        &self,
        meta: &SnapshotMeta,
        blocks: &mut dyn Iterator<Item = Result<Block, SnapshotError>>,
    ) -> Result<(), SnapshotError>;
}

/// A snapshot that is being given away. All calls block on the disk.
pub trait Outgoing: Send {
    fn name(&self) -> SnapshotName;

    /// Goes on behind the block with this cursor.
    ///
    /// # Errors
    /// The cursor is none of this snapshot's.
    fn resume(&mut self, cursor: &[u8]) -> Result<(), SnapshotError>;

    /// The next block; none at the end.
    ///
    /// # Errors
    /// It cannot be read.
    fn next(&mut self) -> Result<Option<Block>, SnapshotError>;
}
