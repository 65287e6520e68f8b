//! An authority for development, in a directory: certificates without ceremony.

use super::NodeId;
use super::error::LinkError;
use super::tls::{Tls, file, node_name};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use tokio_rustls::rustls;

const AUTHORITY: &str = "hoga development authority";

/// Its key lies beside what it issues, so it proves nothing to anybody who can read that
/// directory; keys have mode 0600. Several processes may use one directory at once.
#[derive(Debug)]
pub struct DevelopmentCa {
    dir: PathBuf,
}

impl DevelopmentCa {
    /// Takes the authority of a directory, or makes one there.
    ///
    /// # Errors
    /// [`LinkError::File`].
    pub fn in_dir(dir: impl Into<PathBuf>) -> Result<DevelopmentCa, LinkError> {
        let ca = DevelopmentCa { dir: dir.into() };
        fs::create_dir_all(&ca.dir).map_err(|source| file(&ca.dir, source))?;
        let _turn = ca.lock()?;
        let (certificate, key) = (ca.dir.join("ca.pem"), ca.dir.join("ca.key"));
        if certificate.exists() && (key.exists() || !ca.is_ours()?) {
            return Ok(ca);
        }
        // A key that is there is never replaced: it may have issued what is in use.
        let pair = if key.exists() {
            ca.key()?
        } else {
            let pair = KeyPair::generate().map_err(|error| ca.broken(error))?;
            write(&key, &pair.serialize_pem())?;
            pair
        };
        let own = authority().self_signed(&pair).map_err(|error| ca.broken(error))?;
        write(&certificate, &own.pem())?;
        Ok(ca)
    }

    /// A certificate for a node: the one in the directory, or a new one.
    ///
    /// # Errors
    /// [`LinkError::File`], [`LinkError::KeyMode`].
    pub fn issue(&self, node: NodeId) -> Result<Tls, LinkError> {
        let _turn = self.lock()?;
        let path = |kind: &str| self.dir.join(format!("{}.{kind}", node_name(node)));
        let (ca, certificate, key) = (self.dir.join("ca.pem"), path("pem"), path("key"));
        let there = || Tls::from_files(&ca, &certificate, &key);
        let found = there().and_then(|tls| tls.check(node).map(|()| tls));
        // What an authority of ours left that is gone is of no use; another's is not for us to mend.
        if found.is_ok() || !self.is_ours()? {
            return found;
        }
        let issuer = Issuer::new(authority(), self.key()?);
        let pair = KeyPair::generate().map_err(|error| self.broken(error))?;
        let issued = of_node(node).and_then(|params| params.signed_by(&pair, &issuer));
        write(&key, &pair.serialize_pem())?;
        write(&certificate, &issued.map_err(|error| self.broken(error))?.pem())?;
        there()
    }

    /// Whether the authority was made here. Somebody else's may lie in the directory.
    fn is_ours(&self) -> Result<bool, LinkError> {
        let path = self.dir.join("ca.pem");
        let pem = fs::read(&path).map_err(|source| file(&path, source))?;
        let certificate = CertificateDer::from_pem_slice(&pem);
        let has_name = |der: CertificateDer<'_>| {
            der.windows(AUTHORITY.len()).any(|part| part == AUTHORITY.as_bytes())
        };
        Ok(certificate.is_ok_and(has_name))
    }

    fn key(&self) -> Result<KeyPair, LinkError> {
        let path = self.dir.join("ca.key");
        let pem = fs::read_to_string(&path).map_err(|source| file(&path, source))?;
        KeyPair::from_pem(&pem).map_err(|error| self.broken(error))
    }

    fn lock(&self) -> Result<File, LinkError> {
        let path = self.dir.join("ca.lock");
        let locked = File::create(&path).and_then(|lock| lock.lock().map(|()| lock));
        locked.map_err(|source| file(&path, source))
    }

    fn broken(&self, error: rcgen::Error) -> LinkError {
        file(&self.dir, std::io::Error::other(error))
    }
}

/// The authority's certificate; whoever has its key issues in the same name again.
fn authority() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, AUTHORITY);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    for_development(params)
}

fn of_node(node: NodeId) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(vec![node_name(node)])?;
    params.distinguished_name.push(DnType::CommonName, node_name(node));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    // Every node dials and is dialled.
    let both = [ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.extended_key_usages = both.to_vec();
    params.use_authority_key_identifier_extension = true;
    Ok(for_development(params))
}

/// Valid whatever the clock says: clocks are set to other years in tests.
fn for_development(mut params: CertificateParams) -> CertificateParams {
    params.not_before = date_time_ymd(1990, 1, 1);
    params.not_after = date_time_ymd(2200, 1, 1);
    params
}

/// Writes a file that only its owner can read, whole or not at all.
fn write(path: &Path, text: &str) -> Result<(), LinkError> {
    let unnamed = path.with_extension("tmp");
    let failed = |source| file(&unnamed, source);
    let mut open = OpenOptions::new();
    open.write(true).create(true).truncate(true).mode(0o600);
    let mut written = open.open(&unnamed).map_err(failed)?;
    written.write_all(text.as_bytes()).map_err(failed)?;
    written.sync_all().map_err(failed)?;
    fs::rename(&unnamed, path).map_err(|source| file(path, source))
}
