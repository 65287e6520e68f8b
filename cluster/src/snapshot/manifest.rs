//! The manifest: what a snapshot is of, and how to tell that it is whole.

use super::error::Damage;
use hoga_engine::ids::PartitionId;
use serde::{Deserialize, Serialize};

/// Bytes of every chunk but the last.
pub const CHUNK_BYTES: usize = 64 * 1024;

/// The newest layout this release reads, and the one it writes.
pub const FORMAT_VERSION: u16 = 13;

/// What names a snapshot, given by whoever takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotMeta {
    pub partition: PartitionId,
    /// The last log entry whose effects are in the state.
    pub index: u64,
    /// The term of that entry.
    pub term: u64,
    /// The membership at that entry, in the words of the log's port; not looked into here.
    pub membership: Vec<u8>,
    /// The partition's state hash at that entry: replicas agree on it.
    pub state_hash: u64,
}

/// A snapshot's name and the checks of its chunks. Written after all chunks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub meta: SnapshotMeta,
    pub total_bytes: u64,
    /// CRC32C of each chunk, in order; as many as there are chunks.
    pub chunk_crcs: Vec<u32>,
}

/// What became of bytes read as a manifest.
pub(super) enum Decoded {
    Manifest(Manifest),
    Newer { version: u16 },
    Damaged(Damage),
}

impl Manifest {
    #[must_use]
    pub fn chunk_count(&self) -> u32 {
        self.chunk_crcs.len() as u32
    }

    /// Version (2 bytes), body, CRC32C over both (4 bytes): the version can be told before the
    /// body is understood.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = FORMAT_VERSION.to_le_bytes().to_vec();
        bytes = postcard::to_extend(self, bytes).expect("a manifest of plain fields encodes");
        let crc = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Decoded {
        let damaged = || Decoded::Damaged(Damage::ManifestDamaged);
        let Some((sealed, crc)) = bytes.split_last_chunk::<4>() else { return damaged() };
        let Some((version, body)) = sealed.split_first_chunk::<2>() else { return damaged() };
        if crc32c::crc32c(sealed) != u32::from_le_bytes(*crc) {
            return damaged();
        }
        match u16::from_le_bytes(*version) {
            FORMAT_VERSION => {
                postcard::from_bytes(body).map_or_else(|_| damaged(), Decoded::Manifest)
            }
            version => Decoded::Newer { version },
        }
    }
}
