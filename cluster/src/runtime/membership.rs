//! A node's part among the others: how far reads have to see, and the table of nodes.

use super::clocks::AskingClocks;
use super::exchange::{Exchange, Identified, WeakExchange};
use super::identity::Identity;
use super::neighbours::Neighbours;
use super::options::ClusterOptions;
use super::partition::Partition;
use super::peers::{Enter, Entered, Peers};
use super::read::ReadError;
use super::steward::Steward;
use crate::link::{NodeId, PeerState};
use crate::partition::{MetaCommand, NodeTable, Standing, Trace, placement};
use crate::raft::RaftHandler;
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::Answer;
use hoga_engine::ids::PartitionId;
use hoga_engine::topology::Topology;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How long one try to have this node entered may take.
const ENTER_WITHIN: Duration = Duration::from_secs(3);
/// How long one try to found the table may take; another follows.
const FOUND_WITHIN: Duration = Duration::from_millis(500);
/// How long leaders may take to hand over before this node stops all the same.
const LEAVE_WITHIN: Duration = Duration::from_secs(3);

/// What makes an exchange one of several.
pub struct Membership {
    peers: Peers,
    consensus: RaftHandler,
    options: ClusterOptions,
    identity: Identity,
    table: watch::Receiver<Arc<NodeTable>>,
    /// This node is about to stop and leads nothing any more.
    leaving: watch::Sender<bool>,
    /// Nodes whose clock is off.
    clocks_off: watch::Sender<BTreeSet<NodeId>>,
}

impl Membership {
    pub(super) fn new(
        peers: Peers,
        consensus: RaftHandler,
        options: ClusterOptions,
        identity: Identity,
        table: watch::Receiver<Arc<NodeTable>>,
    ) -> Membership {
        let leaving = watch::channel(false).0;
        let clocks_off = watch::channel(BTreeSet::new()).0;
        Membership { peers, consensus, options, identity, table, leaving, clocks_off }
    }

    /// The nodes of the exchange, as far as this one knows.
    #[must_use]
    pub fn table(&self) -> watch::Receiver<Arc<NodeTable>> {
        self.table.clone()
    }

    /// How each other node is.
    #[must_use]
    pub fn peer_states(&self) -> watch::Receiver<BTreeMap<NodeId, PeerState>> {
        self.peers.links().peers()
    }

    /// The nodes whose clock is more than a second from the median of all: they lead nothing.
    #[must_use]
    pub fn clocks_off(&self) -> watch::Receiver<BTreeSet<NodeId>> {
        self.clocks_off.subscribe()
    }

    /// The nodes that hear this one and are heard.
    pub(super) fn reached(&self) -> BTreeSet<NodeId> {
        let states = self.peer_states();
        let states = states.borrow();
        states.iter().filter(|(_, state)| state.is_up()).map(|(id, _)| *id).collect()
    }

    pub(super) fn peers(&self) -> &Peers {
        &self.peers
    }

    /// How far a read of a partition has to see.
    pub(super) async fn read_index(&self, partition: &Partition) -> Result<u64, ReadError> {
        let no_leader = ReadError::NoLeader(partition.id.0);
        let leader = partition.replica.leadership().borrow().leader;
        match leader {
            None => Err(no_leader),
            Some(leader) if leader == self.peers.me() => {
                partition.read_barrier().await.ok_or(no_leader)
            }
            Some(leader) => self.peers.read_index(leader, partition.id).await,
        }
    }

    /// Starts what goes on for as long as the exchange does.
    pub(super) fn begin(&self, exchange: &Exchange) {
        let leaving = self.leaving.subscribe();
        let others = |id| {
            let others =
                exchange.partitions().filter(|other| id == Topology::META && other.id != id);
            others.map(|other| other.replica.membership()).collect()
        };
        for partition in exchange.partitions() {
            let steward = Steward {
                partition: partition.id,
                replica: partition.replica.clone(),
                peers: self.peers.clone(),
                table: self.table.clone(),
                leaving: leaving.clone(),
                space_is_low: exchange.space_is_low(),
                trusted: partition.trusted.clone(),
                clocks_off: self.clocks_off(),
                elsewhere: others(partition.id),
            };
            tokio::spawn(steward.run());
        }
        let asking = AskingClocks {
            peers: self.peers.clone(),
            clock: exchange.options().clock.clone(),
            off: self.clocks_off.clone(),
            exchange: exchange.downgrade(),
        };
        tokio::spawn(asking.run());
        let neighbours = Neighbours {
            table: self.table.clone(),
            links: self.peers.links().clone(),
            seeds: self.options.peers.clone(),
            exchange: exchange.downgrade(),
        };
        tokio::spawn(neighbours.run());
        tokio::spawn(be_known(exchange.downgrade(), self.identity.clone(), self.options.clone()));
    }

    /// Hands leadership over before this node stops, as far as somebody takes it.
    pub(super) async fn leave(&self, exchange: &Exchange) {
        self.leaving.send_replace(true);
        let voters = |p: &Arc<Partition>| p.replica.membership().borrow().voters.len();
        let given = async {
            for partition in exchange.partitions().filter(|p| voters(p) > 1) {
                let mut leadership = partition.replica.leadership();
                drop(leadership.wait_for(|leadership| !leadership.is_me).await);
            }
        };
        drop(tokio::time::timeout(LEAVE_WITHIN, given).await);
        for partition in exchange.partitions() {
            self.consensus.remove(crate::log::PartitionId(partition.id.0.into()));
        }
    }
}

impl Exchange {
    /// A partition that could be without a majority for good if a node were given up now: somebody
    /// who votes in it is not reached, and the others are too few, should that node be lost before
    /// its vote has moved.
    #[must_use]
    pub fn stuck_without(&self, node: NodeId) -> Option<PartitionId> {
        let membership = self.membership()?;
        let mut reached = membership.reached();
        reached.insert(membership.peers().me());
        let mut others = reached.clone();
        others.remove(&node);
        let is_stuck = |partition: &&Arc<Partition>| {
            let members = partition.replica.membership().borrow().clone();
            let voters = &members.voters;
            // Who has no state yet does not know who votes.
            voters.is_empty()
                || (voters.contains(&node)
                    && !voters.is_subset(&reached)
                    && !members.has_quorum(&others))
        };
        self.partitions().find(is_stuck).map(|partition| partition.id)
    }

    /// A node that would vote where another one does, were that given up now, and that was never
    /// here: the votes would wait for it.
    #[must_use]
    pub fn absent_heir_of(&self, node: NodeId) -> Option<NodeId> {
        let mut table = NodeTable::clone(&self.membership()?.table().borrow());
        // A rule that forbids it is said by whoever carries it out.
        table.remove(node).ok()?;
        let votes_in = |p: &&Arc<Partition>| p.replica.membership().borrow().voters.contains(&node);
        let mut heirs =
            self.partitions().filter(votes_in).flat_map(|p| placement::voters(&table, p.id));
        heirs.find(|heir| table.get(*heir).is_some_and(|heir| heir.directory.is_none()))
    }

    /// The nodes that are reached, for one that may give this node the lead.
    pub(super) fn reached_if_it_would_lead(&self) -> Option<BTreeSet<NodeId>> {
        let membership = self.membership()?;
        let would = !*membership.leaving.borrow() && !self.is_short_of_space();
        Some(if would { membership.reached() } else { BTreeSet::new() })
    }

    /// Enters a node in the table, for one that starts.
    pub(super) async fn enter_node(&self, newcomer: Enter) -> Entered {
        let Enter { node, directory, link, gateway } = newcomer;
        let command = MetaCommand::EnterNode { node, directory, link, gateway };
        let reply = self.administer(&once("enter"), command, ENTER_WITHIN).await;
        match reply.answer {
            Ok(Answer::Rejected { reject, .. }) => Entered::No(reject.to_string()),
            Ok(_) => Entered::Yes,
            Err(_) => Entered::Later,
        }
    }
}

/// A request that nobody repeats under its id: what it asks is the same however often it is done.
fn once(what: &str) -> Identified {
    use std::hash::{BuildHasher, RandomState};
    let id = format!("{what}:{:016x}", RandomState::new().hash_one(what));
    let id = ClientId::parse(&id).expect("a word and sixteen digits fit an id");
    Identified { id, body_hash: 0, sent_at: None, trace: Trace::default() }
}

/// Founds the table when there is none, and makes sure that this node stands in it as it is.
async fn be_known(exchange: WeakExchange, identity: Identity, options: ClusterOptions) {
    loop {
        let Some(exchange) = exchange.upgrade() else { return };
        let Some(membership) = exchange.membership() else { return };
        if membership.table().borrow().is_empty() && !options.founders.is_empty() {
            let founders = options.founders.iter();
            let link = |id: &NodeId| match options.peers.get(id) {
                Some(link) => link.as_str().into(),
                None => options.link.as_str().into(),
            };
            let founders = founders.map(|id| (*id, link(id))).collect();
            let command = MetaCommand::FoundNodes(founders);
            drop(exchange.administer(&once("found"), command, FOUND_WITHIN).await);
            // Entering is refused for good by a table that does not know of the founders yet.
            if membership.table().borrow().is_empty() {
                tokio::time::sleep(membership.peers().back_off()).await;
                continue;
            }
        }
        let me = membership.table().borrow().get(identity.node).map(|node| node.standing);
        if me == Some(Standing::Removed) {
            return;
        }
        let mut leaving = membership.leaving.subscribe();
        let entered = tokio::select! {
            entered = exchange.enter_node(super::founding::newcomer(&identity, &options)) => entered,
            _ = leaving.wait_for(|leaving| *leaving) => return,
        };
        match entered {
            Entered::Yes => return,
            Entered::No(why) => {
                exchange.fail(&why);
                return;
            }
            Entered::Later => tokio::time::sleep(membership.peers().back_off()).await,
        }
    }
}

/// Whether a node should lead: it is there, and nobody drains it.
pub(super) fn may_lead(table: &NodeTable, id: NodeId) -> bool {
    table.get(id).is_some_and(|node| node.standing == Standing::Active)
}
