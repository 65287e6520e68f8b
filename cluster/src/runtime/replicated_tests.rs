//! An account partition on several nodes: whoever comes late, or is too far behind, gets state and
//! history from the leader and stands where the others stand.

use super::answers::Answers;
use super::checkpoint::Trusted;
use super::depot::PartitionDepot;
use super::failing::Failing;
use super::feed::{Feed, Topic};
use super::historian::Historian;
use super::machine::PerformerMachine;
use super::performer::{Job, MAILBOX_MAX, Outlets, Performer, Visible};
use super::quotes::Quotes;
use super::read::{After, Each, Look, Seen, Subject};
use super::rebuilder::Rebuilder;
use super::snapshots::Snapshots;
use crate::history::{History, HistoryDatabase, HistoryError, HistoryOptions, RowKey};
use crate::link::rig::{Authority, options, places};
use crate::link::{LinkOptions, Links, NodeId};
use crate::log::{LogOptions, LogPosition, MemoryDisk, PartitionId as LogPartition, SegmentLog};
use crate::partition::{Batch, Carried, Command, Entry, Trace};
use crate::raft::{
    Applied, Block, Depot, Donor, GIVEN_AT_ONCE_MAX, PeerNetwork, RaftHandler, Replica,
    ReplicaSettings, SnapshotError,
};
use crate::snapshot::SnapshotStore;
use crate::state::{State, hash_core, hash_entity};
use hoga_actors::{EntityId, Host};
use hoga_engine::client_id::ClientId;
use hoga_engine::ids::{AccountId, AssetId, Origin, PartitionId};
use hoga_engine::instrument::Asset;
use hoga_engine::message::{Message, PartitionMessage};
use hoga_engine::request::{AccountRequest, Envelope};
use hoga_engine::time::Time;
use hoga_engine::topology::{Role, Topology};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, mpsc, oneshot, watch};
use tokio::time::{Instant, timeout};

const SOON: Duration = Duration::from_secs(30);

/// The partition under test: the first one of accounts.
fn partition() -> PartitionId {
    let topology = Topology::default();
    let found = topology.partitions().find(|(_, role)| *role == Role::Accounts);
    found.expect("there are partitions of accounts").0
}

fn log_partition() -> LogPartition {
    LogPartition(u32::from(partition().0))
}

/// A replica with everything below it that a node has.
struct Node {
    dir: tempfile::TempDir,
    disk: MemoryDisk,
    links: Links,
    log: SegmentLog,
    replica: Replica<PerformerMachine>,
    jobs: mpsc::Sender<Job>,
    history: Arc<dyn History>,
    depot: PartitionDepot,
    feed: Feed,
    heard: watch::Receiver<u64>,
}

/// What is kept while a node is down.
struct Disks {
    dir: tempfile::TempDir,
    disk: MemoryDisk,
}

impl Disks {
    fn new() -> Disks {
        Disks { dir: tempfile::tempdir().expect("a directory"), disk: MemoryDisk::new() }
    }
}

fn open_depot(dir: &Path, historian: Historian) -> PartitionDepot {
    let id = partition();
    let store = SnapshotStore::open(dir.join("snapshots"), id).expect("a store").with_reserve(0);
    let trusted = Trusted::default();
    PartitionDepot { partition: id, store: Arc::new(Mutex::new(store)), historian, trusted }
}

/// Opens the history once its last user of before has gone.
async fn open_history(dir: &Path) -> Arc<dyn History> {
    let options = HistoryOptions { reserve_bytes: 0, ..HistoryOptions::default() };
    let until = Instant::now() + SOON;
    let database = loop {
        match HistoryDatabase::open(&dir.join("history"), options) {
            Err(HistoryError::InUse { .. }) if Instant::now() < until => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            opened => break opened.expect("a history"),
        }
    };
    Arc::new(database.partition(partition()).expect("a partition of it"))
}

async fn start(
    id: NodeId,
    disks: Disks,
    (authority, peers): (&Authority, &BTreeMap<NodeId, String>),
    incarnation: u32,
) -> Node {
    let Disks { dir, disk } = disks;
    let topology = Topology::default();
    let history = open_history(dir.path()).await;
    let unread = open_depot(dir.path(), Historian::default());
    let loaded = unread.store.lock().expect("no panic").load().expect("it is whole");
    let (state, applied) = match loaded {
        None => (State::empty(partition(), topology), Applied::default()),
        Some(loaded) => {
            let meta = loaded.manifest.meta.clone();
            let last = LogPosition { term: meta.term, index: meta.index };
            let applied = Applied { last: Some(last), membership: meta.membership.into() };
            let state = State::decode(partition(), topology, &loaded.into_bytes());
            (state.expect("it is whole"), applied)
        }
    };
    let log = SegmentLog::open(Arc::new(disk.clone()), LogOptions::small()).expect("a log");
    let log_of_partition = log.partition(log_partition());
    let historian = Historian::start(history.clone(), None, &log_of_partition, applied.last);
    let historian = historian.expect("a thread");
    let depot = PartitionDepot { historian: historian.clone(), ..unread };
    let snapshots = Snapshots {
        partition: partition(),
        store: depot.store.clone(),
        historian: historian.clone(),
        newest: Arc::default(),
        trusted: depot.trusted.clone(),
    };
    let mut host = Host::start().await.expect("actors");
    let core = state.settle(&mut host);
    let (heard, hears) = watch::channel(core.next_in(Topology::META));
    let feed = Feed::start(topology);
    let outlets = Outlets {
        answers: Arc::new(Answers::new(id as u16, incarnation, topology.count())),
        historian,
        feed: feed.clone(),
        quotes: Arc::new(Quotes::default()),
        pumps: BTreeMap::new(),
        heard: [(Topology::META, heard)].into(),
        congested: watch::channel(false).0,
        catalogue: watch::channel(core.scene().catalogue.clone()).0,
        table: None,
        visible: Arc::new(Visible::default()),
        snapshot_bytes: u64::MAX,
        checkpoints: None,
        trusted: depot.trusted.clone(),
        failing: Failing::new(),
    };
    let committed = log_of_partition.state().committed;
    let replayed = committed.filter(|last| applied.last < Some(*last)).map(|at| at.index);
    let reached = applied.last.map_or(0, |at| at.index);
    let rebuild = Rebuilder { snapshots: snapshots.clone(), log: log_of_partition, topology };
    let (jobs, mailbox) = mpsc::channel(MAILBOX_MAX);
    let performer = Performer::new(core, host, outlets, rebuild, reached, replayed);
    drop(tokio::spawn(performer.run(mailbox)));

    let handler = RaftHandler::default();
    let address: std::net::SocketAddr = peers[&id].parse().expect("an address");
    let listener = std::net::TcpListener::bind(address).expect("the port is free");
    let tls = Some(authority.issue(id));
    let options = LinkOptions { incarnation, tls, ..options(id, listener, peers) };
    let links = Links::start(options, Arc::new(handler.clone())).await.expect("links start");
    let turns = Arc::new(Semaphore::new(GIVEN_AT_ONCE_MAX));
    let donor = Donor::new(Arc::new(depot.clone()), turns);
    let network = PeerNetwork::new(links.clone(), log_partition(), donor);
    let machine = PerformerMachine {
        jobs: jobs.clone(),
        applied,
        snapshots,
        topology,
        failing: Failing::new(),
    };
    let founders = (id == 1).then_some(1);
    let settings = ReplicaSettings::founded_by(founders);
    let replica = Replica::start(log_partition(), id, &log, machine, network, settings).await;
    let replica = replica.expect("it starts");
    handler.add(log_partition(), &replica, Arc::new(depot.clone()));
    Node { dir, disk, links, log, replica, jobs, history, depot, feed, heard: hears }
}

impl Node {
    async fn stop(self) -> Disks {
        self.links.stop().await;
        self.replica.shutdown().await;
        let (done, stopped) = oneshot::channel();
        drop(self.jobs.send(Job::Stop { done }).await);
        drop(stopped.await);
        self.log.close().await.expect("a clean end");
        Disks { dir: self.dir, disk: self.disk }
    }

    /// Looks once a log index is applied.
    async fn look<T: Send + 'static>(
        &self,
        subject: Subject,
        index: u64,
        look: impl FnOnce(Seen<'_>) -> T + Send + 'static,
    ) -> T {
        let (answer, seen) = oneshot::channel();
        let look: Look = Box::new(move |seen| drop(answer.send(look(seen))));
        let after = After { index, settles: Vec::new() };
        let job = Job::Read { subject, after, until: Instant::now() + SOON, look };
        self.jobs.send(job).await.expect("it works");
        timeout(SOON, seen).await.expect("it gets there").expect("it answers")
    }

    /// The state hash at an index that is the last.
    async fn hash(&self, index: u64) -> u64 {
        let core = self.look(Subject::Core, index, |seen| match seen {
            Seen::Core(core, at) => (hash_core(&core.encode()), at.index),
            _ => unreachable!("the core was asked for"),
        });
        let (hash, at) = core.await;
        assert_eq!(at, index);
        let sum = Arc::new(AtomicU64::new(hash));
        let adding = sum.clone();
        let each: Each = Arc::new(move |id, entity, _| {
            adding.fetch_add(hash_entity(id, &entity.encode()), Ordering::Relaxed);
        });
        let first = EntityId::Account(AccountId::new(partition(), 0));
        self.look(Subject::Entities { first, most: usize::MAX, each }, index, |_| ()).await;
        sum.load(Ordering::Relaxed)
    }

    fn rows(&self) -> Vec<RowKey> {
        self.history.export(None).map(|row| RowKey::of(&row.expect("readable"))).collect()
    }
}

fn envelope(id: &str) -> Envelope {
    let origin = Origin { node: 1, incarnation: 1, request: 1 };
    let id = ClientId::parse(id).expect("an id");
    Envelope { origin, id, body_hash: 1, sent_at: None }
}

fn batch(commands: Vec<Command>, time: u64) -> bytes::Bytes {
    let entry = |command| Entry { trace: Trace::default(), command };
    let entries = commands.into_iter().map(entry).collect();
    Batch { time: Time(time), entries }.encode().into()
}

fn krw() -> Command {
    let asset =
        Asset { id: AssetId(1), code: "KRW".into(), scale: 8, shown_scale: 0, faucet: None };
    let message = Message::ToPartition(PartitionMessage::Asset(asset));
    let messages = vec![Carried { trace: Trace::default(), message }];
    Command::Inbound { source: Topology::META, first: 1, messages }
}

fn account(name: &str, id: &str, request: AccountRequest) -> Command {
    Command::Request { account: name.into(), envelope: envelope(id), request }
}

/// Opens some accounts and pays into them, a batch each.
async fn work(node: &Node, accounts: std::ops::Range<u32>, deposits: u32) -> u64 {
    let mut last = 0;
    for number in accounts {
        let name = format!("trader-{number}");
        let mut commands = vec![account(&name, "open", AccountRequest::Open)];
        for deposit in 0..deposits {
            let request = AccountRequest::Deposit { asset: AssetId(1), amount: 100 };
            commands.push(account(&name, &format!("pay-{deposit}"), request));
        }
        let at = node.replica.propose(batch(commands, u64::from(number) + 1)).await;
        last = at.expect("it leads").index;
    }
    last
}

async fn leads(node: &Node) {
    let mut leadership = node.replica.leadership();
    let led = timeout(SOON, leadership.wait_for(|leadership| leadership.is_me)).await;
    led.expect("it leads soon").expect("it runs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_node_gets_state_and_history_and_stands_where_the_leader_stands() {
    let (authority, (listeners, peers)) = (Authority::new(), places(2));
    drop(listeners);
    let trust = (&authority, &peers);
    let one = start(1, Disks::new(), trust, 1).await;
    leads(&one).await;
    one.replica.propose(batch(vec![krw()], 1)).await.expect("it leads");
    for round in 0..3 {
        work(&one, 10 * round..10 * round + 10, 20).await;
        assert!(one.replica.trigger_snapshot().await.expect("it is written"));
    }
    let last = work(&one, 30..35, 20).await;
    assert!(one.log.partition(log_partition()).state().purged.is_some(), "the log was cut");

    let two = start(2, Disks::new(), trust, 1).await;
    let bell = Arc::new(Notify::new());
    let topic = Topic::Orders(AccountId::new(partition(), 0));
    let follower = two.feed.follow(topic, &bell);
    one.replica.add_learner(2).await.expect("it joins");
    let hash = one.hash(last).await;
    assert_eq!(two.hash(last).await, hash);
    // What it tells of itself comes behind what it has applied.
    let mut membership = two.replica.membership();
    membership.wait_for(|now| now.learners == [2].into()).await.expect("it learns");
    assert_eq!(*two.heard.borrow(), 2, "one message came from the meta partition");
    assert!(matches!(follower.read(0, 1), super::feed::Tail::Gone), "it lost its place");
    assert!(matches!(follower.read(0, 1), super::feed::Tail::Nothing), "once");
    two.depot.historian.caught_up().await.expect("all rows are there");
    assert_eq!(two.rows(), one.rows());
    assert_eq!(two.rows().len(), 35 * 20);

    // It goes on, takes snapshots of its own, and is the same after a start.
    let last = work(&one, 35..40, 20).await;
    assert_eq!(two.hash(last).await, one.hash(last).await);
    assert!(two.replica.trigger_snapshot().await.expect("it is written"));
    let two = start(2, two.stop().await, trust, 2).await;
    let last = work(&one, 40..41, 20).await;
    assert_eq!(two.hash(last).await, one.hash(last).await);
    two.depot.historian.caught_up().await.expect("all rows are there");
    assert_eq!(two.rows(), one.rows());
    two.stop().await;
    one.stop().await;
}

/// A snapshot of a leader that worked for a while, as it would travel.
async fn travelling(depot: &PartitionDepot) -> (crate::raft::SnapshotMeta, Vec<Block>) {
    let mut going = depot.open().expect("readable").expect("there is one");
    let mut blocks = Vec::new();
    while let Some(block) = going.next().expect("readable") {
        blocks.push(block);
    }
    (going.name().meta, blocks)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_resumes_behind_any_block_and_half_of_one_is_nothing() {
    let (authority, (listeners, peers)) = (Authority::new(), places(1));
    drop(listeners);
    let one = start(1, Disks::new(), (&authority, &peers), 1).await;
    leads(&one).await;
    one.replica.propose(batch(vec![krw()], 1)).await.expect("it leads");
    let last = work(&one, 0..100, 100).await;
    assert!(one.replica.trigger_snapshot().await.expect("it is written"));
    let (meta, blocks) = travelling(&one.depot).await;
    assert_eq!(meta.last.index, last);
    assert!(blocks.len() > 3, "{} blocks", blocks.len());
    for (at, block) in blocks.iter().enumerate() {
        assert!(block.bytes.len() <= crate::raft::BLOCK_BYTES_MAX);
        let mut going = one.depot.open().expect("readable").expect("there is one");
        going.resume(&block.cursor).expect("its own cursor");
        let mut rest = Vec::new();
        while let Some(block) = going.next().expect("readable") {
            rest.push(block);
        }
        assert!(rest == blocks[at + 1..], "behind block {at}");
    }

    let disks = Disks::new();
    let log = one.log.partition(LogPartition(99));
    let historian = Historian::start(open_history(disks.dir.path()).await, None, &log, None);
    let historian = historian.expect("a thread");
    let depot = open_depot(disks.dir.path(), historian);
    for cut in 0..blocks.len() {
        let half = blocks[..cut].iter().cloned().map(Ok);
        let mut half = half.chain([Err(SnapshotError::GivenUp)]);
        assert!(depot.take(&meta, &mut half).is_err(), "cut at {cut}");
        assert!(depot.open().expect("readable").is_none(), "cut at {cut}");
    }
    depot.take(&meta, &mut blocks.iter().cloned().map(Ok)).expect("it is whole");
    let (taken_meta, taken) = travelling(&depot).await;
    assert_eq!(taken_meta, meta);
    assert!(taken == blocks);
    let older = crate::raft::SnapshotMeta {
        last: LogPosition { term: 1, index: last - 1 },
        membership: meta.membership.clone(),
    };
    let again = depot.take(&older, &mut blocks.iter().cloned().map(Ok));
    assert!(again.is_err(), "a newer one is there");
    one.stop().await;
}
