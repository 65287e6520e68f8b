//! What went into a book, each command with its number.

use super::entry::Entry;
use crate::check::asking::Asking;
use crate::export::{Fill, Order, number};
use crate::number::Number;
use std::collections::BTreeMap;
use std::fmt;

/// A trade: both orders, price, quantity.
#[derive(Clone, Copy, Debug)]
pub struct Trade<'e> {
    pub no: u64,
    pub taker: &'e str,
    pub maker: &'e str,
    pub price: Number,
    pub quantity: Number,
}

/// A command that the book did, or an order that it refused.
#[derive(Clone, Debug)]
pub struct Command<'e> {
    /// Its place among all commands of the book.
    pub number: u64,
    pub order: &'e Order,
    pub what: What<'e>,
    pub heard: Heard,
}

#[derive(Clone, Debug)]
pub enum What<'e> {
    Enter(Entry<'e>),
    /// Not taken, for this reason if it is known.
    Refuse(Entry<'e>, Option<&'e str>),
    Cancel,
    Amend {
        total: Option<Number>,
        price: Option<Number>,
    },
}

/// What clients know of a command.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heard {
    /// When it was asked for first; zero when nobody knows.
    pub since: u64,
    /// When it was first known to be decided.
    pub until: Option<u64>,
    /// What the order had filled over its life, and what stayed open of it.
    pub filled: Option<Number>,
    pub open: Option<Number>,
    /// The record of the book's log that it was decided in, and its number in the channel to its
    /// account's partition.
    pub record: Option<(u64, u64)>,
}

impl Heard {
    pub fn of(asking: &Asking) -> Heard {
        let mut heard = Heard { since: asking.since, ..Heard::default() };
        if let Some((time, answer)) = asking.decided() {
            let said = answer.order.as_ref();
            heard.until = Some(time);
            heard.filled = said.and_then(|said| said.filled);
            heard.open = said.and_then(|said| said.remaining);
        }
        // An answer that is given again has the position of the retry.
        let first = asking.answers.iter().filter(|(_, answer)| !answer.repeated);
        heard.record = first
            .filter_map(|(_, answer)| Some((answer.book_position?.index, answer.settles?.sequence)))
            .next();
        heard
    }
}

impl fmt::Display for Command<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Command { number, order, what, .. } = self;
        write!(f, "{number}: {} ", order.name)?;
        let shown = |number: &Option<Number>| number.map_or("as it was".into(), String::from);
        match what {
            What::Enter(entry) => write!(f, "{entry}"),
            What::Refuse(entry, reason) => {
                write!(f, "{entry}, refused {}", reason.unwrap_or("for a reason not heard"))
            }
            What::Cancel => write!(f, "cancelled"),
            What::Amend { total, price } => {
                write!(f, "amended to {} at {}", shown(total), shown(price))
            }
        }
    }
}

/// An instrument's trades in the order of their numbers.
///
/// # Errors
/// Fills that do not make whole trades.
pub fn trades<'e>(
    fills: impl Iterator<Item = &'e Fill>,
    instrument: &str,
) -> Result<Vec<Trade<'e>>, String> {
    let mut legs: BTreeMap<u64, [Option<&Fill>; 2]> = BTreeMap::new();
    for fill in fills.filter(|fill| fill.instrument == instrument) {
        let no = number(&fill.trade).ok_or_else(|| format!("{} has no number", fill.trade))?;
        legs.entry(no).or_default()[usize::from(fill.is_maker)] = Some(fill);
    }
    let whole = |(no, legs): (u64, [Option<&'e Fill>; 2])| {
        let [Some(taker), Some(maker)] = legs else {
            return Err(format!("trade {no} of {instrument} has one leg"));
        };
        let (price, quantity) = (maker.price, maker.quantity);
        Ok(Trade { no, taker: &taker.order, maker: &maker.order, price, quantity })
    };
    legs.into_iter().map(whole).collect()
}
