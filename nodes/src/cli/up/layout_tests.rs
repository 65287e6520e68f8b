//! What is there goes on, what was given up stays so, and no two nodes have one address.

use super::{Layout, taken};
use crate::config::NodeConfig;
use hoga_proto::v1;
use std::net::{Ipv4Addr, SocketAddr};
use tempfile::TempDir;

fn base(dir: &TempDir, port: u16) -> NodeConfig {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    NodeConfig { data: dir.path().into(), listen, ..NodeConfig::default() }
}

fn all(layout: &Layout) -> Vec<u64> {
    layout.first().chain(layout.further()).collect()
}

#[test]
fn a_node_that_was_given_up_is_not_started_again_and_its_number_not_used() {
    let dir = TempDir::new().expect("a directory");
    let base = base(&dir, 0);
    assert_eq!(all(&Layout::of(&base, 4).expect("laid out")), [1, 2, 3, 4]);
    let layout = Layout::of(&base, 4).expect("the same again");
    layout.give_up(2).expect("it is written");
    assert_eq!(all(&Layout::of(&base, 3).expect("three are left")), [1, 3, 4]);
    let why = Layout::of(&base, 2).err().expect("three are left").to_string();
    assert!(why.contains("n1, n3, n4 already; say --nodes 3 or more"), "{why}");
    assert_eq!(all(&Layout::of(&base, 4).expect("a new one")), [1, 3, 4, 5]);
}

#[test]
fn a_new_node_gets_an_address_that_no_other_has() {
    let dir = TempDir::new().expect("a directory");
    // Below what the system gives out, and another one in each process.
    let base = base(&dir, 20_000 + (std::process::id() % 10_000) as u16);
    let layout = Layout::of(&base, 3).expect("laid out");
    // An operator added n4 where n5 would have been.
    let link = base.listen.port() + super::LINKS_ABOVE + 4;
    let first = v1::ClusterNode {
        name: "nodes/n1".into(),
        link: "127.0.0.1:1".into(),
        ..Default::default()
    };
    let map = v1::ClusterMap { nodes: vec![first], ..Default::default() };
    layout.prepare_added(4, &format!("127.0.0.1:{link}"), &map).expect("prepared");
    let layout = Layout::of(&base, 5).expect("one more");
    let configs: Vec<NodeConfig> = (1..=5).map(|id| layout.read(id).expect("its config")).collect();
    assert_eq!(layout.link(4).expect("its config"), format!("127.0.0.1:{link}"));
    assert_eq!(taken(configs.iter()).len(), 10, "a gateway and a link each");
}
