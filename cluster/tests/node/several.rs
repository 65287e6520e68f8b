//! Several nodes in one process, over real links: orders in anywhere, the same everywhere.

use crate::market::Market;
use futures::future::join_all;
use hoga_cluster::link::DevelopmentCa;
use hoga_cluster::partition::{MetaCommand, NodeId};
use hoga_cluster::runtime::{Clock, ClusterOptions, Exchange, ExchangeOptions, StartError};
use hoga_engine::effect::Answer;
use hoga_engine::order::{Side, Status};
use hoga_engine::time::Time;
use hoga_engine::topology::Topology;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

const WITHIN: Duration = Duration::from_secs(10);

/// Where the nodes are, and who founds.
pub struct Ground {
    dir: TempDir,
    pub links: BTreeMap<NodeId, SocketAddr>,
    founders: BTreeSet<NodeId>,
    pub checkpoint_every: Duration,
    pub election_ms: (u64, u64),
    pub topology: Topology,
    /// Where they are not the machine's.
    pub clocks: BTreeMap<NodeId, Clock>,
}

impl Ground {
    pub fn new(founders: u64) -> Ground {
        let founders = (1..=founders).collect();
        let free = || {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            listener.local_addr().unwrap()
        };
        let links = (1..=5).map(|id| (id, free())).collect();
        let checkpoint_every = Duration::from_secs(10);
        let (dir, clocks) = (tempfile::tempdir().unwrap(), BTreeMap::new());
        let (election_ms, topology) = ((150, 300), Topology::default());
        Ground { dir, links, founders, checkpoint_every, election_ms, topology, clocks }
    }

    pub fn data(&self, node: NodeId) -> PathBuf {
        self.dir.path().join(format!("n{node}"))
    }

    pub fn options(&self, node: NodeId) -> ExchangeOptions {
        let ca = DevelopmentCa::in_dir(self.dir.path().join("certificates")).unwrap();
        let is_founder = self.founders.contains(&node);
        let mut options = ExchangeOptions::new(self.data(node));
        options.node = node;
        options.checkpoint_every = self.checkpoint_every;
        options.topology = self.topology;
        if let Some(clock) = self.clocks.get(&node) {
            options.clock = clock.clone();
        }
        options.log.segment_bytes = 8 << 20;
        options.log.write_bytes_max = 1 << 20;
        options.cluster = Some(ClusterOptions {
            name: "test".into(),
            listen: self.links[&node],
            link: self.links[&node].to_string(),
            gateway: String::new(),
            peers: self.links.iter().map(|(id, link)| (*id, link.to_string())).collect(),
            founders: if is_founder { self.founders.clone() } else { BTreeSet::new() },
            heartbeat_ms: 50,
            election_ms: self.election_ms,
            tls: Some(ca.issue(node).unwrap()),
        });
        options
    }

    async fn try_start(&self, node: NodeId) -> Result<Market, StartError> {
        Exchange::start(self.options(node)).await.map(Market::of)
    }

    pub async fn start(&self, node: NodeId) -> Market {
        self.try_start(node).await.unwrap()
    }

    pub async fn start_all(&self) -> Vec<Market> {
        let nodes = join_all(self.founders.iter().map(|node| self.start(*node))).await;
        nodes[0].list().await;
        nodes
    }
}

pub async fn stop_all(nodes: &[Market]) {
    join_all(nodes.iter().map(|node| node.exchange.stop())).await;
}

/// The same order of events and the same state everywhere.
pub async fn assert_equal(nodes: &[Market]) {
    let first = nodes[0].everything().await;
    for node in &nodes[1..] {
        assert_eq!(node.everything().await, first);
    }
    nodes[0].assert_conserved().await;
}

/// Waits until a condition on a node's table and partitions holds.
pub async fn until(node: &Market, what: &str, holds: impl Fn(&Exchange) -> bool) {
    let waited = async {
        while !holds(&node.exchange) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waited).await.unwrap_or_else(|_| {
        panic!("{what} did not come about: {:?}", node.exchange.status());
    });
}

fn all_led(exchange: &Exchange) -> bool {
    exchange.status().iter().all(|partition| partition.leader.is_some())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_goes_in_anywhere_and_is_the_same_everywhere() {
    let ground = Ground::new(3);
    let nodes = ground.start_all().await;
    nodes[1].account("alice", "1000000", "0").await;
    nodes[2].account("bob", "0", "500").await;
    for n in 0..20 {
        let rests = nodes[n % 3].limit("bob", &format!("s{n}"), Side::Sell, 5, 770).await.unwrap();
        assert_eq!(rests.status, Status::Open);
    }
    let fills = nodes[0].limit("alice", "b1", Side::Buy, 42, 780).await.unwrap();
    assert_eq!((fills.status, fills.filled.0), (Status::Filled, 42));
    for node in &nodes {
        assert_eq!(node.balance_after("alice", &fills, "LPJ").await.available, node.lpj(42));
    }
    // A retry through another gateway is the same order.
    let again = nodes[2].limit("alice", "b1", Side::Buy, 42, 780).await.unwrap();
    assert_eq!((again.order, again.filled), (fills.order, fills.filled));
    assert_equal(&nodes).await;
    stop_all(&nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_three_go_on_and_the_third_catches_up() {
    let ground = Ground::new(3);
    let mut nodes = ground.start_all().await;
    nodes[0].account("alice", "1000000", "0").await;
    nodes[0].account("bob", "0", "500").await;
    nodes.remove(1).exchange.stop().await;
    for n in 0..10 {
        nodes[n % 2].limit("bob", &format!("s{n}"), Side::Sell, 5, 770).await.unwrap();
    }
    nodes.insert(1, ground.start(2).await);
    let fills = nodes[1].limit("alice", "b1", Side::Buy, 7, 770).await.unwrap();
    assert_eq!(fills.filled.0, 7);
    assert_equal(&nodes).await;
    stop_all(&nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_too_far_behind_gets_a_snapshot_with_its_history() {
    let ground = Ground::new(3);
    let mut nodes = ground.start_all().await;
    nodes[0].account("alice", "1000000", "0").await;
    nodes[0].account("bob", "0", "500").await;
    nodes[2].exchange.settled().await.unwrap();
    nodes[2].exchange.snapshot().await.unwrap();
    nodes.pop().unwrap().exchange.stop().await;
    // The log goes back to the older of two snapshots.
    for n in 0..3 {
        nodes[n % 2].limit("bob", &format!("s{n}"), Side::Sell, 5, 770).await.unwrap();
        nodes[n % 2].limit("alice", &format!("b{n}"), Side::Buy, 3, 770).await.unwrap();
        nodes[0].exchange.settled().await.unwrap();
        for node in &nodes {
            node.exchange.snapshot().await.unwrap();
        }
    }
    nodes.push(ground.start(3).await);
    nodes[2].limit("alice", "late", Side::Buy, 2, 770).await.unwrap();
    assert_equal(&nodes).await;
    let rows = |market: &Market| {
        let exchange = market.exchange.clone();
        async move {
            format!(
                "{:?}",
                exchange.history("alice").await.unwrap().export(None).collect::<Vec<_>>()
            )
        }
    };
    assert_eq!(rows(&nodes[2]).await, rows(&nodes[0]).await);
    stop_all(&nodes).await;
    drop(nodes);
    let report = hoga_cluster::verify::verify(&ground.data(3), |_, _| {}).unwrap();
    assert!(report.ok, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_exchange_comes_back() {
    let ground = Ground::new(3);
    let nodes = ground.start_all().await;
    nodes[0].account("alice", "1000000", "0").await;
    nodes[1].limit("alice", "b1", Side::Buy, 7, 770).await.unwrap();
    let before = nodes[2].everything().await;
    stop_all(&nodes).await;
    drop(nodes);
    let nodes = join_all((1..=3).map(|node| ground.start(node))).await;
    assert_eq!(nodes[0].everything().await, before);
    assert_equal(&nodes).await;
    stop_all(&nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_grows_to_three_and_a_fourth_takes_its_share() {
    let ground = Ground::new(1);
    let mut nodes = vec![ground.start(1).await];
    nodes[0].list().await;
    nodes[0].account("alice", "1000000", "0").await;
    nodes[0].account("bob", "0", "500").await;
    for id in 2..=4 {
        let command = MetaCommand::AddNode { link: ground.links[&id].to_string().into() };
        let request = crate::market::identified(&format!("add{id}"), id);
        let reply = nodes[0].exchange.administer(&request, command, WITHIN).await;
        assert_eq!(reply.answer, Ok(Answer::Done));
        nodes.push(ground.start(id).await);
        nodes[0].limit("bob", &format!("s{id}"), Side::Sell, 5, 770).await.unwrap();
    }
    until(&nodes[0], "a share for everybody", |exchange| {
        let status = exchange.status();
        let leads = |id| status.iter().filter(|p| p.leader == Some(id)).count();
        status.iter().all(|p| p.voters.len() == 3) && (1..=4).all(|id| leads(id) >= 2)
    })
    .await;
    let fills = nodes[3].limit("alice", "b1", Side::Buy, 12, 770).await.unwrap();
    assert_eq!(fills.filled.0, 12);
    assert_equal(&nodes).await;
    stop_all(&nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_founder_that_lost_its_disk_is_refused_and_replaced_under_a_new_number() {
    let ground = Ground::new(3);
    let mut nodes = ground.start_all().await;
    nodes[0].account("alice", "1000000", "0").await;
    nodes.pop().unwrap().exchange.stop().await;
    std::fs::remove_dir_all(ground.data(3)).unwrap();
    let refused = ground.try_start(3).await.err().unwrap();
    assert!(matches!(refused, StartError::Replaced { node: 3 }), "{refused}");

    for (name, command) in [
        ("add", MetaCommand::AddNode { link: ground.links[&4].to_string().into() }),
        ("remove", MetaCommand::RemoveNode { node: 3 }),
    ] {
        let request = crate::market::identified(name, 1);
        let reply = nodes[0].exchange.administer(&request, command, WITHIN).await;
        assert_eq!(reply.answer, Ok(Answer::Done));
    }
    nodes.push(ground.start(4).await);
    until(&nodes[0], "the new node votes", |exchange| {
        exchange.status().iter().all(|p| p.voters == [1, 2, 4] && p.learners.is_empty())
    })
    .await;
    until(&nodes[0], "everything is led", all_led).await;
    nodes[2].limit("alice", "b1", Side::Buy, 7, 770).await.unwrap();
    assert_equal(&nodes).await;
    stop_all(&nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_quorum_clients_are_told_and_nothing_is_done() {
    let ground = Ground::new(3);
    let mut nodes = ground.start_all().await;
    nodes[0].account("alice", "1000000", "0").await;
    for _ in 0..2 {
        nodes.pop().unwrap().exchange.stop().await;
    }
    let request = nodes[0].place(Side::Buy, 1, 700);
    let id = crate::market::identified("lonely", 1);
    let begun = tokio::time::Instant::now();
    let reply = nodes[0].exchange.ask("alice", &id, request, WITHIN).await;
    assert!(reply.answer.is_err(), "{reply:?}");
    assert!(begun.elapsed() < Duration::from_secs(4), "after {:?}", begun.elapsed());
    stop_all(&nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_clock_is_off_leads_nothing_until_it_is_right() {
    let mut ground = Ground::new(3);
    let noon = Time(20_000 * Time::DAY);
    let ahead = Time(noon.0 + 5 * Time::SECOND);
    for (node, says) in [(1, noon), (2, noon), (3, ahead)] {
        ground.clocks.insert(node, Clock::virtual_from(says));
    }
    let nodes = ground.start_all().await;
    let leads = |exchange: &Exchange, id| {
        exchange.status().iter().filter(|partition| partition.leader == Some(id)).count()
    };
    for node in &nodes {
        until(node, "the others lead", |exchange| {
            let off = exchange.membership().unwrap().clocks_off().borrow().clone();
            off == [3].into() && all_led(exchange) && leads(exchange, 3) == 0
        })
        .await;
    }
    nodes[2].account("alice", "1000000", "0").await;
    nodes[2].limit("alice", "b1", Side::Buy, 7, 770).await.unwrap();
    assert_eq!(leads(&nodes[0].exchange, 3), 0);

    for node in 1..=2 {
        ground.clocks[&node].set(ahead);
    }
    until(&nodes[0], "a share for everybody", |exchange| {
        (1..=3).all(|id| leads(exchange, id) == exchange.status().len() / 3)
    })
    .await;
    assert_equal(&nodes).await;
    stop_all(&nodes).await;
}

/// Two nodes of which each votes alone in half of the partitions.
async fn halves(ground: &Ground) -> [Market; 2] {
    let nodes: [Market; 2] = ground.start_all().await.try_into().ok().unwrap();
    nodes[0].account("alice", "1000000", "0").await;
    until(&nodes[0], "a share for both", |exchange| {
        let status = exchange.status();
        let leads = |id| status.iter().filter(|p| p.leader == Some(id)).count();
        status.iter().all(|p| p.voters.len() == 1) && leads(1) > 0 && leads(2) > 0
    })
    .await;
    nodes
}

async fn remove_the_second(first: &Market) {
    let request = crate::market::identified("remove2", 2);
    let removed = MetaCommand::RemoveNode { node: 2 };
    let reply = first.exchange.administer(&request, removed, WITHIN).await;
    assert_eq!(reply.answer, Ok(Answer::Done));
}

/// The second one ends by itself, and the first one has everything.
async fn assert_given_away(first: &Market, second: &Market) {
    let why = tokio::time::timeout(3 * WITHIN, second.exchange.failed()).await;
    let why = why.expect("it ends");
    assert!(why.contains("was removed"), "{why}");
    second.exchange.stop().await;
    until(first, "all that there is", |exchange| {
        exchange.status().iter().all(|p| p.leader == Some(1) && *p.voters == [1])
    })
    .await;
    let rests = first.limit("alice", "b1", Side::Buy, 1, 770).await.unwrap();
    assert_eq!(rests.status, Status::Open);
    first.exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_node_goes_when_its_votes_have_moved() {
    let ground = Ground::new(2);
    let [first, second] = halves(&ground).await;
    remove_the_second(&first).await;
    assert_given_away(&first, &second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_removed_while_it_was_down_comes_back_to_give_its_votes_away() {
    let ground = Ground::new(2);
    let [first, second] = halves(&ground).await;
    second.exchange.stop().await;
    drop(second);
    remove_the_second(&first).await;
    let second = ground.start(2).await;
    assert_given_away(&first, &second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_node_that_is_gone_votes_in_alone_is_known() {
    let ground = Ground::new(2);
    let nodes = ground.start_all().await;
    until(&nodes[0], "a share for both", |exchange| {
        let status = exchange.status();
        status.iter().all(|p| p.voters.len() == 1) && status.iter().any(|p| *p.voters == [2])
    })
    .await;
    assert_eq!(nodes[0].exchange.stuck_without(2), None, "it can give its votes away");
    nodes[1].exchange.stop().await;
    until(&nodes[0], "the other one is gone", |exchange| exchange.stuck_without(2).is_some()).await;
    nodes[0].exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn votes_go_to_nobody_who_was_never_here() {
    let ground = Ground::new(1);
    let first = ground.start(1).await;
    first.list().await;
    let request = crate::market::identified("add2", 2);
    let added = MetaCommand::AddNode { link: ground.links[&2].to_string().into() };
    let reply = first.exchange.administer(&request, added, WITHIN).await;
    assert_eq!(reply.answer, Ok(Answer::Done));
    until(&first, "the table has it", |exchange| exchange.absent_heir_of(1) == Some(2)).await;
    assert_eq!(first.exchange.absent_heir_of(2), None, "it votes nowhere");
    let second = ground.start(2).await;
    until(&first, "it came", |exchange| exchange.absent_heir_of(1).is_none()).await;
    stop_all(&[first, second]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_vote_is_the_majority_while_another_voter_is_gone_is_needed() {
    let ground = Ground::new(3);
    let nodes = ground.start_all().await;
    until(&nodes[0], "all three vote and are heard", |exchange| {
        let all_vote = exchange.status().iter().all(|p| *p.voters == [1, 2, 3]);
        all_vote && (1..=3).all(|node| exchange.stuck_without(node).is_none())
    })
    .await;
    nodes[2].exchange.stop().await;
    until(&nodes[0], "the second one is needed", |exchange| exchange.stuck_without(2).is_some())
        .await;
    assert_eq!(nodes[0].exchange.stuck_without(3), None, "who is gone can be given up");
    stop_all(&nodes[..2]).await;
}
