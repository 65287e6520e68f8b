//! Starting and stopping hosts, and what consensus tells their replicas.

use super::feed::Ring;
use super::gateway::Asker;
use super::host::{Generation, Seat};
use super::life::Life;
use super::packet::{Packet, Why};
use super::pump::Pump;
use super::sequencer::{Concerned, Sequencer};
use super::{Event, World};
use crate::sim::replica::{Replica, hash_of};
use crate::sim::words::{Broken, Fate, MS, Moment, Nanos, NodeId, Order, SECOND};
use bytes::Bytes;
use hoga_cluster::partition::{Absorbed, LeaderTime};
use hoga_engine::ids::PartitionId;
use hoga_engine::time::Time;
use std::collections::BTreeMap;

/// How often leaders look whether time has to be moved on.
const TICK_EVERY: Nanos = 250 * MS;

impl World {
    /// A node's process begins: every replica as its newest snapshot has it. Returns the index of
    /// each.
    pub fn boot(&mut self, node: NodeId) -> BTreeMap<PartitionId, u64> {
        let (topology, mutant) = (self.swarm.topology, self.mutant);
        let mut reached = BTreeMap::new();
        let mut broken = None;
        let Some(host) = self.hosts.get_mut(&node) else { return reached };
        host.is_up = true;
        host.is_paused = false;
        host.incarnation += 1;
        host.gateway = super::gateway::Gateway::default();
        for (partition, _) in topology.partitions() {
            let newest = host.shelf.get(&partition).and_then(|shelf| shelf.back()).cloned();
            let earlier = (host.earlier.remove(&partition), host.incarnation);
            let life = match Life::begin(partition, topology, mutant, newest, earlier) {
                Ok(life) => life,
                Err(error) => {
                    broken = Some(Broken { invariant: "LOG-3", what: error.to_string() });
                    Life::empty(partition, topology, mutant)
                }
            };
            reached.insert(partition, life.applied());
            host.seats.insert(partition, Seat::new(life));
        }
        let incarnation = host.incarnation;
        for (partition, applied) in &reached {
            self.say(&[*partition], || {
                format!("n{node} starts, with a state as of entry {applied}")
            });
        }
        if let Some(broken) = broken {
            self.found(Err(broken));
        }
        let first = self.dice.below(TICK_EVERY);
        self.after(first, Event::Ticks { node, incarnation });
        reached
    }

    /// A node's process is gone, with all that it knew.
    pub fn fall(&mut self, node: NodeId) {
        let Some(host) = self.hosts.get_mut(&node) else { return };
        if !host.is_up {
            return;
        }
        host.is_up = false;
        host.is_paused = false;
        if self.mutant == Some(super::Mutant::SnapshotNotDurable) {
            for (partition, seat) in &host.seats {
                let shelf = host.shelf.entry(*partition).or_default();
                shelf.retain(|kept| seat.writing.as_ref().is_none_or(|it| it.index != kept.index));
            }
        }
        let lives = std::mem::take(&mut host.seats).into_iter();
        host.earlier.extend(lives.filter_map(|(id, seat)| Some((id, seat.life.end()?))));
        host.gateway.held.clear();
        let under = std::mem::take(&mut host.gateway.under);
        for request in under.into_values() {
            let Asker::Client(client) = request.asker else { continue };
            let attempt = self.clients[client].attempt;
            let delay = self.dice.below(30 * MS);
            self.after(delay, Event::Reset { client, attempt });
        }
    }

    /// Who leads a partition, as a node sees it.
    pub fn lead(&mut self, node: NodeId, partition: PartitionId, leader: Option<NodeId>) {
        let is_chosen = leader == Some(node);
        // A node whose clock is off does not lead: it hands over, and proposes nothing meanwhile.
        let is_me = is_chosen && self.is_on_time(node);
        if is_chosen && !is_me {
            self.hand_over(node, partition);
        }
        let (now, pace) = (self.now, self.swarm.offer.pace);
        let exact = self.exchange_time().0;
        let Some(host) = self.hosts.get_mut(&node).filter(|host| host.is_up) else { return };
        let wall = exact.saturating_add_signed(host.skew);
        let Some(seat) = host.seats.get_mut(&partition) else { return };
        let (led, known) = (seat.leads, seat.leader);
        (seat.leads, seat.leader) = (is_me, leader);
        if (led, known) == (is_me, leader) {
            return;
        }
        if is_me && !led {
            (seat.anchor, seat.time) = ((wall, now, pace), LeaderTime::default());
            seat.pumps.clear();
            self.tally.elections += 1;
            self.say(&[partition], || format!("n{node} leads, and begins to pump"));
            self.note(node << 32 | u64::from(partition.0), now);
            self.moment(Moment::BecameLeader, node);
            self.start_pumps(node, partition);
        }
        if led && !is_me {
            self.abdicate(node, partition, leader);
        }
    }

    /// Whether a node's clock is within a second of the median of its peers'.
    fn is_on_time(&self, node: NodeId) -> bool {
        let mut skews: Vec<i64> = self.members.iter().map(|it| self.hosts[it].skew).collect();
        skews.sort_unstable();
        let median = skews[skews.len() / 2];
        self.hosts.get(&node).is_some_and(|host| host.skew.abs_diff(median) <= SECOND)
    }

    fn hand_over(&mut self, node: NodeId, partition: PartitionId) {
        let others = || self.members.iter().copied().filter(|it| *it != node);
        let able: Vec<NodeId> =
            others().filter(|it| self.is_on_time(*it) && self.hosts[it].is_up).collect();
        if !able.is_empty() {
            let to = able[self.dice.below(able.len() as u64) as usize];
            self.orders.push(Order::Lead { partition, to });
        }
    }

    fn abdicate(&mut self, node: NodeId, partition: PartitionId, leader: Option<NodeId>) {
        let Some(seat) = self.seat(node, partition) else { return };
        seat.pumps.clear();
        let nobody = seat.sequencer.flush();
        self.tell(node, partition, nobody, Why::NotLeader(leader));
    }

    pub(super) fn seat(&mut self, node: NodeId, partition: PartitionId) -> Option<&mut Seat> {
        self.hosts.get_mut(&node)?.seats.get_mut(&partition)
    }

    /// Tells everybody concerned by a batch why it came to nothing.
    pub(super) fn tell(
        &mut self,
        node: NodeId,
        partition: PartitionId,
        concerned: Concerned,
        why: Why,
    ) {
        for origin in concerned.clients {
            self.send(node, NodeId::from(origin.node), Packet::Refused { origin, why });
        }
        for (from, source, sending) in concerned.pumps {
            let packet = Packet::Taken { source, to: partition, sending, next: Err(why) };
            self.send(node, from, packet);
        }
    }

    /// An entry is committed and this replica applies it. True when it took a snapshot right
    /// behind it.
    pub fn apply(
        &mut self,
        node: NodeId,
        partition: PartitionId,
        index: u64,
        term: u64,
        batch: Option<&Bytes>,
    ) -> bool {
        if self.is_over() {
            return false;
        }
        let found = self.witness.committed(partition, index, term, batch);
        self.found(found);
        self.see_lapses();
        let wants_hash = self.witness.wants_hash(index);
        let Some(seat) = self.seat(node, partition) else { return false };
        if index != seat.life.applied() + 1 {
            let what = format!("{index} of {partition:?} came after {}", seat.life.applied());
            self.found(Err(Broken { invariant: "LOG-2", what }));
            return false;
        }
        if !seat.leads && seat.life.skip(batch) {
            return self.skipped(node, partition, index);
        }
        let absorbed = match seat.life.apply(batch) {
            Ok(absorbed) => absorbed,
            Err(panic) => {
                let what = format!("partition {} at {index}: {panic}", partition.0);
                self.found(Err(Broken { invariant: "PANIC", what }));
                return false;
            }
        };
        let hash = hash_of(&absorbed);
        let state = wants_hash.then(|| seat.life.replica().hash());
        let market: Vec<_> = absorbed.iter().flat_map(|one| one.market.iter().cloned()).collect();
        seat.ring.push(index, market.into());
        seat.since_snapshot += 1;
        let leads = seat.leads;
        self.tally.applied += 1;
        self.note(node << 48 | u64::from(partition.0) << 40 | index, hash);
        let found = self.witness.applied(node, partition, index, hash, state);
        self.found(found);
        if leads {
            self.dispatch(node, partition, index, absorbed);
        }
        self.snapshot(node, partition)
    }

    /// A replica had taken the entry in an earlier life, with this result.
    fn skipped(&mut self, node: NodeId, partition: PartitionId, index: u64) -> bool {
        let Some((hash, market)) = self.witness.said(partition, index) else { return false };
        let Some(seat) = self.seat(node, partition) else { return false };
        seat.ring.push(index, market);
        seat.since_snapshot += 1;
        self.tally.skipped += 1;
        self.note(node << 48 | u64::from(partition.0) << 40 | index, hash);
        self.snapshot(node, partition)
    }

    /// What a leader sends out after it applied something.
    fn dispatch(
        &mut self,
        node: NodeId,
        partition: PartitionId,
        index: u64,
        absorbed: Vec<Absorbed>,
    ) {
        let index = self.mutant.map_or(index, |mutant| mutant.edit_position(index));
        let at = super::At { partition, index };
        let mut grew = Vec::new();
        for one in absorbed {
            grew.extend(one.grew.keys().copied());
            for (origin, answer) in one.all_answers().cloned() {
                self.moment(Moment::AckLeaves, node);
                let packet = Packet::Answered { origin, at, answer };
                self.send(node, NodeId::from(origin.node), packet);
            }
        }
        for to in grew {
            self.pump(node, partition, to);
        }
    }

    /// Begins a snapshot when one is due.
    fn snapshot(&mut self, node: NodeId, partition: PartitionId) -> bool {
        let every = self.swarm.snapshot_every;
        let Some(host) = self.hosts.get_mut(&node) else { return false };
        let incarnation = host.incarnation;
        let Some(seat) = host.seats.get_mut(&partition) else { return false };
        if seat.since_snapshot < every || seat.writing.is_some() {
            return false;
        }
        seat.since_snapshot = 0;
        let (mutant, topology) = (self.mutant, self.swarm.topology);
        let generation = seat.life.capture(|replica| {
            let (mut index, bytes) = (replica.applied, replica.encode());
            if mutant == Some(super::Mutant::SnapshotBehind) {
                // As if an entry came between the capture and its name.
                index += 1;
            }
            let bytes = match mutant {
                Some(mutant) => mutant.edit_snapshot(partition, topology, bytes),
                None => bytes,
            };
            Generation { index, bytes: bytes.into() }
        });
        seat.writing = Some(generation.clone());
        if self.mutant == Some(super::Mutant::SnapshotNotDurable) {
            // As if it were durable already; a crash takes it away again.
            host.shelve(partition, generation);
            self.orders.push(Order::Snapshot { node, partition });
        }
        let delay = MS + self.dice.below(60 * MS);
        self.after(delay, Event::Written { node, incarnation, partition });
        self.moment(Moment::SnapshotHalfWritten, node);
        true
    }

    pub(super) fn written(&mut self, node: NodeId, incarnation: u32, partition: PartitionId) {
        let Some(host) = self.running(node, incarnation) else { return };
        let Some(seat) = host.seats.get_mut(&partition) else { return };
        let Some(generation) = seat.writing.take() else { return };
        if self.mutant != Some(super::Mutant::SnapshotNotDurable) {
            let Some(host) = self.hosts.get_mut(&node) else { return };
            host.shelve(partition, generation);
        }
        self.tally.snapshots += 1;
        self.orders.push(Order::Snapshot { node, partition });
    }

    /// The newest durable snapshot of a replica, and the index up to which no log is needed.
    #[must_use]
    pub fn newest(
        &self,
        node: NodeId,
        partition: PartitionId,
    ) -> Option<(Generation, Option<u64>)> {
        let shelf = self.hosts.get(&node)?.shelf.get(&partition)?;
        let newest = shelf.back()?.clone();
        let needless = (shelf.len() > 1).then(|| shelf[0].index);
        let cuts_all = self.mutant == Some(super::Mutant::SnapshotNotDurable);
        let needless = if cuts_all { Some(newest.index) } else { needless };
        Some((newest, needless))
    }

    /// A replica's state is replaced by a peer's snapshot, which is durable here from now on.
    pub fn install(&mut self, node: NodeId, partition: PartitionId, generation: Generation) {
        if self.is_over() {
            return;
        }
        let (topology, mutant) = (self.swarm.topology, self.mutant);
        let Generation { index, bytes } = generation.clone();
        let decoded = Replica::decode(partition, topology, &bytes, index, mutant);
        let replica = match decoded {
            Ok(replica) => replica,
            Err(error) => {
                self.found(Err(Broken { invariant: "LOG-3", what: error.to_string() }));
                return;
            }
        };
        let state = replica.hash();
        let found = self.witness.installed(node, partition, index, state);
        self.found(found);
        let Some(host) = self.hosts.get_mut(&node) else { return };
        host.shelf.remove(&partition);
        host.shelve(partition, generation.clone());
        // Nothing older is of use any more, and the log goes back to this one.
        host.shelve(partition, generation.clone());
        let Some(seat) = host.seats.get_mut(&partition) else { return };
        seat.ring = Ring::new(index);
        seat.life = Life::installed(partition, topology, mutant, generation, replica);
        seat.writing = None;
        seat.since_snapshot = 0;
        self.tally.installs += 1;
        self.note(node << 48 | u64::from(partition.0) << 40 | index, state);
    }

    /// What became of a proposal.
    pub fn proposed(&mut self, node: NodeId, partition: PartitionId, ticket: u64, fate: Fate) {
        let Some(seat) = self.seat(node, partition) else { return };
        if let Some((from, origin, account)) = seat.barriers.remove(&ticket) {
            return self.barrier(node, from, partition, origin, &account, fate);
        }
        if seat.sequencer.under_way.as_ref().is_none_or(|(under_way, _)| *under_way != ticket) {
            return;
        }
        let Some((_, concerned)) = seat.sequencer.under_way.take() else { return };
        if !matches!(fate, Fate::Done(_)) {
            // Acknowledgements that were in it are logged again.
            seat.pumps.values_mut().for_each(|pump| pump.logged = 0);
        }
        match fate {
            Fate::Done(_) => {
                for (from, source, sending) in concerned.pumps {
                    let Some(seat) = self.seat(node, partition) else { return };
                    let next = Ok(seat.life.replica().core.next_in(source));
                    let packet = Packet::Taken { source, to: partition, sending, next };
                    self.send(node, from, packet);
                }
            }
            Fate::NotLeader(hint) => self.tell(node, partition, concerned, Why::NotLeader(hint)),
            Fate::Full => self.tell(node, partition, concerned, Why::Busy),
            Fate::Unknown => self.tell(node, partition, concerned, Why::Unknown),
        }
        self.sequence(node, partition);
    }

    pub(super) fn ticks(&mut self, node: NodeId, incarnation: u32) {
        let Some(host) = self.running(node, incarnation) else { return };
        if !host.is_paused {
            let partitions: Vec<PartitionId> = host.seats.keys().copied().collect();
            for partition in partitions {
                let Some(seat) = self.seat(node, partition) else { continue };
                if seat.leads {
                    self.tick(node, partition);
                } else if seat.leader == Some(node) {
                    self.hand_over(node, partition);
                }
            }
        }
        self.after(TICK_EVERY, Event::Ticks { node, incarnation });
    }
}

impl Seat {
    /// What the leader's clock says.
    pub(super) fn clock(&self, now: Nanos) -> Time {
        let (wall, since, pace) = self.anchor;
        Time(wall + (now - since) * pace)
    }

    fn new(life: Life) -> Seat {
        let ring = Ring::new(life.applied());
        Seat {
            life,
            leads: false,
            leader: None,
            sequencer: Sequencer::default(),
            pumps: BTreeMap::<PartitionId, Pump>::new(),
            ring,
            since_snapshot: 0,
            writing: None,
            anchor: (0, 0, 1),
            time: LeaderTime::default(),
            barriers: BTreeMap::new(),
        }
    }
}
