//! What a gateway proves to its clients.

use super::{HTTP_2, TlsError, certificates, provider, wrong};
use crate::secret;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ServerConfig, version};
use tokio_rustls::server::TlsStream;

/// A gateway's certificate with its key, as the files were when they were last read. Clones are of
/// the same one.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    certificate: PathBuf,
    key: PathBuf,
    acceptor: RwLock<TlsAcceptor>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity")
    }
}

impl Identity {
    /// Reads PEM files: the certificate with those above it, and its key, which nobody else may
    /// read.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Identity, TlsError> {
        let acceptor = RwLock::new(acceptor(certificate, key)?);
        Ok(Identity(Arc::new(Inner { certificate: certificate.into(), key: key.into(), acceptor })))
    }

    /// Reads the files again: who connects from now on is shown what they hold.
    ///
    /// # Errors
    /// See [`TlsError`]; what was shown before is shown on.
    pub fn reload(&self) -> Result<(), TlsError> {
        let Inner { certificate, key, acceptor: current } = &*self.0;
        let new = acceptor(certificate, key)?;
        *current.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// The handshake of one client.
    ///
    /// # Errors
    /// It failed.
    pub async fn accept(&self, tcp: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let acceptor = self.0.acceptor.read().unwrap_or_else(PoisonError::into_inner).clone();
        acceptor.accept(tcp).await
    }
}

fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, TlsError> {
    let chain = certificates(certificate)?;
    let pem = secret::read(key)?;
    let private = PrivateKeyDer::from_pem_slice(pem.as_bytes());
    let private = private.map_err(|error| wrong(key, error))?;
    let config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&version::TLS13])
        .map_err(|error| wrong(certificate, error))?
        .with_no_client_auth()
        .with_single_cert(chain, private);
    let mut config = config.map_err(|error| wrong(certificate, error))?;
    config.alpn_protocols.push(HTTP_2.into());
    Ok(TlsAcceptor::from(Arc::new(config)))
}
