//! Starting a node: log, snapshots and history opened, every partition replayed and led.

use super::answers::Answers;
use super::checkpoint::{Comparing, HEARD_MAX, Pace, Trust, Trusted};
use super::clock::LeaderClock;
use super::couriers::Couriers;
use super::depot::PartitionDepot;
use super::exchange::{Exchange, Parts};
use super::failing::Failing;
use super::feed::Feed;
use super::founding::{self, Who};
use super::historian::Historian;
use super::identity::{Identity, IdentityError};
use super::machine::PerformerMachine;
use super::membership::Membership;
use super::options::{ClusterOptions, ExchangeOptions};
use super::partition::{Among, Partition};
use super::peers::Peers;
use super::performer::{Job, MAILBOX_MAX, Outlets, Performer, Visible};
use super::pump::{Pump, PumpJob};
use super::quotes::Quotes;
use super::rebuilder::Rebuilder;
use super::receiving::Receiving;
use super::sequencer::Sequencer;
use super::snapshots::Snapshots;
use super::wiring::Wiring;
use crate::history::{HistoryDatabase, HistoryError, HistoryOptions};
use crate::link::{LinkError, LinkOptions, Links};
use crate::log::{LogPosition, OpenError, PartitionId as LogPartitionId, SegmentLog};
use crate::partition::NodeTable;
use crate::raft::{
    self, Applied, Depot, Donor, GIVEN_AT_ONCE_MAX, Leadership, NoNetwork, PeerNetwork,
    RaftHandler, Replica, ReplicaSettings,
};
use crate::snapshot::{SnapshotError, SnapshotStore};
use crate::state::{State, StateError};
use hoga_actors::{Host, HostError};
use hoga_engine::ids::PartitionId;
use hoga_engine::topology::{Role, Topology};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::task::JoinSet;

/// What nodes speak over their links. Raised whenever a message or a record of the log changes.
const LINK_VERSION: u32 = 7;

/// Why a node did not start. What is on the disk is as it was.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the data directory {dir}: {source}")]
    Directory { dir: String, source: std::io::Error },
    /// Everything that was acknowledged is in the log; without it there is nothing to go on from.
    #[error(
        "{dir} has no log any more, but an exchange was founded here; restore the log from a \
         backup, or start with an empty data directory"
    )]
    LogLost { dir: String },
    /// A disk failed while it started.
    #[error("this node cannot go on: {0}")]
    Failed(Arc<str>),
    /// Whose log it is, of how many partitions and after how many starts, is not known any more.
    #[error(
        "{dir} has a log, but no node.json that says whose it is; restore that from a backup, or start \
         with an empty data directory"
    )]
    IdentityLost { dir: String },
    /// Snapshots count the rows of a history, and what they count is not written again.
    #[error(
        "{dir} has no history any more, but snapshots that count its orders, fills and ledger rows; \
         restore it from a backup, or go on without the rows of before, which `hoga verify` will miss: \
         make an empty {dir}/history"
    )]
    HistoryLost { dir: String },
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Log(#[from] OpenError),
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error(transparent)]
    Raft(#[from] raft::StartError),
    #[error(transparent)]
    Host(#[from] HostError),
    #[error(transparent)]
    Link(#[from] LinkError),
    /// Its votes were lost with its disk.
    #[error(
        "the exchange was founded with another data directory of node n{node}; a node that lost \
         its disk comes back under a new number: `hoga cluster remove n{node}`, then \
         `hoga cluster add`"
    )]
    Replaced { node: u64 },
    #[error("the exchange does not take this node: {why}")]
    NotWanted { why: String },
}

/// What all partitions of a node share.
struct Shared {
    log: SegmentLog,
    answers: Arc<Answers>,
    history: HistoryDatabase,
    failing: Failing,
    feed: Feed,
    quotes: Arc<Quotes>,
    table: watch::Sender<Arc<NodeTable>>,
    cluster: Option<Clustered>,
}

/// What they need where there are other nodes.
struct Clustered {
    peers: Peers,
    consensus: RaftHandler,
    receiving: Arc<Receiving>,
    settings: ReplicaSettings,
    /// Snapshots that this node gives away at once.
    giving: Arc<Semaphore>,
}

impl Exchange {
    /// Opens the data directory, replays what the snapshots do not have, and serves. With other
    /// nodes it does not wait for them, except to found the exchange or to be entered in it.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(options: ExchangeOptions) -> Result<Exchange, StartError> {
        let begun = Instant::now();
        let dir = options.data.clone();
        std::fs::create_dir_all(&dir)
            .map_err(|source| StartError::Directory { dir: dir.display().to_string(), source })?;
        let log_options = options.log.clone();
        let log_dir = dir.join("log");
        check_log(&dir)?;
        check_history(&dir)?;
        let log = tokio::task::spawn_blocking(move || SegmentLog::open_dir(&log_dir, log_options))
            .await
            .expect("opening the log does not panic")?;
        // Only now is it certain that no other process has the directory.
        if !Identity::is_there(&dir) && !log.partitions().is_empty() {
            return Err(StartError::IdentityLost { dir: dir.display().to_string() });
        }
        let mut identity = Identity::claim(&dir, options.node, options.topology)?;
        let cluster = match &options.cluster {
            Some(cluster) => Some(meet_others(&mut identity, &dir, cluster).await?),
            None => {
                identity.found_alone(&dir)?;
                None
            }
        };
        let history = HistoryDatabase::open(&dir.join("history"), HistoryOptions::default())?;
        let shared = Shared {
            log: log.clone(),
            answers: Arc::new(Answers::new(
                identity.node as u16,
                identity.incarnation,
                options.topology.count(),
            )),
            history,
            failing: Failing::new(),
            feed: Feed::start(options.topology),
            quotes: Arc::default(),
            table: watch::channel(Arc::default()).0,
            cluster,
        };
        let (shared, wiring) = (Arc::new(shared), Arc::new(Wiring::new(&options.topology)));
        // Side by side: each replays its own log.
        let mut starting = JoinSet::new();
        for (id, role) in options.topology.partitions() {
            let (options, shared, wiring) = (options.clone(), shared.clone(), wiring.clone());
            starting
                .spawn(async move { start_partition(id, role, &options, &shared, &wiring).await });
        }
        let mut partitions = BTreeMap::new();
        let mut catalogues = BTreeMap::new();
        while let Some(started) = starting.join_next().await {
            let (partition, catalogue) = started.expect("starting a partition does not panic")?;
            catalogues.insert(partition.id, catalogue);
            partitions.insert(partition.id, Arc::new(partition));
        }
        let (answers, feed) = (shared.answers.clone(), shared.feed.clone());
        let (quotes, failing) = (shared.quotes.clone(), shared.failing.clone());
        let membership = shared.cluster.as_ref().zip(options.cluster.clone());
        let membership = membership.map(|(with, options)| {
            let (peers, consensus) = (with.peers.clone(), with.consensus.clone());
            Membership::new(peers, consensus, options, identity, shared.table.subscribe())
        });
        let exchange = Exchange::new(Parts {
            options,
            log,
            answers,
            feed,
            quotes,
            partitions,
            catalogues,
            failing,
            membership,
        });
        match (&shared.cluster, exchange.membership()) {
            (Some(cluster), Some(membership)) => {
                cluster.receiving.open(&exchange);
                membership.begin(&exchange);
            }
            _ => tokio::select! {
                () = exchange.until_led() => {}
                cause = exchange.failed() => return Err(StartError::Failed(cause)),
            },
        }
        exchange.count_replay(begun.elapsed());
        Ok(exchange)
    }
}

/// Opens the links to the other nodes and makes this one part of their exchange.
async fn meet_others(
    identity: &mut Identity,
    dir: &std::path::Path,
    cluster: &ClusterOptions,
) -> Result<Clustered, StartError> {
    let who = Who::new(identity);
    let consensus = RaftHandler::default();
    let receiving = Arc::new(Receiving::new(who.clone(), consensus.clone()));
    let links = Links::start(
        LinkOptions {
            node: identity.node,
            incarnation: identity.incarnation,
            cluster: cluster.name.clone(),
            version: LINK_VERSION,
            topology: identity.topology,
            listen: cluster.listen.into(),
            peers: cluster.peers.clone(),
            tls: cluster.tls.clone(),
        },
        receiving.clone(),
    )
    .await?;
    let peers = Peers::new(links);
    founding::join(identity, dir, cluster, &peers, &who).await?;
    let settings = ReplicaSettings {
        heartbeat_ms: cluster.heartbeat_ms,
        election_ms_min: cluster.election_ms.0,
        election_ms_max: cluster.election_ms.1,
        ..ReplicaSettings::founded_by(identity.founders.iter().map(|(node, _)| *node))
    };
    let giving = Arc::new(Semaphore::new(GIVEN_AT_ONCE_MAX));
    Ok(Clustered { peers, consensus, receiving, settings, giving })
}

async fn start_partition(
    id: PartitionId,
    role: Role,
    options: &ExchangeOptions,
    shared: &Shared,
    wiring: &Wiring,
) -> Result<(Partition, watch::Receiver<Arc<hoga_engine::instrument::Catalogue>>), StartError> {
    let store = SnapshotStore::open(options.data.join(format!("snapshots/{}", id.0)), id)?;
    let store = Arc::new(Mutex::new(store));
    let (state, applied) = load(id, &store, options.topology)?;
    let mut historian = Historian::default();
    let log_id = LogPartitionId(u32::from(id.0));
    let log = shared.log.partition(log_id);
    if matches!(role, Role::Accounts | Role::Books) {
        let history = Arc::new(shared.history.partition(id)?);
        historian = Historian::start(history, options.history_kept, &log, applied.last)?;
    }
    let newest = Arc::new(AtomicU64::new(applied.last.map_or(0, |at| at.index)));
    let trusted = Trusted::default();
    let snapshots = Snapshots {
        partition: id,
        store,
        historian: historian.clone(),
        newest: newest.clone(),
        trusted: trusted.clone(),
    };
    let mut host = Host::start().await?;
    let core = state.settle(&mut host);

    let visible = Arc::new(Visible { snapshot: newest, ..Visible::default() });
    visible.restored.store(core.commands(), Ordering::Relaxed);
    let mut pumps = BTreeMap::new();
    let mut tasks = JoinSet::new();
    for (to, acked) in wiring.heard_from(id) {
        // It never holds more than the outbox does, whose bound is `OUTBOX_MAX`.
        let (jobs, told) = mpsc::unbounded_channel::<PumpJob>();
        let inbound = wiring.to(to);
        let is_work = role == Role::Accounts && options.topology.role(to) == Role::Books;
        let congested = is_work.then(|| wiring.congested(to).subscribe());
        tasks.spawn(Pump::new(id, inbound, acked, congested).run(told));
        pumps.insert(to, jobs);
    }
    let (catalogue, catalogue_shown) = watch::channel(core.scene().catalogue.clone());
    let (heard, checkpoints) = mpsc::channel(HEARD_MAX);
    let outlets = Outlets {
        checkpoints: shared.cluster.as_ref().map(|_| heard.clone()),
        trusted: trusted.clone(),
        answers: shared.answers.clone(),
        historian: historian.clone(),
        failing: shared.failing.clone(),
        snapshot_bytes: options.snapshot_bytes,
        feed: shared.feed.clone(),
        quotes: shared.quotes.clone(),
        pumps,
        heard: wiring.heard_by(id),
        congested: wiring.congested(id).clone(),
        catalogue,
        table: (role == Role::Meta).then(|| shared.table.clone()),
        visible: visible.clone(),
    };
    let topology = options.topology;
    // Alone, everything in the log is committed. Among others its end may still be replaced.
    let committed = if shared.cluster.is_none() { log.state().last } else { log.state().committed };
    let replayed = committed.filter(|last| applied.last < Some(*last)).map(|at| at.index);
    let rebuild = Rebuilder { snapshots: snapshots.clone(), log, topology };
    for (source, heard) in &outlets.heard {
        heard.send_replace(core.next_in(*source));
    }
    let reached = applied.last.map_or(0, |at| at.index);
    let (jobs, mailbox) = mpsc::channel(MAILBOX_MAX);
    tasks.spawn(Performer::new(core, host, outlets, rebuild, reached, replayed).run(mailbox));

    let machine = PerformerMachine {
        jobs: jobs.clone(),
        applied,
        snapshots,
        topology,
        failing: shared.failing.clone(),
    };
    let (replica, among) = match &shared.cluster {
        None => {
            let settings = ReplicaSettings::founded_by([options.node]);
            let log = &shared.log;
            let replica =
                Replica::start(log_id, options.node, log, machine, NoNetwork, settings).await?;
            (replica, None)
        }
        Some(cluster) => {
            let Snapshots { partition, store, historian, trusted, .. } = machine.snapshots.clone();
            let depot: Arc<dyn Depot> =
                Arc::new(PartitionDepot { partition, store, historian, trusted: trusted.clone() });
            let donor = Donor::new(depot.clone(), cluster.giving.clone());
            let network = PeerNetwork::new(cluster.peers.links().clone(), log_id, donor);
            let (log, settings) = (&shared.log, cluster.settings.clone());
            let replica =
                Replica::start(log_id, options.node, log, machine, network.clone(), settings)
                    .await?;
            cluster.consensus.add(log_id, &replica, depot);
            let (peers, visible) = (cluster.peers.clone(), visible.clone());
            let comparing = Comparing::new(id, replica.clone(), peers, trusted, visible);
            tasks.spawn(comparing.run(checkpoints));
            (replica, Some(Among { comparing: heard, network }))
        }
    };
    tasks.spawn(end_with(id, replica.failed(), shared.log.fatal(), shared.failing.clone()));
    tasks.spawn(snapshot_when_due(replica.clone(), visible.clone()));
    tasks.spawn(follow_leadership(id, replica.leadership(), trusted.watch(), jobs.clone()));
    let missed = Arc::new(Notify::new());
    let sequencer = Sequencer {
        replica: replica.clone(),
        clock: LeaderClock::new(options.clock.clone()),
        answers: shared.answers.clone(),
        visible: visible.clone(),
        acked: wiring.heard_from(id).into_iter().map(|(to, acked)| (to, (acked, 1))).collect(),
        partition: id,
        couriers: shared
            .cluster
            .as_ref()
            .map(|cluster| Couriers { peers: cluster.peers.clone(), missed: missed.clone() }),
        checkpoints: among
            .as_ref()
            .map(|_| Pace::new(options.checkpoint_every, tokio::time::Instant::now())),
    };
    let mut intake = wiring.intake(id);
    if let Some(cluster) = &shared.cluster {
        let (answers, leadership) = (&shared.answers, replica.leadership());
        intake = intake.by_way_of(id, &cluster.peers, &leadership, &missed, answers, &mut tasks);
    }
    tasks.spawn(sequencer.run(intake.asked, intake.batches));
    let partition = Partition {
        id,
        role,
        replica,
        jobs,
        clients: intake.clients,
        sequencer: intake.sequencer,
        inbound: intake.inbound,
        missed,
        congested: wiring.congested(id).subscribe(),
        visible,
        historian,
        trusted,
        among,
        tasks: tokio::sync::Mutex::new(tasks),
    };
    Ok((partition, catalogue_shown))
}

/// A log that is gone must not be founded anew beside what it once led to.
pub(crate) fn check_log(dir: &std::path::Path) -> Result<(), StartError> {
    let log = dir.join("log");
    if Identity::is_there(dir) && is_empty(&log) {
        return Err(StartError::LogLost { dir: log.display().to_string() });
    }
    Ok(())
}

/// Nor may a history that is gone be begun anew without a word: lists would be cut off.
pub(crate) fn check_history(dir: &std::path::Path) -> Result<(), StartError> {
    let snapshots = std::fs::read_dir(dir.join("snapshots"));
    let has_any = |partition: std::fs::DirEntry| !is_empty(&partition.path());
    let has_snapshots = snapshots.is_ok_and(|all| all.flatten().any(has_any));
    if has_snapshots && !dir.join("history").exists() {
        return Err(StartError::HistoryLost { dir: dir.display().to_string() });
    }
    Ok(())
}

/// Whether a directory has nothing in it but, perhaps, a lock.
fn is_empty(dir: &std::path::Path) -> bool {
    let Ok(entries) = std::fs::read_dir(dir) else { return true };
    let mut segments = entries.flatten().filter(|entry| entry.file_name() != crate::log::LOCK_FILE);
    segments.next().is_none()
}

/// The newest snapshot that is whole, or the state before the first command.
fn load(
    partition: PartitionId,
    store: &Mutex<SnapshotStore>,
    topology: Topology,
) -> Result<(State, Applied), StartError> {
    let mut store = store.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let Some(loaded) = store.load()? else {
        return Ok((State::empty(partition, topology), Applied::default()));
    };
    let meta = loaded.manifest.meta.clone();
    let last = LogPosition { term: meta.term, index: meta.index };
    let applied = Applied { last: Some(last), membership: meta.membership.into() };
    let state = State::decode(partition, topology, &loaded.into_bytes())?;
    Ok((state, applied))
}

/// Tells a performer when its node begins or ends to lead with a state that is to be believed.
async fn follow_leadership(
    partition: PartitionId,
    mut leadership: watch::Receiver<Leadership>,
    mut trust: watch::Receiver<Trust>,
    jobs: mpsc::Sender<Job>,
) {
    let mut leads = false;
    loop {
        let Leadership { is_me, term, .. } = *leadership.borrow_and_update();
        let now = is_me && trust.borrow_and_update().serves();
        if now != leads {
            leads = now;
            let now = if leads { "leads" } else { "leads no more" };
            tracing::info!(partition = partition.0, term, "this node {now}");
            if jobs.send(Job::Lead(leads)).await.is_err() {
                return;
            }
        }
        let changed = tokio::select! {
            changed = leadership.changed() => changed,
            changed = trust.changed() => changed,
        };
        if changed.is_err() {
            return;
        }
    }
}

/// Takes a snapshot whenever the performer says that one is due.
async fn snapshot_when_due(replica: Replica<PerformerMachine>, visible: Arc<Visible>) {
    loop {
        visible.snapshot_due.notified().await;
        if let Err(error) = replica.trigger_snapshot().await {
            tracing::warn!(%error, "no snapshot; the next try comes after as much log again");
            visible.bytes.store(0, Ordering::Relaxed);
        }
    }
}

/// A partition without consensus is dead, and its node with it. What the log itself ends with is said
/// by the log.
async fn end_with(
    partition: PartitionId,
    ended: impl Future<Output = Option<String>>,
    log: watch::Receiver<Option<Arc<str>>>,
    failing: Failing,
) {
    let Some(cause) = ended.await else { return };
    if log.borrow().is_none() {
        failing.say(format!("consensus of partition {} has ended: {cause}", partition.0));
    }
}
