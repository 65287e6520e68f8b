//! Starting a node: log, snapshots and history opened, every partition replayed and led.

use super::answers::Answers;
use super::exchange::Exchange;
use super::feed::Feed;
use super::historian::Historian;
use super::identity::{Identity, IdentityError};
use super::intake::{Asked, CLIENTS_MAX, INBOUND_MAX, Inbound};
use super::machine::PerformerMachine;
use super::options::ExchangeOptions;
use super::partition::Partition;
use super::performer::{MAILBOX_MAX, Order, Outlets, Performer, Visible};
use super::pump::{Pump, PumpOrder};
use super::quotes::Quotes;
use super::rebuilder::Rebuilder;
use super::sequencer::Sequencer;
use super::snapshots::Snapshots;
use crate::history::{HistoryDatabase, HistoryError, HistoryOptions};
use crate::log::{LogPosition, OpenError, PartitionId as LogPartitionId, SegmentLog};
use crate::raft::{self, Applied, Leadership, NoNetwork, Replica, ReplicaSettings};
use crate::snapshot::{SnapshotError, SnapshotStore};
use crate::state::{State, StateError};
use hoga_actors::{Entity, EntityId, Host, HostError};
use hoga_engine::ids::PartitionId;
use hoga_engine::order::Side;
use hoga_engine::topology::{Role, Topology};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

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
}

/// The ends of the channels between partitions, made before anybody works.
struct Wiring {
    clients: BTreeMap<PartitionId, (mpsc::Sender<Asked>, Option<mpsc::Receiver<Asked>>)>,
    inbound: BTreeMap<PartitionId, (mpsc::Sender<Inbound>, Option<mpsc::Receiver<Inbound>>)>,
    /// By (source, destination): how far the destination has heard the source.
    heard: BTreeMap<(PartitionId, PartitionId), watch::Sender<u64>>,
    congested: BTreeMap<PartitionId, watch::Sender<bool>>,
}

impl Wiring {
    fn new(topology: &Topology) -> Wiring {
        let ids: Vec<PartitionId> = topology.partitions().map(|(id, _)| id).collect();
        let pairs = ids.iter().flat_map(|&from| ids.iter().map(move |&to| (from, to)));
        Wiring {
            clients: ids
                .iter()
                .map(|&id| {
                    let (sender, receiver) = mpsc::channel(CLIENTS_MAX);
                    (id, (sender, Some(receiver)))
                })
                .collect(),
            inbound: ids
                .iter()
                .map(|&id| {
                    let (sender, receiver) = mpsc::channel(INBOUND_MAX);
                    (id, (sender, Some(receiver)))
                })
                .collect(),
            heard: pairs.map(|pair| (pair, watch::channel(1).0)).collect(),
            congested: ids.iter().map(|&id| (id, watch::channel(false).0)).collect(),
        }
    }

    fn from(&self, source: PartitionId) -> BTreeMap<PartitionId, watch::Receiver<u64>> {
        let mine = self.heard.iter().filter(|((from, _), _)| *from == source);
        mine.map(|((_, to), heard)| (*to, heard.subscribe())).collect()
    }

    fn to(&self, destination: PartitionId) -> BTreeMap<PartitionId, watch::Sender<u64>> {
        let mine = self.heard.iter().filter(|((_, to), _)| *to == destination);
        mine.map(|((from, _), heard)| (*from, heard.clone())).collect()
    }
}

/// What all partitions of a node share.
struct Shared {
    log: SegmentLog,
    answers: Arc<Answers>,
    history: HistoryDatabase,
    failed: watch::Sender<Option<Arc<str>>>,
    feed: Feed,
    quotes: Arc<Quotes>,
}

impl Exchange {
    /// Opens the data directory, replays what the snapshots do not have, and serves.
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
        let log = tokio::task::spawn_blocking(move || SegmentLog::open_dir(&log_dir, log_options))
            .await
            .expect("opening the log does not panic")?;
        // Only now is it certain that no other process has the directory.
        let identity = Identity::claim(&dir, options.node, options.topology)?;
        let history = HistoryDatabase::open(&dir.join("history"), HistoryOptions::default())?;
        let shared = Shared {
            log: log.clone(),
            answers: Arc::new(Answers::new(identity.node as u16, identity.incarnation)),
            history,
            failed: watch::channel(None).0,
            feed: Feed::start(options.topology),
            quotes: Arc::default(),
        };
        let mut wiring = Wiring::new(&options.topology);
        let mut partitions = BTreeMap::new();
        let mut catalogues = BTreeMap::new();
        for (id, role) in options.topology.partitions() {
            let (partition, catalogue) =
                start_partition(id, role, &options, &shared, &mut wiring).await?;
            catalogues.insert(id, catalogue);
            partitions.insert(id, Arc::new(partition));
        }
        let Shared { answers, feed, quotes, failed, .. } = shared;
        let exchange =
            Exchange::new(options, log, answers, feed, quotes, partitions, catalogues, failed);
        exchange.until_led().await;
        exchange.count_replay(begun.elapsed());
        Ok(exchange)
    }
}

async fn start_partition(
    id: PartitionId,
    role: Role,
    options: &ExchangeOptions,
    shared: &Shared,
    wiring: &mut Wiring,
) -> Result<(Partition, watch::Receiver<Arc<hoga_engine::instrument::Catalogue>>), StartError> {
    let store = SnapshotStore::open(options.data.join(format!("snapshots/{}", id.0)), id)?;
    let store = Arc::new(Mutex::new(store));
    let (state, applied) = load(id, &store, options.topology)?;
    let mut historian = Historian::default();
    if role == Role::Accounts {
        let history = Arc::new(shared.history.partition(id)?);
        let index = applied.last.map_or(0, |at| at.index);
        historian = Historian::start(history, index)
            .map_err(|source| StartError::Directory { dir: "history".into(), source })?;
    }
    let snapshots = Snapshots { partition: id, store, historian: historian.clone() };
    show_quotes(&state, &shared.quotes);
    let mut host = Host::start().await?;
    let core = state.settle(&mut host);

    let log_id = LogPartitionId(u32::from(id.0));
    let visible = Arc::new(Visible::default());
    visible.restored.store(core.commands(), std::sync::atomic::Ordering::Relaxed);
    let mut pumps = BTreeMap::new();
    let mut tasks = JoinSet::new();
    for (to, acked) in wiring.from(id) {
        let (orders, told) = mpsc::unbounded_channel::<PumpOrder>();
        let inbound = wiring.inbound[&to].0.clone();
        let is_work = role == Role::Accounts && options.topology.role(to) == Role::Books;
        let congested = is_work.then(|| wiring.congested[&to].subscribe());
        tasks.spawn(Pump::new(id, inbound, acked, congested).run(told));
        pumps.insert(to, orders);
    }
    let (catalogue, catalogue_shown) = watch::channel(core.scene().catalogue.clone());
    let outlets = Outlets {
        answers: shared.answers.clone(),
        historian: historian.clone(),
        failed: shared.failed.clone(),
        snapshot_bytes: options.snapshot_bytes,
        feed: shared.feed.clone(),
        quotes: shared.quotes.clone(),
        pumps,
        heard: wiring.to(id),
        congested: wiring.congested[&id].clone(),
        catalogue,
        visible: visible.clone(),
    };
    let (log, topology) = (shared.log.partition(log_id), options.topology);
    let rebuild = Rebuilder { snapshots: snapshots.clone(), log, topology };
    for (source, heard) in &outlets.heard {
        heard.send_replace(core.next_in(*source));
    }
    let (orders, mailbox) = mpsc::channel(MAILBOX_MAX);
    tasks.spawn(Performer::new(core, host, outlets, rebuild).run(mailbox));

    let machine = PerformerMachine { orders: orders.clone(), applied, snapshots };
    let settings = ReplicaSettings::founded_by([options.node]);
    let replica =
        Replica::start(log_id, options.node, &shared.log, machine, NoNetwork, settings).await?;
    tasks.spawn(snapshot_when_due(replica.clone(), visible.clone()));
    tasks.spawn(follow_leadership(replica.leadership(), orders.clone()));
    let sequencer = Sequencer {
        replica: replica.clone(),
        clock: options.clock.clone(),
        answers: shared.answers.clone(),
        visible: visible.clone(),
        acked: wiring.from(id).into_iter().map(|(to, acked)| (to, (acked, 1))).collect(),
        partition: id,
    };
    let (clients, asked) = wiring.clients.get_mut(&id).expect("wired");
    let (_, heard) = wiring.inbound.get_mut(&id).expect("wired");
    let (asked, heard) = (asked.take().expect("once"), heard.take().expect("once"));
    tasks.spawn(sequencer.run(asked, heard));
    let clients = clients.clone();
    let congested = wiring.congested[&id].subscribe();
    let tasks = tokio::sync::Mutex::new(tasks);
    let partition =
        Partition { id, role, replica, orders, clients, congested, visible, historian, tasks };
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

fn show_quotes(state: &State, quotes: &Quotes) {
    for (id, entity) in &state.entities {
        if let (EntityId::Book(instrument), Entity::Book(listing)) = (id, entity) {
            let levels = [Side::Buy, Side::Sell].map(|side| listing.book().levels(side).collect());
            quotes.restore(*instrument, listing.last(), levels);
        }
    }
}

/// Tells a performer when its node begins or ends to lead.
async fn follow_leadership(
    mut leadership: watch::Receiver<Leadership>,
    orders: mpsc::Sender<Order>,
) {
    let mut leads = false;
    loop {
        let now = leadership.borrow_and_update().is_me;
        if now != leads {
            leads = now;
            if orders.send(Order::Lead(leads)).await.is_err() {
                return;
            }
        }
        if leadership.changed().await.is_err() {
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
            visible.bytes.store(0, std::sync::atomic::Ordering::Relaxed);
        }
    }
}
