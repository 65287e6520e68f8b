//! FILL-4: of each level of an outside book, users together never get more than was displayed, and
//! each fill names the level of the snapshot that stood.

use super::{BookCommand, Told};
use crate::sim::words::{Broken, hold};
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::follow::Snapshot;
use hoga_engine::ids::InstrumentId;
use hoga_engine::message::{AccountMessage, Leg, Message};
use hoga_engine::order::Side;
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Displayed {
    pub checked: u64,
    books: BTreeMap<InstrumentId, Book>,
}

/// What feeds have posted for an instrument.
#[derive(Default)]
struct Book {
    /// Of each number the first: it is the one that can stand.
    posted: BTreeMap<u64, Snapshot>,
    /// What users have got, by snapshot, the side that they took from, and level.
    got: BTreeMap<(u64, Side, u32), u64>,
}

impl Displayed {
    pub fn hear(&mut self, told: &Told) -> Result<(), Broken> {
        for (instrument, command) in &told.commands {
            match (instrument, command) {
                // What is posted before there is a book was refused.
                (Some(id), BookCommand::Rules(_)) => {
                    self.books.entry(*id).or_default();
                }
                (Some(id), BookCommand::Post(snapshot)) => {
                    if let Some(book) = self.books.get_mut(id) {
                        book.post(snapshot);
                    }
                }
                _ => {}
            }
        }
        for (_, message) in &told.sent {
            if let Message::ToAccount(_, AccountMessage::Settle(leg)) = message {
                self.leg(leg)?;
            }
        }
        Ok(())
    }

    fn leg(&mut self, leg: &Leg) -> Result<(), Broken> {
        // The house's side is the same trade once more.
        let Some(source) = leg.source.filter(|_| !leg.is_of_house()) else { return Ok(()) };
        self.checked += 1;
        let book = self.books.entry(leg.instrument).or_default();
        let side = leg.side.opposite();
        let snapshot = book.posted.get(&source.snapshot);
        let place = (source.level as usize).checked_sub(1);
        let level = snapshot.zip(place).and_then(|(it, place)| it.side(side).get(place).copied());
        let Some(level) = level else {
            hold!("FILL-4", false, "{leg:?} is of a level that no feed posted");
            return Ok(());
        };
        let got = book.got.entry((source.snapshot, side, source.level)).or_default();
        *got += leg.quantity.0;
        let (got, displayed) = (Lots(*got), level.quantity);
        hold!("FILL-4", got <= displayed, "{leg:?} makes {got:?} of {displayed:?} displayed");
        let fits = is_fair(leg, level.price);
        hold!("FILL-4", fits, "{leg:?} is not at the price of {level:?}");
        Ok(())
    }
}

/// Who takes pays what is displayed, who rests its own limit, which was reached.
fn is_fair(leg: &Leg, displayed: Ticks) -> bool {
    match (leg.is_maker, leg.side) {
        (false, _) => leg.price == displayed,
        (true, Side::Buy) => leg.price >= displayed,
        (true, Side::Sell) => leg.price <= displayed,
    }
}

impl Book {
    /// One that is no book was refused; what is older than the last has no fills, and does no harm.
    fn post(&mut self, snapshot: &Snapshot) {
        let best = |side: Side| snapshot.side(side).first().map(|level| level.price);
        let is_crossed = best(Side::Buy).zip(best(Side::Sell)).is_some_and(|(bid, ask)| bid >= ask);
        if !is_crossed {
            self.posted.entry(snapshot.number).or_insert_with(|| snapshot.clone());
        }
    }
}
