//! Certificates that a test makes, and what a gateway and a client make of them.

#![allow(clippy::unwrap_used)]

use super::{Identity, TlsError, Trust};
use crate::gateway::connections::{Bounds, incoming};
use futures::StreamExt;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// An authority, and a certificate of its for `localhost`.
pub struct Papers {
    dir: TempDir,
}

impl Papers {
    pub fn issued() -> Papers {
        let papers = Papers { dir: TempDir::new().unwrap() };
        let (authority_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let root = authority.self_signed(&authority_key).unwrap();
        let issuer = Issuer::new(authority, authority_key);
        let own = CertificateParams::new(vec!["localhost".into()]).unwrap();
        let own = own.signed_by(&key, &issuer).unwrap();
        fs::write(papers.authority(), root.pem()).unwrap();
        fs::write(papers.certificate(), own.pem()).unwrap();
        crate::secret::write_new(&papers.key(), &key.serialize_pem()).unwrap();
        papers
    }

    pub fn authority(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    pub fn certificate(&self) -> PathBuf {
        self.dir.path().join("gateway.pem")
    }

    pub fn key(&self) -> PathBuf {
        self.dir.path().join("gateway.key")
    }

    pub fn identity(&self) -> Identity {
        Identity::from_files(&self.certificate(), &self.key()).unwrap()
    }

    pub fn trust(&self) -> Trust {
        Trust::from_file(&self.authority()).unwrap()
    }
}

/// A listener that says "hoga" to everybody whose handshake is done; its port.
async fn greets(identity: Identity) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut clients = incoming(listener, Some(identity), Bounds::of(16));
    tokio::spawn(async move {
        while let Some(Ok(mut client)) = clients.next().await {
            client.write_all(b"hoga").await.unwrap();
            client.shutdown().await.unwrap();
        }
    });
    port
}

async fn greeting(trust: &Trust, host: &str, port: u16) -> std::io::Result<String> {
    let mut text = String::new();
    trust.connect(host, port).await?.read_to_string(&mut text).await?;
    Ok(text)
}

#[tokio::test]
async fn a_client_believes_whom_its_authority_vouches_for() {
    let papers = Papers::issued();
    let port = greets(papers.identity()).await;
    assert_eq!(greeting(&papers.trust(), "localhost", port).await.unwrap(), "hoga");
    let said = |outcome: std::io::Result<String>| outcome.unwrap_err().to_string();
    let stranger = greeting(&Papers::issued().trust(), "localhost", port).await;
    assert!(said(stranger).contains("certificate"), "it is of another authority");
    let other_host = greeting(&papers.trust(), "127.0.0.1", port).await;
    assert!(said(other_host).contains("certificate"), "it is issued for localhost alone");
}

#[tokio::test]
async fn a_certificate_that_was_renewed_is_shown_to_who_comes_next() {
    let (papers, renewed) = (Papers::issued(), Papers::issued());
    let identity = papers.identity();
    let port = greets(identity.clone()).await;
    assert_eq!(greeting(&papers.trust(), "localhost", port).await.unwrap(), "hoga");
    fs::write(papers.certificate(), "nothing").unwrap();
    assert!(identity.reload().is_err());
    assert_eq!(greeting(&papers.trust(), "localhost", port).await.unwrap(), "hoga");
    fs::copy(renewed.certificate(), papers.certificate()).unwrap();
    fs::copy(renewed.key(), papers.key()).unwrap();
    identity.reload().unwrap();
    assert_eq!(greeting(&renewed.trust(), "localhost", port).await.unwrap(), "hoga");
    assert!(greeting(&papers.trust(), "localhost", port).await.is_err());
}

#[tokio::test]
async fn who_begins_no_handshake_or_a_wrong_one_holds_nobody_up() {
    let papers = Papers::issued();
    let port = greets(papers.identity()).await;
    let _silent = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let mut plain = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    plain.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    assert_eq!(greeting(&papers.trust(), "localhost", port).await.unwrap(), "hoga");
    let mut answer = Vec::new();
    // An alert at most, or a reset: nothing that a client of plain HTTP would take for an answer.
    drop(plain.read_to_end(&mut answer).await);
    assert!(answer.len() < 16, "{answer:?}");
}

#[test]
fn a_key_that_others_may_read_and_files_of_another_kind_are_named() {
    let papers = Papers::issued();
    let said = |certificate: &Path, key: &Path| -> String {
        let error: TlsError = Identity::from_files(certificate, key).unwrap_err();
        error.to_string()
    };
    let (certificate, key) = (papers.certificate(), papers.key());
    assert!(said(&key, &key).contains("no certificate in it"));
    assert!(said(&papers.authority(), &key).contains("ca.pem"), "it is of another key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(said(&certificate, &key).contains("mode 640): chmod 600"));
    fs::set_permissions(&certificate, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(said(&certificate, &certificate).contains("gateway.pem"), "it is no key");
    assert!(said(&papers.authority().join("none"), &key).contains("ca.pem/none"));
}
