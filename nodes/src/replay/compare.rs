//! What the exchange publishes beside what the bare book said.

use super::ThroughError;
use hoga_cluster::runtime::{Exchange, FeedEvent, News};
use hoga_engine::effect::MarketEvent;
use hoga_engine::ids::InstrumentId;
use hoga_scenarios::replay::script::Said;
use tokio::sync::broadcast::{self, error::TryRecvError};

/// Compares event by event, as they come.
pub(super) struct Comparison<'a> {
    published: broadcast::Receiver<News>,
    instrument: InstrumentId,
    wanted: &'a [Said],
    /// Events that came so far.
    heard: usize,
    differences: u64,
    first: Option<String>,
}

impl<'a> Comparison<'a> {
    /// Listens from now on.
    pub fn new(
        exchange: &Exchange,
        instrument: InstrumentId,
        wanted: &'a [Said],
    ) -> Comparison<'a> {
        let published = exchange.feed().subscribe();
        Comparison { published, instrument, wanted, heard: 0, differences: 0, first: None }
    }

    /// Takes what was published since the last call.
    ///
    /// # Errors
    /// Some of it is lost, because it was too much.
    pub fn hear(&mut self) -> Result<(), ThroughError> {
        loop {
            match self.published.try_recv() {
                Ok(News::Chunk(chunk)) => self.take(&chunk),
                Ok(News::Replaced(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return Ok(()),
                Err(TryRecvError::Lagged(_)) => {
                    return Err(ThroughError::Behind { compared: self.heard as u64 });
                }
            }
        }
    }

    fn take(&mut self, chunk: &FeedEvent) {
        let instrument = self.instrument;
        let ours = chunk.market.iter().filter(|(traded, _)| *traded == instrument);
        for (_, event) in ours {
            let said = match *event {
                MarketEvent::Trade { price, quantity, taker: Some(taker), .. } => {
                    Said::Trade { price, quantity, taker }
                }
                // A replay has no calls.
                MarketEvent::Trade { .. }
                | MarketEvent::Indicated { .. }
                | MarketEvent::Phase { .. }
                | MarketEvent::CandlesEnded { .. } => continue,
                MarketEvent::Level { side, price, quantity, .. } => {
                    Said::Level { side, price, quantity }
                }
            };
            self.compare(said);
        }
    }

    pub(super) fn compare(&mut self, said: Said) {
        let wanted = self.wanted.get(self.heard);
        self.heard += 1;
        if wanted != Some(&said) {
            self.differences += 1;
            let number = self.heard;
            let wanted =
                wanted.map_or_else(|| "nothing".to_owned(), |wanted| format!("{wanted:?}"));
            self.first.get_or_insert_with(|| {
                format!("event {number}: the exchange says {said:?}, the bare book {wanted}")
            });
        }
    }

    /// How many events differ, and the first of them.
    pub fn finish(self) -> (u64, Option<String>) {
        let missing = self.wanted.len().saturating_sub(self.heard);
        let first = self.first.or_else(|| {
            let wanted = self.wanted.get(self.heard)?;
            let number = self.heard + 1;
            Some(format!("event {number}: the exchange is silent, the bare book says {wanted:?}"))
        });
        (self.differences + missing as u64, first)
    }
}
