//! Several replicas of one partition over real links: electing, committing, failing, growing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::tally::{Shelf, Tally};
use super::{
    Donor, GIVEN_AT_ONCE_MAX, MembersError, PeerNetwork, Progress, ProposeError, RaftHandler,
    Replica, ReplicaSettings,
};
use crate::link::rig::{Authority, options, places};
use crate::link::{LinkOptions, Links, NodeId};
use crate::log::{LogOptions, MemoryDisk, PartitionId, SegmentLog};

const P: PartitionId = PartitionId(3);
/// Longer than anything here takes on a busy machine.
const SOON: Duration = Duration::from_secs(30);

/// A node with one replica.
pub(super) struct Node {
    id: NodeId,
    disk: MemoryDisk,
    shelf: Shelf,
    links: Links,
    log: SegmentLog,
    pub(super) replica: Replica<Tally>,
}

/// Where nodes listen, who is founded with whom, and who trusts whom.
pub(super) struct Cluster {
    authority: Authority,
    peers: BTreeMap<NodeId, String>,
    founders: BTreeSet<NodeId>,
}

impl Cluster {
    /// Nodes 1 to `places`, of which the first `founders` found the partition and are started.
    pub(super) async fn found(count: u64, founders: u64) -> (Cluster, BTreeMap<NodeId, Node>) {
        let (listeners, peers) = places(count);
        let founders: BTreeSet<NodeId> = (1..=founders).collect();
        let cluster = Cluster { authority: Authority::new(), peers, founders };
        drop(listeners);
        let mut nodes = BTreeMap::new();
        for id in cluster.founders.clone() {
            nodes.insert(id, cluster.start(id, MemoryDisk::new(), Shelf::default(), 1).await);
        }
        (cluster, nodes)
    }

    async fn start(&self, id: NodeId, disk: MemoryDisk, shelf: Shelf, incarnation: u32) -> Node {
        let handler = RaftHandler::default();
        let address: std::net::SocketAddr = self.peers[&id].parse().expect("an address");
        let listener = std::net::TcpListener::bind(address).expect("the port is free");
        let options = LinkOptions {
            incarnation,
            tls: Some(self.authority.issue(id)),
            ..options(id, listener, &self.peers)
        };
        let links = Links::start(options, Arc::new(handler.clone())).await.expect("links start");
        let log = SegmentLog::open(Arc::new(disk.clone()), LogOptions::small()).expect("a log");
        let donor =
            Donor::new(Arc::new(shelf.clone()), Arc::new(Semaphore::new(GIVEN_AT_ONCE_MAX)));
        let network = PeerNetwork::new(links.clone(), P, donor);
        let founders = self.founders.contains(&id).then(|| self.founders.clone());
        // A machine that builds something else must not make a leader late.
        let settings = ReplicaSettings {
            election_ms_min: 500,
            election_ms_max: 1000,
            ..ReplicaSettings::founded_by(founders.unwrap_or_default())
        };
        let replica = Replica::start(P, id, &log, shelf.load(), network, settings).await;
        let replica = replica.expect("it starts");
        handler.add(P, &replica, Arc::new(shelf.clone()));
        Node { id, disk, shelf, links, log, replica }
    }
}

impl Node {
    /// The process goes away and leaves its disk.
    async fn kill(self) -> (MemoryDisk, Shelf) {
        self.links.stop().await;
        self.replica.shutdown().await;
        drop(self.replica);
        self.log.close().await.expect("a clean end");
        (self.disk, self.shelf)
    }

    /// As [`Node::has_seen`], however often a batch was proposed.
    async fn has_seen_each(&self, batches: &[Bytes]) {
        let seen = async {
            while without_repeats(self.shelf.seen()) != batches {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(SOON, seen).await.expect("it gets all of them");
    }

    async fn has_seen(&self, batches: &[Bytes]) {
        let seen = async {
            while self.shelf.seen() != batches {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let late = |_| panic!("node {}: {} of {}", self.id, self.shelf.seen().len(), batches.len());
        timeout(SOON, seen).await.unwrap_or_else(late);
    }
}

pub(super) fn batch(number: u64) -> Bytes {
    Bytes::from(number.to_le_bytes().repeat(40))
}

fn batches(numbers: std::ops::Range<u64>) -> Vec<Bytes> {
    numbers.map(batch).collect()
}

/// The node that leads, once one does.
pub(super) async fn leader(nodes: &BTreeMap<NodeId, Node>) -> NodeId {
    let leads = async {
        loop {
            if let Some(node) = nodes.values().find(|node| node.replica.leadership().borrow().is_me)
            {
                return node.id;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(SOON, leads).await.expect("one of them leads")
}

/// Proposes until it is acknowledged; every node may be asked. What is unknown is asked again, so
/// a batch may be there twice.
pub(super) async fn propose(nodes: &BTreeMap<NodeId, Node>, batch: Bytes) {
    let proposed = async {
        loop {
            let leader = leader(nodes).await;
            match nodes[&leader].replica.propose(batch.clone()).await {
                Ok(_) => return,
                Err(ProposeError::NotLeader { .. } | ProposeError::Unknown) => {}
                Err(error) => panic!("{error}"),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(SOON, proposed).await.expect("acknowledged");
}

/// Waits until the leader knows that a node has all it has.
async fn caught_up(leader: &Node, node: NodeId) {
    let up = async {
        loop {
            let progress = leader.replica.progress();
            let Progress { last, others, .. } = progress.unwrap_or_default();
            if last.is_some() && others.get(&node) == Some(&last) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(SOON, up).await.expect("it catches up");
}

pub(super) async fn stop(nodes: BTreeMap<NodeId, Node>) {
    for node in nodes.into_values() {
        node.kill().await;
    }
}

fn without_repeats(seen: Vec<Bytes>) -> Vec<Bytes> {
    let mut once = Vec::new();
    for batch in seen {
        if !once.contains(&batch) {
            once.push(batch);
        }
    }
    once
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_replicas_elect_one_and_all_apply_what_it_is_given() {
    let (_cluster, nodes) = Cluster::found(3, 3).await;
    for number in 0..50 {
        propose(&nodes, batch(number)).await;
    }
    for node in nodes.values() {
        node.has_seen_each(&batches(0..50)).await;
        let members = node.replica.membership().borrow().clone();
        assert_eq!(members.voters, [1, 2, 3].into());
        assert!(!members.is_joint());
    }
    // On a machine that builds something else, another may lead at any moment.
    let told = async {
        loop {
            let leader = leader(&nodes).await;
            let read = nodes[&leader].replica.read_barrier().await;
            let follower = nodes.values().find(|node| node.id != leader).expect("two of them");
            let refused = follower.replica.propose(batch(50)).await;
            if read.is_ok() && refused == Err(ProposeError::NotLeader { hint: Some(leader) }) {
                return;
            }
        }
    };
    timeout(SOON, told).await.expect("the leader reads, and the others name it");
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_leader_dies_another_leads_and_nothing_acknowledged_is_lost() {
    let (cluster, mut nodes) = Cluster::found(3, 3).await;
    for round in 0..3 {
        for number in 10 * round..10 * round + 10 {
            propose(&nodes, batch(number)).await;
        }
        let dead = leader(&nodes).await;
        let (disk, shelf) = nodes.remove(&dead).expect("it leads").kill().await;
        propose(&nodes, batch(1000 + round)).await;
        assert_ne!(leader(&nodes).await, dead);
        let again = cluster.start(dead, disk, shelf, 2 + round as u32).await;
        nodes.insert(dead, again);
    }
    propose(&nodes, batch(2000)).await;
    let expected: Vec<Bytes> = (0..3)
        .flat_map(|round| (10 * round..10 * round + 10).chain([1000 + round]))
        .chain([2000])
        .map(batch)
        .collect();
    let leading = &nodes[&leader(&nodes).await];
    leading.replica.read_barrier().await.expect("it leads");
    let seen = leading.shelf.seen();
    assert_eq!(without_repeats(seen.clone()), expected);
    for node in nodes.values() {
        node.has_seen(&seen).await;
    }
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_without_links_acknowledges_nothing_and_comes_back_as_a_follower() {
    let (cluster, nodes) = Cluster::found(3, 3).await;
    propose(&nodes, batch(0)).await;
    let alone = leader(&nodes).await;
    nodes[&alone].links.set_peers(BTreeMap::new());
    let lonely = nodes[&alone].replica.clone();
    let proposal = tokio::spawn(async move { lonely.propose(batch(99)).await });
    let others: BTreeSet<NodeId> = nodes.keys().copied().filter(|node| *node != alone).collect();
    // Whoever is elected may lose it again at once, to one who was a moment later.
    let led = async {
        loop {
            for other in &others {
                if nodes[other].replica.propose(batch(1)).await.is_ok() {
                    return *other;
                }
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let new = timeout(SOON, led).await.expect("one of the others leads");
    let term = nodes[&new].replica.leadership().borrow().term;
    nodes[&alone].links.set_peers(cluster.peers.clone());
    nodes[&alone].has_seen_each(&batches(0..2)).await;
    // What it could not commit is nowhere, and its proposer knows nothing.
    assert_eq!(proposal.await.expect("no panic"), Err(ProposeError::Unknown));
    for node in nodes.values() {
        node.has_seen_each(&batches(0..2)).await;
    }
    // A pre-vote asks first: whoever was alone did not make terms that depose the leader.
    assert_eq!(nodes[&new].replica.leadership().borrow().term, term);
    assert!(nodes[&new].replica.leadership().borrow().is_me);
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_that_was_alone_for_long_does_not_disturb_the_leader() {
    let (cluster, nodes) = Cluster::found(3, 3).await;
    propose(&nodes, batch(0)).await;
    let leading = leader(&nodes).await;
    let term = nodes[&leading].replica.leadership().borrow().term;
    let alone = *nodes.keys().find(|node| **node != leading).expect("two of them");
    nodes[&alone].links.set_peers(BTreeMap::new());
    // Several election time-outs.
    for number in 1..100 {
        propose(&nodes, batch(number)).await;
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(nodes[&alone].replica.leadership().borrow().term, term, "it asked and got nothing");
    nodes[&alone].links.set_peers(cluster.peers.clone());
    nodes[&alone].has_seen_each(&batches(0..100)).await;
    assert_eq!(nodes[&leading].replica.leadership().borrow().term, term);
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_node_grows_to_four_voters_and_leadership_moves_to_where_it_is_wanted() {
    let (cluster, mut nodes) = Cluster::found(4, 1).await;
    propose(&nodes, batch(0)).await;
    for id in 2..=4 {
        nodes.insert(id, cluster.start(id, MemoryDisk::new(), Shelf::default(), 1).await);
        nodes[&1].replica.add_learner(id).await.expect("it joins");
        propose(&nodes, batch(id - 1)).await;
        caught_up(&nodes[&1], id).await;
        nodes[&id].has_seen_each(&batches(0..id)).await;
        let members = nodes[&1].replica.membership().borrow().clone();
        assert_eq!((members.voters, members.learners), ([1].into(), (2..=id).collect()));
    }
    let members = nodes[&1].replica.membership().borrow().clone();
    let two = nodes[&1].replica.change_voters([1, 2].into(), members.at).await;
    assert_eq!(two, Err(MembersError::Count(2)));
    let stale = nodes[&1].replica.change_voters([1, 2, 3].into(), None).await;
    assert_eq!(stale, Err(MembersError::Changed));
    let changed = nodes[&1].replica.change_voters([1, 2, 3, 4].into(), members.at).await;
    changed.expect("all of them vote");
    for wanted in [4, 2, 3] {
        let now = leader(&nodes).await;
        nodes[&now].replica.transfer_leadership(wanted).await.expect("asked");
        let mut leadership = nodes[&wanted].replica.leadership();
        let led = timeout(SOON, leadership.wait_for(|leadership| leadership.is_me)).await;
        led.expect("it leads soon").expect("it runs");
        propose(&nodes, batch(wanted + 10)).await;
    }
    // Node 1 is not needed any more.
    let lead = leader(&nodes).await;
    let members = nodes[&lead].replica.membership().borrow().clone();
    let changed = nodes[&lead].replica.change_voters([2, 3, 4].into(), members.at).await;
    changed.expect("three vote");
    nodes.remove(&1).expect("it was there").kill().await;
    propose(&nodes, batch(20)).await;
    let expected: Vec<Bytes> = (0..4).chain([14, 12, 13, 20]).map(batch).collect();
    for node in nodes.values() {
        let mut members = node.replica.membership();
        let told = members.wait_for(|members| members.voters == [2, 3, 4].into());
        timeout(SOON, told).await.expect("it hears of it").expect("it runs");
        node.has_seen_each(&expected).await;
    }
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_whose_entries_are_purged_gets_a_snapshot() {
    let (cluster, mut nodes) = Cluster::found(3, 3).await;
    propose(&nodes, batch(0)).await;
    let lead = leader(&nodes).await;
    let slow = *nodes.keys().find(|node| **node != lead).expect("two of them");
    nodes[&slow].has_seen(&batches(0..1)).await;
    nodes[&slow].replica.trigger_snapshot().await.expect("it is written");
    let (disk, shelf) = nodes.remove(&slow).expect("it was there").kill().await;
    for number in 1..300 {
        propose(&nodes, batch(number)).await;
        if number % 100 == 99 {
            for node in nodes.values() {
                node.replica.trigger_snapshot().await.expect("it is written");
            }
        }
    }
    // What is on its way to a follower is not cut off; that one is tried now and then.
    let cut = async {
        while nodes.values().any(|node| node.log.partition(P).state().purged.is_none()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(SOON, cut).await.expect("the logs are cut");
    let lead = leader(&nodes).await;
    nodes.insert(slow, cluster.start(slow, disk, shelf, 2).await);
    nodes[&slow].has_seen(&nodes[&lead].shelf.seen()).await;
    assert_eq!(nodes[&slow].shelf.installed(), 1);
    // The snapshot it had before is of no use with the log it has now, and is replaced.
    let replaced = async {
        let node = &nodes[&slow];
        let purged = || node.log.partition(P).state().purged.map(|at| at.index);
        while node.shelf.fallback() < purged() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(SOON, replaced).await.expect("there is one to fall back to");
    // It goes on from there, also after another start.
    propose(&nodes, batch(300)).await;
    nodes[&slow].has_seen(&nodes[&lead].shelf.seen()).await;
    let (disk, shelf) = nodes.remove(&slow).expect("it was there").kill().await;
    nodes.insert(slow, cluster.start(slow, disk, shelf, 3).await);
    propose(&nodes, batch(301)).await;
    nodes[&slow].has_seen(&nodes[&leader(&nodes).await].shelf.seen()).await;
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_replicas_go_on_with_three_and_not_with_two() {
    let (_cluster, mut nodes) = Cluster::found(5, 5).await;
    propose(&nodes, batch(0)).await;
    for round in 1..=2 {
        let dead = leader(&nodes).await;
        nodes.remove(&dead).expect("it leads").kill().await;
        propose(&nodes, batch(round)).await;
    }
    let dead = *nodes.keys().next().expect("three are left");
    nodes.remove(&dead).expect("it is there").kill().await;
    let lonely: Vec<_> = nodes.values().map(|node| node.replica.clone()).collect();
    for replica in lonely {
        let proposed = timeout(Duration::from_millis(1500), replica.propose(batch(9))).await;
        assert!(!matches!(proposed, Ok(Ok(_))), "two of five: {proposed:?}");
    }
    stop(nodes).await;
}
