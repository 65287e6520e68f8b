//! Nodes for tests: links on loopback, and a handler that does as the kind of a call says.

use super::{DevelopmentCa, Handler, LinkOptions, Links, NodeId, PeerState, Tls};
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use hoga_engine::topology::Topology;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

pub(crate) const SOON: Duration = Duration::from_secs(10);

/// Answers with what it got.
pub(super) const ECHO: u8 = 1;
/// Answers when the test lets it.
pub(super) const HOLD: u8 = 2;
pub(super) const PANIC: u8 = 3;
/// Keeps it and answers nothing.
pub(super) const KEEP: u8 = 4;

#[derive(Clone)]
pub(super) struct Obedient {
    pub kept: Arc<Mutex<Vec<(NodeId, Bytes)>>>,
    pub go_on: watch::Sender<bool>,
}

impl Default for Obedient {
    fn default() -> Self {
        Obedient { kept: Arc::default(), go_on: watch::channel(false).0 }
    }
}

impl Obedient {
    pub fn kept(&self) -> Vec<(NodeId, Bytes)> {
        self.kept.lock().expect("no panic").clone()
    }
}

impl Handler for Obedient {
    fn handle(&self, from: NodeId, kind: u8, body: Bytes) -> BoxFuture<'static, Option<Bytes>> {
        let obedient = self.clone();
        match kind {
            ECHO => std::future::ready(Some(body)).boxed(),
            HOLD => async move {
                obedient.go_on.subscribe().wait_for(|go_on| *go_on).await.ok()?;
                Some(body)
            }
            .boxed(),
            PANIC => panic!("as the test wants"),
            KEEP => {
                self.kept.lock().expect("no panic").push((from, body));
                std::future::ready(None).boxed()
            }
            other => unreachable!("kind {other}"),
        }
    }
}

/// A port of loopback that is this test's, also while nobody listens there: the kernel gives none
/// of these to whoever asks for any port.
pub(crate) fn listener() -> (TcpListener, SocketAddr) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let own = std::process::id().wrapping_mul(32);
    loop {
        let number = own.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 20_000 + (number % 12_000) as u16;
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            let address = listener.local_addr().expect("it is bound");
            return (listener, address);
        }
    }
}

/// Certificates of one authority; the directory goes with it.
pub(crate) struct Authority(DevelopmentCa, #[allow(dead_code)] tempfile::TempDir);

impl Authority {
    pub fn new() -> Authority {
        let dir = tempfile::tempdir().expect("a directory");
        Authority(DevelopmentCa::in_dir(dir.path()).expect("an authority"), dir)
    }

    pub fn issue(&self, node: NodeId) -> Tls {
        self.0.issue(node).expect("a certificate")
    }
}

pub(crate) fn options(
    node: NodeId,
    listener: TcpListener,
    peers: &BTreeMap<NodeId, String>,
) -> LinkOptions {
    LinkOptions {
        node,
        incarnation: 1,
        cluster: "test".into(),
        version: 1,
        topology: Topology { books: 2, accounts: 3 },
        listen: listener.into(),
        peers: peers.clone(),
        tls: None,
    }
}

/// Ports for nodes 1 to `count`, and who is where.
pub(crate) fn places(count: u64) -> (Vec<TcpListener>, BTreeMap<NodeId, String>) {
    let mut peers = BTreeMap::new();
    let mut listeners = Vec::new();
    for node in 1..=count {
        let (listener, address) = listener();
        listeners.push(listener);
        peers.insert(node, address.to_string());
    }
    (listeners, peers)
}

/// Nodes 1 to `count`, all of which see each other.
pub(super) async fn nodes(count: u64, authority: Option<&Authority>) -> Vec<(Links, Obedient)> {
    let (listeners, peers) = places(count);
    let mut nodes = Vec::new();
    for (node, listener) in (1..).zip(listeners) {
        let tls = authority.map(|authority| authority.issue(node));
        let options = LinkOptions { tls, ..options(node, listener, &peers) };
        nodes.push(start(options).await);
    }
    for (links, _) in &nodes {
        for peer in peers.keys().filter(|peer| **peer != links.me()) {
            until(links, *peer, |state| state.is_some_and(PeerState::is_up)).await;
        }
    }
    nodes
}

pub(super) async fn start(options: LinkOptions) -> (Links, Obedient) {
    let handler = Obedient::default();
    let links = Links::start(options, Arc::new(handler.clone())).await.expect("it starts");
    (links, handler)
}

/// Waits until a peer is in a state.
pub(crate) async fn until(
    links: &Links,
    peer: NodeId,
    is: impl Fn(Option<PeerState>) -> bool,
) -> Option<PeerState> {
    let mut states = links.peers();
    let met = states.wait_for(|states| is(states.get(&peer).copied()));
    let met = tokio::time::timeout(SOON, met).await;
    let states = met.unwrap_or_else(|_| panic!("node {peer}: {:?}", links.peers().borrow()));
    states.expect("the links live").get(&peer).copied()
}
