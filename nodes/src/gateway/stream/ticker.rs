//! A ticker's state, as frames carry it.

use super::shared::State;
use crate::gateway::desk::Desk;
use crate::gateway::failure::{Refused, unread};
use crate::gateway::ladder::ladder;
use crate::gateway::reasons::refusal;
use crate::gateway::ticker::ticker;
use hoga_engine::book::Listing;
use hoga_engine::ids::InstrumentId;
use prost::Message;

/// Reads the ticker of an instrument. Its sequence counts the book's levels and trades.
///
/// # Errors
/// The book could not be read.
pub async fn read(desk: &Desk, id: InstrumentId) -> Result<State, Refused> {
    let look = |listing: &Listing, at| {
        let (trades, sequence) = (listing.trades(), listing.sequence());
        (ladder(listing, 1), listing.last(), trades, sequence + trades.0, at)
    };
    let seen = desk.exchange.book(id, None, look).await;
    let (best, last, trades, sequence, at) = seen.map_err(|error| unread(&error))?;
    desk.tape.wait_for(id, trades).await;
    let now = desk.exchange.options().clock.now();
    let day = desk.tape.day(id, now);
    let symbols = desk.symbols();
    let instrument = symbols.listed(id).ok_or_else(|| refusal("STOPPING", "it is not listed"))?;
    let head = ticker(instrument, &best, last, &day, sequence, now).encode_to_vec().into();
    Ok(State { sequence, at, head, places: Vec::new(), log: None, queues: None })
}
