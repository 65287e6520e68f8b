//! Takes what clients ask of one partition to whichever node leads it, in order, until it is
//! answered.
//!
//! Requests are sent one after the other without waiting. When one may have been lost (another
//! node leads, a call failed, its batch came to nothing), everything that is not answered is sent
//! again from the oldest on, so a partition never sees a later request of an account before an
//! earlier one. What had arrived the first time is recognised by its id and answered from memory.
//! The answers themselves come from this node's own replica.

use super::answers::{Answers, Failure};
use super::intake::Asked;
use super::peers::{Peers, Taken};
use crate::partition::Entry;
use crate::raft::Leadership;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesOrdered;
use hoga_engine::ids::{Origin, PartitionId};
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};

/// Requests sent or waiting that have no answer yet; more wait in the queue before.
const UNANSWERED_MAX: usize = super::intake::CLIENTS_MAX;
/// Requests in one sending.
const SENDING: usize = 256;
/// Sendings under way at a time.
const IN_FLIGHT: usize = 8;
/// How often it looks for requests that wait in vain.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long nothing at all may be answered before clients are told so.
const STUCK_AFTER: Duration = Duration::from_millis(1500);

/// What became of a sending: whether it was taken, and if not, why.
type Sent = (u64, Result<(), Miss>);

#[derive(Clone, Debug)]
pub(crate) enum Miss {
    /// Definitely not taken.
    NotTaken(Failure),
    /// It may have been.
    Unknown,
}

struct Unanswered {
    origin: Origin,
    entry: Entry,
    /// It may be in some leader's log.
    may_be_written: bool,
}

pub(crate) struct Courier {
    partition: PartitionId,
    sequencer: mpsc::Sender<Asked>,
    peers: Peers,
    leadership: watch::Receiver<Leadership>,
    /// A batch with requests of this node came to nothing.
    missed: Arc<Notify>,
    answers: Arc<Answers>,
    unanswered: VecDeque<Unanswered>,
    /// Number of the front of the queue, and of the next to be sent.
    first: u64,
    next: u64,
    /// When something was answered last, or nothing waited.
    moved: Instant,
    last_miss: Failure,
}

impl Courier {
    pub fn new(
        partition: PartitionId,
        sequencer: mpsc::Sender<Asked>,
        peers: Peers,
        leadership: watch::Receiver<Leadership>,
        missed: Arc<Notify>,
        answers: Arc<Answers>,
    ) -> Courier {
        Courier {
            partition,
            sequencer,
            peers,
            leadership,
            missed,
            answers,
            unanswered: VecDeque::new(),
            first: 1,
            next: 1,
            moved: Instant::now(),
            last_miss: Failure::NotLeader(partition.0),
        }
    }

    /// Works until its partition is gone.
    pub async fn run(mut self, mut asked: mpsc::Receiver<Asked>) {
        let mut in_flight: FuturesOrdered<BoxFuture<'static, Sent>> = FuturesOrdered::new();
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut rests_until: Option<Instant> = None;
        loop {
            self.trim();
            // Not marked as seen here: a change has to reach the branch below, where what is on its
            // way to a leader that may be gone is sent again.
            let leader = self.leadership.borrow().leader;
            while rests_until.is_none() && in_flight.len() < IN_FLIGHT && self.has_more() {
                let Some(leader) = leader else { break };
                let mut sending = self.send(leader);
                // Begun at once, so that sendings go out in their order.
                match futures::poll!(&mut sending) {
                    Poll::Ready(sent) => in_flight.push_back(Box::pin(std::future::ready(sent))),
                    Poll::Pending => in_flight.push_back(sending),
                }
            }
            tokio::select! {
                biased;
                changed = self.leadership.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    in_flight = FuturesOrdered::new();
                    (self.next, rests_until) = (self.first, None);
                }
                Some((last, sent)) = in_flight.next() => {
                    if let Some(miss) = self.note(last, sent) {
                        self.last_miss = miss;
                        in_flight = FuturesOrdered::new();
                        rests_until = self.begin_anew();
                    }
                }
                () = self.missed.notified() => {
                    in_flight = FuturesOrdered::new();
                    rests_until = self.begin_anew();
                }
                next = asked.recv(), if self.unanswered.len() < UNANSWERED_MAX => match next {
                    None => return,
                    Some(next) => self.take(next, &mut asked),
                },
                () = rest(rests_until) => rests_until = None,
                _ = looks.tick() => self.give_up(),
            }
        }
    }

    /// Goes back to the oldest request that is not answered; until when it rests first.
    fn begin_anew(&mut self) -> Option<Instant> {
        self.next = self.first;
        Some(Instant::now() + self.peers.back_off())
    }

    fn has_more(&self) -> bool {
        self.next < self.first + self.unanswered.len() as u64
    }

    /// Takes a request and what else waits.
    fn take(&mut self, asked: Asked, more: &mut mpsc::Receiver<Asked>) {
        if self.unanswered.is_empty() {
            self.moved = Instant::now();
        }
        let mut next = Some(asked);
        while let Some(Asked { entry, origin }) = next {
            self.unanswered.push_back(Unanswered { origin, entry, may_be_written: false });
            let has_room = self.unanswered.len() < UNANSWERED_MAX;
            next = if has_room { more.try_recv().ok() } else { None };
        }
    }

    /// Lets go of what is answered, at the front: the rest keeps its order.
    fn trim(&mut self) {
        let is_done = |one: &Unanswered| !self.answers.is_waiting(one.origin);
        while self.unanswered.front().is_some_and(is_done) {
            self.unanswered.pop_front();
            self.first += 1;
            self.moved = Instant::now();
        }
        self.next = self.next.max(self.first);
    }

    /// Begins to send what comes next; the result names the last one sent.
    fn send(&mut self, leader: u64) -> BoxFuture<'static, Sent> {
        let skip = (self.next - self.first) as usize;
        let waiting = self.unanswered.iter().skip(skip).take(SENDING);
        let count = waiting.len() as u64;
        let sending: Vec<(Origin, Entry)> = waiting
            .filter(|one| self.answers.is_waiting(one.origin))
            .map(|one| (one.origin, one.entry.clone()))
            .collect();
        self.next += count;
        let last = self.next - 1;
        if leader == self.peers.me() {
            let sequencer = self.sequencer.clone();
            return Box::pin(async move {
                for (origin, entry) in sending {
                    if sequencer.send(Asked { entry, origin }).await.is_err() {
                        return (last, Err(Miss::Unknown));
                    }
                }
                (last, Ok(()))
            });
        }
        let (peers, partition) = (self.peers.clone(), self.partition);
        Box::pin(async move {
            let sent = match peers.submit(leader, partition, &sending).await {
                Ok(Taken::All) => Ok(()),
                Ok(Taken::NotLeader) => Err(Miss::NotTaken(Failure::NotLeader(partition.0))),
                Ok(Taken::DiskFull) => Err(Miss::NotTaken(Failure::DiskFull)),
                // Some of it may have been taken before the queue was full.
                Ok(Taken::Busy) => Err(Miss::Unknown),
                Err(error) if error.is_definite() => {
                    Err(Miss::NotTaken(Failure::NotLeader(partition.0)))
                }
                Err(_) => Err(Miss::Unknown),
            };
            (last, sent)
        })
    }

    /// Notes what became of a sending; what it missed for, if it did.
    fn note(&mut self, last: u64, sent: Result<(), Miss>) -> Option<Failure> {
        let miss = match sent {
            Err(Miss::NotTaken(failure)) => return Some(failure),
            Err(Miss::Unknown) => Some(Failure::Unknown),
            Ok(()) => None,
        };
        let count = (last + 1).saturating_sub(self.first) as usize;
        for one in self.unanswered.iter_mut().take(count) {
            one.may_be_written = true;
        }
        miss
    }

    /// Tells clients when nothing moves any more, rather than let them hang.
    fn give_up(&mut self) {
        self.trim();
        if self.unanswered.is_empty() || self.moved.elapsed() < STUCK_AFTER {
            return;
        }
        for one in &self.unanswered {
            let failure = if one.may_be_written {
                Failure::Unknown
            } else {
                match &self.last_miss {
                    Failure::Unknown => Failure::NotLeader(self.partition.0),
                    known => known.clone(),
                }
            };
            self.answers.fail(one.origin, failure);
        }
        let since = self.moved;
        self.trim();
        // Still stuck: who comes now is told at the next look.
        self.moved = since;
    }
}

/// Waits until then; for ever when there is no such time.
pub(super) async fn rest(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}
