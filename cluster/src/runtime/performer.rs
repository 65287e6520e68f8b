//! Applies what is committed in one partition, and answers reads between two batches.

use super::answers::{Answers, Reply};
use super::feed::{Feed, FeedEvent};
use super::historian::Historian;
use super::pump::PumpOrder;
use super::quotes::Quotes;
use super::read::{After, At, Look, Seen, Subject};
use super::snapshots::Writing;
use crate::partition::{Absorbed, Batch, Chunk, Core};
use crate::raft::Committed;
use crate::state;
use hoga_actors::{Entity, EntityId, Host, HostError, Output, Panicked, Slice};
use hoga_engine::history::HistoryRow;
use hoga_engine::ids::PartitionId;
use hoga_engine::instrument::Catalogue;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::Instant;

/// Messages that may wait for a performer; senders wait for a place.
pub(crate) const MAILBOX_MAX: usize = 1024;
/// Entities encoded for a snapshot at a time, between two batches.
const CAPTURE_STEP: usize = 128;
/// Blocks of a snapshot that may wait for its writer.
const CAPTURED_BLOCKS: usize = 4;

/// What a performer is told.
pub(crate) enum Order {
    Apply {
        entries: Vec<Committed>,
        done: oneshot::Sender<()>,
    },
    Read {
        subject: Subject,
        after: After,
        until: Instant,
        look: Look,
    },
    /// Leadership came (true) or went.
    Lead(bool),
    Capture {
        done: oneshot::Sender<Writing>,
    },
    Stop {
        done: oneshot::Sender<()>,
    },
}

/// What a performer shows to its sequencer and to others, without being asked.
#[derive(Default)]
pub(crate) struct Visible {
    /// There is something that only a tick will bring about.
    pub needs_tick: AtomicBool,
    /// Payload bytes applied since the last snapshot.
    pub bytes: AtomicU64,
    /// Rung when they are enough for the next one.
    pub snapshot_due: Notify,
    pub applied: AtomicU64,
    pub commands: AtomicU64,
    /// Of them, those that the snapshot had at the start: the rest was replayed or is new.
    pub restored: AtomicU64,
    pub entities: AtomicU64,
    pub actors: AtomicU64,
}

/// Where the effects of a partition go.
pub(crate) struct Outlets {
    pub answers: Arc<Answers>,
    pub historian: Historian,
    pub feed: Feed,
    pub quotes: Arc<Quotes>,
    /// To the pump of each destination.
    pub pumps: BTreeMap<PartitionId, mpsc::UnboundedSender<PumpOrder>>,
    /// Tells a source how far it was heard.
    pub heard: BTreeMap<PartitionId, watch::Sender<u64>>,
    pub congested: watch::Sender<bool>,
    pub catalogue: watch::Sender<Arc<Catalogue>>,
    pub visible: Arc<Visible>,
    /// Bytes of log after which a snapshot is due.
    pub snapshot_bytes: u64,
    /// Set when the node cannot go on.
    pub failed: watch::Sender<Option<Arc<str>>>,
}

/// A snapshot that is being captured: where its blocks go, and the hash of what went.
struct CaptureUnderWay {
    blocks: mpsc::Sender<Vec<u8>>,
    hash: u64,
}

/// Rebuilds an entity from the snapshot and the log.
pub(crate) trait Rebuild: Send {
    /// As it stood at a log index after so many chunks of the batch there.
    fn rebuild(
        &self,
        entity: EntityId,
        index: u64,
        chunks: usize,
    ) -> impl Future<Output = Option<Entity>> + Send;
}

pub(crate) struct Performer<R> {
    pub core: Core,
    pub host: Host,
    pub outlets: Outlets,
    pub rebuild: R,
    leads: bool,
    /// Chunks of the batch under way that are applied.
    chunks: usize,
    waiting: Vec<(Subject, After, Instant, Look)>,
    writing: Option<CaptureUnderWay>,
}

impl<R: Rebuild> Performer<R> {
    pub fn new(core: Core, host: Host, outlets: Outlets, rebuild: R) -> Performer<R> {
        let (waiting, writing) = (Vec::new(), None);
        Performer { core, host, outlets, rebuild, leads: false, chunks: 0, waiting, writing }
    }

    /// Works until it is stopped.
    pub async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        self.show();
        loop {
            let order = match self.writing.as_ref().map(|writing| writing.blocks.clone()) {
                None => orders.recv().await,
                Some(blocks) => tokio::select! {
                    biased;
                    order = orders.recv() => order,
                    room = blocks.reserve() => {
                        match room {
                            Ok(room) => self.capture_more(room).await,
                            // The writer gave up; whoever waits for it hears why.
                            Err(_) => self.writing = None,
                        }
                        continue;
                    }
                },
            };
            match order {
                Some(Order::Apply { entries, done }) => {
                    if let Err(error) = self.apply(entries).await {
                        self.fail(error.to_string());
                        return;
                    }
                    let _ = done.send(());
                }
                Some(Order::Read { subject, after, until, look }) => {
                    self.waiting.push((subject, after, until, look));
                    self.read().await;
                }
                Some(Order::Lead(leads)) => self.lead(leads),
                Some(Order::Capture { done }) => self.capture(done),
                Some(Order::Stop { done }) => {
                    self.host.stop().await;
                    let _ = done.send(());
                    return;
                }
                None => {
                    self.host.stop().await;
                    return;
                }
            }
        }
    }

    async fn apply(&mut self, entries: Vec<Committed>) -> Result<(), HostError> {
        for entry in entries {
            let Some(payload) = entry.payload else { continue };
            let batch: Batch = postcard::from_bytes(&payload)
                .expect("a committed batch decodes: its checksum was right");
            self.core.begin(entry.at.index, &batch);
            if self.leads {
                super::hops::tell(self.core.id(), entry.at.index, &batch);
            }
            self.weigh(payload.len() as u64);
            let mut rest = batch.entries.into_iter();
            self.chunks = 0;
            while let Some(chunk) = self.core.plan(&mut rest) {
                self.perform(chunk).await?;
                self.chunks += 1;
            }
        }
        self.show();
        self.read().await;
        Ok(())
    }

    /// Counts what the next snapshot would save, and rings when it is due.
    fn weigh(&self, bytes: u64) {
        let before = self.outlets.visible.bytes.fetch_add(bytes, Ordering::Relaxed);
        let due = self.outlets.snapshot_bytes;
        if before < due && before + bytes >= due {
            self.outlets.visible.snapshot_due.notify_one();
        }
    }

    async fn perform(&mut self, mut chunk: Chunk) -> Result<(), HostError> {
        for (id, entity) in chunk.created.drain(..) {
            self.host.insert(id, entity);
        }
        let slices = chunk.take_slices();
        let (mut outputs, panicked) = self.host.run(slices, self.core.scene()).await?;
        for Panicked(slice) in panicked {
            outputs.extend(self.recover(slice).await?);
        }
        let absorbed = self.core.absorb(chunk, outputs);
        self.dispatch(absorbed).await;
        Ok(())
    }

    /// Rebuilds an entity that panicked and tries its slice again, step by step. A step that
    /// panics again counts as refused, and suspends the entity from there on.
    async fn recover(&mut self, slice: Slice) -> Result<Vec<Output>, HostError> {
        let mut outputs = Vec::new();
        let entity = slice.entity;
        let mut applied = Vec::new();
        for step in slice.steps.iter().cloned() {
            if !self.host.contains(entity) {
                self.restore(entity, &applied).await?;
            }
            if self.core.suspended().contains_key(&entity) {
                outputs.push(self.core.refuse_step(entity, &step));
                self.core.park(entity, &step.command);
                continue;
            }
            let one = Slice::new(entity, vec![step.clone()]);
            let (output, panicked) = self.host.run(vec![one], self.core.scene()).await?;
            if panicked.is_empty() {
                outputs.extend(output);
                applied.push(step);
                continue;
            }
            tracing::error!(%entity, index = self.core.index(), "suspended: it failed twice");
            self.core.suspend(entity);
            outputs.push(self.core.refuse_step(entity, &step));
        }
        if !self.host.contains(entity) {
            self.restore(entity, &applied).await?;
        }
        Ok(outputs)
    }

    /// Brings an entity back to where it stood after the given steps of the chunk under way.
    async fn restore(
        &mut self,
        entity: EntityId,
        applied: &[hoga_actors::Step],
    ) -> Result<(), HostError> {
        let rebuilt = self.rebuild.rebuild(entity, self.core.index(), self.chunks).await;
        let state = rebuilt.expect("the log has every entity of this partition");
        self.host.insert(entity, state);
        // Its effects are out already; only the state is wanted.
        let again = Slice::new(entity, applied.to_vec());
        self.host.run(vec![again], self.core.scene()).await?;
        Ok(())
    }

    async fn dispatch(&mut self, absorbed: Absorbed) {
        let Absorbed { answers, rows, market, orders, balances, ranked, heard, grew } = absorbed;
        let at = self.at();
        let (partition, index) = (at.partition, at.index);
        self.outlets.quotes.follow(&market);
        for (to, last) in grew {
            self.pump(to, last);
        }
        for (origin, answer) in answers {
            let reply = Reply { answer: Ok(answer), at: Some(at) };
            self.outlets.answers.complete(origin, reply);
        }
        for (source, next) in heard {
            if let Some(heard) = self.outlets.heard.get(&source) {
                heard.send_replace(next);
            }
        }
        let fills = rows.iter().filter_map(|row| match row {
            HistoryRow::Fill(fill) => Some(*fill),
            _ => None,
        });
        let (fills, time) = (fills.collect(), self.core.time());
        let event = FeedEvent { partition, index, time, market, orders, fills, balances, ranked };
        self.outlets.feed.publish(event);
        if let Err(error) = self.outlets.historian.append(index, rows).await {
            self.fail(error.to_string());
        }
    }

    /// Says that this node cannot go on: what the state counts, its history has to have.
    fn fail(&self, cause: String) {
        tracing::error!(partition = self.core.id().0, cause, "the node cannot go on");
        self.outlets.failed.send_if_modified(|known| {
            let is_first = known.is_none();
            known.get_or_insert_with(|| cause.into());
            is_first
        });
    }

    /// Hands what is new in an outbox to its pump, while this node leads.
    fn pump(&mut self, to: PartitionId, last: u64) {
        let (Some(pump), true) = (self.outlets.pumps.get(&to), self.leads) else { return };
        let outbox = &self.core.outboxes()[&to];
        let sent = self.core.pumped(to);
        let messages: Vec<_> = outbox.from(sent, usize::MAX).cloned().collect();
        // The pump holds what the outbox holds, and the outbox is bounded.
        drop(pump.send(PumpOrder::More { first: sent, messages }));
        self.core.set_pumped(to, last + 1);
    }

    fn lead(&mut self, leads: bool) {
        self.leads = leads;
        for (to, pump) in &self.outlets.pumps {
            if !leads {
                drop(pump.send(PumpOrder::Stop));
                continue;
            }
            let Some(outbox) = self.core.outboxes().get(to) else {
                drop(pump.send(PumpOrder::Start { first: 1, messages: Vec::new() }));
                continue;
            };
            let (first, next) = (outbox.first(), outbox.next());
            let messages = outbox.from(first, usize::MAX).cloned().collect();
            drop(pump.send(PumpOrder::Start { first, messages }));
            self.core.set_pumped(*to, next);
        }
    }

    /// Answers the reads whose time has come, and drops those whose time is over.
    async fn read(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let now = Instant::now();
        let mut later = Vec::new();
        for (subject, after, until, look) in std::mem::take(&mut self.waiting) {
            if after.is_met(&self.core) {
                self.look(subject, look).await;
            } else if until > now {
                later.push((subject, after, until, look));
            }
        }
        self.waiting = later;
    }

    async fn look(&mut self, subject: Subject, look: Look) {
        let at = self.at();
        let id = match subject {
            Subject::Core => return look(Seen::Core(&self.core, at)),
            Subject::Entity(id) => Some(id),
            Subject::Entities { first, most, each } => {
                for id in self.host.ids_from(first, most) {
                    let (each, scene) = (each.clone(), self.core.scene().clone());
                    self.host.read(id, move |entity: &Entity| each(id, entity, &scene)).await;
                }
                return look(Seen::Core(&self.core, at));
            }
            Subject::Account(name) => self.core.directory().get(&name).map(EntityId::Account),
        };
        match id.filter(|id| self.host.contains(*id)) {
            None => look(Seen::Missing),
            Some(id) => {
                let scene = self.core.scene().clone();
                let question = move |entity: &Entity| look(Seen::Entity(entity, &scene, at));
                self.host.read(id, question).await;
            }
        }
    }

    fn at(&self) -> At {
        At { partition: self.core.id(), index: self.core.index() }
    }

    fn capture(&mut self, done: oneshot::Sender<Writing>) {
        let (blocks, writing) = mpsc::channel(CAPTURED_BLOCKS);
        let core = self.core.encode();
        self.outlets.visible.bytes.store(0, Ordering::Relaxed);
        self.host.begin_capture();
        // The channel is empty, so there is room.
        drop(blocks.try_send(state::core_block(&core)));
        self.writing = Some(CaptureUnderWay { blocks, hash: state::hash_core(&core) });
        drop(done.send(Writing { blocks: writing }));
    }

    async fn capture_more(&mut self, room: mpsc::Permit<'_, Vec<u8>>) {
        let (captured, is_last) = self.host.capture_some(CAPTURE_STEP).await;
        let Some(writing) = &mut self.writing else { return };
        for (id, bytes) in &captured {
            writing.hash = writing.hash.wrapping_add(state::hash_entity(*id, bytes));
        }
        let mut block = state::entity_block(&captured);
        if is_last {
            block.extend_from_slice(&writing.hash.to_le_bytes());
            self.writing = None;
        }
        room.send(block);
    }

    fn show(&self) {
        let visible = &self.outlets.visible;
        visible.needs_tick.store(self.core.needs_tick(), Ordering::Relaxed);
        visible.applied.store(self.core.index(), Ordering::Release);
        visible.commands.store(self.core.commands(), Ordering::Relaxed);
        let (entities, actors) = self.host.counts();
        visible.entities.store(entities as u64, Ordering::Relaxed);
        visible.actors.store(actors as u64, Ordering::Relaxed);
        let catalogue = &self.core.scene().catalogue;
        self.outlets.catalogue.send_if_modified(|shown| {
            let is_new = !Arc::ptr_eq(shown, catalogue);
            *shown = catalogue.clone();
            is_new
        });
        let congested = self.core.is_congested();
        self.outlets
            .congested
            .send_if_modified(|was| std::mem::replace(was, congested) != congested);
    }
}
