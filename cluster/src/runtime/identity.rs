//! Who a data directory belongs to, and how often it was started.

use hoga_engine::topology::Topology;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::path::Path;

const FILE: &str = "node.json";
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

    /// Replaces the file in one step: a crash leaves the old one or the new one.
    pub(crate) fn keep(&self, dir: &Path) -> io::Result<()> {
        let unnamed = dir.join("node.json.tmp");
        let mut file = File::create(&unnamed)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        fs::rename(&unnamed, dir.join(FILE))?;
        File::open(dir)?.sync_all()
    }
}
