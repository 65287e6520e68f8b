//! BOOK-1 and BOOK-2: the commands of the log, through the obvious book, lead to the same trades,
//! outcomes and cancels of every order, in the same order, and to the same book; and no book is
//! crossed at rest unless its orders collect for a call.

use super::obvious::{Obvious, Sayings, said_by};
use super::{BookCommand, References, Told};
use crate::sim::words::{Broken, hold};
use hoga_actors::Entity;
use hoga_engine::book::Listing;
use hoga_engine::ids::InstrumentId;
use hoga_engine::instrument::Phase;
use hoga_engine::order::Side;
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Books {
    pub checked: u64,
    books: BTreeMap<InstrumentId, Obvious>,
}

impl Books {
    pub fn hear(&mut self, told: &Told) -> Result<(), Broken> {
        for (instrument, command) in &told.commands {
            match instrument {
                Some(id) => self.tell(*id, command, told),
                None => self.books.values_mut().for_each(|book| {
                    book.handle_in(told.partition, command, told.time);
                }),
            }
        }
        let mut expected = Sayings::new();
        for (order, said) in self.books.values_mut().flat_map(Obvious::take_said) {
            expected.entry(order).or_default().extend(said);
        }
        let found = said_by(told);
        self.checked += found.values().map(|said| said.len() as u64).sum::<u64>();
        if expected == found {
            return Ok(());
        }
        let (id, index) = (told.partition.0, told.index);
        for order in expected.keys().chain(found.keys()) {
            let (should, does) = (expected.get(order), found.get(order));
            hold!(
                "BOOK-1",
                should == does,
                "at {index} of {id} the obvious book says of {order:?} {should:?}, the book {does:?}"
            );
        }
        Ok(())
    }

    fn tell(&mut self, id: InstrumentId, command: &BookCommand, told: &Told) {
        match (self.books.get_mut(&id), command) {
            (Some(book), command) => book.handle(command, told.time),
            (None, BookCommand::Rules(rules)) => {
                self.books.insert(id, Obvious::new(rules, told.time));
            }
            (None, _) => {}
        }
    }

    pub fn look(&mut self, references: &References) -> Result<(), Broken> {
        for entity in references.values().flat_map(|it| it.replica.entities.values()) {
            let Entity::Book(listing) = entity else { continue };
            is_uncrossed(listing)?;
            let symbol = &listing.instrument().symbol;
            let book = self.books.get(&listing.instrument().id);
            let differs = book.and_then(|book| book.differs(listing));
            let what = differs.unwrap_or_default();
            hold!("BOOK-1", what.is_empty(), "{symbol} {what}");
        }
        Ok(())
    }
}

fn is_uncrossed(listing: &Listing) -> Result<(), Broken> {
    let (rules, book) = (listing.instrument(), listing.book());
    let (symbol, phase) = (&rules.symbol, rules.phase);
    // Where an outside book is followed, what rests does not meet what rests.
    let [bid, ask] = [Side::Buy, Side::Sell].map(|side| listing.best(side));
    let is_crossed = bid.zip(ask).is_some_and(|(bid, ask)| bid >= ask);
    let may_be = book.collects() && phase != Phase::Continuous;
    hold!(
        "BOOK-2",
        may_be || !is_crossed,
        "{symbol} is crossed in phase {phase:?}: bid {bid:?}, ask {ask:?}"
    );
    let collects = matches!(phase, Phase::Call(_));
    hold!("BOOK-2", !collects || book.collects(), "{symbol} matches in phase {phase:?}");
    if listing.following().is_none() || phase != Phase::Continuous {
        return Ok(());
    }
    for side in [Side::Buy, Side::Sell] {
        let Some((own, outside)) = book.best(side).zip(listing.best(side.opposite())) else {
            continue;
        };
        let is_reached = if side == Side::Buy { own >= outside } else { own <= outside };
        hold!("BOOK-2", !is_reached, "{symbol}: {own:?} rests, {outside:?} is to be had outside");
    }
    Ok(())
}
