//! What partitions publish as they apply: to whoever listens on this node.

use hoga_engine::effect::MarketEvent;
use hoga_engine::history::FillRow;
use hoga_engine::ids::{InstrumentId, PartitionId};
use hoga_engine::order::OrderState;
use std::sync::Arc;
use tokio::sync::broadcast;

/// Chunks that a listener may be behind before it has to start anew from a snapshot.
const BEHIND_MAX: usize = 4096;

/// What one applied chunk published, in order.
#[derive(Clone, Debug)]
pub struct FeedEvent {
    pub partition: PartitionId,
    /// Log index of the chunk.
    pub index: u64,
    pub market: Vec<(InstrumentId, MarketEvent)>,
    pub orders: Vec<OrderState>,
    pub fills: Vec<FillRow>,
}

/// The node's feed. Listeners that fall behind lose their place and are told so.
#[derive(Clone)]
pub struct Feed(broadcast::Sender<Arc<FeedEvent>>);

impl Default for Feed {
    fn default() -> Self {
        Feed(broadcast::channel(BEHIND_MAX).0)
    }
}

impl Feed {
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<FeedEvent>> {
        self.0.subscribe()
    }

    pub(crate) fn publish(&self, event: FeedEvent) {
        if self.0.receiver_count() > 0 {
            // Nobody listening any more is no failure.
            drop(self.0.send(Arc::new(event)));
        }
    }
}
