//! Making directories last: sled's own flush is not trusted with it.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Syncs every file below `dir`, then the directories from the inside out.
pub(super) fn sync_tree(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_tree(&entry.path())?;
        } else {
            File::open(entry.path())?.sync_all()?;
        }
    }
    sync_dir(dir)
}

/// Syncs the names in `dir`, not what they stand for.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Makes a directory, and those that it is in, if they are missing; their names are synced.
pub(super) fn make_dir(dir: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = dir.ancestors().take_while(|dir| !dir.exists()).collect();
    fs::create_dir_all(dir)?;
    for made in missing {
        // A path of one name is in the directory of the process.
        let within = made.parent().filter(|within| *within != Path::new(""));
        sync_dir(within.unwrap_or(Path::new(".")))?;
    }
    Ok(())
}

/// Removes a directory that may be there or not.
pub(super) fn remove_if_there(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Bytes that a process without privileges may still write to the disk of `dir`.
pub(super) fn available_bytes(dir: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(dir)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}
