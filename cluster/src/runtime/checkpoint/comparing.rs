//! Tells the others what this replica has at a checkpoint, hears what they have, and draws the
//! consequences.

use super::rounds::{Rounds, Verdict};
use super::trust::{Trust, Trusted};
use crate::link::{NodeId, PeerState};
use crate::raft::Replica;
use crate::runtime::courier::rest;
use crate::runtime::machine::PerformerMachine;
use crate::runtime::peers::Peers;
use crate::runtime::performer::Visible;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use hoga_engine::ids::PartitionId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// Hashes that may wait to be compared; the next one is dropped, and another checkpoint comes.
pub(crate) const HEARD_MAX: usize = 64;
/// How long replicas that differ wait for the word of the others before they say that nobody can
/// tell who is right.
const WORD_WITHIN: Duration = Duration::from_secs(2);
/// The pause before a state is asked for again.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// A hash that this replica took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub index: u64,
    pub hash: u64,
    /// How often the state had been replaced before it.
    pub installs: u64,
}

pub(crate) enum Heard {
    Mine(Taken),
    /// A peer's hash; it is answered with this replica's, if that has come as far.
    Theirs {
        from: NodeId,
        index: u64,
        hash: u64,
        mine: oneshot::Sender<Option<u64>>,
    },
}

type Told = (NodeId, u64, Option<Option<u64>>);

pub(crate) struct Comparing {
    partition: PartitionId,
    me: NodeId,
    replica: Replica<PerformerMachine>,
    peers: Peers,
    trusted: Trusted,
    visible: Arc<Visible>,
    rounds: Rounds,
    /// How often the state has been replaced, as far as hashes of before are not believed.
    installs: u64,
    /// Peers that did not hear of the newest checkpoint.
    untold: BTreeSet<NodeId>,
    telling: FuturesUnordered<BoxFuture<'static, Told>>,
    /// When a difference becomes one that nobody can decide.
    split_until: Option<Instant>,
    reinstalling: Option<BoxFuture<'static, ()>>,
}

impl Comparing {
    pub fn new(
        partition: PartitionId,
        replica: Replica<PerformerMachine>,
        peers: Peers,
        trusted: Trusted,
        visible: Arc<Visible>,
    ) -> Comparing {
        Comparing {
            partition,
            me: peers.me(),
            replica,
            peers,
            trusted,
            visible,
            rounds: Rounds::default(),
            installs: 0,
            untold: BTreeSet::new(),
            telling: FuturesUnordered::new(),
            split_until: None,
            reinstalling: None,
        }
    }

    /// Works until its partition is gone.
    pub async fn run(mut self, mut heard: mpsc::Receiver<Heard>) {
        let mut members = self.replica.membership();
        let mut peers = self.peers.links().peers();
        loop {
            tokio::select! {
                next = heard.recv() => match next {
                    None => return,
                    Some(next) => self.hear(next),
                },
                Some(told) = self.telling.next() => self.note_told(told),
                changed = members.changed() => if changed.is_err() { return },
                changed = peers.changed() => match changed {
                    Ok(()) => self.tell_again(&peers.borrow_and_update().clone()),
                    Err(_) => return,
                },
                () = rest(self.split_until) => {}
                () = whenever(&mut self.reinstalling) => self.reinstalled(),
            }
            self.judge();
        }
    }

    fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Mine(taken) if taken.installs < self.installs => {}
            Heard::Mine(Taken { index, hash, .. }) => {
                tracing::debug!(partition = self.partition.0, index, hash, "a checkpoint");
                self.rounds.note(index, self.me, hash);
                self.untold = self.members();
                self.untold.remove(&self.me);
                self.tell_again(&self.peers.links().peers().borrow().clone());
            }
            Heard::Theirs { from, index, hash, mine } => {
                self.rounds.note(index, from, hash);
                // Who does not wait any more has asked again.
                let _ = mine.send(self.rounds.hash(index, self.me));
            }
        }
    }

    fn members(&self) -> BTreeSet<NodeId> {
        let members = self.replica.membership().borrow().clone();
        members.voters.union(&members.learners).copied().collect()
    }

    /// Tells the newest checkpoint to those who are there and have not heard of it.
    fn tell_again(&mut self, states: &BTreeMap<NodeId, PeerState>) {
        let Some((index, hash)) = self.rounds.newest_of(self.me) else { return };
        let is_up = |id: &NodeId| states.get(id).is_some_and(|state| state.is_up());
        let (now, later) = self.untold.iter().partition(|id| is_up(id));
        self.untold = later;
        let now: BTreeSet<NodeId> = now;
        for to in now {
            let (peers, partition) = (self.peers.clone(), self.partition);
            self.telling.push(Box::pin(async move {
                (to, index, peers.tell_checkpoint(to, partition, index, hash).await)
            }));
        }
    }

    fn note_told(&mut self, (node, index, told): Told) {
        match told {
            Some(Some(hash)) => self.rounds.note(index, node, hash),
            // It has not come so far; it will tell when it has.
            Some(None) => {}
            None => drop(self.untold.insert(node)),
        }
    }

    fn judge(&mut self) {
        let installs = self.visible.installs.load(Ordering::Acquire);
        if installs != self.installs {
            // What it said before, it said of a state that is gone.
            self.installs = installs;
            self.rounds.forget(self.me);
        }
        if self.reinstalling.is_some() {
            return;
        }
        let members = self.members();
        let Some((index, verdict)) = self.rounds.verdict(&members, self.me) else { return };
        match verdict {
            Verdict::Agreed { strayed } => self.agree(index, strayed),
            Verdict::Split => self.split(index, members.len()),
            Verdict::Wrong { right } => self.give_up(index, right),
        }
    }

    fn agree(&mut self, index: u64, strayed: BTreeSet<NodeId>) {
        let partition = self.partition.0;
        for node in self.trusted.note_strayed(strayed) {
            tracing::error!(
                partition,
                index,
                node,
                "a replica has another state than the majority"
            );
        }
        self.split_until = None;
        if self.trusted.now() != Trust::Agreed {
            tracing::info!(partition, index, "a majority has the state of this replica");
            self.trusted.set(Trust::Agreed);
        }
    }

    fn split(&mut self, index: u64, members: usize) {
        let partition = self.partition.0;
        if self.trusted.now() == Trust::Agreed {
            tracing::error!(
                partition,
                index,
                "replicas differ; no snapshot is taken until it is \
                known which are right"
            );
            violated();
            self.trusted.set(Trust::Questioned);
            self.split_until = Some(Instant::now() + WORD_WITHIN);
        }
        if self.split_until.is_none_or(|until| Instant::now() < until) {
            return;
        }
        self.split_until = None;
        if members > 2 {
            tracing::error!(
                partition,
                index,
                "replicas differ and no majority agrees: this \
                partition does not serve"
            );
            self.trusted.set(Trust::Halted);
        } else {
            tracing::error!(
                partition,
                index,
                "the two replicas differ, and nobody can tell which \
                is right: verify both, and remove the node that is not"
            );
        }
    }

    /// This replica is wrong: it takes the state of one that is not.
    fn give_up(&mut self, index: u64, right: BTreeSet<NodeId>) {
        let partition = self.partition.0;
        tracing::error!(
            partition,
            index,
            ?right,
            "this replica has another state than the \
            majority: it does not serve, and takes theirs"
        );
        violated();
        self.split_until = None;
        self.trusted.set(Trust::Wrong);
        let (replica, peers) = (self.replica.clone(), self.peers.clone());
        let (partition, visible) = (self.partition, self.visible.clone());
        self.reinstalling = Some(Box::pin(reinstall(replica, peers, partition, right, visible)));
    }

    fn reinstalled(&mut self) {
        self.reinstalling = None;
        tracing::warn!(partition = self.partition.0, "the state was replaced; this replica serves");
        self.trusted.set(Trust::Agreed);
        // The older snapshot may be of the state that was wrong.
        self.replica.renew_snapshots();
    }
}

/// Asks those who are right for their state until it is installed.
async fn reinstall(
    replica: Replica<PerformerMachine>,
    peers: Peers,
    partition: PartitionId,
    right: BTreeSet<NodeId>,
    visible: Arc<Visible>,
) {
    let installs = || visible.installs.load(Ordering::Acquire);
    let before = installs();
    // A leader would be asked for what it is about to lose; its steward hands over.
    let mut leadership = replica.leadership();
    drop(leadership.wait_for(|leadership| !leadership.is_me).await);
    replica.await_state(true);
    for &from in right.iter().cycle() {
        peers.ask_for_state(from, partition).await;
        if installs() > before {
            break;
        }
        tokio::time::sleep(ASK_AGAIN_AFTER).await;
    }
    replica.await_state(false);
}

fn violated() {
    metrics::counter!("hoga_invariant_violations_total", "id" => "LOG-2").increment(1);
}

async fn whenever(future: &mut Option<BoxFuture<'static, ()>>) {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}
