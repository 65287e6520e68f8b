//! The nodes of the exchange, for operators: the map, and changes to the table of nodes.

use super::admin::Admin;
use super::desk::{Desk, shown_at};
use super::failure::Refused;
use super::money::Named;
use super::reasons::refusal;
use crate::auth::Caller;
use hoga_cluster::link::PeerState;
use hoga_cluster::partition::{MetaCommand, NodeId, NodeTable, Standing};
use hoga_cluster::runtime::{Exchange, PartitionStatus};
use hoga_engine::ids::PartitionId;
use hoga_proto::names::NodeName;
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use std::collections::BTreeMap;

/// The exchange as this node sees it.
pub fn map(desk: &Desk) -> v1::ClusterMap {
    let me = desk.exchange.options().node;
    let statuses = desk.exchange.status();
    let topology = desk.exchange.topology();
    let map = v1::ClusterMap {
        partitions: statuses.iter().map(|status| partition(desk, status)).collect(),
        book_partition_count: topology.books.into(),
        account_partition_count: topology.accounts.into(),
        ..Default::default()
    };
    let Some(membership) = desk.exchange.membership() else {
        let alone = v1::ClusterNode {
            name: shown(me),
            standing: v1::NodeStanding::Active.into(),
            reach: v1::NodeReach::Self_.into(),
            ..Default::default()
        };
        return v1::ClusterMap { nodes: vec![alone], ..map };
    };
    let table = membership.table().borrow().clone();
    let states = membership.peer_states().borrow().clone();
    let nodes = table.members().map(|(id, node)| v1::ClusterNode {
        name: shown(id),
        link: node.link.to_string(),
        gateway: node.gateway.to_string(),
        standing: match node.standing {
            Standing::Draining => v1::NodeStanding::Draining.into(),
            Standing::Active | Standing::Removed => v1::NodeStanding::Active.into(),
        },
        reach: reach(id == me, &states, id).into(),
    });
    v1::ClusterMap { epoch: table.epoch, nodes: nodes.collect(), ..map }
}

fn reach(is_me: bool, states: &BTreeMap<NodeId, PeerState>, id: NodeId) -> v1::NodeReach {
    match states.get(&id) {
        _ if is_me => v1::NodeReach::Self_,
        Some(PeerState::Up { .. }) => v1::NodeReach::Up,
        Some(PeerState::Suspect) => v1::NodeReach::Suspect,
        Some(PeerState::Connecting | PeerState::Down) | None => v1::NodeReach::Down,
    }
}

fn partition(desk: &Desk, status: &PartitionStatus) -> v1::ClusterPartition {
    let catalogue = desk.exchange.catalogue();
    let here = catalogue.instruments.values().filter(|listed| listed.partition.0 == status.id);
    v1::ClusterPartition {
        partition: status.id.into(),
        leader: leader(&desk.exchange, status).map(shown).unwrap_or_default(),
        term: status.term,
        voters: status.voters.iter().copied().map(shown).collect(),
        learners: status.learners.iter().copied().map(shown).collect(),
        applied_index: status.applied,
        applied_commands: status.commands,
        symbols: here.map(|listed| listed.symbol.to_string()).collect(),
    }
}

/// Who leads a partition as far as this node can tell: a leader that it cannot reach, and this node
/// itself without most of the voters, lead nothing that they could go on with.
#[must_use]
pub fn leader(exchange: &Exchange, status: &PartitionStatus) -> Option<NodeId> {
    let leader = status.leader?;
    let Some(membership) = exchange.membership() else { return Some(leader) };
    let (me, states) = (exchange.options().node, membership.peer_states());
    let is_there = |id: NodeId| {
        use v1::NodeReach as Reach;
        let reach = reach(id == me, &states.borrow(), id);
        matches!(reach, Reach::Self_ | Reach::Up | Reach::Suspect)
    };
    let most = status.voters.len() / 2 + 1;
    let is_heard = leader != me || status.voters.iter().filter(|id| is_there(**id)).count() >= most;
    (is_there(leader) && is_heard).then_some(leader)
}

/// Whether operators have this node emptied, or gave it up.
#[must_use]
pub fn is_leaving(table: &NodeTable, me: NodeId) -> bool {
    table.get(me).is_some_and(|node| node.standing != Standing::Active)
}

/// A node's resource name.
#[must_use]
pub fn shown(id: NodeId) -> String {
    format!("nodes/n{id}")
}

/// The number of a node that is in the table, or was: whether it still is, is for the command to
/// find, behind the memory of requests. One that is repeated after it was done is no mistake.
fn number(table: &NodeTable, name: &str) -> Result<NodeId, Refused> {
    let name = NodeName::parse(name).map_err(|bad| Refusal::malformed("name", bad.to_string()))?;
    let number = name.id().strip_prefix('n').and_then(|digits| digits.parse().ok());
    number.filter(|id| table.get(*id).is_some()).ok_or_else(|| {
        let known: Vec<String> = table.members().map(|(id, _)| format!("n{id}")).collect();
        let message =
            format!("{name} is no node of this exchange; there are: {}", known.join(", "));
        Box::new(refusal("UNKNOWN_NODE", message).resource(name.to_string()))
    })
}

impl Admin {
    /// The table of nodes, of an exchange that has one.
    fn table(&self) -> Result<std::sync::Arc<NodeTable>, Refused> {
        let alone = || {
            let message = "this exchange is one node that knows of no others; start it with a \
                           [cluster] section in its config";
            refusal("NOT_SERVED", message)
        };
        let membership = self.0.exchange.membership().ok_or_else(alone)?;
        Ok(membership.table().borrow().clone())
    }

    pub(super) async fn add_node(
        &self,
        caller: &Caller,
        message: v1::AddNodeRequest,
    ) -> Result<v1::AddNodeResponse, Refused> {
        self.table()?;
        let is_address =
            |(host, port): (&str, &str)| !host.is_empty() && port.parse::<u16>().is_ok();
        if !message.link.rsplit_once(':').is_some_and(is_address) {
            let rule = format!("`{}` is not an address: write HOST:PORT", message.link);
            return Err(Box::new(Refusal::malformed("link", rule)));
        }
        let named = Named::of(&message.request_id, message.sent_at.as_ref());
        let link: Box<str> = message.link.as_str().into();
        let command = MetaCommand::AddNode { link: link.clone() };
        let (at, repeated_answer) = self.administer(caller, named, command).await?;
        let look = move |core: &hoga_cluster::partition::Core, _| core.nodes().at_link(&link);
        let meta = hoga_engine::topology::Topology::META;
        let added = self.0.exchange.core(meta, look).await;
        let added = added.map_err(|error| super::failure::unread(&error))?;
        let gone = || refusal("UNKNOWN_NODE", "the node was removed again meanwhile");
        let id = added.ok_or_else(gone)?;
        tracing::info!(node = id, link = message.link, "node added");
        let (name, position) = (shown(id), Some(shown_at(at)));
        Ok(v1::AddNodeResponse { name, position, repeated_answer })
    }

    pub(super) async fn drain_node(
        &self,
        caller: &Caller,
        message: v1::DrainNodeRequest,
    ) -> Result<v1::DrainNodeResponse, Refused> {
        let node = number(&*self.table()?, &message.name)?;
        let named = Named::of(&message.request_id, message.sent_at.as_ref());
        let command = MetaCommand::DrainNode { node, drain: !message.undo };
        let (at, repeated_answer) = self.administer(caller, named, command).await?;
        tracing::info!(node, drain = !message.undo, "node drained");
        Ok(v1::DrainNodeResponse { position: Some(shown_at(at)), repeated_answer })
    }

    pub(super) async fn remove_node(
        &self,
        caller: &Caller,
        message: v1::RemoveNodeRequest,
    ) -> Result<v1::RemoveNodeResponse, Refused> {
        let table = self.table()?;
        let node = number(&table, &message.name)?;
        let is_member = table.members().any(|(id, _)| id == node);
        let exchange = &self.0.exchange;
        let stuck = |PartitionId(partition)| {
            format!(
                "without n{node} partition {partition} might never go on: of the others who vote in it \
                 too few are within reach; see `hoga cluster map`, and start or remove those first"
            )
        };
        let absent = |heir| {
            format!(
                "n{heir} would have to take votes of n{node} over, and was never here; start it, or \
                 remove it first"
            )
        };
        let needed = || {
            let stuck = exchange.stuck_without(node).map(stuck);
            stuck.or_else(|| exchange.absent_heir_of(node).map(absent))
        };
        if let Some(why) = is_member.then(needed).flatten() {
            return Err(Box::new(refusal("NODE_NEEDED", why).resource(message.name)));
        }
        let named = Named::of(&message.request_id, message.sent_at.as_ref());
        let command = MetaCommand::RemoveNode { node };
        let (at, repeated_answer) = self.administer(caller, named, command).await?;
        tracing::info!(node, "node removed");
        Ok(v1::RemoveNodeResponse { position: Some(shown_at(at)), repeated_answer })
    }
}
