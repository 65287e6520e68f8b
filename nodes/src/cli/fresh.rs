//! `--fresh`: empties a data directory, and nothing that is none.

use super::failure::{Exit, Failure};
use hoga_cluster::log::{DirLock, LOCK_FILE};
use std::fs;
use std::io;
use std::path::Path;

/// What an exchange keeps in its directory; the file that says whose it is goes last, so that a
/// wipe that was cut short is still known as one.
const OURS: [&str; 6] = ["snapshots", "history", "tape", "log", "node.json.tmp", IDENTITY];
const IDENTITY: &str = "node.json";

/// Removes what an exchange left in `dir`. Files that are not its own stay.
///
/// # Errors
/// The directory holds something and is no data directory, or another process works on it:
/// nothing was removed. Or a file could not be removed: wiping again goes on.
pub fn wipe(dir: &Path) -> Result<(), Failure> {
    let is_empty = match fs::read_dir(dir) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(failed(dir, &error)),
    };
    if is_empty {
        return Ok(());
    }
    let log = dir.join("log");
    if !dir.join(IDENTITY).is_file() && !log.join(LOCK_FILE).is_file() {
        let shown = dir.display();
        let message = format!("error: {shown} holds files and is no data directory of hoga");
        return Err(Failure::new(Exit::Failure, message)
            .hint("--fresh wipes only what an exchange wrote; choose another with --data DIR"));
    }
    let lock = DirLock::acquire(&log)
        .map_err(|error| Failure::new(Exit::Failure, format!("error: {error}")))?;
    for name in OURS {
        let path = dir.join(name);
        let removed =
            if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed(&path, &error));
            }
            _ => {}
        }
    }
    drop(lock);
    Ok(())
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Failure, format!("error: {}: {error}", path.display()))
}

#[cfg(test)]
#[path = "fresh_tests.rs"]
mod tests;
