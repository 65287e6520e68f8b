//! Who logged in where: a file of this user, read when a command names nobody.
//!
//! One entry for each exchange, so that a name or token never goes to another one.

use super::failure::{Exit, Failure};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// Who acts on one exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Who {
    /// A name that development tokens are made of.
    Name(String),
    Token(String),
}

type Everywhere = BTreeMap<String, Who>;

/// Who logged in at a server. A file that cannot be read is as good as none.
pub fn at(server: &str) -> Option<Who> {
    read().ok()?.remove(server)
}

/// Keeps who acts at a server; none forgets. Says whether that changed anything.
///
/// # Errors
/// The file cannot be read or written; it is as it was.
pub fn keep(server: &str, who: Option<Who>) -> Result<bool, Failure> {
    let path = path().ok_or_else(|| failed("there is no home directory to keep it in"))?;
    let mut everywhere = read().map_err(|error| failed(format!("{}: {error}", path.display())))?;
    let before = match who {
        Some(who) => everywhere.insert(server.into(), who.clone()) != Some(who),
        None => everywhere.remove(server).is_some(),
    };
    let write = || {
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        let unnamed = path.with_extension("tmp");
        let mut options = OpenOptions::new();
        // A token is a secret: nobody else may read it, not even for a moment.
        let mut file =
            options.write(true).create(true).truncate(true).mode(0o600).open(&unnamed)?;
        file.write_all(serde_json::to_string_pretty(&everywhere)?.as_bytes())?;
        fs::rename(unnamed, &path)
    };
    write().map_err(|error: io::Error| failed(format!("{}: {error}", path.display())))?;
    Ok(before)
}

fn read() -> io::Result<Everywhere> {
    let Some(path) = path() else { return Ok(Everywhere::new()) };
    match fs::read(path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Everywhere::new()),
        Err(error) => Err(error),
    }
}

/// The platform's place for a program's settings.
fn path() -> Option<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config"));
    let config = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    // The standard says that a relative path there counts as none.
    let config = config.filter(|path| path.is_absolute()).or_else(home)?;
    Some(config.join("hoga/log-in.json"))
}

fn failed(why: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failure, format!("error: the log-in is not kept: {why}"))
}
