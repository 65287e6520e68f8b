//! Whom a client believes to be an exchange.

use super::{HTTP_2, TlsError, certificates, provider, wrong};
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, version};

/// The authorities whose certificates a client accepts.
#[derive(Clone)]
pub struct Trust(TlsConnector);

impl Trust {
    /// Reads a PEM file of one or more authorities.
    ///
    /// # Errors
    /// [`TlsError::File`].
    pub fn from_file(authorities: &Path) -> Result<Trust, TlsError> {
        Ok(Trust::in_roots(roots(authorities)?, &[HTTP_2]))
    }

    /// For servers of other people, which speak no HTTP/2: the authorities of a PEM file, or those
    /// that this machine believes.
    ///
    /// # Errors
    /// [`TlsError::File`].
    pub fn of_strangers(authorities: Option<&Path>) -> Result<Trust, TlsError> {
        let roots = match authorities {
            Some(authorities) => roots(authorities)?,
            None => {
                let mut roots = RootCertStore::empty();
                // One that cannot be read is one that nobody is believed by.
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                roots
            }
        };
        Ok(Trust::in_roots(roots, &[]))
    }

    fn in_roots(roots: RootCertStore, protocols: &[&[u8]]) -> Trust {
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&version::TLS13])
            .expect("the provider has suites of version 1.3");
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|&protocol| protocol.into()).collect();
        Trust(TlsConnector::from(Arc::new(config)))
    }

    /// Connects, and has the other end prove that it is this host.
    ///
    /// # Errors
    /// Nobody answers there, or it proves to be somebody else.
    pub async fn connect(&self, host: &str, port: u16) -> io::Result<TlsStream<TcpStream>> {
        // An address of version 6 stands in brackets in a URL, and without them in a certificate.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let tcp = TcpStream::connect((host, port)).await?;
        tcp.set_nodelay(true)?;
        self.0.connect(name, tcp).await
    }
}

fn roots(authorities: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(authorities)? {
        roots.add(authority).map_err(|error| wrong(authorities, error))?;
    }
    Ok(roots)
}
