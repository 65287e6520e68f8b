//! Takes batches out of outboxes to whichever node leads the partition that they are for.

use super::intake::Inbound;
use super::peers::Peers;
use crate::raft::Leadership;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use hoga_engine::ids::PartitionId;
use tokio::sync::{mpsc, watch};

/// Batches on their way to another node at a time; pumps wait for a place beyond.
const IN_FLIGHT: usize = super::intake::INBOUND_MAX;

pub(crate) struct Carrier {
    pub to: PartitionId,
    /// This node's own sequencer of the partition.
    pub sequencer: mpsc::Sender<Inbound>,
    pub peers: Peers,
    pub leadership: watch::Receiver<Leadership>,
}

impl Carrier {
    /// Works until its partition is gone. A batch that does not arrive is sent again by its pump,
    /// and a partition skips what it has.
    pub async fn run(self, mut batches: mpsc::Receiver<Inbound>) {
        let mut in_flight: FuturesUnordered<BoxFuture<'static, ()>> = FuturesUnordered::new();
        loop {
            tokio::select! {
                biased;
                Some(()) = in_flight.next() => {}
                batch = batches.recv(), if in_flight.len() < IN_FLIGHT => {
                    let Some(batch) = batch else { return };
                    let leader = self.leadership.borrow().leader;
                    match leader {
                        None => {
                            let _ = batch.done.send(false);
                        }
                        Some(leader) if leader == self.peers.me() => {
                            if self.sequencer.send(batch).await.is_err() {
                                return;
                            }
                        }
                        Some(leader) => {
                            let mut sending = self.send(leader, batch);
                            // Begun at once, so that batches go out in their order.
                            if futures::poll!(&mut sending).is_pending() {
                                in_flight.push(sending);
                            }
                        }
                    }
                }
            }
        }
    }

    fn send(&self, leader: u64, batch: Inbound) -> BoxFuture<'static, ()> {
        let (peers, to, mut leadership) = (self.peers.clone(), self.to, self.leadership.clone());
        Box::pin(async move {
            let Inbound { source, first, messages, done } = batch;
            // A leader that was replaced may be frozen, or cut off, and not say so for long. What it
            // took all the same is skipped where it arrives again.
            let replaced = async {
                let _ = leadership.wait_for(|now| now.leader != Some(leader)).await;
            };
            let taken = tokio::select! {
                taken = peers.carry(leader, to, source, first, &messages) => taken,
                () = replaced => false,
            };
            // Nobody listens any more when the pump has begun anew.
            let _ = done.send(taken);
        })
    }
}
