//! Certificates for development: made once, kept, and nobody else's to read.

use super::{DevelopmentCa, LinkError};
use rcgen::{CertificateParams, DnType, KeyPair};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn what_was_issued_is_found_again_and_keys_are_for_their_owner() {
    let dir = tempfile::tempdir().expect("a directory");
    let issued = DevelopmentCa::in_dir(dir.path()).and_then(|ca| ca.issue(2)).expect("issued");
    let again = DevelopmentCa::in_dir(dir.path()).and_then(|ca| ca.issue(2)).expect("found");
    assert_eq!(issued.certificate, again.certificate);
    for key in ["ca.key", "n2.key"] {
        let mode = fs::metadata(dir.path().join(key)).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{key}");
    }
    assert!(!format!("{issued:?}").contains("KEY"));
}

#[test]
fn a_certificate_of_an_authority_that_is_gone_is_made_anew() {
    let dir = tempfile::tempdir().expect("a directory");
    let old = DevelopmentCa::in_dir(dir.path()).and_then(|ca| ca.issue(1)).expect("issued");
    fs::remove_file(dir.path().join("ca.key")).expect("it was there");
    let new = DevelopmentCa::in_dir(dir.path()).and_then(|ca| ca.issue(1)).expect("issued");
    assert_ne!(old.authority, new.authority);
    assert_ne!(old.certificate, new.certificate);
    new.check(1).expect("it is node 1's");
    assert!(new.check(2).is_err());
}

#[test]
fn what_another_authority_left_stays_as_it_is() {
    let dir = tempfile::tempdir().expect("a directory");
    let text = |name: &str| fs::read_to_string(dir.path().join(name)).expect("it is there");
    DevelopmentCa::in_dir(dir.path()).and_then(|ca| ca.issue(1)).expect("issued");
    let ours = ["ca.key", "n1.key", "n1.pem"].map(text);
    // Its certificate has another name, and issued none of what lies beside it.
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "the authority of a company");
    let theirs = params.self_signed(&KeyPair::generate().expect("a key")).expect("a certificate");
    fs::write(dir.path().join("ca.pem"), theirs.pem()).expect("room");
    let refused = DevelopmentCa::in_dir(dir.path()).and_then(|ca| ca.issue(1));
    assert!(matches!(refused, Err(LinkError::Certificate { node: 1, .. })), "{refused:?}");
    assert_eq!(["ca.key", "n1.key", "n1.pem"].map(text), ours);

    fs::remove_file(dir.path().join("ca.pem")).expect("it was there");
    let again = DevelopmentCa::in_dir(dir.path()).and_then(|ca| ca.issue(1)).expect("issued");
    assert_eq!(text("ca.key"), ours[0], "a key is never replaced");
    again.check(1).expect("it is node 1's");
}

#[test]
fn a_key_that_others_can_read_is_no_key() {
    let dir = tempfile::tempdir().expect("a directory");
    DevelopmentCa::in_dir(dir.path()).and_then(|ca| ca.issue(1)).expect("issued");
    let path = |name: &str| dir.path().join(name);
    fs::set_permissions(path("n1.key"), fs::Permissions::from_mode(0o644)).expect("changed");
    let read = super::Tls::from_files(&path("ca.pem"), &path("n1.pem"), &path("n1.key"));
    assert!(matches!(read, Err(LinkError::KeyMode { mode: 0o644, .. })), "{read:?}");
}
