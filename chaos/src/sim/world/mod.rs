//! The cluster above consensus, as a machine without input or output of its own.
//!
//! Owns: hosts with their replicas, sequencers, pumps, gateways and feeds; clients and their
//! histories; the network; the nemesis; the witness that checks everything. Takes: time
//! ([`World::advance`]) and what consensus has to say ([`World::apply`], [`World::lead`],
//! [`World::proposed`], [`World::install`]). Emits: [`Order`]s to consensus and machines.
//! On failure: the first [`Broken`] invariant ends the run.
//!
//! The shells here are models of the product's (`cluster/src/runtime`): the same order of steps on
//! the same pure core, in virtual time. openraft drives this world in [`super::raft`], a model log
//! does in [`super::model`].

mod boot;
mod channel;
mod client;
mod desk;
mod feed;
mod gateway;
mod host;
mod life;
mod nemesis;
mod packet;
mod pump;
mod sequencer;
mod session;
mod subscribe;
mod wishing;

pub use client::{Asked, Client, Op};
pub use feed::{Shown, Subscriber};
pub use host::{Generation, Host};
pub use packet::{At, Balances, Packet};
pub use sequencer::Room;

use super::conversation::said;
use super::faults::Fault;
use super::links::Links;
use super::mutants::Mutant;
use super::swarm::Swarm;
use super::tally::Tally;
use super::witness::Witness;
use super::words::{Broken, Moment, Nanos, NodeId, Order, SECOND};
use hoga_engine::ids::PartitionId;
use hoga_engine::pit::Chooser;
use nemesis::Nemesis;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Where exchange time begins: an arbitrary morning.
pub const MORNING: u64 = 1_700_000_000 * SECOND;
/// How long after the last fault everything has to be well again.
const HEALED_WITHIN: Nanos = 25 * SECOND;
/// Clients go on for this long after healing, then stop.
const GOES_ON: Nanos = 4 * SECOND;

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly every event is an arrival")]
enum Event {
    Arrives {
        to: NodeId,
        incarnation: u32,
        from: NodeId,
        packet: Packet,
    },
    /// A client has nothing to wait for.
    Wish {
        client: usize,
    },
    /// A gateway's time for a request is over.
    GiveUp {
        node: NodeId,
        incarnation: u32,
        request: u64,
    },
    /// A gateway tries again; the number of attempts so far tells whether that is still due.
    Again {
        node: NodeId,
        incarnation: u32,
        request: u64,
        attempts: u64,
    },
    /// A client's node went down.
    Reset {
        client: usize,
        attempt: u64,
    },
    Ticks {
        node: NodeId,
        incarnation: u32,
    },
    Pump {
        node: NodeId,
        incarnation: u32,
        source: PartitionId,
        to: PartitionId,
    },
    PumpLost {
        node: NodeId,
        incarnation: u32,
        source: PartitionId,
        to: PartitionId,
        sending: packet::Sending,
    },
    Written {
        node: NodeId,
        incarnation: u32,
        partition: PartitionId,
    },
    /// A gateway says to a partition that it is there, unless it did since.
    Attend {
        node: NodeId,
        incarnation: u32,
        partition: PartitionId,
        turn: u64,
    },
    Subscriber {
        nth: usize,
    },
    Strike {
        fault: usize,
        at: Option<NodeId>,
    },
    Over {
        fault: usize,
        node: NodeId,
        turn: u64,
    },
    /// A process that ended itself is started again.
    Restart {
        node: NodeId,
    },
    Look,
    Heal,
    Rest,
    End,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    Dangerous,
    /// Faults are over, clients go on.
    Healed,
    /// Clients stopped; everything has to come to rest.
    Resting,
    Ended,
}

pub struct World {
    pub now: Nanos,
    events: BTreeMap<(Nanos, u64), Event>,
    numbers: u64,
    pub dice: Chooser,
    pub swarm: Swarm,
    pub mutant: Option<Mutant>,
    pub links: Links,
    pub hosts: BTreeMap<NodeId, Host>,
    /// Nodes that are, or are becoming, members.
    pub members: Vec<NodeId>,
    pub clients: Vec<Client>,
    subscribers: Vec<Subscriber>,
    pub witness: Witness,
    nemesis: Nemesis,
    pub orders: Vec<Order>,
    pub tally: Tally,
    pub phase: Phase,
    pub broken: Option<Broken>,
    pub hash: u64,
    tickets: u64,
    /// The last node that was given a name.
    named: NodeId,
    /// When everything was well again after the faults.
    pub rested_at: Option<Nanos>,
    healed_at: Nanos,
    patience: Patience,
}

/// How long it may take until time alone has brought about what it has to.
struct Patience {
    /// So many times [`HEALED_WITHIN`].
    left: u32,
    /// Entries that all logs had when that was asked last.
    entries: u64,
}

impl World {
    #[must_use]
    pub fn new(swarm: Swarm, faults: Vec<Fault>, mutant: Option<Mutant>) -> World {
        let seed = swarm.seed;
        let mut dice = Chooser(seed ^ 0x0057_0CC5_0000_0001);
        let members: Vec<NodeId> = (1..=swarm.nodes).collect();
        let hosts = members.iter().map(|&node| {
            let reach = swarm.skew.max(1);
            let skew = dice.below(2 * reach) as i64 - reach as i64;
            (node, Host::new(node, skew))
        });
        let hosts = hosts.collect();
        let mut world = World {
            now: 0,
            events: BTreeMap::new(),
            numbers: 0,
            links: Links::new(seed ^ 0x11AA, swarm.usual),
            hosts,
            clients: Vec::new(),
            subscribers: Vec::new(),
            witness: Witness::new(&swarm, mutant),
            nemesis: Nemesis::new(faults),
            orders: Vec::new(),
            tally: Tally::default(),
            phase: Phase::Dangerous,
            broken: None,
            hash: seed,
            tickets: 0,
            named: swarm.nodes,
            rested_at: None,
            healed_at: 0,
            patience: Patience { left: 8, entries: 0 },
            members,
            dice,
            mutant,
            swarm,
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        for node in self.members.clone() {
            self.orders.push(Order::Start { node });
        }
        self.begin_clients();
        self.begin_subscribers();
        self.begin_nemesis();
        let dangerous = self.swarm.dangerous;
        self.after(SECOND / 2, Event::Look);
        self.after(dangerous, Event::Heal);
        self.after(dangerous + GOES_ON, Event::Rest);
        self.after(dangerous + GOES_ON + HEALED_WITHIN, Event::End);
    }

    /// Something happens after a while.
    fn after(&mut self, delay: Nanos, event: Event) {
        self.numbers += 1;
        self.events.insert((self.now + delay, self.numbers), event);
    }

    /// When something happens next.
    #[must_use]
    pub fn next(&self) -> Option<Nanos> {
        self.events.keys().next().map(|(at, _)| *at)
    }

    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Ended || self.broken.is_some()
    }

    /// Lets time go on to `now`, and everything happen that is due by then.
    pub fn advance(&mut self, now: Nanos) {
        while !self.is_over() && self.next().is_some_and(|at| at <= now) {
            let Some(((at, number), event)) = self.events.pop_first() else { break };
            self.now = self.now.max(at);
            self.note(at ^ number.rotate_left(40), kind_of(&event));
            self.tally.events += 1;
            self.handle(event);
        }
        self.now = self.now.max(now);
    }

    /// Mixes something that happened into the hash of the run.
    pub fn note(&mut self, what: u64, more: u64) {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&what.to_le_bytes());
        bytes[8..].copy_from_slice(&more.to_le_bytes());
        self.hash = xxh3_64_with_seed(&bytes, self.hash);
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Arrives { to, incarnation, from, packet } => {
                self.arrives(to, incarnation, from, packet);
            }
            Event::Wish { client } => self.wish(client),
            Event::GiveUp { node, incarnation, request } => {
                if let Some(host) = self.running(node, incarnation)
                    && let Some((partition, asker, heard)) = host.gateway.give_up(request)
                {
                    self.gave_up((node, incarnation), request, partition, asker, heard);
                }
            }
            Event::Again { node, incarnation, request, attempts } => {
                self.again(node, incarnation, request, attempts);
            }
            Event::Reset { client, attempt } => {
                if self.clients[client].attempt == attempt {
                    self.hears(client, gateway::Heard::Unknown);
                }
            }
            Event::Ticks { node, incarnation } => self.ticks(node, incarnation),
            Event::Pump { node, incarnation, source, to } => {
                if self.running(node, incarnation).is_some() {
                    self.pump(node, source, to);
                }
            }
            Event::PumpLost { node, incarnation, source, to, sending } => {
                self.pump_lost(node, incarnation, source, to, sending);
            }
            Event::Written { node, incarnation, partition } => {
                self.written(node, incarnation, partition);
            }
            Event::Attend { node, incarnation, partition, turn } => {
                self.attend(node, incarnation, partition, turn);
            }
            Event::Subscriber { nth } => self.subscriber(nth),
            Event::Strike { fault, at } => self.strike(fault, at),
            Event::Over { fault, node, turn } => self.is_past(fault, node, turn),
            Event::Restart { node } => self.restart(nemesis::ITSELF, node),
            Event::Look => {
                let found = self.witness.look();
                self.found(found);
                self.tally.looks += 1;
                self.after(SECOND / 2, Event::Look);
            }
            Event::Heal => {
                self.healed_at = self.now;
                self.heal();
            }
            Event::Rest => {
                self.phase = Phase::Resting;
                self.patience.entries = self.witness.entries();
            }
            Event::End if self.is_waiting_for_time() => self.after(HEALED_WITHIN, Event::End),
            Event::End => self.end(),
        }
        if self.phase == Phase::Resting && self.rested_at.is_none() && self.is_at_rest() {
            self.rested_at = Some(self.now);
            self.end();
        }
    }

    /// Writes a line down, when somebody wants to read it.
    pub fn say(&mut self, about: &[PartitionId], line: impl FnOnce() -> String) {
        if let Some(conversation) = &mut self.swarm.conversation {
            conversation.note(self.now, about, line);
        }
    }

    /// The first thing that is broken ends the run.
    pub fn found(&mut self, found: Result<(), Broken>) {
        if let Err(broken) = found
            && self.broken.is_none()
        {
            self.broken = Some(broken);
        }
    }

    /// A host that runs, unless it was started again since.
    fn running(&mut self, node: NodeId, incarnation: u32) -> Option<&mut Host> {
        let host = self.hosts.get_mut(&node)?;
        (host.is_up && host.incarnation == incarnation).then_some(host)
    }

    /// Requests of clients travel in a stream, so none arrives twice: otherwise a refusal would
    /// say nothing about the copy behind it.
    fn send(&mut self, from: NodeId, to: NodeId, packet: Packet) {
        let Some(host) = self.hosts.get(&to) else { return };
        if !host.is_up {
            return;
        }
        let incarnation = host.incarnation;
        if self.swarm.conversation.is_some() {
            self.say(&packet.about(), || said(from, to, &packet.to_string()));
        }
        // An attempt is a call: it is asked once, and refused once. A second refusal would be
        // taken for that of the attempt behind it.
        let is_of_attempt = matches!(packet, Packet::Ask { .. } | Packet::Refused { .. });
        let copies = if is_of_attempt { 1 } else { 2 };
        for delay in self.links.fate(from, to).into_iter().take(copies).flatten() {
            let packet = packet.clone();
            self.after(delay, Event::Arrives { to, incarnation, from, packet });
        }
    }

    fn arrives(&mut self, to: NodeId, incarnation: u32, from: NodeId, packet: Packet) {
        let is_cut = self.links.is_cut(from, to);
        let Some(host) = self.running(to, incarnation) else { return };
        if host.is_paused {
            // The kernel keeps it until the process goes on.
            self.after(10 * super::words::MS, Event::Arrives { to, incarnation, from, packet });
            return;
        }
        if is_cut {
            return;
        }
        match packet {
            Packet::Ask { partition, origin, entry } => {
                self.ask(to, from, partition, origin, entry)
            }
            Packet::Read { partition, origin, account } => {
                self.read(to, from, partition, origin, account);
            }
            Packet::Refused { origin, why } => self.refused(to, origin, why),
            Packet::Answered { origin, at, answer } => self.answered(to, origin, at, answer),
            Packet::Seen { origin, at, balances } => self.seen(to, origin, at, balances),
            Packet::Inbound { source, to: into, sending, first, messages } => {
                let waiting = sequencer::Waiting { from, source, sending, first, messages };
                self.inbound(to, into, waiting);
            }
            Packet::Taken { source, to: into, sending, next } => {
                self.taken(to, source, into, sending, next);
            }
        }
    }

    /// A moment that the nemesis may wait for.
    pub fn moment(&mut self, moment: Moment, node: NodeId) {
        if self.phase == Phase::Dangerous
            && let Some((fault, after)) = self.nemesis.due(moment, self.now)
        {
            self.tally.aimed += 1;
            self.after(after, Event::Strike { fault, at: Some(node) });
        }
    }
}

fn kind_of(event: &Event) -> u64 {
    match event {
        Event::Arrives { to, from, packet, .. } => {
            let kind = match packet {
                Packet::Ask { .. } => 1,
                Packet::Read { .. } => 2,
                Packet::Refused { .. } => 3,
                Packet::Answered { .. } => 4,
                Packet::Seen { .. } => 5,
                Packet::Inbound { .. } => 6,
                Packet::Taken { .. } => 7,
            };
            kind << 32 | to << 16 | from
        }
        Event::Wish { client } => 0x100 + *client as u64,
        Event::GiveUp { request, .. } => 0x200 + request,
        Event::Again { request, .. } => 0x300 + request,
        Event::Reset { .. } => 0x400,
        Event::Ticks { node, .. } => 0x500 + node,
        Event::Pump { node, .. } => 0x600 + node,
        Event::PumpLost { node, .. } => 0x700 + node,
        Event::Written { node, .. } => 0x800 + node,
        Event::Attend { node, .. } => 0xE00 + node,
        Event::Subscriber { .. } => 0x900,
        Event::Strike { fault, .. } => 0xA00 + *fault as u64,
        Event::Over { fault, .. } => 0xB00 + *fault as u64,
        Event::Restart { node } => 0xD00 + node,
        Event::Look | Event::Heal | Event::Rest | Event::End => 0xC00,
    }
}
