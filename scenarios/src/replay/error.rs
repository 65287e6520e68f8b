//! What can be wrong with an outside file.

use std::io;
use std::path::PathBuf;

/// Why a replay did not run to its end. Nothing outside the replay's own book was changed, and
/// the same file gives the same error again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("cannot read {name}: {why}")]
    Read { name: String, why: io::Error },
    #[error("cannot open {path} as a zip archive: {why}")]
    Archive { path: PathBuf, why: String },
    #[error("{path}: {what}")]
    Files { path: PathBuf, what: String },
    #[error("{name}:{line}: field {field} is `{text}`; {rule}")]
    Field { name: String, line: u64, field: &'static str, text: String, rule: String },
    #[error("{name}:{line}: {what}")]
    Row { name: String, line: u64, what: String },
}
