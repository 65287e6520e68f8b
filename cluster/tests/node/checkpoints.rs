//! Replicas that differ find out, and what they do about it.

use crate::market::{Market, WITHIN, identified};
use crate::several::{Ground, assert_equal, stop_all, until};
use hoga_actors::Captured;
use hoga_cluster::partition::{Batch, Command, Entry, MetaCommand, NodeId, Trace};
use hoga_cluster::raft::SnapshotError;
use hoga_cluster::replay::Replay;
use hoga_cluster::runtime::{Audit, PartitionStatus, ReadError, Trust};
use hoga_cluster::snapshot::SnapshotStore;
use hoga_cluster::state::{State, core_block, entity_block};
use hoga_engine::effect::Answer;
use hoga_engine::ids::{AssetId, Origin, PartitionId};
use hoga_engine::order::Side;
use hoga_engine::request::{AccountRequest, Envelope};
use hoga_engine::time::Time;
use hoga_engine::topology::Topology;
use std::collections::BTreeSet;
use std::time::Duration;

fn ground(founders: u64) -> Ground {
    let mut ground = Ground::new(founders);
    ground.checkpoint_every = Duration::from_millis(500);
    // A machine that builds something else must not make a leader late.
    ground.election_ms = (500, 1_000);
    ground.topology = Topology { books: 1, accounts: 1 };
    ground
}

fn alice(market: &Market) -> PartitionId {
    market.exchange.topology().account_partition("alice")
}

/// How the partition of alice stands on a node.
fn trust(market: &Market) -> &'static str {
    let id = alice(market).0;
    let status = market.exchange.status().into_iter().find(|status| status.id == id);
    status.expect("every node has every partition").trust
}

/// Stops a node and alters the state that it starts from: alice has what nobody paid in.
async fn corrupt(ground: &Ground, node: NodeId, market: Market, amount: i128) {
    let (id, topology) = (alice(&market), market.exchange.topology());
    market.exchange.snapshot().await.unwrap();
    market.exchange.stop().await;
    drop(market);
    let dir = ground.data(node).join(format!("snapshots/{}", id.0));
    let mut store = SnapshotStore::open(dir, id).unwrap();
    let loaded = store.load().unwrap().unwrap();
    let meta = loaded.manifest.meta.clone();
    let state = State::decode(id, topology, &loaded.into_bytes()).unwrap();
    let right = state.hash;
    let mut replay = Replay::of(state, BTreeSet::new());
    let identified = identified("out-of-nothing", 1);
    let origin = Origin { node: 99, incarnation: 1, request: 1 };
    let envelope = Envelope { origin, id: identified.id, body_hash: 1, sent_at: None };
    let request = AccountRequest::Deposit { asset: AssetId(0), amount };
    let command = Command::Request { account: "alice".into(), envelope, request };
    let entries = vec![Entry { trace: Trace::default(), command }];
    replay.apply(meta.index, Batch { time: Time(0), entries }, usize::MAX).unwrap();
    assert_ne!(replay.hash(), right);
    let entities = replay.entities.iter().map(|(id, entity)| (*id, entity.encode()));
    let mut block = entity_block(&entities.collect::<Vec<Captured>>());
    block.extend_from_slice(&replay.hash().to_le_bytes());
    store.write(meta, [core_block(&replay.core.encode()), block]).unwrap();
}

async fn audit(market: &Market) -> Result<Audit, ReadError> {
    Ok(market.exchange.audit(alice(market), |_| ()).await?.0)
}

/// Waits until every node has the same state of alice's partition at the same position.
async fn until_equal(nodes: &[Market]) {
    let equal = async {
        loop {
            let mut audits = Vec::new();
            for node in nodes {
                audits.push(audit(node).await.ok());
            }
            if audits[0].is_some() && audits.iter().all(|audit| *audit == audits[0]) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), equal).await.expect("they become equal");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_with_another_state_than_the_majority_takes_theirs() {
    let ground = ground(3);
    let mut nodes = ground.start_all().await;
    nodes[0].account("alice", "1000000", "0").await;
    nodes[0].account("bob", "0", "500").await;
    nodes[1].limit("bob", "s", Side::Sell, 50, 770).await.unwrap();
    nodes[1].limit("alice", "b", Side::Buy, 5, 770).await.unwrap();
    // Whichever leads alice's partition: its replica is as likely to be wrong as any other.
    let leader = nodes[0].exchange.status()[usize::from(alice(&nodes[0]).0)].leader.unwrap_or(3);
    let at = leader as usize - 1;
    let market = nodes.remove(at);
    corrupt(&ground, leader, market, 777).await;
    nodes.insert(at, ground.start(leader).await);
    let mut n = 0;
    until_moving(&nodes, &mut n).await;
    until_equal(&nodes).await;
    assert_equal(&nodes).await;
    for node in &nodes {
        until(node, "trust", |_| trust(node) == Trust::Agreed.name()).await;
        node.exchange.snapshot().await.expect("snapshots are taken again");
    }
    // It has the right state also after a start.
    let market = nodes.remove(at);
    market.exchange.stop().await;
    drop(market);
    nodes.insert(at, ground.start(leader).await);
    nodes[at].limit("alice", "last", Side::Buy, 1, 770).await.unwrap();
    until_equal(&nodes).await;
    assert_equal(&nodes).await;
    stop_all(&nodes).await;
}

/// Trades until every node has the same state: something has to happen for checkpoints to come.
async fn until_moving(nodes: &[Market], n: &mut u32) {
    let moving = async {
        loop {
            *n += 1;
            nodes[0].limit("alice", &format!("t{n}"), Side::Buy, 1, 700).await.unwrap();
            let audits = (audit(&nodes[0]).await, audit(&nodes[1]).await, audit(&nodes[2]).await);
            if let (Ok(one), Ok(two), Ok(three)) = audits
                && (one.at, two.at) == (three.at, three.at)
                && (one.hash, two.hash) == (three.hash, three.hash)
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), moving).await.expect("the state is replaced");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_majority_the_partition_does_not_serve_and_keeps_its_old_snapshots() {
    let ground = ground(3);
    let mut nodes = ground.start_all().await;
    nodes[0].account("alice", "1000000", "0").await;
    nodes[0].account("bob", "0", "500").await;
    for (node, amount) in [(3, 1), (2, 2)] {
        let market = nodes.pop().unwrap();
        corrupt(&ground, node, market, amount).await;
    }
    for node in 2..=3 {
        nodes.push(ground.start(node).await);
    }
    let request = nodes[0].place(Side::Buy, 1, 700);
    let order = identified("alone", 1);
    drop(nodes[0].exchange.ask("alice", &order, request.clone(), WITHIN).await);
    for node in &nodes {
        until(node, "the halt", |_| trust(node) == Trust::Halted.name()).await;
        assert_eq!(audit(node).await, Err(ReadError::Stopped));
        let refused = node.exchange.ask("alice", &order, request.clone(), WITHIN).await;
        assert!(refused.answer.is_err(), "{refused:?}");
        let kept = node.exchange.snapshot_of(&[alice(node)]).await;
        assert!(matches!(kept, Err(SnapshotError::InDoubt)), "{kept:?}");
    }
    stop_all(&nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_replicas_that_differ_neither_is_believed_more_and_both_say_so() {
    let ground = ground(1);
    let mut nodes = vec![ground.start(1).await];
    nodes[0].list().await;
    nodes[0].account("alice", "1000000", "0").await;
    let command = MetaCommand::AddNode { link: ground.links[&2].to_string().into() };
    let reply = nodes[0].exchange.administer(&identified("add", 2), command, WITHIN).await;
    assert_eq!(reply.answer, Ok(Answer::Done));
    nodes.push(ground.start(2).await);
    // Some of them are led by the new node before it has heard of the others.
    until(&nodes[1], "a replica", |exchange| {
        let has_both = |partition: &PartitionStatus| {
            let members = partition.voters.iter().chain(&partition.learners);
            members.copied().collect::<BTreeSet<_>>() == BTreeSet::from([1, 2])
        };
        exchange.status().iter().all(has_both)
    })
    .await;
    nodes[1].exchange.settled().await.unwrap();
    let market = nodes.pop().unwrap();
    corrupt(&ground, 2, market, 5).await;
    nodes.push(ground.start(2).await);
    nodes[0].limit("alice", "b", Side::Buy, 1, 700).await.unwrap();
    for node in &nodes {
        until(node, "a doubt", |_| trust(node) == Trust::Questioned.name()).await;
        audit(node).await.expect("it goes on serving");
        let kept = node.exchange.snapshot_of(&[alice(node)]).await;
        assert!(matches!(kept, Err(SnapshotError::InDoubt)), "{kept:?}");
    }
    stop_all(&nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_two_differ_the_third_decides_when_it_comes_back() {
    let ground = ground(3);
    let mut nodes = ground.start_all().await;
    nodes[0].account("alice", "1000000", "0").await;
    nodes[0].account("bob", "0", "500").await;
    nodes.pop().unwrap().exchange.stop().await;
    let market = nodes.pop().unwrap();
    corrupt(&ground, 2, market, 5).await;
    nodes.push(ground.start(2).await);
    let order = identified("early", 1);
    let request = nodes[0].place(Side::Buy, 1, 700);
    drop(nodes[0].exchange.ask("alice", &order, request, WITHIN).await);
    for node in &nodes {
        until(node, "the halt", |_| trust(node) == Trust::Halted.name()).await;
    }
    nodes.push(ground.start(3).await);
    for node in &nodes {
        until(node, "trust", |_| trust(node) == Trust::Agreed.name()).await;
    }
    until_equal(&nodes).await;
    nodes[1].limit("bob", "s", Side::Sell, 5, 770).await.unwrap();
    nodes[1].limit("alice", "b", Side::Buy, 5, 770).await.unwrap();
    assert_equal(&nodes).await;
    stop_all(&nodes).await;
}
