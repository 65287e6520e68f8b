//! Who a node is to its peers: its certificate, and the authority that all of them trust.
//!
//! TLS 1.3 and nothing older, both sides with a certificate. Its name is that of the node.

use super::NodeId;
use super::error::LinkError;
use rustls::RootCertStore;
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::rustls::{self, ClientConfig, ServerConfig, version};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

/// What is spoken above TLS.
const HTTP_2: &[u8] = b"h2";

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

/// The name that a node's certificate is for.
pub(super) fn node_name(node: NodeId) -> String {
    format!("n{node}")
}

fn server_name(node: NodeId) -> ServerName<'static> {
    ServerName::try_from(node_name(node)).expect("a letter and digits are a name")
}

impl Tls {
    /// Reads PEM files. That of the key must have mode 0600, or less.
    ///
    /// # Errors
    /// [`LinkError::File`], [`LinkError::KeyMode`].
    pub fn from_files(authority: &Path, certificate: &Path, key: &Path) -> Result<Tls, LinkError> {
        check_key_mode(key)?;
        Ok(Tls { authority: read(authority)?, certificate: read(certificate)?, key: read(key)? })
    }

    /// What this node shows to those that it dials.
    pub(super) fn client(&self, node: NodeId) -> Result<ClientTls, LinkError> {
        let failed = |reason: String| LinkError::Certificate { node, reason };
        let (roots, certificates, key) = self.parse(node)?;
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&version::TLS13])
            .map_err(|error| failed(error.to_string()))?
            .with_root_certificates(roots)
            .with_client_auth_cert(certificates, key);
        let mut config = config.map_err(|error| failed(error.to_string()))?;
        config.alpn_protocols.push(HTTP_2.into());
        Ok(ClientTls(TlsConnector::from(Arc::new(config))))
    }

    /// What this node shows to those that dial it, and what it wants to see from them.
    pub(super) fn server(&self, node: NodeId) -> Result<ServerTls, LinkError> {
        let failed = |reason: String| LinkError::Certificate { node, reason };
        let (roots, certificates, key) = self.parse(node)?;
        let verifier = verifier(roots).map_err(failed)?;
        check_name(&certificates[0], node).map_err(failed)?;
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&version::TLS13])
            .map_err(|error| failed(error.to_string()))?
            .with_client_cert_verifier(verifier)
            .with_single_cert(certificates, key);
        let mut config = config.map_err(|error| failed(error.to_string()))?;
        config.alpn_protocols.push(HTTP_2.into());
        Ok(ServerTls(TlsAcceptor::from(Arc::new(config))))
    }

    /// Whether the certificate is this node's and from this authority.
    pub(super) fn check(&self, node: NodeId) -> Result<(), LinkError> {
        let failed = |reason: String| LinkError::Certificate { node, reason };
        let (roots, certificates, _) = self.parse(node)?;
        let verifier = verifier(roots).map_err(failed)?;
        let (own, above) = certificates.split_first().expect("parsing found one");
        let verified = verifier.verify_client_cert(own, above, UnixTime::now());
        verified.map_err(|error| failed(error.to_string()))?;
        check_name(own, node).map_err(failed)
    }

    fn parse(&self, node: NodeId) -> Result<Parsed, LinkError> {
        let failed = |reason: String| LinkError::Certificate { node, reason };
        let certificates = |pem: &str| {
            let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
            let found = found.map_err(|error| failed(error.to_string()))?;
            if found.is_empty() { Err(failed("there is none".into())) } else { Ok(found) }
        };
        let mut roots = RootCertStore::empty();
        for authority in certificates(&self.authority)? {
            roots.add(authority).map_err(|error| failed(error.to_string()))?;
        }
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes());
        let key = key.map_err(|error| failed(format!("the key: {error}")))?;
        Ok((roots, certificates(&self.certificate)?, key))
    }
}

type Parsed = (RootCertStore, Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn verifier(roots: RootCertStore) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
    verifier.build().map_err(|error| error.to_string())
}

/// Whether a certificate is for this node. That it is from the authority was checked before.
fn check_name(certificate: &CertificateDer<'_>, node: NodeId) -> Result<(), String> {
    let parsed = ParsedCertificate::try_from(certificate).map_err(|error| error.to_string())?;
    verify_server_name(&parsed, &server_name(node)).map_err(|error| error.to_string())
}

pub(super) struct ClientTls(TlsConnector);

impl ClientTls {
    pub async fn connect(
        &self,
        peer: NodeId,
        tcp: TcpStream,
    ) -> io::Result<client::TlsStream<TcpStream>> {
        self.0.connect(server_name(peer), tcp).await
    }
}

#[derive(Clone)]
pub(super) struct ServerTls(TlsAcceptor);

impl ServerTls {
    pub async fn accept(
        &self,
        tcp: TcpStream,
    ) -> io::Result<(server::TlsStream<TcpStream>, Proof)> {
        let stream = self.0.accept(tcp).await?;
        let shown = stream.get_ref().1.peer_certificates();
        let shown = shown.and_then(<[_]>::first).ok_or(io::ErrorKind::PermissionDenied)?;
        let proof = Proof(shown.clone().into_owned());
        Ok((stream, proof))
    }
}

/// A peer's certificate, which is from the authority.
#[derive(Clone)]
pub(super) struct Proof(CertificateDer<'static>);

impl Proof {
    pub fn is_of(&self, node: NodeId) -> bool {
        check_name(&self.0, node).is_ok()
    }
}

fn read(path: &Path) -> Result<String, LinkError> {
    fs::read_to_string(path).map_err(|source| file(path, source))
}

pub(super) fn file(path: &Path, source: io::Error) -> LinkError {
    LinkError::File { path: path.display().to_string(), source }
}

/// Who can read the key can be the node.
fn check_key_mode(path: &Path) -> Result<(), LinkError> {
    let mode = fs::metadata(path).map_err(|source| file(path, source))?.permissions().mode();
    let mode = mode & 0o777;
    if mode & 0o077 != 0 {
        return Err(LinkError::KeyMode { path: path.display().to_string(), mode });
    }
    Ok(())
}
