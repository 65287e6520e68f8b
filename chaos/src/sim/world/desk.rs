//! A leader's desk: requests and messages in, batches out to consensus; and reads.

use super::packet::{Packet, Why};
use super::sequencer::{Room, Waiting};
use super::{Mutant, World};
use crate::sim::replica::Replica;
use crate::sim::words::{Fate, NodeId, Order};
use hoga_actors::{Entity, EntityId};
use hoga_cluster::partition::{Batch, Command, Entry};
use hoga_engine::ids::{Origin, PartitionId};
use hoga_engine::request::AccountRequest;

impl World {
    pub(super) fn ask(
        &mut self,
        node: NodeId,
        from: NodeId,
        partition: PartitionId,
        origin: Origin,
        mut entry: Entry,
    ) {
        let room = self.room();
        self.price(node, &mut entry);
        let Some(seat) = self.seat(node, partition) else { return };
        let is_full = seat.sequencer.waiting().clients >= room.clients;
        let why = if !seat.leads {
            Why::NotLeader(seat.leader)
        } else if is_full || seat.life.replica().core.is_congested() {
            Why::Busy
        } else {
            seat.sequencer.ask(origin, entry);
            return self.sequence(node, partition);
        };
        self.send(node, from, Packet::Refused { origin, why });
    }

    /// Stamps an order that the market gives a price to with where its book stands on this node.
    fn price(&self, node: NodeId, entry: &mut Entry) {
        let request = match &mut entry.command {
            Command::Request { request, .. } => request,
            Command::InSession { asked, .. } => &mut asked.2,
            _ => return,
        };
        let AccountRequest::Place { order, market_price, .. } = request else { return };
        // A plain market has the middle that all prices are drawn around.
        if self.swarm.offer.is_plain() {
            return;
        }
        let book = self.swarm.topology.book_partition(order.instrument);
        let seat = self.hosts.get(&node).and_then(|host| host.seats.get(&book));
        let entity =
            seat.and_then(|it| it.life.replica().entities.get(&EntityId::Book(order.instrument)));
        *market_price = match entity {
            Some(Entity::Book(book)) => book.market_price(order),
            _ => None,
        };
    }

    /// How much may wait for a sequencer.
    fn room(&self) -> Room {
        match self.mutant {
            Some(Mutant::NeverBusy) => Room { clients: usize::MAX, inbound: usize::MAX },
            _ => self.swarm.room,
        }
    }

    pub(super) fn inbound(&mut self, node: NodeId, partition: PartitionId, waiting: Waiting) {
        let room = self.room();
        let Some(seat) = self.seat(node, partition) else { return };
        let why = if !seat.leads {
            Why::NotLeader(seat.leader)
        } else if seat.sequencer.waiting().inbound >= room.inbound {
            Why::Busy
        } else {
            seat.sequencer.hear(waiting);
            return self.sequence(node, partition);
        };
        let Waiting { from, source, sending, .. } = waiting;
        self.send(node, from, Packet::Taken { source, to: partition, sending, next: Err(why) });
    }

    /// Proposes the next batch, when there is one and none is under way.
    pub(super) fn sequence(&mut self, node: NodeId, partition: PartitionId) {
        let (now, most, mutant) = (self.now, self.swarm.batch_commands, self.mutant);
        let ticket = self.tickets + 1;
        let Some(seat) = self.seat(node, partition) else { return };
        if !seat.leads {
            return;
        }
        let waiting = seat.sequencer.waiting();
        let found = self.witness.waits(partition, waiting, self.swarm.room);
        self.found(found);
        let Some(seat) = self.seat(node, partition) else { return };
        let Some(mut entries) = seat.sequencer.gather(ticket, most) else { return };
        if let Some(mutant) = mutant {
            mutant.edit_entries(&mut entries);
            if entries.is_empty() {
                seat.sequencer.under_way = None;
                return;
            }
        }
        let time = seat.time.now(seat.clock(now), seat.life.replica().core.time());
        let batch = Batch { time, entries };
        let bytes = postcard::to_stdvec(&batch).expect("a batch always encodes");
        self.tickets = ticket;
        if mutant.is_some_and(Mutant::answers_before_commit) {
            self.foretell(node, partition, &bytes);
        }
        self.tally.batches += 1;
        self.orders.push(Order::Propose { node, partition, ticket, batch: bytes.into() });
    }

    /// A planted bug: answers as if the batch were committed already.
    fn foretell(&mut self, node: NodeId, partition: PartitionId, batch: &[u8]) {
        let topology = self.swarm.topology;
        let Some(seat) = self.seat(node, partition) else { return };
        let (index, bytes) = (seat.life.applied(), seat.life.replica().encode());
        let copy = Replica::decode(partition, topology, &bytes, index, None);
        let Ok(mut copy) = copy else { return };
        let absorbed = copy.apply(index + 1, Some(batch)).unwrap_or_default();
        for (origin, answer) in absorbed.iter().flat_map(|one| one.all_answers()).cloned() {
            let at = super::At { partition, index: index + 1 };
            let packet = Packet::Answered { origin, at, answer };
            self.send(node, NodeId::from(origin.node), packet);
        }
    }

    /// Moves time on when something waits for it, and logs how far others have acknowledged.
    pub(super) fn tick(&mut self, node: NodeId, partition: PartitionId) {
        let (mutant, now) = (self.mutant, self.now);
        let Some(seat) = self.seat(node, partition) else { return };
        if !seat.leads {
            return;
        }
        for (&to, pump) in &mut seat.pumps {
            if pump.acked > pump.logged {
                pump.logged = pump.acked;
                let ahead = mutant.map_or(0, Mutant::acknowledged_ahead);
                let next = pump.acked + ahead;
                seat.sequencer.order(Command::OutboxAck { to, next });
            }
        }
        if seat.life.replica().core.is_tick_due(seat.clock(now))
            && seat.sequencer.under_way.is_none()
        {
            seat.sequencer.order(Command::Tick);
        }
        let behind: Vec<PartitionId> =
            seat.life.replica().core.outboxes().keys().copied().collect();
        for to in behind {
            self.pump(node, partition, to);
        }
        self.sequence(node, partition);
    }

    pub(super) fn read(
        &mut self,
        node: NodeId,
        from: NodeId,
        partition: PartitionId,
        origin: Origin,
        account: Box<str>,
    ) {
        let skips_barrier = self.mutant.is_some_and(Mutant::reads_without_barrier);
        self.tickets += 1;
        let ticket = self.tickets;
        let Some(seat) = self.seat(node, partition) else { return };
        if !seat.leads {
            let why = Why::NotLeader(seat.leader);
            self.send(node, from, Packet::Refused { origin, why });
            return;
        }
        if skips_barrier {
            return self.barrier(node, from, partition, origin, &account, Fate::Done(0));
        }
        seat.barriers.insert(ticket, (from, origin, account));
        self.orders.push(Order::Barrier { node, partition, ticket });
    }

    /// A read's barrier was reached, or not.
    pub(super) fn barrier(
        &mut self,
        node: NodeId,
        from: NodeId,
        partition: PartitionId,
        origin: Origin,
        account: &str,
        fate: Fate,
    ) {
        let Some(seat) = self.seat(node, partition) else { return };
        let packet = match fate {
            Fate::Done(_) => {
                let index = seat.life.applied();
                let id = seat.life.replica().core.directory().get(account);
                let found =
                    id.and_then(|id| seat.life.replica().entities.get(&EntityId::Account(id)));
                let balances = found.and_then(|entity| match entity {
                    Entity::Account(account) => Some(
                        account.balances().map(|(asset, b)| (asset, b.available, b.held)).collect(),
                    ),
                    _ => None,
                });
                Packet::Seen { origin, at: super::At { partition, index }, balances }
            }
            Fate::NotLeader(hint) => Packet::Refused { origin, why: Why::NotLeader(hint) },
            Fate::Full | Fate::Unknown => Packet::Refused { origin, why: Why::Busy },
        };
        self.send(node, from, packet);
    }
}
