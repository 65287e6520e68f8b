//! The nemesis: it carries out the faults of a run, and heals everything in the end.

use super::host::Seat;
use super::{Event, Host, Phase, World};
use crate::sim::faults::{Fault, Kind, When, Whom, closed};
use crate::sim::words::{Broken, DiskState, Down, MS, Moment, Nanos, NodeId, Order, SECOND};
use hoga_engine::ids::PartitionId;
use std::collections::BTreeMap;

/// Stands for the fault that stopped a process which ended itself.
pub(super) const ITSELF: usize = usize::MAX;

pub(super) struct Nemesis {
    pub faults: Vec<Fault>,
    /// Faults that wait for their moment.
    waiting: Vec<usize>,
    /// Nodes that are to be started again, by the fault that stopped them.
    pub down: BTreeMap<NodeId, usize>,
    /// A node whose disk is lost, and the one that takes its place: one at a time.
    pub replacing: Option<(NodeId, NodeId)>,
    pub has_grown: bool,
}

impl Nemesis {
    pub fn new(faults: Vec<Fault>) -> Nemesis {
        let waits = |fault: &Fault| matches!(fault.when, When::Moment { .. });
        let waiting = (0..faults.len()).filter(|nth| waits(&faults[*nth])).collect();
        Nemesis { faults, waiting, down: BTreeMap::new(), replacing: None, has_grown: false }
    }

    /// The fault that waited for this moment, with how long it still takes.
    pub fn due(&mut self, moment: Moment, now: Nanos) -> Option<(usize, Nanos)> {
        let is_due = |nth: &usize| match self.faults[*nth].when {
            When::Moment { moment: wanted, from, .. } => wanted == moment && from <= now,
            When::At(_) => false,
        };
        let place = self.waiting.iter().position(is_due)?;
        let fault = self.waiting.remove(place);
        match self.faults[fault].when {
            When::Moment { after, .. } => Some((fault, after)),
            When::At(_) => None,
        }
    }
}

impl World {
    pub(super) fn begin_nemesis(&mut self) {
        let faults: Vec<(usize, Nanos)> = self
            .nemesis
            .faults
            .iter()
            .enumerate()
            .filter_map(|(nth, fault)| match fault.when {
                When::At(at) => Some((nth, at)),
                When::Moment { .. } => None,
            })
            .collect();
        for (fault, at) in faults {
            self.after(at, Event::Strike { fault, at: None });
        }
    }

    pub(super) fn strike(&mut self, nth: usize, at: Option<NodeId>) {
        if self.phase != Phase::Dangerous {
            return;
        }
        let Fault { whom, kind, lasts, .. } = self.nemesis.faults[nth].clone();
        let node = at.or_else(|| self.whom(whom)).filter(|node| self.hosts.contains_key(node));
        let Some(node) = node else { return };
        self.note(0xFA17, nth as u64);
        let is_up = self.hosts[&node].is_up;
        match kind {
            Kind::Stop(down) if is_up => self.stop(nth, node, down, lasts),
            Kind::StopAll(down) => {
                for node in self.members.clone() {
                    let lasts = lasts / 2 + self.dice.below(lasts / 2 + 1);
                    if self.hosts[&node].is_up {
                        self.stop(nth, node, down, lasts);
                    }
                }
                self.tally.blackouts += 1;
            }
            Kind::Pause if is_up && !self.hosts[&node].is_paused => {
                self.tally.pauses += 1;
                self.host(node).is_paused = true;
                self.orders.push(Order::Pause { node });
                self.after(lasts, Event::Over { fault: nth, node, turn: 0 });
            }
            Kind::Isolate | Kind::OneWay { .. } | Kind::Bridge | Kind::Flap { .. } => {
                self.tally.partitions += 1;
                let cut = closed(&kind, node, &self.members);
                self.links.cut(nth, cut);
                let first = if let Kind::Flap { period } = kind { period } else { lasts };
                self.after(first, Event::Over { fault: nth, node, turn: 0 });
            }
            Kind::Spoil(quality) => {
                self.tally.spoilt += 1;
                for other in self.members.clone() {
                    self.links.spoil(node, other, quality);
                    self.links.spoil(other, node, quality);
                }
                self.after(lasts, Event::Over { fault: nth, node, turn: 0 });
            }
            Kind::SlowDisk(delay) => self.disk(nth, node, DiskState::Slow(delay), lasts),
            Kind::FullDisk => self.disk(nth, node, DiskState::Full, lasts),
            Kind::FailingDisk => self.disk(nth, node, DiskState::Failing, lasts),
            Kind::Corrupt | Kind::Wipe => self.lose(node, &kind),
            Kind::StepClock { by } => {
                self.tally.clocks += 1;
                self.host(node).skew += by;
            }
            Kind::Lead(partition) => {
                self.tally.transfers += 1;
                self.orders.push(Order::Lead { partition, to: node });
            }
            Kind::Grow => self.grow(),
            Kind::Stop(_) | Kind::Pause => {}
        }
    }

    fn whom(&mut self, whom: Whom) -> Option<NodeId> {
        match whom {
            Whom::Nth(nth) => self.members.get(nth as usize % self.members.len()).copied(),
            Whom::Leader(partition) => self.leader(partition),
        }
    }

    /// Whoever takes itself for the leader.
    #[must_use]
    pub fn leader(&self, partition: hoga_engine::ids::PartitionId) -> Option<NodeId> {
        let leads = |host: &&Host| {
            let seat = host.seats.get(&partition);
            host.is_up && seat.is_some_and(|seat| seat.leader == Some(host.node))
        };
        self.hosts.values().find(leads).map(|host| host.node)
    }

    fn host(&mut self, node: NodeId) -> &mut Host {
        self.hosts.get_mut(&node).expect("the nemesis strikes nodes that are there")
    }

    fn stop(&mut self, fault: usize, node: NodeId, down: Down, lasts: Nanos) {
        self.tally.crashes += 1;
        self.tally.power_losses += u64::from(down == Down::Power);
        self.nemesis.down.insert(node, fault);
        self.say(&[], || format!("n{node} dies"));
        self.fall(node);
        self.orders.push(Order::Stop { node, down });
        self.after(lasts, Event::Over { fault, node, turn: 0 });
    }

    fn disk(&mut self, fault: usize, node: NodeId, state: DiskState, lasts: Nanos) {
        self.tally.disks += 1;
        self.orders.push(Order::Disk { node, state });
        self.after(lasts, Event::Over { fault, node, turn: 0 });
    }

    /// A node loses its disk for good; another takes its place under a name of its own.
    fn lose(&mut self, node: NodeId, kind: &Kind) {
        let all_well = self.hosts.values().all(|host| host.is_up || host.is_lost);
        if self.nemesis.replacing.is_some() || !all_well || self.hosts[&node].is_lost {
            return;
        }
        self.tally.crashes += 1;
        self.tally.lost_disks += 1;
        self.fall(node);
        self.orders.push(Order::Stop { node, down: Down::Kill });
        self.orders.push(if *kind == Kind::Wipe {
            Order::Wipe { node }
        } else {
            Order::Corrupt { node }
        });
        let host = self.host(node);
        host.is_lost = true;
        host.shelf.clear();
        let fresh = self.enlist();
        self.nemesis.replacing = Some((node, fresh));
        self.members.retain(|member| *member != node);
        self.orders.push(Order::Add { node: fresh });
        self.orders.push(Order::Remove { node });
    }

    /// A node that was never there before.
    fn enlist(&mut self) -> NodeId {
        self.named += 1;
        let node = self.named;
        self.hosts.insert(node, Host::new(node, 0));
        self.members.push(node);
        self.orders.push(Order::Start { node });
        node
    }

    fn grow(&mut self) {
        if self.nemesis.replacing.is_some() || self.nemesis.has_grown {
            return;
        }
        self.nemesis.has_grown = true;
        self.tally.grown += 1;
        let node = self.enlist();
        self.orders.push(Order::Add { node });
        // Later somebody else leaves, and the cluster is as large as before.
        let fault = self.nemesis.faults.iter().position(|fault| fault.kind == Kind::Grow);
        if let Some(fault) = fault {
            self.after(3 * SECOND, Event::Over { fault, node, turn: 0 });
        }
    }

    /// Every change of members that was ordered is done.
    pub fn members_settled(&mut self) {
        if let Some((gone, _)) = self.nemesis.replacing.take() {
            self.tally.replaced += 1;
            self.note(0x2E91, gone);
        }
    }

    /// A fault's time is over.
    pub(super) fn is_past(&mut self, nth: usize, node: NodeId, turn: u64) {
        let Fault { kind, lasts, .. } = self.nemesis.faults[nth].clone();
        match kind {
            Kind::Stop(_) | Kind::StopAll(_) => self.restart(nth, node),
            Kind::Pause => self.go_on_after_pause(node),
            Kind::Flap { period } if self.phase == Phase::Dangerous && turn * period < lasts => {
                if turn.is_multiple_of(2) {
                    self.links.mend(nth);
                } else {
                    let cut = closed(&kind, node, &self.members);
                    self.links.cut(nth, cut);
                }
                self.after(period, Event::Over { fault: nth, node, turn: turn + 1 });
            }
            Kind::Isolate | Kind::OneWay { .. } | Kind::Bridge | Kind::Flap { .. } => {
                self.links.mend(nth);
            }
            Kind::Spoil(_) => {
                for other in self.members.clone() {
                    self.links.restore(node, other);
                    self.links.restore(other, node);
                }
            }
            Kind::SlowDisk(_) | Kind::FullDisk | Kind::FailingDisk => {
                self.orders.push(Order::Disk { node, state: DiskState::Sound });
            }
            Kind::Grow => self.shrink(node),
            Kind::Corrupt | Kind::Wipe | Kind::StepClock { .. } | Kind::Lead(_) => {}
        }
    }

    fn shrink(&mut self, fresh: NodeId) {
        let others: Vec<NodeId> = self.members.iter().copied().filter(|it| *it != fresh).collect();
        let nth = self.dice.below(others.len() as u64) as usize;
        if self.nemesis.replacing.is_some() || self.phase != Phase::Dangerous {
            return;
        }
        let leaves = others[nth];
        self.tally.shrunk += 1;
        self.members.retain(|member| *member != leaves);
        self.nemesis.replacing = Some((leaves, fresh));
        self.orders.push(Order::Remove { node: leaves });
    }

    pub(super) fn restart(&mut self, fault: usize, node: NodeId) {
        if self.nemesis.down.get(&node) == Some(&fault) {
            self.nemesis.down.remove(&node);
            let host = self.host(node);
            if !host.is_up && !host.is_lost {
                self.orders.push(Order::Start { node });
            }
        }
    }

    fn go_on_after_pause(&mut self, node: NodeId) {
        let host = self.host(node);
        if host.is_paused {
            host.is_paused = false;
            self.orders.push(Order::Resume { node });
        }
    }

    /// A process ended itself, because its disk failed; it is started again a little later.
    pub fn failed(&mut self, node: NodeId) {
        if self.hosts.get(&node).is_none_or(|host| !host.is_up) {
            return;
        }
        self.tally.failed_disks += 1;
        self.tally.crashes += 1;
        self.fall(node);
        self.nemesis.down.insert(node, ITSELF);
        self.orders.push(Order::Stop { node, down: Down::Kill });
        self.orders.push(Order::Disk { node, state: DiskState::Sound });
        let delay = 200 * MS + self.dice.below(SECOND);
        if self.phase == Phase::Dangerous {
            self.after(delay, Event::Restart { node });
        } else {
            self.restart(ITSELF, node);
        }
    }

    /// All faults end; what is down comes back.
    pub(super) fn heal(&mut self) {
        self.phase = Phase::Healed;
        self.links.heal();
        for node in self.hosts.keys().copied().collect::<Vec<_>>() {
            self.orders.push(Order::Disk { node, state: DiskState::Sound });
            self.go_on_after_pause(node);
            let reach = self.swarm.skew as i64;
            let host = self.host(node);
            // Nobody may lead while no two clocks agree.
            host.skew = host.skew.clamp(-reach, reach);
            if !host.is_up && !host.is_lost {
                self.orders.push(Order::Start { node });
            }
        }
        self.nemesis.down.clear();
    }

    /// Orders that were reserved for a while by a clock hours ahead end one by one, and behind that
    /// time goes at half the pace. As long as ticks are owed and logs go on, nothing stands still; what
    /// hangs for another reason hangs also when the patience is over.
    pub(super) fn is_waiting_for_time(&mut self) -> bool {
        let entries = self.witness.entries();
        let goes_on = entries > std::mem::replace(&mut self.patience.entries, entries);
        let may_wait = self.patience.left > 0 && goes_on && self.owes_ticks();
        self.patience.left -= u32::from(may_wait);
        may_wait
    }

    fn owes_ticks(&self) -> bool {
        self.seats().any(|(_, seat)| seat.life.replica().core.needs_tick())
    }

    fn seats(&self) -> impl Iterator<Item = (&PartitionId, &Seat)> {
        self.members.iter().filter_map(|node| self.hosts.get(node)).flat_map(|host| &host.seats)
    }

    /// Nothing is under way any more, and all replicas have everything.
    pub(super) fn is_at_rest(&self) -> bool {
        let members = || self.members.iter().filter_map(|node| self.hosts.get(node));
        self.is_answered()
            && self.is_shown()
            && self.nemesis.replacing.is_none()
            && self.are_sessions_at_rest()
            && members().all(|host| host.is_up)
            && self.seats().all(|(id, seat)| seat.life.applied() == self.witness.reached(*id))
            && self.seats().all(|(_, seat)| {
                let outboxes = seat.life.replica().core.outboxes();
                outboxes.values().all(hoga_cluster::partition::Outbox::is_empty)
            })
            && !self.owes_ticks()
    }

    /// The last look at everything.
    pub(super) fn end(&mut self) {
        if self.phase == Phase::Ended {
            return;
        }
        if !self.is_at_rest() {
            let what = self.unrest();
            self.found(Err(Broken { invariant: "LIVE-1", what }));
        }
        let hashes: Vec<_> = self
            .members
            .iter()
            .filter_map(|node| self.hosts.get(node))
            .flat_map(|host| {
                host.seats.iter().map(|(id, seat)| (host.node, *id, seat.life.replica()))
            })
            .map(|(node, id, replica)| (node, id, replica.applied, replica.hash()))
            .collect();
        for (node, id, applied, hash) in hashes {
            let found = self.witness.final_state(node, id, applied, hash);
            self.found(found);
        }
        let found = self.witness.finish(&self.clients).and_then(|()| self.check_subscribers());
        self.found(found);
        let counts = self.witness.counts();
        self.tally.add_witness(counts);
        self.phase = Phase::Ended;
    }

    /// What keeps the cluster from being at rest.
    fn unrest(&self) -> String {
        let waits: Vec<_> =
            self.clients.iter().filter(|c| c.waits_for.is_some()).map(|c| c.name).collect();
        let mut text = format!("clients {waits:?} wait");
        if !self.is_shown() {
            text += "; a subscriber has not looked at everything";
        }
        if !self.are_sessions_at_rest() {
            text += &format!("; sessions {:?} are open", self.left_behind());
        }
        if let Some(replacing) = self.nemesis.replacing {
            text += &format!("; {replacing:?} is not replaced");
        }
        for node in &self.members {
            let host = &self.hosts[node];
            if !host.is_up {
                text += &format!("; node {node} is down");
            }
            for (id, seat) in &host.seats {
                let (applied, reached) = (seat.life.applied(), self.witness.reached(*id));
                let waits: usize =
                    seat.life.replica().core.outboxes().values().map(|outbox| outbox.len()).sum();
                let ticks = if seat.life.replica().core.needs_tick() { ", owes ticks" } else { "" };
                if applied != reached || waits > 0 || seat.leader.is_none() || !ticks.is_empty() {
                    let leader = seat.leader;
                    text += &format!(
                        "; {node}/{} at {applied} of {reached}, {waits} in outboxes, led by \
                         {leader:?}{ticks}",
                        id.0
                    );
                }
            }
        }
        text
    }
}
