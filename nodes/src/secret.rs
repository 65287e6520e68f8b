//! Files with secrets in them: who can read one can be whom it stands for.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Why a secret is not used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("{}: {source}", file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    #[error("{} is a secret and others may read it (mode {mode:o}): chmod 600", file.display())]
    Mode { file: PathBuf, mode: u32 },
}

/// A text that only its owner may read.
///
/// # Errors
/// See [`SecretError`].
pub fn read(file: &Path) -> Result<String, SecretError> {
    let unreadable = |source| SecretError::Unreadable { file: file.to_owned(), source };
    let mode = fs::metadata(file).map_err(unreadable)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SecretError::Mode { file: file.to_owned(), mode });
    }
    fs::read_to_string(file).map_err(unreadable)
}

/// Writes a new file that only its owner may read.
///
/// # Errors
/// It cannot be written, or is there already: a key that is in use is never lost by a slip.
pub fn write_new(file: &Path, text: &str) -> io::Result<()> {
    let mut open = OpenOptions::new();
    let mut written = open.write(true).create_new(true).mode(0o600).open(file)?;
    written.write_all(text.as_bytes())?;
    written.sync_all()
}
