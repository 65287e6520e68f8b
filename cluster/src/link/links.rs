//! The links of a node as everybody else sees them.

use super::NodeId;
use super::accept::{READY_MAX, accept};
use super::connect::{KEEP_ALIVE_EVERY, KEEP_ALIVE_WITHIN};
use super::dial::Dialler;
use super::error::{CallError, LinkError};
use super::handler::Handler;
use super::hello::Greeting;
use super::lane::{Lane, WINDOW_BYTES, WIRE_BYTES_MAX};
use super::options::{LinkOptions, Listen};
use super::peer_state::{PeerState, States};
use super::register::Register;
use super::service::{Known, Service};
use super::session::Port;
use super::tls::ClientTls;
use super::told::Told;
use bytes::Bytes;
use futures::stream;
use hoga_proto::internal::link_service_server::LinkServiceServer;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use tonic::transport::Server;

/// How long streams may take to end when the links stop.
const STOP_WITHIN: Duration = Duration::from_secs(1);

/// The links of this node; cheap to clone. They work until [`Links::stop`], or until every clone is
/// gone; only the former waits for streams to end.
#[derive(Clone)]
pub struct Links(Arc<Inner>);

struct Inner {
    me: Greeting,
    address: SocketAddr,
    tls: Option<Arc<ClientTls>>,
    states: Arc<States>,
    peers: RwLock<BTreeMap<NodeId, Peer>>,
    /// Who may dial this node.
    known: Known,
    register: Register,
    running: Mutex<Option<Running>>,
}

/// A peer and the ways to it.
struct Peer {
    address: String,
    ports: [Arc<Port>; 4],
    /// End the dialling when they are dropped.
    _diallers: JoinSet<()>,
}

/// What has to be ended.
struct Running {
    accepting: AbortHandle,
    serving: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

impl Links {
    /// Binds the listener for peers, then dials each of them until it answers, and again whenever
    /// a stream ends.
    ///
    /// # Errors
    /// See [`LinkError`]; that a peer does not answer is none.
    pub async fn start(
        options: LinkOptions,
        handler: Arc<dyn Handler>,
    ) -> Result<Links, LinkError> {
        let LinkOptions { node, incarnation, cluster, version, topology, listen, peers, tls } =
            options;
        let server_tls = tls.as_ref().map(|tls| tls.server(node)).transpose()?;
        let client_tls = tls.as_ref().map(|tls| tls.client(node)).transpose()?;
        let (listener, address) = bind(listen).await?;
        if server_tls.is_none() && !address.ip().is_loopback() {
            return Err(LinkError::PlainText { address });
        }
        let port = address.port();
        let me = Greeting { node, incarnation, cluster, version, topology, port };
        let (known, register) = (Known::default(), Register::default());
        let service = Service {
            me: me.clone(),
            known: Arc::clone(&known),
            register: register.clone(),
            handler,
            told: Told::default(),
        };
        let (ready, connections) = mpsc::channel(READY_MAX);
        let accepting = tokio::spawn(accept(listener, server_tls, ready)).abort_handle();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(serve(service, connections, stopped));
        let inner = Inner {
            me,
            address,
            tls: client_tls.map(Arc::new),
            states: Arc::new(States::new()),
            peers: RwLock::default(),
            known,
            register,
            running: Mutex::new(Some(Running { accepting, serving, stop })),
        };
        let links = Links(Arc::new(inner));
        links.set_peers(peers);
        Ok(links)
    }

    #[must_use]
    pub fn me(&self) -> NodeId {
        self.0.me.node
    }

    /// Where the listener for peers is bound.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// Replaces the peers. Streams of those that left are closed, in both directions, and those
    /// whose address changed are dialled there. A node that is no peer is refused when it dials.
    pub fn set_peers(&self, peers: BTreeMap<NodeId, String>) {
        let inner = &self.0;
        let running = self.running();
        if running.is_none() {
            return;
        }
        let is_peer = |node: NodeId| node != inner.me.node && peers.contains_key(&node);
        if let Ok(mut known) = inner.known.write() {
            *known = peers.keys().copied().filter(|node| is_peer(*node)).collect();
        }
        inner.register.retain(is_peer);
        let mut ways = inner.peers.write().unwrap_or_else(PoisonError::into_inner);
        ways.retain(|node, peer| {
            let stays = is_peer(*node) && peers.get(node) == Some(&peer.address);
            if !stays {
                inner.states.remove(*node);
            }
            stays
        });
        for (node, address) in peers.into_iter().filter(|(node, _)| *node != inner.me.node) {
            ways.entry(node).or_insert_with(|| inner.dial(node, address));
        }
    }

    /// Asks a peer and waits for its answer.
    ///
    /// # Errors
    /// See [`CallError`]: each says whether the call may have arrived.
    pub async fn call(
        &self,
        to: NodeId,
        lane: Lane,
        kind: u8,
        body: Bytes,
        within: Duration,
    ) -> Result<Bytes, CallError> {
        let session = self.port(to, lane).and_then(|port| port.get());
        session.ok_or(CallError::Down(to))?.call(kind, body, within).await
    }

    /// Tells a peer something, on [`Lane::Messages`], at most once; that it was accepted does not
    /// say that it arrives.
    ///
    /// # Errors
    /// Definitely not sent.
    pub fn notify(&self, to: NodeId, kind: u8, body: Bytes) -> Result<(), CallError> {
        let session = self.port(to, Lane::Messages).and_then(|port| port.get());
        session.ok_or(CallError::Down(to))?.notify(kind, body)
    }

    /// Whether a call to a peer could be sent at this moment.
    #[must_use]
    pub fn is_open(&self, to: NodeId, lane: Lane) -> bool {
        self.port(to, lane).is_some_and(|port| port.get().is_some())
    }

    /// How each peer is, as it changes.
    #[must_use]
    pub fn peers(&self) -> watch::Receiver<BTreeMap<NodeId, PeerState>> {
        self.0.states.told()
    }

    /// Closes every stream and the listener. Calls under way end as unknown.
    pub async fn stop(&self) {
        self.set_peers(BTreeMap::new());
        let Some(running) = self.running().take() else { return };
        running.accepting.abort();
        // When it is gone already, so is what it would have stopped.
        running.stop.send(()).ok();
        let abort = running.serving.abort_handle();
        if tokio::time::timeout(STOP_WITHIN, running.serving).await.is_err() {
            abort.abort();
        }
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn port(&self, to: NodeId, lane: Lane) -> Option<Arc<Port>> {
        let peers: RwLockReadGuard<'_, _> =
            self.0.peers.read().unwrap_or_else(PoisonError::into_inner);
        peers.get(&to).map(|peer| Arc::clone(&peer.ports[lane.place()]))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let running = self.running.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = running.take() {
            running.accepting.abort();
            running.serving.abort();
        }
    }
}

impl Inner {
    /// Begins to dial a peer on every lane.
    fn dial(&self, peer: NodeId, address: String) -> Peer {
        let stay = self.states.add(peer);
        let ports: [Arc<Port>; 4] = Default::default();
        let told = Arc::new(Told::default());
        let mut diallers = JoinSet::new();
        for lane in Lane::ALL {
            let dialler = Dialler {
                me: self.me.clone(),
                peer,
                stay,
                address: address.clone(),
                lane,
                tls: self.tls.clone(),
                port: Arc::clone(&ports[lane.place()]),
                states: Arc::clone(&self.states),
                told: Arc::clone(&told),
            };
            diallers.spawn(dialler.run());
        }
        Peer { address, ports, _diallers: diallers }
    }
}

async fn bind(listen: Listen) -> Result<(TcpListener, SocketAddr), LinkError> {
    let (listener, wanted) = match listen {
        Listen::At(address) => (TcpListener::bind(address).await, address),
        Listen::Bound(listener) => {
            let address = listener.local_addr().unwrap_or(([0, 0, 0, 0], 0).into());
            let ready = listener.set_nonblocking(true);
            (ready.and_then(|()| TcpListener::from_std(listener)), address)
        }
    };
    let bound = listener.and_then(|listener| {
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    bound.map_err(|source| LinkError::Bind { address: wanted, source })
}

/// Serves peers until it is told to stop and their streams have ended.
async fn serve(
    service: Service,
    connections: mpsc::Receiver<io::Result<super::accept::Accepted>>,
    stopped: oneshot::Receiver<()>,
) {
    let service = LinkServiceServer::new(service)
        .max_decoding_message_size(WIRE_BYTES_MAX)
        .max_encoding_message_size(WIRE_BYTES_MAX);
    let connections = stream::unfold(connections, |mut connections| async move {
        let next = connections.recv().await?;
        Some((next, connections))
    });
    let served = Server::builder()
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_concurrent_streams(1)
        .http2_keepalive_interval(Some(KEEP_ALIVE_EVERY))
        .http2_keepalive_timeout(Some(KEEP_ALIVE_WITHIN))
        .serve_with_incoming_shutdown(service, connections, async {
            // Dropped means stopped as well.
            drop(stopped.await);
        });
    if let Err(error) = served.await {
        tracing::error!(%error, "peers are served no more");
    }
}
