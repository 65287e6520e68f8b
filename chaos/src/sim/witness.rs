//! The witness: it sees every committed entry once, applies it to states of its own, and has every
//! check look at what follows.
//!
//! Owns: one reference of each partition, what was acknowledged to clients, the checks. Takes:
//! what replicas commit and apply, what clients hear, what subscribers are shown. Emits: nothing
//! but the first [`Broken`] invariant.
//!
//! References stand at positions that form a cut across partitions: whatever one has heard, the
//! other has said. So sums over all of them are right at every moment, also in the middle of
//! faults.

use super::check::{Checks, Lapsed};
use super::mutants::Mutant;
use super::reference::{Market, Reference};
use super::swarm::Swarm;
use super::tally::WitnessCounts;
use super::words::{Broken, NodeId, hold};
use super::world::{At, Balances, Client, Op, Room, Shown};
use bytes::Bytes;
use hoga_cluster::partition::SessionRef;
use hoga_engine::effect::{Answer, MarketEvent};
use hoga_engine::ids::{InstrumentId, Origin, PartitionId};
use std::collections::BTreeMap;

pub struct Witness {
    references: BTreeMap<PartitionId, Reference>,
    /// Replicas compare their states at every so many entries.
    hash_every: u64,
    /// Who led each term.
    leaders: BTreeMap<(PartitionId, u64), NodeId>,
    /// The highest position acknowledged to some client.
    acknowledged: BTreeMap<PartitionId, u64>,
    checks: Checks,
    counts: WitnessCounts,
}

impl Witness {
    #[must_use]
    pub fn new(swarm: &Swarm, mutant: Option<Mutant>) -> Witness {
        let (topology, hash_every) = (swarm.topology, swarm.hash_every);
        let reference = |(id, _)| (id, Reference::new(id, topology, hash_every, mutant));
        Witness {
            references: topology.partitions().map(reference).collect(),
            hash_every,
            leaders: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            checks: Checks::new(swarm.sessions),
            counts: WitnessCounts::default(),
        }
    }

    /// A node leads a partition.
    ///
    /// # Errors
    /// LOG-1: another leads it in the same term, so both may commit.
    pub fn elected(
        &mut self,
        node: NodeId,
        partition: PartitionId,
        term: u64,
    ) -> Result<(), Broken> {
        let first = *self.leaders.entry((partition, term)).or_insert(node);
        let id = partition.0;
        hold!("LOG-1", first == node, "nodes {first} and {node} both lead term {term} of {id}");
        Ok(())
    }

    /// A replica is about to apply a committed entry.
    ///
    /// # Errors
    /// LOG-1: something else was committed there before, or something before is missing.
    pub fn committed(
        &mut self,
        partition: PartitionId,
        index: u64,
        term: u64,
        batch: Option<&Bytes>,
    ) -> Result<(), Broken> {
        let Some(reference) = self.references.get_mut(&partition) else { return Ok(()) };
        if index <= reference.reached() {
            return reference.is_same(index, term, batch);
        }
        let id = partition.0;
        let reached = reference.reached();
        hold!("LOG-1", index == reached + 1, "{index} of {id} is committed, {reached} is not");
        let told = reference.apply(term, batch)?;
        self.counts.committed += 1;
        self.checks.hear(told)
    }

    /// Whether states are compared behind this entry.
    #[must_use]
    pub fn wants_hash(&self, index: u64) -> bool {
        index.is_multiple_of(self.hash_every)
    }

    /// A replica has applied an entry.
    ///
    /// # Errors
    /// LOG-2: it came to something else than others.
    pub fn applied(
        &mut self,
        node: NodeId,
        partition: PartitionId,
        index: u64,
        output: u64,
        state: Option<u64>,
    ) -> Result<(), Broken> {
        let Some(reference) = self.references.get_mut(&partition) else { return Ok(()) };
        let id = partition.0;
        let same = reference.output_at(index) == Some(output);
        hold!("LOG-2", same, "node {node} says something else than others at {index} of {id}");
        if let Some(state) = state {
            self.counts.hashes += 1;
            let same = reference.state_at(index).is_none_or(|known| known == state);
            hold!("LOG-2", same, "node {node} has another state than others at {index} of {id}");
        }
        Ok(())
    }

    /// What an entry said, as one number, and what of it is market data.
    #[must_use]
    pub fn said(&self, partition: PartitionId, index: u64) -> Option<(u64, Market)> {
        let reference = self.references.get(&partition)?;
        reference.output_at(index).zip(reference.market_at(index))
    }

    /// A replica took over a snapshot.
    ///
    /// # Errors
    /// LOG-3: it is not the state that the log leads to.
    pub fn installed(
        &mut self,
        node: NodeId,
        partition: PartitionId,
        index: u64,
        state: u64,
    ) -> Result<(), Broken> {
        let Some(reference) = self.references.get_mut(&partition) else { return Ok(()) };
        let id = partition.0;
        let reached = reference.reached();
        let known = reference.state_at(index);
        hold!(
            "LOG-1",
            index <= reached,
            "node {node} has a snapshot at {index} of {id}, {reached}"
        );
        let same = known.is_none_or(|known| known == state);
        hold!("LOG-3", same, "node {node} took over another state at {index} of {id}");
        Ok(())
    }

    /// So much waits for a leader.
    ///
    /// # Errors
    /// CAP-1: more than may.
    pub fn waits(
        &mut self,
        partition: PartitionId,
        waiting: Room,
        room: Room,
    ) -> Result<(), Broken> {
        self.checks.bounds.waits(partition, waiting, room)
    }

    #[must_use]
    pub fn acknowledged(&self, partition: PartitionId) -> u64 {
        self.acknowledged.get(&partition).copied().unwrap_or(0)
    }

    #[must_use]
    pub fn reached(&self, partition: PartitionId) -> u64 {
        self.references.get(&partition).map_or(0, Reference::reached)
    }

    /// Entries of all logs together.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.references.values().map(Reference::reached).sum()
    }

    /// An answer arrived at a gateway.
    ///
    /// # Errors
    /// LOG-1: its position is not committed, or says something else.
    pub fn acknowledge(&mut self, to: Origin, at: At, answer: &Answer) -> Result<(), Broken> {
        let Some(reference) = self.references.get(&at.partition) else { return Ok(()) };
        self.counts.acknowledged += 1;
        let (id, index, reached) = (at.partition.0, at.index, reference.reached());
        let is_committed = index <= reached;
        hold!("LOG-1", is_committed, "acknowledged at {index} of {id}, committed up to {reached}");
        let is_there = reference.answered(index, to, answer);
        hold!("LOG-1", is_there, "{answer:?} is not what {index} of {id} says to {to:?}");
        Ok(())
    }

    /// A client hears the answer to what it asked.
    ///
    /// # Errors
    /// LOG-4, ORD-1 or ORD-2.
    pub fn heard(&mut self, op: &Op, at: At, answer: &Answer) -> Result<(), Broken> {
        if at.partition == op.partition {
            let is_later = at.index > op.after;
            let (id, after) = (&op.id, op.after);
            hold!("LOG-4", is_later, "{id} was asked after {after} and answered at {}", at.index);
            self.counts.ordered += 1;
        }
        let most = self.acknowledged.entry(at.partition).or_default();
        *most = at.index.max(*most);
        self.checks.answers.heard(op, at, answer)?;
        self.checks.gone.heard(op, answer);
        self.checks.happened.answered(answer);
        Ok(())
    }

    /// A client hears what an account has.
    ///
    /// # Errors
    /// LOG-4: something older than what was acknowledged, or what never was.
    pub fn read(&mut self, op: &Op, at: At, seen: Option<&Balances>) -> Result<(), Broken> {
        let (id, after) = (&op.id, op.after);
        let is_fresh = at.index >= after;
        hold!("LOG-4", is_fresh, "{id} was asked after {after} and read at {}", at.index);
        self.counts.reads += 1;
        let Some(reference) = self.references.get(&op.partition) else { return Ok(()) };
        reference.is_as_read(&op.account, at.index, seen)?;
        let most = self.acknowledged.entry(at.partition).or_default();
        *most = at.index.max(*most);
        Ok(())
    }

    /// A subscriber is shown an event.
    ///
    /// # Errors
    /// PUB-1: it is not what is committed there.
    pub fn shown(
        &mut self,
        partition: PartitionId,
        index: u64,
        instrument: InstrumentId,
        event: &MarketEvent,
    ) -> Result<(), Broken> {
        self.counts.shown += 1;
        let Some(reference) = self.references.get(&partition) else { return Ok(()) };
        let is_committed = reference.said(index, instrument, event);
        hold!("PUB-1", is_committed, "{event:?} was shown, {index} did not say it");
        Ok(())
    }

    /// A subscriber's books after it took everything up to `reached`.
    ///
    /// # Errors
    /// BOOK-3: they are not the books.
    pub fn books_shown(
        &mut self,
        partition: PartitionId,
        reached: u64,
        books: &BTreeMap<InstrumentId, Shown>,
    ) -> Result<(), Broken> {
        let Some(reference) = self.references.get(&partition) else { return Ok(()) };
        // Only now is the true book at hand.
        if reference.reached() == reached {
            self.counts.books += 1;
            reference.shows(books)?;
        }
        Ok(())
    }

    /// A subscriber that was away for too long is shown whole books.
    ///
    /// # Errors
    /// BOOK-3.
    pub fn snapshot_shown(
        &mut self,
        partition: PartitionId,
        reached: u64,
        books: &BTreeMap<InstrumentId, Shown>,
    ) -> Result<(), Broken> {
        self.books_shown(partition, reached, books)
    }

    /// Looks at all partitions at one cut.
    ///
    /// # Errors
    /// What is broken.
    pub fn look(&mut self) -> Result<(), Broken> {
        self.counts.looks += 1;
        self.checks.look(&self.references)
    }

    /// A replica's state when everything is at rest.
    ///
    /// # Errors
    /// LOG-2.
    pub fn final_state(
        &mut self,
        node: NodeId,
        partition: PartitionId,
        applied: u64,
        state: u64,
    ) -> Result<(), Broken> {
        let Some(reference) = self.references.get_mut(&partition) else { return Ok(()) };
        if applied != reference.reached() {
            // Said by LIVE-1 already.
            return Ok(());
        }
        let (same, id) = (reference.replica.hash() == state, partition.0);
        hold!("LOG-2", same, "node {node} ends with another state of {id} than others");
        Ok(())
    }

    /// Sessions that lapsed since this was asked last.
    pub fn take_lapsed(&mut self) -> Vec<Lapsed> {
        self.checks.sessions.take_lapsed()
    }

    /// Sessions that the log has open, and who opened them.
    pub fn sessions(&self) -> impl Iterator<Item = (PartitionId, SessionRef, Origin)> {
        self.checks.sessions.open()
    }

    /// What can only be said at the end.
    ///
    /// # Errors
    /// What is broken.
    pub fn finish(&mut self, clients: &[Client]) -> Result<(), Broken> {
        self.look()?;
        for reference in self.references.values() {
            reference.replay()?;
        }
        self.checks.finish(&self.references, clients)
    }

    #[must_use]
    pub fn counts(&self) -> WitnessCounts {
        let (checked, happened) = (self.checks.counts(), self.checks.happened());
        WitnessCounts { checked, happened, ..self.counts.clone() }
    }
}
