//! `--fresh`: empties a data directory, and nothing that is none.

use super::failure::{Exit, Failure};
use hoga_cluster::log::{DirLock, LOCK_FILE};
use std::fs;
use std::io;
use std::path::Path;

/// What an exchange keeps in its directory; the file that says whose it is goes last, so that a
/// wipe that was cut short is still known as one.
const OURS: [&str; 7] =
    ["snapshots", "history", "tape", "log", "node.toml", "node.json.next", IDENTITY];
const IDENTITY: &str = "node.json";
/// What the nodes of one directory share.
const CERTIFICATES: &str = "certificates";

/// Removes what an exchange left in `dir`, be it of one node or of several. Files that are not its
/// own stay.
///
/// # Errors
/// The directory holds something and is no data directory, or another process works on it:
/// nothing of that node was removed. Or a file could not be removed: wiping again goes on.
pub fn wipe(dir: &Path) -> Result<(), Failure> {
    let nodes: Vec<_> = (1..=255).map(|id| dir.join(format!("n{id}"))).collect();
    let nodes: Vec<_> = nodes.iter().filter(|node| node.join("node.toml").is_file()).collect();
    for node in &nodes {
        if node.join(IDENTITY).is_file() {
            wipe_one(node)?;
        }
        // What is left is not ours, or it is a config that was never started.
        remove(&node.join("node.toml"))?;
        drop(fs::remove_dir(node));
    }
    if !nodes.is_empty() {
        remove(&dir.join(CERTIFICATES))?;
    }
    wipe_one(dir)
}

/// Whether an exchange may be founded in a directory, or was.
///
/// # Errors
/// It holds files, and none of them is an exchange's.
pub fn check_ours(dir: &Path) -> Result<(), Failure> {
    let Ok(entries) = fs::read_dir(dir) else { return Ok(()) };
    if is_data_directory(dir) {
        return Ok(());
    }
    // What a start leaves that was cut short, and what file systems and desktops put anywhere.
    let is_harmless = |entry: fs::DirEntry| {
        let (name, path) = (entry.file_name(), entry.path());
        let name = name.to_string_lossy();
        let is_empty = || fs::read_dir(&path).is_ok_and(|mut inside| inside.next().is_none());
        let is_node = || name.strip_prefix('n').is_some_and(|id| id.parse::<u8>().is_ok());
        let is_known = name == "lost+found" || name == CERTIFICATES || name.starts_with('.');
        is_known || is_node() || name == "log" && is_empty()
    };
    if entries.flatten().all(is_harmless) {
        return Ok(());
    }
    Err(foreign(dir).hint("name an empty directory, or one that is not there, with --data DIR"))
}

fn is_data_directory(dir: &Path) -> bool {
    dir.join(IDENTITY).is_file() || dir.join("log").join(LOCK_FILE).is_file()
}

fn foreign(dir: &Path) -> Failure {
    let shown = dir.display();
    let message = format!("error: {shown} holds files and is no data directory of hoga");
    Failure::new(Exit::Failure, message)
}

fn wipe_one(dir: &Path) -> Result<(), Failure> {
    let is_empty = match fs::read_dir(dir) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(failed(dir, &error)),
    };
    if is_empty {
        return Ok(());
    }
    if !is_data_directory(dir) {
        return Err(foreign(dir)
            .hint("--fresh wipes only what an exchange wrote; choose another with --data DIR"));
    }
    let lock = DirLock::acquire(&dir.join("log"))
        .map_err(|error| Failure::new(Exit::Failure, format!("error: {error}")))?;
    for name in OURS {
        remove(&dir.join(name))?;
    }
    drop(lock);
    Ok(())
}

fn remove(path: &Path) -> Result<(), Failure> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(path, &error)),
        _ => Ok(()),
    }
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Failure, format!("error: {}: {error}", path.display()))
}

#[cfg(test)]
#[path = "fresh_tests.rs"]
mod tests;
