//! Carries one outbox to its destination, in order, until the other side has it.

use super::intake::Inbound;
use crate::partition::{Carried, that_fit};
use futures::StreamExt;
use futures::stream::FuturesOrdered;
use hoga_engine::ids::PartitionId;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// Messages in one batch, and about how many bytes of them.
const BATCH: usize = 512;
const BATCH_BYTES: usize = 1 << 20;
/// Batches sent and not answered.
const IN_FLIGHT: usize = 4;
/// How long a pump rests after a batch did not get through.
const BACK_OFF: Duration = Duration::from_millis(20);
/// How long what was taken may stay unheard before it is sent again: a leader may take a batch
/// behind one that was lost with the leader before it, and then skips it.
const UNHEARD_AFTER: Duration = Duration::from_millis(500);

/// What a pump is told by its partition's performer.
pub(crate) enum PumpJob {
    /// This node leads: everything that is not acknowledged.
    Start {
        first: u64,
        messages: Vec<Carried>,
    },
    /// What is new in the outbox.
    More {
        first: u64,
        messages: Vec<Carried>,
    },
    Stop,
}

pub(crate) struct Pump {
    pub source: PartitionId,
    pub inbound: mpsc::Sender<Inbound>,
    /// How far the other side has taken what was sent.
    pub acked: watch::Receiver<u64>,
    /// The other side takes no work now. None when the channel carries consequences.
    pub congested: Option<watch::Receiver<bool>>,
    queue: VecDeque<Carried>,
    /// Number of the front of the queue, and of the next to be sent.
    first: u64,
    next: u64,
}

type InFlight = FuturesOrdered<oneshot::Receiver<bool>>;

impl Pump {
    pub fn new(
        source: PartitionId,
        inbound: mpsc::Sender<Inbound>,
        acked: watch::Receiver<u64>,
        congested: Option<watch::Receiver<bool>>,
    ) -> Pump {
        Pump { source, inbound, acked, congested, queue: VecDeque::new(), first: 1, next: 1 }
    }

    /// Works until its partition is gone.
    pub async fn run(mut self, mut jobs: mpsc::UnboundedReceiver<PumpJob>) {
        let mut in_flight = InFlight::new();
        loop {
            let has_more = self.next < self.first + self.queue.len() as u64;
            let room = room(self.inbound.clone(), self.congested.clone());
            tokio::select! {
                biased;
                job = jobs.recv() => match job {
                    None => return,
                    Some(job) => self.take(job, &mut in_flight),
                },
                Ok(()) = self.acked.changed() => self.drop_acknowledged(),
                Some(done) = in_flight.next() => {
                    if !matches!(done, Ok(true)) {
                        // Only what was applied counts; the other side skips what it has.
                        let (source, first) = (self.source.0, self.first);
                        tracing::debug!(source, first, next = self.next, "a batch did not arrive");
                        in_flight = InFlight::new();
                        tokio::time::sleep(BACK_OFF).await;
                        self.drop_acknowledged();
                        self.next = self.first;
                    }
                }
                room = room, if has_more && in_flight.len() < IN_FLIGHT => match room {
                    Some(room) => in_flight.push_back(self.send(room)),
                    None => return,
                },
                () = tokio::time::sleep(UNHEARD_AFTER), if self.is_unheard(&in_flight) => {
                    let (source, first) = (self.source.0, self.first);
                    tracing::debug!(source, first, next = self.next, "nothing is heard of batches");
                    self.next = self.first;
                }
            }
        }
    }

    fn take(&mut self, job: PumpJob, in_flight: &mut InFlight) {
        match job {
            PumpJob::Start { first, messages } => {
                tracing::debug!(source = self.source.0, first, waiting = messages.len(), "starts");
                *in_flight = InFlight::new();
                self.queue = messages.into();
                (self.first, self.next) = (first, first);
                self.drop_acknowledged();
            }
            PumpJob::More { first, messages } => {
                assert_eq!(first, self.first + self.queue.len() as u64, "an outbox has no gaps");
                self.queue.extend(messages);
            }
            PumpJob::Stop => {
                *in_flight = InFlight::new();
                self.queue.clear();
            }
        }
    }

    /// Everything was taken, and not everything has been heard of since.
    fn is_unheard(&self, in_flight: &InFlight) -> bool {
        in_flight.is_empty() && self.first < self.next
    }

    fn drop_acknowledged(&mut self) {
        let next = *self.acked.borrow_and_update();
        while self.first < next && self.queue.pop_front().is_some() {
            self.first += 1;
        }
        self.next = self.next.max(self.first);
    }

    /// Sends the next batch; the answer says whether it was applied.
    fn send(&mut self, room: mpsc::OwnedPermit<Inbound>) -> oneshot::Receiver<bool> {
        let skip = (self.next - self.first) as usize;
        let waiting = self.queue.iter().skip(skip).take(BATCH);
        let count = that_fit(waiting.clone().map(Carried::weight), BATCH_BYTES);
        let messages: Vec<Carried> = waiting.take(count).cloned().collect();
        let (done, answer) = oneshot::channel();
        let first = self.next;
        self.next += messages.len() as u64;
        drop(room.send(Inbound { source: self.source, first, messages, done }));
        answer
    }
}

/// Waits until the other side takes more. None when it is gone for good.
async fn room(
    inbound: mpsc::Sender<Inbound>,
    congested: Option<watch::Receiver<bool>>,
) -> Option<mpsc::OwnedPermit<Inbound>> {
    if let Some(mut congested) = congested {
        congested.wait_for(|congested| !congested).await.ok()?;
    }
    inbound.reserve_owned().await.ok()
}
