//! BOOK-1 and BOOK-2: the commands of the log, through the obvious book, give the same trades in
//! the same order; and no book is crossed at rest.

use super::{References, Told};
use crate::sim::reference::Reference;
use crate::sim::words::{Broken, hold};
use hoga_actors::Entity;
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::book::{Execution, NaiveBook, Reports};
use hoga_engine::ids::{InstrumentId, OrderKey, TradeNo};
use hoga_engine::message::{AccountMessage, BookMessage, Leg, Message};
use hoga_engine::order::Side;
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Books {
    pub checked: u64,
    books: BTreeMap<InstrumentId, NaiveBook>,
}

/// A trade, however it was found.
#[derive(Debug, PartialEq)]
struct Met {
    instrument: InstrumentId,
    maker: OrderKey,
    taker: OrderKey,
    price: Ticks,
    quantity: Lots,
}

/// Hears the obvious book.
struct Ears<'a>(InstrumentId, &'a mut Vec<Met>);

impl Reports for Ears<'_> {
    fn traded(&mut self, execution: &Execution) {
        let &Execution { taker, maker, price, quantity, .. } = execution;
        self.1.push(Met { instrument: self.0, maker, taker, price, quantity });
    }
    fn reduced(&mut self, _: OrderKey, _: Lots, _: Lots) {}
    fn level(&mut self, _: Side, _: Ticks, _: Lots) {}
}

impl Books {
    pub fn hear(&mut self, told: &Told, _: &Reference) -> Result<(), Broken> {
        let mut expected = Vec::new();
        for (_, message) in &told.heard {
            if let Message::ToBook(instrument, message) = message {
                let book = self.books.entry(*instrument).or_default();
                handle(book, message, &mut Ears(*instrument, &mut expected));
            }
        }
        expected.sort_by_key(|met| met.instrument);
        let found = trades(told);
        self.checked += found.len() as u64;
        let (id, index) = (told.partition.0, told.index);
        hold!(
            "BOOK-1",
            expected == found,
            "at {index} of {id} the obvious book trades {expected:?}, the book {found:?}"
        );
        Ok(())
    }

    pub fn look(&mut self, references: &References) -> Result<(), Broken> {
        for entity in references.values().flat_map(|it| it.replica.entities.values()) {
            let Entity::Book(listing) = entity else { continue };
            let [bid, ask] = [Side::Buy, Side::Sell].map(|side| listing.book().best(side));
            let crossed = bid.zip(ask).is_some_and(|(bid, ask)| bid >= ask);
            let symbol = &listing.instrument().symbol;
            hold!("BOOK-2", !crossed, "{symbol} is crossed: bid {bid:?}, ask {ask:?}");
            let open = self.books.get(&listing.instrument().id);
            let same = open.is_none_or(|naive| naive.orders().eq(listing.book().orders()));
            hold!("BOOK-1", same, "{symbol} holds other orders than the obvious book");
        }
        Ok(())
    }
}

/// The trades whose legs the book sent, in the order of their numbers.
fn trades(told: &Told) -> Vec<Met> {
    let mut pairs: BTreeMap<(InstrumentId, TradeNo), [Option<Leg>; 2]> = BTreeMap::new();
    for (_, message) in &told.sent {
        if let Message::ToAccount(_, AccountMessage::Settle(leg)) = message {
            let pair = pairs.entry((leg.instrument, leg.trade)).or_default();
            pair[usize::from(!leg.is_maker)] = Some(*leg);
        }
    }
    let met = pairs.into_iter().filter_map(|((instrument, _), [maker, taker])| {
        let (maker, taker) = (maker?, taker?);
        let (price, quantity) = (maker.price, maker.quantity);
        Some(Met { instrument, maker: maker.order, taker: taker.order, price, quantity })
    });
    met.collect()
}

fn handle(book: &mut NaiveBook, message: &BookMessage, ears: &mut Ears<'_>) {
    match message {
        BookMessage::Submit(submit) => {
            if submit.post_only && book.would_cross(submit.side, submit.limit) {
                return;
            }
            book.submit(&submit.into(), ears);
        }
        // The simulated clients ask for no pairs, and there are no followed instruments.
        BookMessage::Pair(_) | BookMessage::Fund(_) | BookMessage::Import(_) => {}
        BookMessage::Cancel { order, .. } => {
            book.cancel(*order, ears);
        }
        BookMessage::Amend(amend) => {
            let standing = book.find(amend.order);
            let crosses = standing.zip(amend.limit).is_some_and(|(standing, limit)| {
                amend.post_only && book.would_cross(standing.side, limit)
            });
            if !crosses {
                let (total, limit, mode) = (amend.total, amend.limit, amend.self_match);
                // A refusal is the account's affair.
                book.amend(amend.order, total, limit, mode, ears).ok();
            }
        }
    }
}
