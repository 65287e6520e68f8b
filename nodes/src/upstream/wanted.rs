//! What is to be heard of a venue: the books that instruments follow there.

use hoga_engine::ids::InstrumentId;
use hoga_engine::instrument::{Catalogue, Phase};
use std::collections::BTreeMap;

/// Codes of a venue, each with the instruments that follow it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted(BTreeMap<Box<str>, Vec<InstrumentId>>);

impl Wanted {
    /// What a catalogue asks of a venue. An instrument that an operator halted asks for nothing.
    pub fn of(catalogue: &Catalogue, venue: &str) -> Wanted {
        let mut wanted = Wanted::default();
        for instrument in catalogue.instruments.values() {
            let follow = instrument.follow.as_ref();
            let Some(subscription) = follow.and_then(|follow| follow.subscription.as_ref()) else {
                continue;
            };
            if *subscription.venue == *venue && instrument.phase != Phase::Halted {
                wanted.0.entry(subscription.code.clone()).or_default().push(instrument.id);
            }
        }
        wanted
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Who follows the book that a venue calls so. It may have been asked for with a depth behind a
    /// point, `KRW-BTC.15`, which the venue does not repeat.
    pub fn followers(&self, code: &str) -> Vec<InstrumentId> {
        let is_meant = |asked: &str| asked == code || asked.split('.').next() == Some(code);
        let meant = self.0.iter().filter(|(asked, _)| is_meant(asked));
        meant.flat_map(|(_, ids)| ids.iter().copied()).collect()
    }

    pub fn iter(&self) -> impl Iterator<Item = (InstrumentId, &str)> {
        self.0.iter().flat_map(|(code, ids)| ids.iter().map(move |id| (*id, &**code)))
    }

    pub fn is_same_for_venue(&self, other: &Wanted) -> bool {
        self.0.keys().eq(other.0.keys())
    }

    /// What Upbit is asked. A connection has one ticket, and the last list under it counts: so the
    /// whole list is said anew with every change.
    pub fn request(&self, ticket: &str) -> String {
        let codes: Vec<&str> = self.0.keys().map(|code| &**code).collect();
        let books = serde_json::json!({"type": "orderbook", "codes": codes});
        serde_json::json!([{"ticket": ticket}, books, {"format": "SIMPLE"}]).to_string()
    }
}
