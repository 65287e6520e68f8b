//! Who a node is to its peers: its certificate, and the authority that all of them trust.

use super::NodeId;
use super::error::LinkError;
use std::path::{Path, PathBuf};

/// A node's certificate and key, and the authority that its peers' certificates are from.
///
/// The certificate's name is that of the node: `n1` for node 1.
#[derive(Clone)]
pub struct Tls {
    /// PEM.
    pub(super) authority: String,
    /// PEM.
    pub(super) certificate: String,
    /// PEM. Never shown.
    pub(super) key: String,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// An authority for development: its key lies in a directory beside what it issues.
#[derive(Debug)]
pub struct DevelopmentCa {
    dir: PathBuf,
}

impl DevelopmentCa {
    /// Takes the authority of a directory, or makes one there.
    ///
    /// # Errors
    /// [`LinkError::File`], [`LinkError::KeyMode`].
    pub fn in_dir(dir: impl Into<PathBuf>) -> Result<DevelopmentCa, LinkError> {
        Ok(DevelopmentCa { dir: dir.into() })
    }

    /// A certificate for a node: the one in the directory, or a new one.
    ///
    /// # Errors
    /// [`LinkError::File`], [`LinkError::KeyMode`].
    pub fn issue(&self, node: NodeId) -> Result<Tls, LinkError> {
        let path = |kind: &str| self.dir.join(format!("n{node}.{kind}"));
        Tls::from_files(&self.dir.join("ca.pem"), &path("pem"), &path("key"))
    }
}

impl Tls {
    /// Reads PEM files. The key's must have mode 0600.
    ///
    /// # Errors
    /// [`LinkError::File`], [`LinkError::KeyMode`].
    pub fn from_files(authority: &Path, certificate: &Path, key: &Path) -> Result<Tls, LinkError> {
        let read = |path: &Path| {
            std::fs::read_to_string(path)
                .map_err(|source| LinkError::File { path: path.display().to_string(), source })
        };
        Ok(Tls { authority: read(authority)?, certificate: read(certificate)?, key: read(key)? })
    }
}
