//! What a link costs, and what three voters cost beside one.
//!
//! `cargo run --release -p hoga-cluster --example link_rate [DIRECTORY] [SECONDS]`
//!
//! Calls over a link stand beside a bare stream of the same messages; batches of 64 commands
//! through three voters, each with a log of its own on the same disk, beside the same through one.
//! All nodes are in this process and share its cores.

#![allow(clippy::print_stdout)]

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use hoga_cluster::link::{DevelopmentCa, Handler, Lane, LinkOptions, Links, NodeId, PeerState};
use hoga_cluster::log::{LogOptions, PartitionId, SegmentLog};
use hoga_cluster::raft::{
    Applied, Block, Committed, Depot, Donor, Machine, NoNetwork, Outgoing, PeerNetwork,
    RaftHandler, Replica, ReplicaSettings, SnapshotError, SnapshotMeta, SnapshotWriting,
    SnapshotWritten,
};
use hoga_engine::topology::Topology;
use hoga_proto::internal::link_service_client::LinkServiceClient;
use hoga_proto::internal::link_service_server::{LinkService, LinkServiceServer};
use hoga_proto::internal::{Answer, Frame, OpenRequest, OpenResponse};
use std::collections::BTreeMap;
use std::error::Error;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc};
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response, Status, Streaming};

const BODY_BYTES: usize = 64;
const BATCH_BYTES: usize = 64 * 128;
const WITHIN: Duration = Duration::from_secs(10);
/// Calls that are under way at a time when the rate is measured.
const CALLERS: usize = 512;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[derive(Clone, Copy)]
struct Echo;

impl Handler for Echo {
    fn handle(&self, _from: NodeId, _kind: u8, body: Bytes) -> BoxFuture<'static, Option<Bytes>> {
        std::future::ready(Some(body)).boxed()
    }
}

/// The bare stream: each message is answered by one, and nothing else happens.
#[tonic::async_trait]
impl LinkService for Echo {
    type OpenStream = BoxStream<'static, Result<OpenResponse, Status>>;

    async fn open(
        &self,
        request: Request<Streaming<OpenRequest>>,
    ) -> Result<Response<Self::OpenStream>, Status> {
        let answers = request.into_inner().map(|message| {
            let frames = message?.frames.into_iter();
            let answers = frames.map(|frame| Answer { id: frame.id, body: Some(frame.body) });
            Ok(OpenResponse { answers: answers.collect(), ..OpenResponse::default() })
        });
        Ok(Response::new(answers.boxed()))
    }
}

struct Measured {
    latencies: Vec<Duration>,
    took: Duration,
}

impl Measured {
    fn at(&mut self, quantile: f64) -> f64 {
        self.latencies.sort_unstable();
        let at = ((self.latencies.len() - 1) as f64 * quantile) as usize;
        self.latencies[at].as_secs_f64() * 1e6
    }

    fn per_second(&self) -> f64 {
        self.latencies.len() as f64 / self.took.as_secs_f64()
    }

    fn print(&mut self, what: &str) {
        let (rate, p50, p99) = (self.per_second(), self.at(0.5), self.at(0.99));
        println!("{what:<44} {rate:>10.0}/s   p50 {p50:>8.0} us   p99 {p99:>8.0} us");
    }
}

/// Has `callers` tasks repeat something for a while.
async fn measure<F, T>(callers: usize, seconds: Duration, once: F) -> Measured
where
    F: Fn() -> T + Clone + Send + 'static,
    T: Future<Output = ()> + Send,
{
    let begun = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let once = once.clone();
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while begun.elapsed() < seconds {
                    let asked = Instant::now();
                    once().await;
                    latencies.push(asked.elapsed());
                }
                latencies
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await.expect("no panic"));
    }
    Measured { latencies, took: begun.elapsed() }
}

/// A bare stream with up to `window` messages under way, one frame in each.
async fn bare(window: usize, seconds: Duration) -> Outcome<Measured> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let incoming = futures::stream::unfold(listener, |listener| async move {
        let accepted = listener.accept().await.map(|(tcp, _)| tcp);
        let ready = accepted.and_then(|tcp| tcp.set_nodelay(true).map(|()| tcp));
        Some((ready, listener))
    });
    let service = LinkServiceServer::new(Echo);
    let server = tokio::spawn(Server::builder().serve_with_incoming(service, incoming));
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?.tcp_nodelay(true);
    let mut client = LinkServiceClient::new(endpoint.connect().await?);
    let (messages, queue) = mpsc::channel::<OpenRequest>(window);
    let queue = futures::stream::unfold(queue, |mut queue| async move {
        let message = queue.recv().await?;
        Some((message, queue))
    });
    let message = || {
        let frame = Frame { id: 1, kind: 1, body: Bytes::from_static(&[7; BODY_BYTES]) };
        OpenRequest { frames: vec![frame], ..OpenRequest::default() }
    };
    let mut answers = client.open(queue).await?.into_inner();
    let begun = Instant::now();
    let mut asked = std::collections::VecDeque::new();
    let mut latencies = Vec::new();
    while begun.elapsed() < seconds {
        while asked.len() < window {
            asked.push_back(Instant::now());
            messages.send(message()).await?;
        }
        answers.message().await?.ok_or("the stream ended")?;
        latencies.extend(asked.pop_front().map(|asked| asked.elapsed()));
    }
    server.abort();
    Ok(Measured { latencies, took: begun.elapsed() })
}

struct Places {
    listeners: Vec<TcpListener>,
    peers: BTreeMap<NodeId, String>,
}

fn places(count: u64) -> Outcome<Places> {
    let mut found = Places { listeners: Vec::new(), peers: BTreeMap::new() };
    for node in 1..=count {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        found.peers.insert(node, listener.local_addr()?.to_string());
        found.listeners.push(listener);
    }
    Ok(found)
}

async fn link(
    node: NodeId,
    listener: TcpListener,
    peers: &BTreeMap<NodeId, String>,
    ca: Option<&DevelopmentCa>,
    handler: Arc<dyn Handler>,
) -> Outcome<Links> {
    let options = LinkOptions {
        node,
        incarnation: 1,
        cluster: "measured".into(),
        version: 1,
        topology: Topology { books: 4, accounts: 6 },
        listen: listener.into(),
        peers: peers.clone(),
        tls: ca.map(|ca| ca.issue(node)).transpose()?,
    };
    Ok(Links::start(options, handler).await?)
}

async fn all_up(links: &Links) -> Outcome<()> {
    let mut peers = links.peers();
    let up =
        peers.wait_for(|peers| peers.values().all(|peer| matches!(peer, PeerState::Up { .. })));
    up.await?;
    Ok(())
}

async fn calls(ca: Option<&DevelopmentCa>, seconds: Duration) -> Outcome<()> {
    let kind = if ca.is_some() { "TLS" } else { "plain" };
    let Places { listeners, peers } = places(2)?;
    let mut nodes = Vec::new();
    for (node, listener) in (1..).zip(listeners) {
        nodes.push(link(node, listener, &peers, ca, Arc::new(Echo)).await?);
    }
    all_up(&nodes[0]).await?;
    for callers in [1, CALLERS] {
        let links = nodes[0].clone();
        let once = move || {
            let links = links.clone();
            async move {
                let body = Bytes::from_static(&[7; BODY_BYTES]);
                let called = links.call(2, Lane::Messages, 1, body, WITHIN).await;
                drop(called.expect("answered"));
            }
        };
        measure(callers, seconds, once).await.print(&format!("link, {kind}, {callers} callers"));
    }
    for node in nodes {
        node.stop().await;
    }
    Ok(())
}

/// Takes every batch and does nothing with it, so that only commit is measured.
struct Nothing;

impl Machine for Nothing {
    fn applied(&self) -> Applied {
        Applied::default()
    }

    async fn apply(&mut self, entries: Vec<Committed>) {
        std::hint::black_box(entries);
    }

    async fn capture(&mut self, _meta: SnapshotMeta) -> SnapshotWriting {
        Box::pin(async { Ok(SnapshotWritten { log_needless_through: None }) })
    }

    async fn install(&mut self, _meta: SnapshotMeta) -> Result<(), SnapshotError> {
        Ok(())
    }
}

impl Depot for Nothing {
    fn open(&self) -> Result<Option<Box<dyn Outgoing>>, SnapshotError> {
        Ok(None)
    }

    fn take(
        &self,
        _meta: &SnapshotMeta,
        _blocks: &mut dyn Iterator<Item = Result<Block, SnapshotError>>,
    ) -> Result<(), SnapshotError> {
        Err(SnapshotError::GivenUp)
    }
}

/// Nodes with replicas of some partitions; those of node 1 lead.
async fn voters(
    count: u64,
    partitions: u32,
    dir: &Path,
    ca: &DevelopmentCa,
) -> Outcome<Vec<(Option<Links>, SegmentLog, Vec<Replica<Nothing>>)>> {
    let Places { listeners, peers } = places(count)?;
    let mut nodes = Vec::new();
    for (id, listener) in (1..).zip(listeners) {
        let log_dir = dir.join(format!("n{id}"));
        std::fs::create_dir_all(&log_dir)?;
        let log = SegmentLog::open_dir(&log_dir, LogOptions::default())?;
        let handler = RaftHandler::default();
        let mut links = None;
        if count > 1 {
            links = Some(link(id, listener, &peers, Some(ca), Arc::new(handler.clone())).await?);
        }
        let mut replicas = Vec::new();
        for partition in (0..partitions).map(PartitionId) {
            let founders = (id == 1).then_some(1);
            let settings = ReplicaSettings::founded_by(founders);
            let replica = match &links {
                None => Replica::start(partition, id, &log, Nothing, NoNetwork, settings).await?,
                Some(links) => {
                    let turns = Arc::new(Semaphore::new(1));
                    let donor = Donor::new(Arc::new(Nothing), turns);
                    let network = PeerNetwork::new(links.clone(), partition, donor);
                    Replica::start(partition, id, &log, Nothing, network, settings).await?
                }
            };
            handler.add(partition, &replica, Arc::new(Nothing));
            replicas.push(replica);
        }
        nodes.push((links, log, replicas));
    }
    for replica in &nodes[0].2 {
        replica.leadership().wait_for(|leadership| leadership.is_me).await?;
        for node in 2..=count {
            replica.add_learner(node).await?;
        }
        let at = replica.membership().borrow().at;
        if count > 1 {
            replica.change_voters((1..=count).collect(), at).await?;
        }
    }
    Ok(nodes)
}

async fn commits(count: u64, dir: &Path, ca: &DevelopmentCa, seconds: Duration) -> Outcome<()> {
    for (partitions, callers) in [(1, 1), (1, 64), (12, 1), (12, 8)] {
        let dir = dir.join("logs");
        let nodes = voters(count, partitions, &dir, ca).await?;
        let mut all = Vec::new();
        for replica in nodes[0].2.clone() {
            let once = move || {
                let replica = replica.clone();
                async move {
                    let batch = Bytes::from(vec![7; BATCH_BYTES]);
                    replica.propose(batch).await.expect("it leads");
                }
            };
            all.push(tokio::spawn(measure(callers, seconds, once)));
        }
        let mut sum = Measured { latencies: Vec::new(), took: seconds };
        for one in all {
            sum.latencies.extend(one.await?.latencies);
        }
        sum.print(&format!("{count} voters, {partitions} partitions, {callers} callers each"));
        for (links, log, replicas) in nodes {
            for replica in replicas {
                replica.shutdown().await;
            }
            if let Some(links) = links {
                links.stop().await;
            }
            log.close().await?;
        }
        // Logs of a fast machine fill a small disk.
        std::fs::remove_dir_all(&dir)?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let seconds = arguments.next().map_or(Ok(2.0), |text| text.parse())?;
    let seconds = Duration::from_secs_f64(seconds);
    let dir = tempfile::tempdir_in(dir)?;
    let ca = DevelopmentCa::in_dir(dir.path().join("certificates"))?;
    for window in [1, CALLERS] {
        bare(window, seconds).await?.print(&format!("bare stream, {window} messages under way"));
    }
    calls(None, seconds).await?;
    calls(Some(&ca), seconds).await?;
    println!("batches of 64 commands of 128 bytes");
    for count in [1, 3] {
        commits(count, dir.path(), &ca, seconds).await?;
    }
    Ok(())
}
