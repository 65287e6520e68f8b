//! An instrument's book said once more, as plainly as it can be, from the commands of the log: its
//! day, its stops and what is reserved ([`Trading`]), or the outside book that it follows
//! ([`Outside`]).
//!
//! Owns: what each of them would hold. Takes: the commands of a book, with their time. Emits: what
//! the book has to say of every order ([`Said`]). On failure: nothing fails; who compares says what
//! differs.

mod admit;
mod amend;
mod day;
mod outside;
mod said;
mod take;
mod tape;
mod trading;

pub use said::{Of, Said, Sayings, of as said_by};

use super::BookCommand;
use hoga_engine::book::{Listing, RestingOrder};
use hoga_engine::ids::{OrderKey, PartitionId};
use hoga_engine::instrument::Instrument;
use hoga_engine::time::Time;
use outside::Outside;
use trading::Trading;

/// The book of one instrument.
#[derive(Clone)]
pub enum Obvious {
    Trades(Box<Trading>),
    Follows(Box<Outside>),
}

impl Obvious {
    #[must_use]
    pub fn new(rules: &Instrument, at: Time) -> Obvious {
        match rules.follow {
            Some(_) => Obvious::Follows(Box::new(Outside::new(rules))),
            None => Obvious::Trades(Box::new(Trading::new(rules, at))),
        }
    }

    pub fn handle(&mut self, command: &BookCommand, at: Time) {
        match self {
            Obvious::Trades(trading) => trading.handle(command, at),
            Obvious::Follows(outside) => outside.handle(command, at),
        }
    }

    /// The same, of what all books of a partition are told.
    pub fn handle_in(&mut self, partition: PartitionId, command: &BookCommand, at: Time) {
        if self.rules().partition == partition {
            self.handle(command, at);
        }
    }

    /// What it has said since this was asked last.
    pub fn take_said(&mut self) -> Sayings {
        match self {
            Obvious::Trades(trading) => std::mem::take(&mut trading.tape.said),
            Obvious::Follows(outside) => std::mem::take(&mut outside.tape.said),
        }
    }

    /// How it differs from the book that the product keeps, if it does.
    #[must_use]
    pub fn differs(&self, listing: &Listing) -> Option<String> {
        let (rules, found) = (self.rules(), listing.instrument());
        if rules != found {
            return Some(format!("has the rules {found:?}, which should be {rules:?}"));
        }
        let orders: Vec<RestingOrder> = listing.book().orders().collect();
        let expected = match self {
            Obvious::Trades(trading) => trading.book.orders().collect(),
            Obvious::Follows(outside) => outside.orders(),
        };
        if orders != expected {
            return Some(format!("holds {orders:?}, which should be {expected:?}"));
        }
        match self {
            Obvious::Trades(trading) => trading.differs(listing),
            Obvious::Follows(outside) => outside.differs(listing),
        }
    }

    fn rules(&self) -> &Instrument {
        match self {
            Obvious::Trades(trading) => &trading.rules,
            Obvious::Follows(outside) => &outside.rules,
        }
    }
}

/// An order that is named.
fn place_of(orders: &[RestingOrder], order: OrderKey) -> Option<usize> {
    orders.iter().position(|resting| resting.order == order)
}
