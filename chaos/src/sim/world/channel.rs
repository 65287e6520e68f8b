//! Outboxes on their way: pumps of leaders, and what they are told.

use super::packet::{Packet, Sending, Why};
use super::pump::{BACK_OFF, LOST_AFTER, Pump};
use super::{Event, World};
use crate::sim::words::{Moment, NodeId};
use hoga_engine::ids::PartitionId;

impl World {
    /// A new leader sends everything that is not acknowledged.
    pub(super) fn start_pumps(&mut self, node: NodeId, partition: PartitionId) {
        let Some(seat) = self.seat(node, partition) else { return };
        let all: Vec<PartitionId> = seat.life.replica().core.outboxes().keys().copied().collect();
        for to in all {
            self.pump(node, partition, to);
        }
    }

    /// Sends what there is to send from one outbox.
    pub(super) fn pump(&mut self, node: NodeId, source: PartitionId, to: PartitionId) {
        let (now, most, mutant) = (self.now, self.swarm.pump_batch, self.mutant);
        let Some(host) = self.hosts.get_mut(&node).filter(|host| host.is_up) else { return };
        let incarnation = host.incarnation;
        let target = host.seats.get(&to).and_then(|seat| seat.leader);
        let Some(seat) = host.seats.get_mut(&source).filter(|seat| seat.leads) else { return };
        let Some(outbox) = seat.life.replica().core.outboxes().get(&to) else { return };
        let pump = seat.pumps.entry(to).or_insert_with(|| Pump::new(outbox.first()));
        let Some(target) = target else {
            self.after(BACK_OFF, Event::Pump { node, incarnation, source, to });
            return;
        };
        let mut sendings = Vec::new();
        while let Some(sending) = pump.send(outbox, most, now) {
            sendings.push(sending);
        }
        for (sending, first, messages) in sendings {
            let (first, messages) = match mutant {
                Some(mutant) => mutant.edit_sending(first, messages),
                None => (first, messages),
            };
            self.tally.messages += messages.len() as u64;
            let lost = Event::PumpLost { node, incarnation, source, to, sending };
            self.after(LOST_AFTER, lost);
            self.moment(Moment::InboundSent, node);
            self.send(node, target, Packet::Inbound { source, to, sending, first, messages });
        }
    }

    /// An answer to a sending.
    pub(super) fn taken(
        &mut self,
        node: NodeId,
        source: PartitionId,
        to: PartitionId,
        sending: Sending,
        next: Result<u64, Why>,
    ) {
        let (now, forgets) = (self.now, self.mutant.is_some_and(super::Mutant::never_sends_again));
        let Some(seat) = self.seat(node, source).filter(|seat| seat.leads) else { return };
        let Some(pump) = seat.pumps.get_mut(&to) else { return };
        let next = if forgets { next.or(Ok(u64::MAX)) } else { next };
        let next = next.map(|next| next.min(seat.life.replica().core.outboxes()[&to].next()));
        let rests = pump.told(sending, next, now);
        self.go_on(node, source, to, rests);
    }

    pub(super) fn pump_lost(
        &mut self,
        node: NodeId,
        incarnation: u32,
        source: PartitionId,
        to: PartitionId,
        sending: Sending,
    ) {
        let (now, forgets) = (self.now, self.mutant.is_some_and(super::Mutant::never_sends_again));
        let Some(host) = self.running(node, incarnation) else { return };
        let Some(seat) = host.seats.get_mut(&source).filter(|seat| seat.leads) else { return };
        let Some(pump) = seat.pumps.get_mut(&to) else { return };
        if forgets {
            let end = seat.life.replica().core.outboxes()[&to].next();
            pump.told(sending, Ok(end), now);
            return;
        }
        let rests = pump.lost(sending, now);
        self.go_on(node, source, to, rests);
    }

    fn go_on(&mut self, node: NodeId, source: PartitionId, to: PartitionId, rests: bool) {
        let Some(host) = self.hosts.get(&node) else { return };
        let incarnation = host.incarnation;
        if rests {
            self.tally.resent += 1;
            self.after(BACK_OFF, Event::Pump { node, incarnation, source, to });
        } else {
            self.pump(node, source, to);
        }
    }
}
