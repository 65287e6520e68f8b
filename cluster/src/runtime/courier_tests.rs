//! What a courier sends, and sends again, while who leads changes.

use super::answers::{Answers, Failure, Reply};
use super::courier::Courier;
use super::intake::Asked;
use super::peers::{Peers, Submit, decode, kind};
use crate::link::rig::{Authority, SOON, options, places};
use crate::link::{Handler, LinkOptions, Links, NodeId};
use crate::partition::{Command, Entry, Trace};
use crate::raft::Leadership;
use bytes::Bytes;
use futures::future::{BoxFuture, pending, ready};
use hoga_engine::effect::Answer;
use hoga_engine::ids::{Origin, PartitionId};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::timeout;

const P: PartitionId = PartitionId(6);

/// A leader that takes requests and says nothing: it is frozen.
#[derive(Clone)]
struct Frozen(mpsc::UnboundedSender<u64>);

impl Handler for Frozen {
    fn handle(&self, _: NodeId, kind: u8, body: Bytes) -> BoxFuture<'static, Option<Bytes>> {
        assert_eq!(kind, kind::SUBMIT, "nothing else is asked of it");
        let Submit { entries, .. } = decode(&body).expect("requests");
        for (origin, _) in entries {
            self.0.send(origin.request).expect("the test goes on");
        }
        Box::pin(pending())
    }
}

/// Nobody asks the courier's own node anything here.
struct Silent;

impl Handler for Silent {
    fn handle(&self, _: NodeId, _: u8, _: Bytes) -> BoxFuture<'static, Option<Bytes>> {
        Box::pin(ready(None))
    }
}

/// Node 1 with a courier, and node 2 that is frozen.
struct Street {
    answers: Arc<Answers>,
    clients: mpsc::Sender<Asked>,
    leadership: watch::Sender<Leadership>,
    missed: Arc<Notify>,
    /// What arrives at node 1's own sequencer.
    own: mpsc::Receiver<Asked>,
    /// Numbers of the requests that arrive at node 2.
    frozen: mpsc::UnboundedReceiver<u64>,
    _links: [Links; 2],
}

impl Street {
    async fn open(leader: u64) -> Street {
        let authority = Authority::new();
        let (listeners, places) = places(2);
        let (taken, frozen) = mpsc::unbounded_channel();
        let mut links = Vec::new();
        for (node, listener) in (1..).zip(listeners) {
            let tls = Some(authority.issue(node));
            let options = LinkOptions { tls, ..options(node, listener, &places) };
            let handler: Arc<dyn Handler> =
                if node == 1 { Arc::new(Silent) } else { Arc::new(Frozen(taken.clone())) };
            links.push(Links::start(options, handler).await.expect("it starts"));
        }
        let answers = Arc::new(Answers::new(1, 1, 12));
        let (clients, asked) = mpsc::channel(16);
        let (sequencer, own) = mpsc::channel(16);
        let (leadership, led) = watch::channel(led_by(leader));
        let missed = Arc::new(Notify::new());
        let peers = Peers::new(links[0].clone());
        let courier = Courier::new(P, sequencer, peers, led, missed.clone(), answers.clone());
        drop(tokio::spawn(courier.run(asked)));
        let links = links.try_into().ok().expect("two of them");
        Street { answers, clients, leadership, missed, own, frozen, _links: links }
    }

    /// A client asks, and waits for as long as the test does.
    async fn ask(&self) -> Origin {
        let (origin, answer) = self.send().await;
        drop(tokio::spawn(answer));
        origin
    }

    /// The same, with what it will be told.
    async fn send(&self) -> (Origin, oneshot::Receiver<Reply>) {
        let (origin, answer) = self.answers.open(P);
        let entry = Entry { trace: Trace::default(), command: Command::Tick };
        self.clients.send(Asked { entry, origin }).await.expect("it works");
        (origin, answer)
    }

    /// The partition decides a request.
    fn answer(&self, origin: Origin) {
        let reply = Reply { answer: Ok(Answer::Done), at: None, is_repeated: false };
        self.answers.complete(origin, reply);
    }

    /// Waits until this one arrives; others may be sent again before it.
    async fn until_at_home(&mut self, wanted: Origin) {
        while self.at_home().await != wanted {}
    }

    async fn at_home(&mut self) -> Origin {
        let asked = timeout(SOON, self.own.recv()).await.expect("it comes");
        asked.expect("the courier works").origin
    }
}

fn led_by(leader: u64) -> Leadership {
    Leadership { term: leader, leader: Some(leader), is_me: leader == 1 }
}

#[tokio::test]
async fn what_a_frozen_leader_took_goes_to_the_next_in_its_order() {
    let mut street = Street::open(2).await;
    let first = street.ask().await;
    let arrived = timeout(SOON, street.frozen.recv()).await.expect("it comes");
    assert_eq!(arrived, Some(first.request));
    let second = street.ask().await;
    street.leadership.send_replace(led_by(1));
    assert_eq!([street.at_home().await, street.at_home().await], [first, second]);
}

#[tokio::test]
async fn what_was_in_a_batch_that_came_to_nothing_is_sent_again_unless_it_is_answered() {
    let mut street = Street::open(1).await;
    let [first, second, third] = [street.ask().await, street.ask().await, street.ask().await];
    for origin in [first, second, third] {
        assert_eq!(street.at_home().await, origin);
    }
    street.answers.fail(second, Failure::Unknown);
    street.missed.notify_one();
    assert_eq!([street.at_home().await, street.at_home().await], [first, third]);
}

#[tokio::test]
async fn what_was_on_its_way_to_a_leader_that_is_gone_may_be_written() {
    let mut street = Street::open(2).await;
    let (_, answer) = street.send().await;
    timeout(SOON, street.frozen.recv()).await.expect("it comes");
    street.leadership.send_replace(Leadership { term: 3, leader: None, is_me: false });
    let told = timeout(SOON, answer).await.expect("within its time").expect("an answer");
    assert!(matches!(told.answer, Err(Failure::Unknown)), "{told:?}");
}

#[tokio::test]
async fn what_nobody_could_be_sent_is_definitely_not_written() {
    let street = Street::open(2).await;
    street.leadership.send_replace(Leadership { term: 3, leader: None, is_me: false });
    let (_, answer) = street.send().await;
    let told = timeout(SOON, answer).await.expect("within its time").expect("an answer");
    assert!(matches!(told.answer, Err(Failure::NotLeader(_))), "{told:?}");
}

#[tokio::test]
async fn one_that_waits_for_long_is_waited_for_as_long_as_others_are_answered() {
    let mut street = Street::open(1).await;
    let slow = street.ask().await;
    assert_eq!(street.at_home().await, slow);
    for _ in 0..10 {
        let quick = street.ask().await;
        street.until_at_home(quick).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        street.answer(quick);
    }
    assert!(street.answers.is_waiting(slow), "nothing failed it");
    // Impatient clients come and go, and are no sign that anything moves.
    let until = tokio::time::Instant::now() + SOON;
    while street.answers.is_waiting(slow) {
        assert!(tokio::time::Instant::now() < until, "it is told at last");
        let (impatient, _) = street.send().await;
        street.until_at_home(impatient).await;
        street.answers.forget(impatient);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn the_oldest_is_sent_again_when_a_word_about_it_was_lost() {
    let mut street = Street::open(1).await;
    let lost = street.ask().await;
    assert_eq!(street.at_home().await, lost);
    let until = tokio::time::Instant::now() + SOON;
    loop {
        let other = street.ask().await;
        let came = street.at_home().await;
        if came == lost {
            break;
        }
        assert_eq!(came, other);
        street.answer(other);
        assert!(tokio::time::Instant::now() < until, "it was sent once and never again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
