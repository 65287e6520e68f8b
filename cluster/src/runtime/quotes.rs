//! The market as last published: what a market order is priced by.

use hoga_actors::{Entity, EntityId};
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::book::Prints;
use hoga_engine::effect::MarketEvent;
use hoga_engine::ids::InstrumentId;
use hoga_engine::instrument::Phase;
use hoga_engine::order::{OrderRequest, Side};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError, RwLock};

/// Best prices, last trades and phase of an instrument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quote {
    pub bid: Option<Ticks>,
    pub ask: Option<Ticks>,
    pub prints: Prints,
    pub phase: Phase,
}

impl Quote {
    /// Where the market stands for an order; none for one that has its own price.
    #[must_use]
    pub fn market_price(&self, order: &OrderRequest) -> Option<Ticks> {
        let best_opposite = match order.side {
            Side::Buy => self.ask,
            Side::Sell => self.bid,
        };
        order.market_price(best_opposite, self.prints, self.phase)
    }
}

/// Quotes of all instruments whose books this node has.
#[derive(Default)]
pub(crate) struct Quotes {
    table: RwLock<HashMap<InstrumentId, Quote>>,
    ladders: Mutex<HashMap<InstrumentId, [BTreeMap<Ticks, Lots>; 2]>>,
}

impl Quotes {
    pub fn get(&self, instrument: InstrumentId) -> Quote {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        table.get(&instrument).copied().unwrap_or_default()
    }

    /// Follows what books publish, in their order.
    pub fn follow(&self, events: &[(InstrumentId, MarketEvent)]) {
        if events.is_empty() {
            return;
        }
        let mut ladders = self.ladders.lock().unwrap_or_else(PoisonError::into_inner);
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        for (instrument, event) in events {
            let quote = table.entry(*instrument).or_default();
            match *event {
                MarketEvent::Trade { price, taker: Some(taker), .. } => {
                    quote.prints.note(price, taker);
                }
                MarketEvent::Trade { price, .. } => quote.prints.note_call(price),
                MarketEvent::Phase { phase, .. } => quote.phase = phase,
                MarketEvent::Indicated { .. } | MarketEvent::CandlesEnded { .. } => {}
                MarketEvent::Level { side, price, quantity, .. } => {
                    let [bids, asks] = ladders.entry(*instrument).or_default();
                    let levels = if side == Side::Buy { &mut *bids } else { &mut *asks };
                    if quantity.is_zero() {
                        levels.remove(&price);
                    } else {
                        levels.insert(price, quantity);
                    }
                    quote.bid = bids.last_key_value().map(|(price, _)| *price);
                    quote.ask = asks.first_key_value().map(|(price, _)| *price);
                }
            }
        }
    }

    /// Takes over a whole book, as a snapshot or a replay left it.
    pub fn show(&self, id: EntityId, entity: &Entity) {
        if let (EntityId::Book(instrument), Entity::Book(listing)) = (id, entity) {
            let levels = [Side::Buy, Side::Sell].map(|side| listing.levels(side).collect());
            let (prints, phase) = (listing.prints(), listing.instrument().phase);
            let quote = Quote { prints, phase, ..Quote::default() };
            self.restore(instrument, quote, levels);
        }
    }

    fn restore(&self, instrument: InstrumentId, quote: Quote, levels: [Vec<(Ticks, Lots)>; 2]) {
        let [bids, asks] = levels.map(|side| side.into_iter().collect::<BTreeMap<_, _>>());
        let bid = bids.last_key_value().map(|(price, _)| *price);
        let ask = asks.first_key_value().map(|(price, _)| *price);
        let mut ladders = self.ladders.lock().unwrap_or_else(PoisonError::into_inner);
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        ladders.insert(instrument, [bids, asks]);
        table.insert(instrument, Quote { bid, ask, ..quote });
    }
}
