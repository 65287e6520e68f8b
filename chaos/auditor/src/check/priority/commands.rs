//! What went into a book, each command with its number.

use super::entry::Entry;
use crate::check::asking::Asking;
use crate::export::{Fill, Order, Side, number};
use crate::number::Number;
use std::collections::BTreeMap;
use std::fmt;

/// A trade: both orders, price, quantity.
#[derive(Clone, Copy, Debug)]
pub struct Trade<'e> {
    pub no: u64,
    /// Of a call, where nobody took, the buy.
    pub taker: &'e str,
    /// Of a call the sell.
    pub maker: &'e str,
    pub in_call: bool,
    /// When the book traded, nanoseconds of exchange time.
    pub time: u64,
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

/// Two orders of one request: a limit order and a stop.
#[derive(Clone, Debug)]
pub struct Pair<'e> {
    pub first: Entry<'e>,
    pub second: &'e Order,
    pub stop: Entry<'e>,
}

#[derive(Clone, Debug)]
pub enum What<'e> {
    Enter(Entry<'e>),
    /// Two of which one cancels the other; the second is a stop.
    Pair(Box<Pair<'e>>),
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
    pub standing: Option<Standing>,
    /// What the order had filled over its life, and what stayed open of it.
    pub filled: Option<Number>,
    pub open: Option<Number>,
    /// The record of the book's log that it was decided in, and its number in the channel to its
    /// account's partition.
    pub record: Option<(u64, u64)>,
}

/// Where an order stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Rests,
    /// For its trigger.
    Waits,
    /// For its hours.
    Reserved,
    Gone,
}

impl Standing {
    fn of(state: &str) -> Option<Standing> {
        match state {
            "OPEN" | "PARTIALLY_FILLED" => Some(Standing::Rests),
            "UNTRIGGERED" => Some(Standing::Waits),
            "RESERVED" => Some(Standing::Reserved),
            "FILLED" | "CANCELLED" | "EXPIRED" | "REJECTED" => Some(Standing::Gone),
            _ => None,
        }
    }
}

impl Heard {
    pub fn of(asking: &Asking) -> Heard {
        let mut heard = Heard { since: asking.since, ..Heard::default() };
        if let Some((time, answer)) = asking.decided() {
            let said = answer.order.as_ref();
            heard.until = Some(time);
            heard.standing = said.and_then(|said| Standing::of(&said.state));
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
            What::Pair(pair) => {
                write!(f, "{} or {}: {}", pair.first, pair.second.name, pair.stop)
            }
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
    let mut legs: BTreeMap<u64, Vec<&Fill>> = BTreeMap::new();
    for fill in fills.filter(|fill| fill.instrument == instrument) {
        let no = number(&fill.trade).ok_or_else(|| format!("{} has no number", fill.trade))?;
        legs.entry(no).or_default().push(fill);
    }
    let whole = |(no, mut legs): (u64, Vec<&'e Fill>)| {
        legs.sort_by_key(|leg| (leg.is_maker, leg.side == Side::Sell));
        let [taker, maker] = legs[..] else {
            return Err(format!("trade {no} of {instrument} has {} legs, not two", legs.len()));
        };
        if taker.is_maker || taker.side == maker.side {
            return Err(format!("trade {no} of {instrument} has nobody who took, or one side"));
        }
        let (price, quantity, time) = (maker.price, maker.quantity, maker.time);
        let in_call = !maker.is_maker;
        let (taker, maker) = (&taker.order, &maker.order);
        Ok(Trade { no, taker, maker, in_call, time, price, quantity })
    };
    legs.into_iter().map(whole).collect()
}
