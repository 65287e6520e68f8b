//! What a tape asks of a book, written down together with what the bare book said to it.
//!
//! Whoever asks the same of another book can compare the whole sequence: books that say the same
//! to every step show the same levels after every step.

use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::book::{AmendRefused, Amended, Book, Execution, Incoming, Removed, Reports};
use hoga_engine::ids::OrderKey;
use hoga_engine::order::{SelfMatch, Side, TimeInForce};

/// What is asked. The account of a key is the index of whoever asks.
///
/// A key is given again only after its order has left the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A limit order that meets its own account's orders like any other.
    Place {
        order: OrderKey,
        side: Side,
        limit: Ticks,
        quantity: Lots,
        time_in_force: TimeInForce,
    },
    Cancel {
        order: OrderKey,
    },
    /// The new total, what was filled included; no limit keeps the one that stands.
    Amend {
        order: OrderKey,
        total: Lots,
        limit: Option<Ticks>,
    },
}

impl Step {
    #[must_use]
    pub fn order(&self) -> OrderKey {
        match *self {
            Step::Place { order, .. } | Step::Cancel { order } | Step::Amend { order, .. } => order,
        }
    }
}

/// What a book said, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    Trade { price: Ticks, quantity: Lots, taker: Side },
    Level { side: Side, price: Ticks, quantity: Lots },
}

/// Steps and what was said to them.
#[derive(Clone, Debug, Default)]
pub struct Script {
    pub steps: Vec<Step>,
    /// Of all steps, one after another.
    pub said: Vec<Said>,
}

/// Where a tape's operations go.
pub(super) trait Desk {
    fn book(&self) -> &Book;
    fn submit(&mut self, incoming: &Incoming);
    fn cancel(&mut self, order: OrderKey) -> Option<Removed>;
    fn amend(
        &mut self,
        order: OrderKey,
        total: Lots,
        limit: Option<Ticks>,
    ) -> Result<Amended, AmendRefused>;
}

/// A book whose words nobody hears: what it shows is looked up.
#[derive(Default)]
pub(super) struct Unheard(Book);

impl Desk for Unheard {
    fn book(&self) -> &Book {
        &self.0
    }

    fn submit(&mut self, incoming: &Incoming) {
        self.0.submit(incoming, &mut Deaf);
    }

    fn cancel(&mut self, order: OrderKey) -> Option<Removed> {
        self.0.cancel(order, &mut Deaf)
    }

    fn amend(
        &mut self,
        order: OrderKey,
        total: Lots,
        limit: Option<Ticks>,
    ) -> Result<Amended, AmendRefused> {
        self.0.amend(order, Some(total), limit, SelfMatch::None, &mut Deaf)
    }
}

struct Deaf;

impl Reports for Deaf {
    fn traded(&mut self, _: &Execution) {}
    fn reduced(&mut self, _: OrderKey, _: Lots, _: Lots) {}
    fn level(&mut self, _: Side, _: Ticks, _: Lots) {}
}

/// A book that is written down.
#[derive(Default)]
pub(super) struct Scribe {
    book: Book,
    script: Script,
    /// What the last submit took, and from whom.
    taken: Vec<(OrderKey, Lots)>,
}

impl Scribe {
    pub fn finish(self) -> Script {
        self.script
    }

    /// Steps so far.
    pub fn steps(&self) -> usize {
        self.script.steps.len()
    }

    pub fn taken(&self) -> &[(OrderKey, Lots)] {
        &self.taken
    }
}

impl Desk for Scribe {
    fn book(&self) -> &Book {
        &self.book
    }

    fn submit(&mut self, incoming: &Incoming) {
        self.taken.clear();
        let Scribe { book, script, taken } = self;
        let &Incoming { order, side, limit, quantity, time_in_force, .. } = incoming;
        script.steps.push(Step::Place { order, side, limit, quantity, time_in_force });
        book.submit(incoming, &mut Hearing { said: &mut script.said, taken });
    }

    fn cancel(&mut self, order: OrderKey) -> Option<Removed> {
        let Scribe { book, script, taken } = self;
        script.steps.push(Step::Cancel { order });
        book.cancel(order, &mut Hearing { said: &mut script.said, taken })
    }

    fn amend(
        &mut self,
        order: OrderKey,
        total: Lots,
        limit: Option<Ticks>,
    ) -> Result<Amended, AmendRefused> {
        let Scribe { book, script, taken } = self;
        script.steps.push(Step::Amend { order, total, limit });
        let mut hearing = Hearing { said: &mut script.said, taken };
        book.amend(order, Some(total), limit, SelfMatch::None, &mut hearing)
    }
}

struct Hearing<'a> {
    said: &'a mut Vec<Said>,
    taken: &'a mut Vec<(OrderKey, Lots)>,
}

impl Reports for Hearing<'_> {
    fn traded(&mut self, execution: &Execution) {
        let &Execution { maker, taker_side: taker, price, quantity, .. } = execution;
        self.taken.push((maker, quantity));
        self.said.push(Said::Trade { price, quantity, taker });
    }

    fn reduced(&mut self, _: OrderKey, _: Lots, _: Lots) {
        unreachable!("no order of a script minds its own account");
    }

    fn level(&mut self, side: Side, price: Ticks, quantity: Lots) {
        self.said.push(Said::Level { side, price, quantity });
    }
}
