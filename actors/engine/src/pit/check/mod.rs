//! The invariants, looked at from outside: from what entities said and what they hold.
//!
//! Owns: what each check has read so far, so that every row is looked at once.
//! Takes: a pit with a [`Record`](super::Record), at any moment.
//! Emits: the first [`Broken`] invariant.
//! On failure: says which invariant, of whom, and with which numbers.

mod books;
mod cash;
mod displayed;
mod fills;
mod holds;
mod ledger;
mod orders;

use super::Pit;
use std::fmt;

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub invariant: &'static str,
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.what)
    }
}

/// Returns the invariant as broken, with the numbers, unless the condition holds.
macro_rules! hold {
    ($invariant:literal, $condition:expr, $($what:tt)*) => {
        if !$condition {
            let what = format!($($what)*);
            return Err($crate::pit::check::Broken { invariant: $invariant, what });
        }
    };
}
use hold;

/// All checks of one pit.
#[derive(Default)]
pub struct Checks {
    ledger: ledger::Fold,
    fills: fills::Join,
    displayed: displayed::Sums,
    orders: orders::Ids,
}

impl Checks {
    /// # Errors
    /// The first invariant that does not hold. What needs a pit at rest is only checked there.
    pub fn run(&mut self, pit: &Pit) -> Result<(), Broken> {
        cash::check(pit)?;
        holds::check(pit)?;
        self.ledger.check(pit)?;
        self.fills.check(pit)?;
        self.displayed.check(pit)?;
        self.orders.check(pit)?;
        books::check(pit)
    }
}
