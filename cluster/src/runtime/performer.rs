//! Applies what is committed in one partition, and answers reads between two batches.

use super::answers::{Answers, Reply};
use super::capturing::{CaptureUnderWay, HashUnderWay, room_for_block};
use super::checkpoint::{Heard, Trusted};
use super::failing::Failing;
use super::feed::{Feed, FeedEvent};
use super::historian::Historian;
use super::pump::PumpJob;
use super::quotes::Quotes;
use super::read::{After, At, Look, Seen, Subject};
use super::snapshots::Writing;
use super::waiting::{Reads, Waiting};
use crate::history::HistoryError;
use crate::log::LogPosition;
use crate::partition::{Absorbed, Batch, Chunk, Core, NodeTable};
use crate::raft::Committed;
use crate::state::State;
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
/// Rows after which they are handed over, even in the middle of some entries.
const HANDED_ROWS: usize = 2048;

/// Why a performer ends: the node cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stopping {
    #[error(transparent)]
    Host(#[from] HostError),
    /// What the state counts, its history has to have.
    #[error(transparent)]
    History(#[from] HistoryError),
}

/// What a performer is told.
pub(crate) enum Job {
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
    /// Everything is replaced by a state from another node.
    Install {
        state: Box<State>,
        /// The last entry in it.
        at: LogPosition,
        done: oneshot::Sender<()>,
    },
    Stop {
        done: oneshot::Sender<()>,
    },
}

/// A time that is far away until it is known.
pub(crate) struct Alarm(pub AtomicU64);

impl Default for Alarm {
    fn default() -> Alarm {
        Alarm(AtomicU64::new(u64::MAX))
    }
}

/// What a performer shows to its sequencer and to others, without being asked.
#[derive(Default)]
pub(crate) struct Visible {
    /// There is something that only a tick will bring about.
    pub needs_tick: AtomicBool,
    /// The time from which on there is, in nanoseconds; `u64::MAX` for never.
    pub alarm: Alarm,
    /// Payload bytes applied since the last snapshot.
    pub bytes: AtomicU64,
    /// Rung when they are enough for the next one.
    pub snapshot_due: Notify,
    pub applied: AtomicU64,
    /// Index of the newest snapshot.
    pub snapshot: Arc<AtomicU64>,
    pub commands: AtomicU64,
    /// Entry time of the last of them.
    pub time: AtomicU64,
    /// Of them, those that the snapshot had at the start: the rest was replayed or is new.
    pub restored: AtomicU64,
    pub entities: AtomicU64,
    pub actors: AtomicU64,
    /// Commands applied when the last checkpoint was, and microseconds that its hash took.
    pub checkpointed: AtomicU64,
    pub checkpoint_us: AtomicU64,
    /// How often the state was replaced by another node's.
    pub installs: AtomicU64,
}

/// Where the effects of a partition go.
pub(crate) struct Outlets {
    pub answers: Arc<Answers>,
    pub historian: Historian,
    pub feed: Feed,
    pub quotes: Arc<Quotes>,
    /// To the pump of each destination.
    pub pumps: BTreeMap<PartitionId, mpsc::UnboundedSender<PumpJob>>,
    /// Tells a source how far it was heard.
    pub heard: BTreeMap<PartitionId, watch::Sender<u64>>,
    pub congested: watch::Sender<bool>,
    pub catalogue: watch::Sender<Arc<Catalogue>>,
    /// Shows the nodes; only the meta partition has them.
    pub table: Option<watch::Sender<Arc<NodeTable>>>,
    pub visible: Arc<Visible>,
    /// Bytes of log after which a snapshot is due.
    pub snapshot_bytes: u64,
    /// Who compares hashes with other nodes; none where there are none.
    pub checkpoints: Option<mpsc::Sender<Heard>>,
    /// What this state says goes nowhere while it is not to be believed.
    pub trusted: Trusted,
    /// Set when the node cannot go on.
    pub failing: Failing,
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
    /// Index of the last entry that came, also of one of consensus itself: what a read waits for.
    pub(super) reached: u64,
    /// The last index that was known to be committed when this node started: up to there nobody
    /// waits or listens.
    pub(super) replay_through: Option<u64>,
    /// Chunks of the batch under way that are applied.
    chunks: usize,
    /// Rows that the historian was not handed yet.
    rows: Vec<HistoryRow>,
    waiting: Reads,
    pub(super) writing: Option<CaptureUnderWay>,
    pub(super) checkpoint: Option<HashUnderWay>,
    /// Something was applied that nobody was told of, because the state is in doubt.
    pub(super) is_silent: bool,
}

impl<R: Rebuild> Performer<R> {
    /// Begins behind the entry `reached`. `replay_through` is the last index that is committed for
    /// certain, when the state does not have it yet.
    pub fn new(
        core: Core,
        host: Host,
        outlets: Outlets,
        rebuild: R,
        reached: u64,
        replay_through: Option<u64>,
    ) -> Performer<R> {
        Performer {
            core,
            host,
            outlets,
            rebuild,
            leads: false,
            reached,
            replay_through,
            chunks: 0,
            rows: Vec::new(),
            waiting: Reads::default(),
            writing: None,
            checkpoint: None,
            is_silent: false,
        }
    }

    /// Works until it is stopped.
    pub async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        self.show();
        if self.replay_through.is_none()
            && let Err(error) = self.replayed().await
        {
            return self.fail(error.to_string());
        }
        loop {
            let job = tokio::select! {
                biased;
                job = jobs.recv() => job,
                room = room_for_block(self.blocks()) => {
                    match room {
                        Ok(room) => self.capture_more(room),
                        // The writer gave up; whoever waits for it hears why.
                        Err(_) => self.give_up_writing(),
                    }
                    continue;
                }
                () = std::future::ready(()), if self.checkpoint.is_some() => {
                    self.hash_more();
                    tokio::task::yield_now().await;
                    continue;
                }
            };
            match job {
                Some(Job::Apply { entries, done }) => {
                    if let Err(error) = self.apply(entries).await {
                        self.fail(error.to_string());
                        return;
                    }
                    let _ = done.send(());
                }
                Some(Job::Read { subject, after, until, look }) => {
                    if !self.outlets.trusted.now().serves() {
                        self.waiting.clear();
                    } else if after.is_met(&self.core, self.reached) {
                        self.look(subject, look);
                    } else {
                        self.waiting.add(Waiting { subject, after, until, look });
                    }
                }
                Some(Job::Lead(leads)) => self.lead(leads),
                Some(Job::Capture { done }) => self.capture(done),
                Some(Job::Install { state, at, done }) => {
                    if let Err(error) = self.install(*state, at).await {
                        self.fail(error.to_string());
                        return;
                    }
                    let _ = done.send(());
                }
                Some(Job::Stop { done }) => {
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

    async fn apply(&mut self, entries: Vec<Committed>) -> Result<(), Stopping> {
        let last = entries.last().map(|entry| entry.at);
        for entry in entries {
            self.replayed_before(entry.at.index).await?;
            self.reached = entry.at.index;
            let Some(payload) = entry.payload else { continue };
            let batch =
                Batch::decode(&payload).expect("a committed batch decodes: its checksum was right");
            self.core.begin(entry.at.index, &batch);
            if self.leads {
                super::hops::tell(self.core.id(), entry.at.index, &batch);
            }
            self.weigh(payload.len() as u64);
            let mut rest = batch.entries.into_iter();
            self.chunks = 0;
            while let Some(chunk) = self.core.plan(&mut rest) {
                let is_checkpoint = chunk.is_checkpoint;
                self.perform(chunk).await?;
                if is_checkpoint {
                    self.begin_checkpoint();
                }
                self.chunks += 1;
            }
            if self.rows.len() >= HANDED_ROWS {
                self.hand_over(entry.at).await?;
            }
        }
        if let Some(last) = last {
            self.hand_over(last).await?;
            self.replayed_before(last.index + 1).await?;
        }
        // Under load there is no other moment.
        self.hash_more();
        self.show();
        self.read();
        Ok(())
    }

    /// Ends the replay when the next entry is behind it.
    async fn replayed_before(&mut self, next: u64) -> Result<(), Stopping> {
        match self.replay_through {
            Some(through) if next > through => self.replayed().await,
            _ => Ok(()),
        }
    }

    /// From here on there are clients and listeners.
    pub(super) async fn replayed(&mut self) -> Result<(), Stopping> {
        self.replay_through = None;
        self.show_quotes();
        self.outlets.historian.replayed(&self.host).await?;
        Ok(())
    }

    pub(super) fn show_quotes(&self) {
        // Books come first; where millions of accounts are, there is none.
        for id in self.host.ids().take_while(|id| matches!(id, EntityId::Book(_))) {
            self.host.read(id, |entity| self.outlets.quotes.show(id, entity));
        }
    }

    /// Hands all rows up to an entry to the historian.
    async fn hand_over(&mut self, through: LogPosition) -> Result<(), Stopping> {
        let rows = std::mem::take(&mut self.rows);
        if self.outlets.historian.wants(through.index) {
            self.outlets.historian.append(through, rows).await?;
        }
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

    async fn perform(&mut self, mut chunk: Chunk) -> Result<(), Stopping> {
        for (id, entity) in chunk.created.drain(..) {
            self.host.insert(id, entity);
        }
        let slices = chunk.take_slices();
        let mut outputs = Vec::with_capacity(slices.len());
        let scene = self.core.scene();
        let ran = match self.replay_through {
            Some(_) => self.host.run_here(slices, scene),
            None => self.host.run(slices, scene).await?,
        };
        for ran in ran {
            match ran {
                Ok(output) => outputs.push(output),
                // Its effects stay where they belong: a replay has them there as well.
                Err(Panicked(slice)) => outputs.push(self.recover(slice).await),
            }
        }
        let absorbed = self.core.absorb(chunk, outputs);
        self.dispatch(absorbed);
        Ok(())
    }

    /// Rebuilds an entity that panicked and tries its slice again, step by step. A step that
    /// panics again counts as refused, and suspends the entity from there on.
    async fn recover(&mut self, slice: Slice) -> Output {
        let mut recovered = Output::default();
        let entity = slice.entity;
        let mut applied = Vec::new();
        for step in slice.steps.iter().cloned() {
            if !self.host.contains(entity) {
                self.restore(entity, &applied).await;
            }
            if self.core.suspended().contains_key(&entity) {
                recovered.append(self.core.refuse_step(entity, &step));
                self.core.park(entity, &step.command);
                continue;
            }
            let one = Slice::new(entity, vec![step.clone()]);
            let ran = self.host.run_here(vec![one], self.core.scene());
            if let Some(Ok(output)) = ran.into_iter().next() {
                recovered.append(output);
                applied.push(step);
                continue;
            }
            tracing::error!(%entity, index = self.core.index(), "suspended: it failed twice");
            self.core.suspend(entity);
            recovered.append(self.core.refuse_step(entity, &step));
        }
        if !self.host.contains(entity) {
            self.restore(entity, &applied).await;
        }
        recovered
    }

    /// Brings an entity back to where it stood after the given steps of the chunk under way.
    async fn restore(&mut self, entity: EntityId, applied: &[hoga_actors::Step]) {
        // The writer of a snapshot has the store until the last block of it came from here, and a
        // rebuild reads that store.
        self.give_up_writing();
        let rebuilt = self.rebuild.rebuild(entity, self.core.index(), self.chunks).await;
        let state = rebuilt.expect("the log has every entity of this partition");
        self.host.insert(entity, state);
        // Its effects are out already; only the state is wanted.
        let again = Slice::new(entity, applied.to_vec());
        self.host.run_here(vec![again], self.core.scene());
    }

    fn dispatch(&mut self, absorbed: Absorbed) {
        let Absorbed { answers, repeated, mut rows, market, orders, .. } = absorbed;
        let Absorbed { balances, notices, ranked, heard, grew, .. } = absorbed;
        let at = self.at();
        let (partition, index) = (at.partition, at.index);
        if !self.outlets.trusted.now().serves() {
            // Who waits is answered when the right state has taken the same commands.
            self.is_silent = true;
            return self.keep_rows(index, &mut rows);
        }
        if self.is_silent {
            self.tell_anew();
        }
        for (source, next) in heard {
            if let Some(heard) = self.outlets.heard.get(&source) {
                heard.send_replace(next);
            }
        }
        for (to, last) in grew {
            self.pump(to, last);
        }
        if self.replay_through.is_none() {
            self.outlets.quotes.follow(&market);
            for (told, is_repeated) in [(answers, false), (repeated, true)] {
                for (origin, answer) in told {
                    let reply = Reply { answer: Ok(answer), at: Some(at), is_repeated };
                    self.outlets.answers.complete(origin, reply);
                }
            }
        }
        let fills = rows.iter().filter_map(|row| match row {
            HistoryRow::Fill(fill) => Some(*fill),
            _ => None,
        });
        let (fills, time) = (fills.collect(), self.core.time());
        let event =
            FeedEvent { partition, index, time, market, orders, fills, balances, notices, ranked };
        self.outlets.feed.publish(event);
        self.keep_rows(index, &mut rows);
    }

    fn keep_rows(&mut self, index: u64, rows: &mut Vec<HistoryRow>) {
        if self.outlets.historian.wants(index) {
            self.rows.append(rows);
        }
    }

    /// Says that this node cannot go on.
    pub(super) fn fail(&self, cause: String) {
        tracing::error!(partition = self.core.id().0, cause, "the node cannot go on");
        self.outlets.failing.say(cause);
    }

    /// Hands what is new in an outbox to its pump, while this node leads.
    fn pump(&mut self, to: PartitionId, last: u64) {
        let (Some(pump), true) = (self.outlets.pumps.get(&to), self.leads) else { return };
        let outbox = &self.core.outboxes()[&to];
        let sent = self.core.pumped(to);
        let messages: Vec<_> = outbox.from(sent, usize::MAX).cloned().collect();
        // The pump holds what the outbox holds, and the outbox is bounded.
        drop(pump.send(PumpJob::More { first: sent, messages }));
        self.core.set_pumped(to, last + 1);
    }

    fn lead(&mut self, leads: bool) {
        self.leads = leads;
        for (to, pump) in &self.outlets.pumps {
            if !leads {
                drop(pump.send(PumpJob::Stop));
                continue;
            }
            let Some(outbox) = self.core.outboxes().get(to) else {
                drop(pump.send(PumpJob::Start { first: 1, messages: Vec::new() }));
                continue;
            };
            let (first, next) = (outbox.first(), outbox.next());
            let messages = outbox.from(first, usize::MAX).cloned().collect();
            drop(pump.send(PumpJob::Start { first, messages }));
            self.core.set_pumped(*to, next);
        }
    }

    /// Answers the reads whose time has come, and drops those whose time is over.
    pub(super) fn read(&mut self) {
        if !self.outlets.trusted.now().serves() {
            self.waiting.clear();
        }
        for Waiting { subject, look, .. } in self.waiting.take_due(&self.core, self.reached) {
            self.look(subject, look);
        }
    }

    fn look(&mut self, subject: Subject, look: Look) {
        let at = self.at();
        let id = match subject {
            Subject::Core => return look(Seen::Core(&self.core, at)),
            Subject::Entity(id) => Some(id),
            Subject::Entities { first, most, each } => {
                for id in self.host.ids_from(first, most) {
                    let (each, scene) = (each.clone(), self.core.scene().clone());
                    self.host.read(id, move |entity: &Entity| each(id, entity, &scene));
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
                self.host.read(id, question);
            }
        }
    }

    fn at(&self) -> At {
        At { partition: self.core.id(), index: self.core.index() }
    }

    pub(super) fn show(&self) {
        let visible = &self.outlets.visible;
        visible.needs_tick.store(self.core.needs_tick(), Ordering::Relaxed);
        let alarm = self.core.next_alarm().map_or(u64::MAX, |at| at.0);
        visible.alarm.0.store(alarm, Ordering::Relaxed);
        visible.applied.store(self.reached, Ordering::Release);
        visible.commands.store(self.core.commands(), Ordering::Relaxed);
        visible.time.store(self.core.time().0, Ordering::Relaxed);
        let (entities, actors) = self.host.counts();
        visible.entities.store(entities as u64, Ordering::Relaxed);
        visible.actors.store(actors as u64, Ordering::Relaxed);
        let catalogue = &self.core.scene().catalogue;
        self.outlets.catalogue.send_if_modified(|shown| {
            let is_new = !Arc::ptr_eq(shown, catalogue);
            *shown = catalogue.clone();
            is_new
        });
        if let Some(table) = &self.outlets.table {
            let now = self.core.nodes();
            table.send_if_modified(|shown| {
                let is_new = shown.epoch != now.epoch;
                if is_new {
                    *shown = Arc::new(now.clone());
                }
                is_new
            });
        }
        let congested = self.core.is_congested();
        self.outlets
            .congested
            .send_if_modified(|was| std::mem::replace(was, congested) != congested);
    }
}
