//! Stamps and batches what is asked of a partition, and puts it into the log.
//!
//! While a batch is on its way to the disk the next one gathers, so the batches are as large as
//! the load makes them and no order waits for a timer.

use super::answers::{Answers, Failure};
use super::checkpoint::{Pace, Passed};
use super::clock::LeaderClock;
use super::couriers::Couriers;
use super::intake::{Asked, Inbound};
use super::machine::PerformerMachine;
use super::performer::Visible;
use crate::partition::{Batch, Command, Entry, Trace};
use crate::raft::{Pending, ProposeError, Replica};
use hoga_engine::ids::{Origin, PartitionId};
use hoga_engine::time::Time;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

/// Commands in one batch.
const BATCH_COMMANDS: usize = 512;
/// Encoded bytes in one batch, about: larger entries delay everybody behind them.
const BATCH_BYTES: usize = 64 * 1024;
/// How often a leader looks whether time has to be moved on.
const TICK_EVERY: Duration = Duration::from_millis(250);
/// Messages acknowledged by another partition before that is worth a command of its own.
const ACKS_MIN: u64 = 4096;

/// Whom to tell what became of a batch.
#[derive(Default)]
struct Concerned {
    clients: Vec<Origin>,
    inbound: Vec<oneshot::Sender<bool>>,
}

pub(crate) struct Sequencer {
    pub replica: Replica<PerformerMachine>,
    pub clock: LeaderClock,
    pub answers: Arc<Answers>,
    pub visible: Arc<Visible>,
    /// How far each destination has acknowledged, and how far the log knows.
    pub acked: BTreeMap<PartitionId, (watch::Receiver<u64>, u64)>,
    pub partition: PartitionId,
    /// Among other nodes couriers send again what was not written, once they are told.
    pub couriers: Option<Couriers>,
    /// When this partition's replicas compare their state; never where there is one.
    pub checkpoints: Option<Pace>,
}

impl Sequencer {
    /// Works until both queues are closed.
    ///
    /// One batch is on its way at a time: the next gathers all that comes meanwhile. With four the
    /// batches were smaller and orders a tenth slower.
    pub async fn run(
        mut self,
        mut clients: mpsc::Receiver<Asked>,
        mut inbound: mpsc::Receiver<Inbound>,
    ) {
        let mut ticks = tokio::time::interval(TICK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            let mut batch = Gathering::default();
            tokio::select! {
                biased;
                Some(message) = inbound.recv() => batch.hear(message),
                Some(asked) = clients.recv() => batch.ask(asked),
                _ = ticks.tick() => self.tick(&mut batch),
                else => return,
            }
            self.checkpoint(&mut batch);
            if batch.entries.is_empty() {
                continue;
            }
            // Whoever is about to ask, on a busy machine, asks before the batch is closed; on an
            // idle one nobody is, and this takes no time.
            tokio::task::yield_now().await;
            batch.fill(&mut clients, &mut inbound);
            self.acknowledge(&mut batch, ACKS_MIN);
            let (mut concerned, submitted) = self.submit(batch).await;
            let outcome = match submitted {
                Ok(pending) => pending.applied().await.map(|_| ()),
                Err(error) => Err(error),
            };
            if let Err(error) = &outcome {
                tracing::debug!(partition = self.partition.0, %error, "a batch came to nothing");
                self.forget_logged();
                if let Some(couriers) = &self.couriers {
                    couriers.tell(self.partition, concerned.clients.drain(..));
                }
            }
            tell(self.partition, concerned, outcome, &self.answers);
        }
    }

    async fn submit(&mut self, batch: Gathering) -> (Concerned, Result<Pending, ProposeError>) {
        let Gathering { entries, concerned, .. } = batch;
        let batch = Batch { time: self.now(), entries };
        (concerned, self.replica.submit(batch.encode().into()).await)
    }

    /// Moves time on when something waits for it.
    fn tick(&mut self, batch: &mut Gathering) {
        if !self.replica.leadership().borrow().is_me {
            return;
        }
        self.acknowledge(batch, 1);
        let (now, alarm) = (self.now(), Time(self.visible.alarm.0.load(Ordering::Relaxed)));
        // A tick that does not move time brings nothing about.
        let is_owed = self.visible.needs_tick.load(Ordering::Relaxed) && now > self.passed();
        if is_owed || alarm <= now {
            batch.note(Command::Tick);
        }
    }

    /// What is stamped now.
    fn now(&mut self) -> Time {
        let (term, passed) = (self.replica.leadership().borrow().term, self.passed());
        self.clock.now(term, passed)
    }

    /// The time of the last command that was applied.
    fn passed(&self) -> Time {
        Time(self.visible.time.load(Ordering::Relaxed))
    }

    /// Logs a checkpoint when it is time for one.
    fn checkpoint(&mut self, batch: &mut Gathering) {
        let Some(pace) = &mut self.checkpoints else { return };
        let load = |value: &AtomicU64| value.load(Ordering::Relaxed);
        let passed = Passed {
            commands: load(&self.visible.commands),
            checkpointed: load(&self.visible.checkpointed),
            took: Duration::from_micros(load(&self.visible.checkpoint_us)),
        };
        let is_alone = || {
            let members = self.replica.membership().borrow().clone();
            members.voters.len() + members.learners.len() < 2
        };
        if self.replica.leadership().borrow().is_me
            && pace.is_due(Instant::now(), passed)
            && !is_alone()
        {
            batch.note(Command::Checkpoint);
        }
    }

    /// Acknowledgements that were in a batch which came to nothing are logged again.
    fn forget_logged(&mut self) {
        for (_, logged) in self.acked.values_mut() {
            *logged = 0;
        }
    }

    /// Logs how far other partitions have acknowledged, when that is at least `least` messages.
    fn acknowledge(&mut self, batch: &mut Gathering, least: u64) {
        for (&to, (acked, logged)) in &mut self.acked {
            let next = *acked.borrow_and_update();
            if next >= *logged + least {
                *logged = next;
                batch.note(Command::OutboxAck { to, next });
            }
        }
    }
}

/// A batch that is being put together.
#[derive(Default)]
struct Gathering {
    entries: Vec<Entry>,
    concerned: Concerned,
    commands: usize,
    bytes: usize,
}

impl Gathering {
    fn is_full(&self) -> bool {
        self.commands >= BATCH_COMMANDS || self.bytes >= BATCH_BYTES
    }

    /// What the partition itself wants logged.
    fn note(&mut self, command: Command) {
        self.push(Entry { trace: Trace::default(), command }, 1);
    }

    fn ask(&mut self, asked: Asked) {
        self.concerned.clients.push(asked.origin);
        self.push(asked.entry, 1);
    }

    fn hear(&mut self, inbound: Inbound) {
        let Inbound { source, first, messages, done } = inbound;
        self.concerned.inbound.push(done);
        let commands = messages.len();
        let command = Command::Inbound { source, first, messages };
        self.push(Entry { trace: Trace::default(), command }, commands);
    }

    fn push(&mut self, entry: Entry, commands: usize) {
        self.commands += commands;
        self.bytes += entry.weight();
        self.entries.push(entry);
    }

    /// Takes what waits, consequences of other partitions first.
    fn fill(&mut self, clients: &mut mpsc::Receiver<Asked>, inbound: &mut mpsc::Receiver<Inbound>) {
        while !self.is_full() {
            match inbound.try_recv() {
                Ok(message) => self.hear(message),
                Err(_) => break,
            }
        }
        while !self.is_full() {
            match clients.try_recv() {
                Ok(asked) => self.ask(asked),
                Err(_) => break,
            }
        }
    }
}

/// Tells pumps and, when there will be no answer, clients.
fn tell(
    partition: PartitionId,
    concerned: Concerned,
    outcome: Result<(), ProposeError>,
    answers: &Answers,
) {
    for done in concerned.inbound {
        let _ = done.send(outcome.is_ok());
    }
    let failure = match outcome {
        // Their answers came with apply, or come with a book's outcome.
        Ok(()) => return,
        Err(ProposeError::NotLeader { .. } | ProposeError::Stopped) => {
            Failure::NotLeader(partition.0)
        }
        Err(ProposeError::Full) => Failure::DiskFull,
        Err(error @ ProposeError::TooLarge { .. }) => Failure::Busy(error.to_string()),
        Err(ProposeError::Unknown) => Failure::Unknown,
    };
    for origin in concerned.clients {
        answers.fail(origin, failure.clone());
    }
}
