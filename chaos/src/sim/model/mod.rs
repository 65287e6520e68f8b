//! Breadth: the world on a model of consensus, some hundred times faster than the real one.
//!
//! Owns: one log for each partition, with a leader, a tail that is not committed, and how far each
//! node has applied it. Takes: the world's orders. Emits: commits, leaderships, installs. What is
//! committed stays by construction; what is not may be lost in part when leadership goes. So this
//! says nothing about consensus or the segment log, and much about all that is built on them.

mod group;

use super::links::Links;
use super::words::{DiskState, Down, Fate, MS, Nanos, NodeId, Order};
use super::world::World;
use group::{Entry, Group, Pending};
use hoga_engine::ids::PartitionId;
use hoga_engine::pit::Chooser;
use std::collections::{BTreeMap, BTreeSet};

/// How often followers that fell behind are looked after, and leaders' health.
const WATCH_EVERY: Nanos = 60 * MS;
/// A leader that lost its quorum for this long is deposed.
const LEASE: Nanos = 200 * MS;
/// A replica that is this far behind takes a snapshot, if a peer has one.
const FAR_BEHIND: u64 = 30;

enum Event {
    Commit { partition: PartitionId, term: u64 },
    Apply { node: NodeId, partition: PartitionId },
    Elect { partition: PartitionId, term: u64 },
    Barrier { node: NodeId, partition: PartitionId, ticket: u64, term: u64 },
    Join { node: NodeId, leaves: bool },
    Watch,
}

pub struct Model {
    now: Nanos,
    events: BTreeMap<(Nanos, u64), Event>,
    numbers: u64,
    dice: Chooser,
    groups: BTreeMap<PartitionId, Group>,
    up: BTreeSet<NodeId>,
    paused: BTreeSet<NodeId>,
    disks: BTreeMap<NodeId, DiskState>,
}

impl Model {
    #[must_use]
    pub fn new(world: &World) -> Model {
        let founders: BTreeSet<NodeId> = world.members.iter().copied().collect();
        let group = |(id, _)| (id, Group::new(founders.clone()));
        let mut model = Model {
            now: 0,
            events: BTreeMap::new(),
            numbers: 0,
            dice: Chooser(world.swarm.seed ^ 0x0D0D_E100),
            groups: world.swarm.topology.partitions().map(group).collect(),
            up: BTreeSet::new(),
            paused: BTreeSet::new(),
            disks: BTreeMap::new(),
        };
        model.after(MS, Event::Watch);
        model
    }

    fn after(&mut self, delay: Nanos, event: Event) {
        self.numbers += 1;
        self.events.insert((self.now + delay, self.numbers), event);
    }

    /// Lets the world run on this model until it is over.
    pub fn run(mut self, world: &mut World) {
        while !world.is_over() {
            for order in std::mem::take(&mut world.orders) {
                self.order(order, world);
            }
            let mine = self.events.keys().next().map_or(Nanos::MAX, |(at, _)| *at);
            let theirs = world.next().unwrap_or(Nanos::MAX);
            if theirs <= mine {
                self.now = theirs;
                world.advance(theirs);
                continue;
            }
            let Some(((at, _), event)) = self.events.pop_first() else { return };
            self.now = at;
            world.now = world.now.max(at);
            self.handle(event, world);
        }
    }

    fn order(&mut self, order: Order, world: &mut World) {
        match order {
            Order::Propose { node, partition, ticket, batch } => {
                let pending = Pending { node, ticket };
                self.propose(partition, pending, batch, world);
            }
            Order::Barrier { node, partition, ticket } => {
                let term = self.groups[&partition].term;
                let delay = MS + self.dice.below(4 * MS);
                self.after(delay, Event::Barrier { node, partition, ticket, term });
            }
            Order::Stop { node, down } => self.stop(node, down),
            Order::Start { node } => self.start(node, world),
            Order::Pause { node } => {
                self.paused.insert(node);
            }
            Order::Resume { node } => {
                self.paused.remove(&node);
            }
            Order::Disk { node, state } => {
                self.disks.insert(node, state);
            }
            Order::Lead { partition, to } => self.transfer(partition, to, world),
            Order::Add { node } => self.after(50 * MS, Event::Join { node, leaves: false }),
            Order::Remove { node } => self.after(80 * MS, Event::Join { node, leaves: true }),
            Order::Corrupt { .. } | Order::Wipe { .. } | Order::Snapshot { .. } => {}
        }
    }

    fn handle(&mut self, event: Event, world: &mut World) {
        match event {
            Event::Commit { partition, term } => self.commit(partition, term, world),
            Event::Apply { node, partition } => self.catch_up(node, partition, world),
            Event::Elect { partition, term } => self.elect(partition, term, world),
            Event::Barrier { node, partition, ticket, term } => {
                let group = &self.groups[&partition];
                let leads = group.leader == Some(node) && group.term == term;
                let fate = if leads && self.is_well(partition, node, &world.links) {
                    self.catch_up(node, partition, world);
                    Fate::Done(self.groups[&partition].committed)
                } else {
                    Fate::Unknown
                };
                world.proposed(node, partition, ticket, fate);
            }
            Event::Join { node, leaves } => self.join(node, leaves, world),
            Event::Watch => self.watch(world),
        }
    }

    fn propose(
        &mut self,
        partition: PartitionId,
        pending: Pending,
        batch: bytes::Bytes,
        world: &mut World,
    ) {
        let node = pending.node;
        let ticket = pending.ticket;
        if self.disks.get(&node) == Some(&DiskState::Full) {
            return world.proposed(node, partition, ticket, Fate::Full);
        }
        let Some(group) = self.groups.get_mut(&partition) else { return };
        if group.leader != Some(node) {
            if group.deposed.contains_key(&node) {
                // It does not know yet; nobody will ever say what became of this.
                group.deposed.entry(node).or_default().push(ticket);
            } else {
                let hint = group.leader;
                world.proposed(node, partition, ticket, Fate::NotLeader(hint));
            }
            return;
        }
        let term = group.term;
        group.tail.push((Entry { term, batch: Some(batch) }, Some(pending)));
        let delay = self.write_time(node);
        self.after(delay, Event::Commit { partition, term });
    }

    fn write_time(&mut self, node: NodeId) -> Nanos {
        let slow = match self.disks.get(&node) {
            Some(DiskState::Slow(delay)) => *delay / 4,
            _ => 0,
        };
        MS / 2 + self.dice.below(6 * MS) + slow
    }

    /// Commits what waits, if a quorum is there.
    fn commit(&mut self, partition: PartitionId, term: u64, world: &mut World) {
        let group = &self.groups[&partition];
        let Some(leader) = group.leader.filter(|_| group.term == term) else { return };
        if group.tail.is_empty() {
            return;
        }
        if !self.is_well(partition, leader, &world.links) {
            return self.after(20 * MS, Event::Commit { partition, term });
        }
        if self.disks.get(&leader) == Some(&DiskState::Failing) {
            self.disks.insert(leader, DiskState::Sound);
            return world.failed(leader);
        }
        let Some(group) = self.groups.get_mut(&partition) else { return };
        let mut done = Vec::new();
        for (entry, pending) in group.tail.drain(..) {
            group.log.push(entry);
            group.committed += 1;
            done.extend(pending.map(|pending| (pending, group.committed)));
        }
        self.catch_up(leader, partition, world);
        for (Pending { node, ticket }, index) in done {
            if world.is_over() {
                return;
            }
            world.proposed(node, partition, ticket, Fate::Done(index));
        }
        let followers = self.groups[&partition].members.clone();
        for node in followers.into_iter().filter(|node| *node != leader) {
            for delay in world.links.fate(leader, node).into_iter().flatten() {
                self.after(delay + MS / 4, Event::Apply { node, partition });
            }
        }
    }

    /// A replica applies everything that is committed.
    fn catch_up(&mut self, node: NodeId, partition: PartitionId, world: &mut World) {
        if !self.up.contains(&node) || self.paused.contains(&node) {
            return;
        }
        let Some(group) = self.groups.get_mut(&partition) else { return };
        let applied = group.applied.get(&node).copied().unwrap_or(0);
        let is_far = group.committed > applied + FAR_BEHIND;
        if is_far && self.dice.below(2) == 0 {
            let peers = group.members.iter().filter(|peer| **peer != node);
            let newest = peers.filter_map(|peer| world.newest(*peer, partition));
            let newest = newest.max_by_key(|(generation, _)| generation.index);
            if let Some((generation, _)) = newest.filter(|(it, _)| it.index > applied) {
                group.applied.insert(node, generation.index);
                world.install(node, partition, generation);
            }
        }
        loop {
            let Some(group) = self.groups.get_mut(&partition) else { return };
            let applied = group.applied.entry(node).or_insert(0);
            if *applied >= group.committed || world.is_over() {
                return;
            }
            *applied += 1;
            let index = *applied;
            let entry = &group.log[index as usize - 1];
            world.apply(node, partition, index, entry.term, entry.batch.as_ref());
        }
    }

    /// A leader, or somebody who would be one, hears a majority and is heard by it.
    fn is_well(&self, partition: PartitionId, node: NodeId, links: &Links) -> bool {
        let members = &self.groups[&partition].members;
        let is_there = |node: &NodeId| self.up.contains(node) && !self.paused.contains(node);
        let hears = |other: &&NodeId| {
            is_there(other) && !links.is_cut(node, **other) && !links.is_cut(**other, node)
        };
        is_there(&node)
            && members.contains(&node)
            && members.iter().filter(hears).count() * 2 > members.len()
    }

    fn watch(&mut self, world: &mut World) {
        self.after(WATCH_EVERY, Event::Watch);
        let partitions: Vec<PartitionId> = self.groups.keys().copied().collect();
        for partition in partitions {
            let group = &self.groups[&partition];
            let leader = group.leader;
            let is_well = leader.is_some_and(|it| self.is_well(partition, it, &world.links));
            let Some(group) = self.groups.get_mut(&partition) else { continue };
            if is_well {
                group.unwell_since = None;
                self.spread(partition, world);
            } else {
                let since = *group.unwell_since.get_or_insert(self.now);
                if self.now - since >= LEASE || leader.is_none() {
                    let term = group.term;
                    let delay = self.dice.below(300 * MS);
                    self.after(delay, Event::Elect { partition, term });
                }
            }
        }
    }

    /// Nodes that missed something hear of it: who leads, and what is committed.
    fn spread(&mut self, partition: PartitionId, world: &mut World) {
        let group = &self.groups[&partition];
        let Some(leader) = group.leader else { return };
        for node in group.members.clone() {
            let is_cut = world.links.is_cut(leader, node);
            if is_cut || !self.up.contains(&node) || self.paused.contains(&node) {
                continue;
            }
            self.catch_up(node, partition, world);
            let Some(group) = self.groups.get_mut(&partition) else { return };
            let orphans = group.deposed.remove(&node).unwrap_or_default();
            world.lead(node, partition, Some(leader));
            for ticket in orphans {
                world.proposed(node, partition, ticket, Fate::Unknown);
            }
        }
    }

    fn elect(&mut self, partition: PartitionId, term: u64, world: &mut World) {
        let group = &self.groups[&partition];
        let old = group.leader;
        let is_well = old.is_some_and(|it| self.is_well(partition, it, &world.links));
        if group.term != term || is_well {
            return;
        }
        let members: Vec<NodeId> = group.members.iter().copied().collect();
        let able = members.into_iter().filter(|node| self.is_well(partition, *node, &world.links));
        let able: Vec<NodeId> = able.collect();
        if able.is_empty() {
            return;
        }
        let chosen = able[self.dice.below(able.len() as u64) as usize];
        self.enthrone(partition, chosen, world);
    }

    fn enthrone(&mut self, partition: PartitionId, chosen: NodeId, world: &mut World) {
        let Some(group) = self.groups.get_mut(&partition) else { return };
        let old = group.leader;
        group.term += 1;
        group.leader = Some(chosen);
        group.unwell_since = None;
        // Some of what was not committed had reached enough nodes, the rest is gone.
        let kept = self.dice.below(group.tail.len() as u64 + 1) as usize;
        let tail = std::mem::take(&mut group.tail);
        let mut orphans = Vec::new();
        for (nth, (entry, pending)) in tail.into_iter().enumerate() {
            orphans.extend(pending);
            if nth < kept {
                group.log.push(entry);
                group.committed += 1;
            }
        }
        let term = group.term;
        group.log.push(Entry { term, batch: None });
        group.committed += 1;
        for Pending { node, ticket } in orphans {
            // Whoever proposed hears nothing until it learns that it leads no more.
            group.deposed.entry(node).or_default().push(ticket);
        }
        if let Some(old) = old.filter(|old| *old != chosen && self.up.contains(old)) {
            group.deposed.entry(old).or_default();
        }
        let mine = group.deposed.remove(&chosen).unwrap_or_default();
        self.catch_up(chosen, partition, world);
        for ticket in mine {
            world.proposed(chosen, partition, ticket, Fate::Unknown);
        }
        if old == Some(chosen) {
            world.lead(chosen, partition, None);
        }
        world.lead(chosen, partition, Some(chosen));
    }

    fn transfer(&mut self, partition: PartitionId, to: NodeId, world: &mut World) {
        let leader = self.groups[&partition].leader;
        let can = self.is_well(partition, to, &world.links);
        let leads = leader.is_some_and(|it| self.is_well(partition, it, &world.links));
        if can && leads && leader != Some(to) {
            self.enthrone(partition, to, world);
            self.spread(partition, world);
        }
    }

    fn stop(&mut self, node: NodeId, _: Down) {
        self.up.remove(&node);
        self.paused.remove(&node);
        for group in self.groups.values_mut() {
            group.deposed.remove(&node);
            for (_, pending) in &mut group.tail {
                if pending.is_some_and(|pending| pending.node == node) {
                    *pending = None;
                }
            }
        }
    }

    fn start(&mut self, node: NodeId, world: &mut World) {
        if !self.up.insert(node) {
            return;
        }
        for (partition, applied) in world.boot(node) {
            if let Some(group) = self.groups.get_mut(&partition) {
                group.applied.insert(node, applied);
                // It resumes no leadership: whoever leads is elected.
                if group.leader == Some(node) {
                    group.leader = None;
                }
            }
        }
    }

    fn join(&mut self, node: NodeId, leaves: bool, world: &mut World) {
        let links = &world.links;
        let well = |(id, group): (&PartitionId, &Group)| {
            group.leader.is_some_and(|leader| self.is_well(*id, leader, links))
        };
        if !self.groups.iter().all(well) {
            return self.after(100 * MS, Event::Join { node, leaves });
        }
        for group in self.groups.values_mut() {
            if leaves {
                // Whoever came for it is a member by now, or becomes one with this step.
                group.members = world.members.iter().copied().collect();
                group.deposed.remove(&node);
                if group.leader == Some(node) {
                    group.leader = None;
                }
            } else if world.members.contains(&node) {
                group.members.insert(node);
            }
        }
        if leaves {
            world.members_settled();
        }
    }
}
