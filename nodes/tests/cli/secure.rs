//! An exchange as it stands among strangers: called by https, with tokens that are signed.

use crate::rig::{Node, Ran, hoga};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

/// An authority, and what it issued for this machine.
fn papers(dir: &Path) {
    let (authority_key, key) = (KeyPair::generate().expect("a key"), KeyPair::generate());
    let key = key.expect("a key");
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let root = authority.self_signed(&authority_key).expect("an authority");
    let own = CertificateParams::new(vec!["localhost".into(), "127.0.0.1".into()]);
    let own = own.expect("names").signed_by(&key, &Issuer::new(authority, authority_key));
    fs::write(dir.join("ca.pem"), root.pem()).expect("a file");
    fs::write(dir.join("gateway.pem"), own.expect("a certificate").pem()).expect("a file");
    fs::write(dir.join("gateway.key"), key.serialize_pem()).expect("a file");
    let private = fs::Permissions::from_mode(0o600);
    fs::set_permissions(dir.join("gateway.key"), private).expect("a mode");
}

fn config(dir: &Path, listen: &str) -> String {
    let at = dir.display();
    format!(
        "[node]\ndata = \"{at}/data\"\n[market]\nrules = \"lpj\"\n[gateway]\n\
         listen = \"{listen}\"\nauth = \"signed\"\ntoken_keys = \"{at}/tokens.key.pub\"\n\
         certificate = \"{at}/gateway.pem\"\nkey = \"{at}/gateway.key\"\n"
    )
}

#[test]
fn strangers_trade_by_https_with_signed_tokens() {
    let dir = TempDir::new().expect("a directory");
    papers(dir.path());
    let path = |name: &str| dir.path().join(name).display().to_string();
    let key = path("tokens.key");
    hoga(&["token", "--make-key", &key]).ended(0).said("token_keys = ");
    // Exchanges may know the public half of a key that lies elsewhere now.
    fs::rename(&key, format!("{key}.kept")).expect("it is there");
    hoga(&["token", "--make-key", &key]).ended(1).complained(".pub");
    assert!(!Path::new(&key).exists());
    fs::rename(format!("{key}.kept"), &key).expect("it is there");
    hoga(&["token", "--key", &key, "--token", "t"]).ended(2).complained("add --as NAME");
    // An address that others can reach, too: nothing has to be waived for that.
    let node = Node::start(dir.path(), &config(dir.path(), "0.0.0.0:0"));
    let port = node.url.rsplit(':').next().expect("a port");
    let url = format!("https://localhost:{port}");
    assert!(node.url.starts_with("https://"), "{}", node.url);
    let token = |name: &str, more: &[&str]| -> String {
        let args = [&["token", "--key", &key, "--as", name], more].concat();
        hoga(&args).ended(0).out.trim().to_owned()
    };
    let trusting = |token: &str, args: &[&str]| -> Ran {
        let line = ["--server", &url, "--ca", &path("ca.pem"), "--token", token];
        hoga(&[&line, args].concat())
    };
    let operator = token("operator", &[]);
    trusting(&operator, &["accounts", "create", "alice"]).ended(0);
    let alice = token("alice", &[]);
    trusting(&alice, &["deposit", "100000", "KRW"]).ended(0);
    trusting(&alice, &["buy", "1", "LPJ-KRW", "@", "700"]).ended(0);
    let looks = token("alice", &["--scope", "read"]);
    trusting(&looks, &["orders"]).ended(0).said("LPJ-KRW");
    trusting(&looks, &["buy", "1", "LPJ-KRW", "@", "700"]).ended(4).complained("only looks");
    let unsigned = trusting("dev:operator", &["orders"]).ended(4);
    unsigned.complained("it is no token").complained("--token sends one that was signed");

    let asked = |args: &[&str]| hoga(&[args, &["instruments"]].concat());
    asked(&["--server", &url]).ended(2).complained("--ca FILE");
    let other = TempDir::new().expect("a directory");
    papers(other.path());
    let stranger = other.path().join("ca.pem").display().to_string();
    let strange = asked(&["--server", &url, "--ca", &stranger]).ended(1);
    strange.complained("from no authority that --ca names");
    let plain = asked(&["--server", &url.replace("https", "http")]).ended(1);
    plain.complained("is called by https only").complained("--server https://localhost");
}

#[test]
fn a_listener_that_others_reach_needs_tls_or_a_word() {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("node.toml");
    let run = |text: String| {
        fs::write(&path, text).expect("a file");
        hoga(&["node", "--config", &path.display().to_string()])
    };
    let whole = config(dir.path(), "0.0.0.0:0");
    let plain: String =
        whole.lines().filter(|line| !line.contains("gateway.")).map(|l| format!("{l}\n")).collect();
    run(plain).ended(1).complained("plain text").complained("insecure");
    let keyless = whole.lines().filter(|line| !line.starts_with("key"));
    let keyless: String = keyless.map(|line| format!("{line}\n")).collect();
    run(keyless).ended(1).complained("a certificate needs its key");
    run(whole.replace("signed", "development")).ended(1).complained("token_keys");
}

#[test]
fn an_authority_that_stands_for_a_server_is_named_as_one() {
    let dir = TempDir::new().expect("a directory");
    papers(dir.path());
    let path = |name: &str| dir.path().join(name).display().to_string();
    hoga(&["token", "--make-key", &path("tokens.key")]).ended(0);
    // One certificate for both: valid for this host, and an authority's.
    let key = KeyPair::generate().expect("a key");
    let mut both = CertificateParams::new(vec!["localhost".into()]).expect("a name");
    both.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let both = both.self_signed(&key).expect("a certificate");
    fs::write(dir.path().join("gateway.pem"), both.pem()).expect("a file");
    fs::write(dir.path().join("gateway.key"), key.serialize_pem()).expect("a file");
    let node = Node::start(dir.path(), &config(dir.path(), "127.0.0.1:0"));
    let port = node.url.rsplit(':').next().expect("a port");
    let url = format!("https://localhost:{port}");
    hoga(&["--server", &url, "--ca", &path("gateway.pem"), "instruments"])
        .ended(1)
        .complained("that of an authority, which proves no server")
        .complained("hint: give the node a certificate");
}

#[test]
fn a_key_that_others_can_read_is_a_mistake_before_anything_is_opened() {
    let dir = TempDir::new().expect("a directory");
    papers(dir.path());
    let path = |name: &str| dir.path().join(name).display().to_string();
    hoga(&["token", "--make-key", &path("tokens.key")]).ended(0);
    fs::write(dir.path().join("node.toml"), config(dir.path(), "127.0.0.1:0")).expect("a file");
    hoga(&["check", &path("node.toml")]).ended(0);
    let open = fs::Permissions::from_mode(0o644);
    fs::set_permissions(dir.path().join("gateway.key"), open).expect("a mode");
    hoga(&["check", &path("node.toml")]).ended(1).complained("gateway.key");
    hoga(&["node", "--config", &path("node.toml")]).ended(1).complained("gateway.key");
    assert!(!dir.path().join("data").exists(), "nothing was opened");
}
