//! Starting and stopping: what is in the way is said in one sentence, and nothing is half done.

use crate::rig::{Exchange, hoga};
use std::fs;
use std::net::TcpListener;
use tempfile::TempDir;

fn dir() -> (TempDir, String) {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().display().to_string();
    (dir, path)
}

#[test]
fn a_port_in_use_is_named_before_anything_is_written() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let (dir, path) = dir();
    let ran = hoga(&["up", "--port", &port, "--data", &path]).ended(1);
    ran.complained(&format!("127.0.0.1:{port} is in use")).complained("--port");
    assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 0);
    // Not even --fresh has begun.
    fs::write(dir.path().join("node.json"), "{}").expect("a file");
    hoga(&["up", "--fresh", "--port", &port, "--data", &path]).ended(1);
    assert!(dir.path().join("node.json").is_file());
}

#[test]
fn a_data_directory_in_use_is_named_with_its_holder() {
    let exchange = Exchange::up();
    let data = exchange.dir().display().to_string();
    let up = |args: &[&str]| hoga(&[&["up", "--port", "0", "--data", &data], args].concat());
    up(&[]).ended(1).complained("is in use by process").complained(&data);
    up(&["--fresh"]).ended(1).complained("is in use by process");
    exchange.hoga(&["book", "LPJ-KRW"]).ended(0);
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    hoga(&["up", "--port", "0", "--data", "/dev/null/x"]).ended(1).complained("/dev/null/x");
}

#[test]
fn fresh_wipes_no_stranger() {
    let (dir, path) = dir();
    fs::write(dir.path().join("thesis.txt"), "x").expect("a file");
    let ran = hoga(&["up", "--fresh", "--port", "0", "--data", &path]).ended(1);
    ran.complained("is no data directory of hoga");
    assert!(dir.path().join("thesis.txt").is_file());
}

#[test]
fn more_nodes_than_there_can_be_are_refused() {
    hoga(&["up", "--nodes", "6"]).ended(2).complained("6 is not in 1..=5");
}

#[test]
fn ctrl_c_is_a_clean_end_and_what_was_there_is_there_again() {
    let exchange = Exchange::up();
    exchange.hoga(&["buy", "10", "LPJ-KRW", "@", "700", "--as", "alice"]).ended(0);
    let (status, data) = exchange.interrupt();
    assert_eq!(status.code(), Some(0));
    let again = Exchange::up_in(data);
    let orders = again.json("alice", &["orders", "--open"]);
    assert_eq!(orders["orders"][0]["name"], "accounts/alice/orders/1", "{orders}");
    let money = again.json("bob", &["accounts", "show"]);
    assert_eq!(money["account"]["openOrderCount"], "0", "bob was seeded once: {money}");
}

#[test]
fn killed_and_started_again_it_goes_on() {
    let exchange = Exchange::up();
    exchange.hoga(&["deposit", "5", "KRW", "--as", "alice"]).ended(0);
    let before = exchange.json("alice", &["accounts", "show"]);
    let again = Exchange::up_in(exchange.kill());
    let after = again.json("alice", &["accounts", "show"]);
    assert_eq!(after["account"]["balances"], before["account"]["balances"]);
}

#[test]
fn a_fresh_start_forgets() {
    let exchange = Exchange::up();
    exchange.hoga(&["accounts", "create", "carol"]).ended(0);
    let (_, data) = exchange.interrupt();
    let again = Exchange::up_with(data, &["--fresh"]);
    again.hoga(&["accounts", "show", "--as", "carol"]).ended(3);
}
