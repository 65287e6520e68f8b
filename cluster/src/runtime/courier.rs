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
use crate::partition::{Entry, that_fit};
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
/// Requests in one sending, and about how many bytes of them.
const SENDING: usize = 256;
const SENDING_BYTES: usize = 1 << 20;
/// Sendings under way at a time.
const IN_FLIGHT: usize = 8;
/// How often it looks for requests that wait in vain.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long nothing at all may be answered before clients are told so.
pub(super) const STUCK_AFTER: Duration = Duration::from_millis(1500);

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
    number: u64,
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
    /// In the order of their numbers, which are those of their coming.
    unanswered: VecDeque<Unanswered>,
    /// The number of whoever came last.
    newest: u64,
    /// Numbers from here on were not sent since the last beginning.
    next: u64,
    /// What became of sendings up to this number is known.
    noted: u64,
    /// When somebody was found answered last, or nobody waited.
    moved: Instant,
    /// How many were answered by then.
    answered: u64,
    /// Who waits in front, and since when.
    front: (u64, Instant),
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
            newest: 0,
            next: 1,
            noted: 0,
            moved: Instant::now(),
            answered: 0,
            front: (0, Instant::now()),
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
            self.let_go_in_front();
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
                    self.begin_anew();
                    rests_until = None;
                }
                Some((last, sent)) = in_flight.next() => {
                    if let Some(miss) = self.note(last, sent) {
                        self.last_miss = miss;
                        in_flight = FuturesOrdered::new();
                        self.begin_anew();
                        rests_until = Some(Instant::now() + self.peers.back_off());
                    }
                }
                () = self.missed.notified() => {
                    in_flight = FuturesOrdered::new();
                    self.begin_anew();
                    rests_until = Some(Instant::now() + self.peers.back_off());
                }
                next = asked.recv(), if self.unanswered.len() < UNANSWERED_MAX => match next {
                    None => return,
                    Some(next) => self.take(next, &mut asked),
                },
                () = rest(rests_until) => rests_until = None,
                _ = looks.tick() => {
                    self.give_up();
                    if self.is_front_stuck() {
                        in_flight = FuturesOrdered::new();
                        self.begin_anew();
                    }
                }
            }
        }
    }

    /// Goes back to the oldest request that is not answered. What is on its way may arrive yet.
    fn begin_anew(&mut self) {
        self.mark_through(self.next - 1);
        (self.next, self.noted) = (1, 0);
    }

    /// Says of what was sent and is not noted, up to a number, that it may be written.
    fn mark_through(&mut self, last: u64) {
        let sent = self.unanswered.iter_mut().filter(|one| one.number > self.noted);
        for one in sent.take_while(|one| one.number <= last) {
            one.may_be_written = true;
        }
        self.noted = last;
    }

    fn has_more(&self) -> bool {
        self.unanswered.back().is_some_and(|last| last.number >= self.next)
    }

    /// Takes a request and what else waits.
    fn take(&mut self, asked: Asked, more: &mut mpsc::Receiver<Asked>) {
        if self.unanswered.is_empty() {
            self.moved = Instant::now();
        }
        let mut next = Some(asked);
        while let Some(Asked { entry, origin }) = next {
            self.newest += 1;
            let (number, may_be_written) = (self.newest, false);
            self.unanswered.push_back(Unanswered { number, origin, entry, may_be_written });
            let has_room = self.unanswered.len() < UNANSWERED_MAX;
            next = if has_room { more.try_recv().ok() } else { None };
        }
    }

    /// Lets go of what is done, as far as nobody before it waits: that costs nothing.
    fn let_go_in_front(&mut self) {
        let is_done = |one: &Unanswered| !self.answers.is_waiting(one.origin);
        while self.unanswered.front().is_some_and(is_done) {
            self.unanswered.pop_front();
        }
    }

    /// Lets go of all that is done, and notes whether anything was answered since it looked last. A
    /// client that gave up is done, and no sign that anything moves.
    fn let_go(&mut self) {
        self.unanswered.retain(|one| self.answers.is_waiting(one.origin));
        let answered = self.answers.answered(self.partition);
        if answered != self.answered || self.unanswered.is_empty() {
            (self.answered, self.moved) = (answered, Instant::now());
        }
    }

    /// Whether the oldest request has waited for long since it was sent: a word that its batch came to
    /// nothing may have been lost.
    fn is_front_stuck(&mut self) -> bool {
        let front = self.unanswered.front().map_or(0, |one| one.number);
        let is_stuck = front != 0 && front == self.front.0 && self.front.1.elapsed() >= STUCK_AFTER;
        if is_stuck || front != self.front.0 {
            self.front = (front, Instant::now());
        }
        is_stuck
    }

    /// Begins to send what comes next; the result names the last one sent.
    fn send(&mut self, leader: u64) -> BoxFuture<'static, Sent> {
        let skip = self.unanswered.partition_point(|one| one.number < self.next);
        let waiting = self.unanswered.iter().skip(skip).take(SENDING);
        let count = that_fit(waiting.clone().map(|one| one.entry.weight()), SENDING_BYTES);
        let waiting = waiting.take(count);
        let last = waiting.clone().next_back().map_or(self.newest, |one| one.number);
        let sending: Vec<(Origin, Entry)> = waiting
            .filter(|one| self.answers.is_waiting(one.origin))
            .map(|one| (one.origin, one.entry.clone()))
            .collect();
        self.next = last + 1;
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
        if let Err(Miss::NotTaken(failure)) = sent {
            self.noted = last;
            return Some(failure);
        }
        self.mark_through(last);
        sent.is_err().then_some(Failure::Unknown)
    }

    /// Tells clients when nothing moves any more, rather than let them hang.
    fn give_up(&mut self) {
        self.let_go();
        if self.moved.elapsed() < STUCK_AFTER {
            return;
        }
        // What is on its way may arrive yet.
        self.mark_through(self.next - 1);
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
        self.unanswered.clear();
    }
}

/// Waits until then; for ever when there is no such time.
pub(super) async fn rest(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}
