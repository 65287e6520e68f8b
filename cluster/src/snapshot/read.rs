//! Reading one generation back: whole, or with the reason why not.

use super::durable;
use super::error::{Damage, SnapshotError};
use super::generation::{MANIFEST_KEY, SledFailure, chunk_key, guarded, open_database};
use super::manifest::{Decoded, FORMAT_VERSION, Manifest};
use hoga_engine::ids::PartitionId;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// What a generation turned out to be.
pub(super) enum Read {
    Whole { manifest: Manifest, chunks: Vec<Vec<u8>> },
    Damaged(Damage),
}

/// Files without which sled would quietly begin an empty database.
const FILES: [&str; 2] = ["conf", "db"];

/// Linux's numbers for "this process, or this machine, has too many files open".
const TOO_MANY_FILES: [i32; 2] = [24, 23];

/// What becomes of chunks that check.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunks {
    Kept,
    Dropped,
}

/// Reads and checks everything in `dir`.
///
/// # Errors
/// What is no fault of the generation: a disk that is full or forbidden, a newer format, another
/// partition's snapshot.
pub(super) fn read(
    dir: &Path,
    partition: PartitionId,
    kept: Chunks,
) -> Result<Read, SnapshotError> {
    for file in FILES {
        if fs::metadata(dir.join(file)).map_or(0, |found| found.len()) == 0 {
            return Ok(Read::Damaged(Damage::FileMissing(file)));
        }
    }
    let database = match open_database(dir) {
        Ok(database) => database,
        Err(failure) => return blame(dir, failure).map(Read::Damaged),
    };
    let outcome = read_checked(dir, &database, partition, kept);
    // Closing may panic as well; the bytes that were read have been checked by then.
    if let Err(failure) = guarded(move || {
        drop(database);
        Ok(())
    }) {
        tracing::warn!(path = %dir.display(), %failure, "closing a snapshot failed");
    }
    // A first opening leaves an index behind; it must not be what a loss of power tears.
    durable::sync_tree(dir)
        .map_err(SnapshotError::io(format!("cannot sync the snapshot {}", dir.display())))?;
    outcome
}

fn read_checked(
    dir: &Path,
    database: &sled::Db,
    partition: PartitionId,
    kept: Chunks,
) -> Result<Read, SnapshotError> {
    let bytes = match guarded(|| database.get(MANIFEST_KEY)) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(Read::Damaged(Damage::ManifestMissing)),
        Err(failure) => return blame(dir, failure).map(Read::Damaged),
    };
    let manifest = match Manifest::decode(&bytes) {
        Decoded::Manifest(manifest) => manifest,
        Decoded::Damaged(damage) => return Ok(Read::Damaged(damage)),
        Decoded::Newer { version } => {
            let path = dir.to_path_buf();
            return Err(SnapshotError::Version { path, found: version, known: FORMAT_VERSION });
        }
    };
    if manifest.meta.partition != partition {
        let (found, expected) = (manifest.meta.partition.0, partition.0);
        return Err(SnapshotError::Foreign { path: dir.to_path_buf(), found, expected });
    }
    let mut chunks = Vec::new();
    let mut found = 0;
    for (number, crc) in (0..).zip(&manifest.chunk_crcs) {
        let chunk = match guarded(|| database.get(chunk_key(number))) {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return Ok(Read::Damaged(Damage::ChunkMissing(number))),
            Err(failure) => return blame(dir, failure).map(Read::Damaged),
        };
        if crc32c::crc32c(&chunk) != *crc {
            return Ok(Read::Damaged(Damage::ChunkDamaged(number)));
        }
        found += chunk.len() as u64;
        if kept == Chunks::Kept {
            chunks.push(chunk.to_vec());
        }
    }
    let expected = manifest.total_bytes;
    if found != expected {
        return Ok(Read::Damaged(Damage::Length { found, expected }));
    }
    Ok(Read::Whole { manifest, chunks })
}

/// Tells a damaged generation from a machine that cannot read it at the moment.
///
/// To fall back for want of space or of file descriptors would throw away a good generation.
fn blame(dir: &Path, failure: SledFailure) -> Result<Damage, SnapshotError> {
    if let SledFailure::Error(sled::Error::Io(error)) = &failure {
        let elsewhere =
            matches!(
                error.kind(),
                ErrorKind::StorageFull
                    | ErrorKind::QuotaExceeded
                    | ErrorKind::PermissionDenied
                    | ErrorKind::ReadOnlyFilesystem
                    | ErrorKind::OutOfMemory
            ) || error.raw_os_error().is_some_and(|code| TOO_MANY_FILES.contains(&code))
                || error.to_string().starts_with("could not acquire lock");
        if elsewhere {
            let source = std::io::Error::new(error.kind(), error.to_string());
            let what = format!("cannot read the snapshot {}", dir.display());
            return Err(SnapshotError::Io { what, source });
        }
    }
    Ok(Damage::Database(failure.to_string()))
}
