//! What can go wrong with snapshots, and what a damaged generation looks like.

use std::path::PathBuf;

/// Why a snapshot was not written or not read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The disk did not do what was asked. The generations that were there still are; a retry is
    /// safe once the cause is gone.
    #[error("{what}: {source}")]
    Io { what: String, source: std::io::Error },
    /// The snapshot database failed while a generation was written. The unfinished generation is
    /// removed, the others still are there; a retry is safe and starts anew.
    #[error("writing the snapshot {path} failed: {reason}")]
    Write { path: PathBuf, reason: String },
    /// Too little space is left to write a snapshot safely. The unfinished generation is removed,
    /// the others still are there; a retry is safe and succeeds when space has returned.
    #[error("the disk of {dir} has {available} bytes left, below the reserve of {reserve}")]
    Full { dir: PathBuf, available: u64, reserve: u64 },
    /// What was to be written was not there to its end. The unfinished generation is removed, the
    /// others still are there; a retry is safe.
    #[error("the state to be written is not whole: {0}")]
    Source(String),
    /// A newer state is there already. Nothing was changed; a retry finds the same.
    #[error("a snapshot of index {index} came after one of index {newest}")]
    Older { index: u64, newest: u64 },
    /// Every generation is damaged; nothing was changed and a retry finds the same. In a cluster
    /// the node is wiped and joins under a new id; alone, a backup has to be restored, unless the
    /// log still goes back to the partition's first entry.
    #[error("no snapshot in {dir} is whole: {}", reasons(damaged))]
    AllDamaged { dir: PathBuf, damaged: Vec<Damaged> },
    /// A newer release wrote the snapshot. Nothing was changed; start that release.
    #[error("the snapshot {path} has format version {found}; this release reads up to {known}")]
    Version { path: PathBuf, found: u16, known: u16 },
    /// The snapshot belongs to another partition: directories were mixed up by hand. Nothing was
    /// changed; a retry finds the same.
    #[error("the snapshot {path} is of partition {found}, not of partition {expected}")]
    Foreign { path: PathBuf, found: u16, expected: u16 },
}

impl SnapshotError {
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> SnapshotError {
        let what = what.into();
        move |source| SnapshotError::Io { what, source }
    }
}

/// A generation that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct Damaged {
    pub generation: u64,
    pub path: PathBuf,
    pub reason: Damage,
}

/// What is wrong with a generation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    #[error("the file {0} is missing or empty")]
    FileMissing(&'static str),
    /// The database did not open or did not give what was asked of it; its own words.
    #[error("the database is damaged: {0}")]
    Database(String),
    #[error("the manifest is missing")]
    ManifestMissing,
    #[error("the manifest does not check")]
    ManifestDamaged,
    #[error("chunk {0} is missing")]
    ChunkMissing(u32),
    #[error("chunk {0} does not match its checksum")]
    ChunkDamaged(u32),
    #[error("it has {found} bytes where its manifest says {expected}")]
    Length { found: u64, expected: u64 },
}

fn reasons(damaged: &[Damaged]) -> String {
    damaged.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
