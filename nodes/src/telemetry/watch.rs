//! Invariants that the running node looks at, on what it publishes anyway. What breaks one is a
//! bug: it is counted and logged, and an operator is woken.

use hoga_cluster::runtime::{Exchange, FeedEvent, News};
use hoga_engine::amount::Lots;
use hoga_engine::effect::MarketEvent;
use hoga_engine::ids::InstrumentId;
use hoga_engine::order::OrderState;
use metrics::counter;
use std::collections::HashMap;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;

/// Their ids, as the table of invariants has them.
pub const WATCHED: [&str; 4] = ["CASH-2", "FILL-1", "BOOK-2", "SEQ-1"];

/// Watches an exchange until that stops.
pub fn watch(exchange: &Exchange) -> JoinHandle<()> {
    let feed = exchange.feed().subscribe();
    let exchange = exchange.clone();
    tokio::spawn(async move { Watch::default().run(feed, &exchange).await })
}

/// What was seen last of each book.
#[derive(Default)]
struct Watch {
    levels: HashMap<InstrumentId, u64>,
    trades: HashMap<InstrumentId, u64>,
}

impl Watch {
    async fn run(mut self, mut feed: Receiver<News>, exchange: &Exchange) {
        loop {
            match feed.recv().await {
                Ok(News::Chunk(event)) => self.look(&event, exchange),
                // What was not seen cannot be judged: the counting of sequences begins anew.
                Ok(News::Replaced(_)) | Err(RecvError::Lagged(_)) => self = Watch::default(),
                Err(RecvError::Closed) => return,
            }
        }
    }

    fn look(&mut self, event: &FeedEvent, exchange: &Exchange) {
        event.orders.iter().for_each(look_at_order);
        for (account, moved) in &event.balances {
            if moved.balance.available < 0 || moved.balance.held < 0 {
                broken("CASH-2", &format!("account {account:?} has {:?}", moved.balance));
            }
        }
        for (instrument, event) in &event.market {
            self.follow(*instrument, event);
        }
        if let Some((instrument, _)) = event.market.last() {
            let quote = exchange.quote(*instrument);
            if let (Some(bid), Some(ask)) = (quote.bid, quote.ask)
                && bid >= ask
                && is_continuous(exchange, *instrument)
            {
                broken("BOOK-2", &format!("the book of {instrument:?} is crossed: {quote:?}"));
            }
        }
    }

    fn follow(&mut self, instrument: InstrumentId, event: &MarketEvent) {
        let (seen, number) = match event {
            // It shares its numbers with the trades.
            MarketEvent::CandlesEnded { .. } => return,
            MarketEvent::Trade { no, .. } => (&mut self.trades, no.0),
            MarketEvent::Level { sequence, .. }
            | MarketEvent::Phase { sequence, .. }
            | MarketEvent::Indicated { sequence, .. } => (&mut self.levels, *sequence),
        };
        let before = seen.insert(instrument, number);
        if before.is_some_and(|before| before + 1 != number) {
            broken("SEQ-1", &format!("{instrument:?} goes from {before:?} to {event:?}"));
        }
    }
}

fn look_at_order(order: &OrderState) {
    let done = order.filled.0.checked_add(order.cancelled.0).map(Lots);
    if done.is_none_or(|done| done > order.ordered) {
        counter!("hoga_overfill_total").increment(1);
        broken("FILL-1", &format!("order {:?} is done beyond its quantity", order.key));
    }
}

/// In a call auction orders collect without matching.
fn is_continuous(exchange: &Exchange, instrument: InstrumentId) -> bool {
    use hoga_engine::instrument::Phase;
    let catalogue = exchange.catalogue();
    catalogue.instruments.get(&instrument).is_some_and(|known| known.phase == Phase::Continuous)
}

fn broken(id: &'static str, what: &str) {
    counter!("hoga_invariant_violations_total", "id" => id).increment(1);
    tracing::error!(invariant = id, what, "an invariant is broken");
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
