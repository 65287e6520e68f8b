//! Who leads a partition, as far as this replica knows.

use openraft::alias::WatchReceiverOf;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::metrics::RaftServerMetrics;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

use super::handover::Handover;
use super::types::{NodeId, RaftTypes};

/// What this replica believes; the truth may have moved on. Only a committed entry proves it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leadership {
    /// The highest term seen; it never decreases.
    pub term: u64,
    /// The leader of that term, once one is elected.
    pub leader: Option<NodeId>,
    /// This replica is the leader and may be proposed to.
    pub is_me: bool,
}

impl Leadership {
    fn of<C: RaftTypes>(metrics: &RaftServerMetrics<C>) -> Self {
        let leader = metrics.current_leader;
        Self {
            term: metrics.vote.leader_id.term,
            leader,
            is_me: leader == Some(metrics.id) && metrics.state.is_leader(),
        }
    }
}

/// Repeats changes of leadership until the replica stops.
pub(super) async fn follow<C: RaftTypes>(
    mut metrics: WatchReceiverOf<C, RaftServerMetrics<C>>,
    told: watch::Sender<Leadership>,
    handover: Arc<Handover>,
) {
    loop {
        // The guard must not be held: consensus waits for it.
        let now = Leadership::of(&*metrics.borrow_watched());
        if now.is_me {
            measure(handover.lead(Instant::now()));
        } else {
            handover.follow();
        }
        told.send_if_modified(|before| {
            let changed = *before != now;
            *before = now;
            changed
        });
        if metrics.changed().await.is_err() {
            // Stopped: whoever led, it is not this replica any more.
            told.send_modify(|last| *last = Leadership { term: last.term, ..Default::default() });
            return;
        }
    }
}

/// Notes how long nobody led, when somebody leads again.
pub(super) fn measure(handover: Option<Duration>) {
    if let Some(took) = handover {
        metrics::histogram!("hoga_handover_seconds").record(took);
    }
}
