//! TLS between clients and gateways: version 1.3 and nothing older.
//!
//! Owns: what a gateway proves itself with ([`Identity`]), and whom a client believes ([`Trust`]).
//! Takes: PEM files. Emits: connections that are proven and secret.
//! On failure: a file that is no certificate or no key is named, and nothing listens; a client that
//! does not prove in time that it speaks TLS is dropped, and the others never notice.

mod client;
mod server;

#[cfg(test)]
pub mod tests;

pub use client::Trust;
pub use server::Identity;

use crate::secret::SecretError;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// What is spoken above TLS.
const HTTP_2: &[u8] = b"h2";

/// Why there is no TLS. Mend the file that is named.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error("{}: {reason}", file.display())]
    File { file: PathBuf, reason: String },
}

fn wrong(file: &Path, reason: impl ToString) -> TlsError {
    TlsError::File { file: file.to_owned(), reason: reason.to_string() }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// The certificates of a PEM file, at least one.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = std::fs::read(file).map_err(|error| wrong(file, error))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let found = found.map_err(|error| wrong(file, error))?;
    if found.is_empty() { Err(wrong(file, "there is no certificate in it")) } else { Ok(found) }
}
