//! Who a data directory belongs to, and how often it was started.

use hoga_engine::topology::Topology;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::path::Path;

const FILE: &str = "node.json";
/// What becomes the file at the next start: its room is taken in advance, for every start is counted,
/// also one on a full disk.
const NEXT: &str = "node.json.next";
/// A block of most disks.
const ROOM: usize = 4096;
const FORMAT: u32 = 1;

/// What stands in `node.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub format: u32,
    pub node: u64,
    /// Counts starts: answers to an earlier run's requests are nobody's.
    pub incarnation: u32,
    pub topology: Topology,
    /// Drawn when the directory was made: an empty disk under an old number is another one.
    pub directory: u64,
    /// It is part of an exchange: it has founded one, or was entered in one.
    pub is_member: bool,
    /// Those that founded the exchange, with their directories; empty for a node added later.
    pub founders: Vec<(u64, u64)>,
}

/// Why a directory is not this node's.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("{0} cannot be read or written: {1}")]
    Io(String, #[source] io::Error),
    #[error("{path} is damaged ({reason}); restore it from a backup")]
    Damaged { path: String, reason: String },
    #[error("{path} has format {found}, this program writes {FORMAT}; use the program it is from")]
    Format { path: String, found: u32 },
    #[error("this directory belongs to node {found}, not to node {wanted}")]
    OtherNode { found: u64, wanted: u64 },
    #[error(
        "this directory has {found} partitions, the configuration says {wanted}; \
         their number is fixed when an exchange is founded"
    )]
    OtherTopology { found: u16, wanted: u16 },
}

impl Identity {
    /// Whether an exchange was founded in the directory.
    pub(crate) fn is_there(dir: &Path) -> bool {
        dir.join(FILE).exists()
    }

    /// Reads who the directory belongs to, or founds it; counts this start, durably.
    pub(crate) fn claim(
        dir: &Path,
        node: u64,
        topology: Topology,
    ) -> Result<Identity, IdentityError> {
        let path = dir.join(FILE);
        let shown = path.display().to_string();
        let failed = |error| IdentityError::Io(shown.clone(), error);
        let mut identity = match fs::read(&path) {
            Ok(bytes) => Self::parse(&shown, &bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let directory = RandomState::new().hash_one(node);
                let (is_member, founders) = (false, Vec::new());
                let incarnation = 0;
                Identity {
                    format: FORMAT,
                    node,
                    incarnation,
                    topology,
                    directory,
                    is_member,
                    founders,
                }
            }
            Err(error) => return Err(failed(error)),
        };
        if identity.node != node {
            return Err(IdentityError::OtherNode { found: identity.node, wanted: node });
        }
        if identity.topology != topology {
            let (found, wanted) = (identity.topology.count(), topology.count());
            return Err(IdentityError::OtherTopology { found, wanted });
        }
        identity.incarnation += 1;
        identity.keep(dir).map_err(failed)?;
        Ok(identity)
    }

    /// Makes the directory that of an exchange of one, unless it is part of one already.
    pub(crate) fn found_alone(&mut self, dir: &Path) -> Result<(), IdentityError> {
        if self.is_member {
            return Ok(());
        }
        self.is_member = true;
        self.founders = vec![(self.node, self.directory)];
        self.keep(dir).map_err(|error| IdentityError::Io(dir.display().to_string(), error))
    }

    /// Reads who a directory belongs to, and changes nothing.
    ///
    /// # Errors
    /// The file is not there, damaged, or of another format.
    pub fn read(dir: &Path) -> Result<Identity, IdentityError> {
        let path = dir.join(FILE);
        let shown = path.display().to_string();
        let bytes = fs::read(&path).map_err(|error| IdentityError::Io(shown.clone(), error))?;
        Self::parse(&shown, &bytes)
    }

    fn parse(path: &str, bytes: &[u8]) -> Result<Identity, IdentityError> {
        let identity: Identity = serde_json::from_slice(bytes).map_err(|error| {
            IdentityError::Damaged { path: path.into(), reason: error.to_string() }
        })?;
        if identity.format != FORMAT {
            return Err(IdentityError::Format { path: path.into(), found: identity.format });
        }
        Ok(identity)
    }

    /// Replaces the file in one step: a crash leaves the old one or the new one. It is written where
    /// there is room for it already, and room is made for the next one, if there is any.
    pub(crate) fn keep(&self, dir: &Path) -> io::Result<()> {
        let (next, bytes) = (dir.join(NEXT), serde_json::to_vec_pretty(self)?);
        let mut file = File::options().write(true).create(true).truncate(false).open(&next)?;
        file.write_all(&bytes)?;
        file.set_len(bytes.len() as u64)?;
        file.sync_all()?;
        fs::rename(&next, dir.join(FILE))?;
        File::open(dir)?.sync_all()?;
        if let Err(error) = make_room(&next) {
            tracing::warn!(%error, "there is no room to start again while the disk is full");
        }
        Ok(())
    }
}

fn make_room(next: &Path) -> io::Result<()> {
    let mut file = File::create(next)?;
    file.write_all(&[0; ROOM])?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::{FILE, Identity, NEXT, ROOM};
    use hoga_engine::topology::Topology;
    use std::fs;

    #[test]
    fn each_start_is_counted_where_there_was_room_for_it_before() {
        let dir = tempfile::tempdir().expect("a directory");
        for start in 1..=3 {
            let claimed = Identity::claim(dir.path(), 7, Topology::default()).expect("it is ours");
            assert_eq!(claimed.incarnation, start);
            assert_eq!(Identity::read(dir.path()).expect("it is whole"), claimed);
            let room = fs::read(dir.path().join(NEXT)).expect("there is room");
            assert_eq!(room, [0; ROOM]);
        }
        // A crash leaves what it was writing there.
        fs::write(dir.path().join(NEXT), "{\"format\": 1, \"no").expect("room");
        let claimed = Identity::claim(dir.path(), 7, Topology::default()).expect("it is ours");
        let text = fs::read_to_string(dir.path().join(FILE)).expect("it is there");
        assert!(claimed.incarnation == 4 && text.ends_with('}'), "{text}");
    }
}
