//! A day as orders: what has to be asked of an exchange so that its book shows the day.
//!
//! A message about a resting order is a limit order, an amend or a cancel of the maker. The
//! executions of one incoming order are one immediate-or-cancel order of the taker, and the book
//! decides whom it takes. Where the venue took somebody else, the makers are set right by further
//! amends, cancels and orders, so that an error cannot compound; these are counted. An incoming
//! order that reaches prices which only its own rows bring into sight is asked in parts, each as
//! far as one can see.
//!
//! The bare book is asked the same, and compared with the published one after every row but those
//! within an incoming order, which end together.

use super::super::ReplayError;
use super::super::script::{Scribe, Script};
use super::files::Day;
use super::matcher::group;
use super::message::{Message, MessageKind, Published};
use super::view::View;
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::book::Incoming;
use hoga_engine::ids::{AccountId, OrderKey, OrderNo, PartitionId};
use hoga_engine::order::{Life, SelfMatch, Side, TimeInForce};
use std::collections::BTreeMap;
use std::path::Path;

const TAKER: AccountId = AccountId::new(PartitionId(0), 3);

/// A day, written down.
#[derive(Clone, Debug)]
pub struct Orders {
    pub script: Script,
    /// When each step is asked: nanoseconds after the first message, as the rows say it.
    pub times: Vec<u64>,
    /// The first row, from 1, whose time lies before that of the row above it.
    pub back_at: Option<u64>,
    /// Ten-thousandths of a dollar in one tick of the script's prices.
    pub tick: u32,
    /// Who asks, by the index of the account in a step's key.
    pub accounts: Vec<&'static str>,
    pub rows: u64,
    /// Rows after which a compared level of the bare book differs.
    pub book_mismatches: u64,
    /// Orders of the taker.
    pub taken: u64,
    /// Steps that set a maker right where the venue took another one.
    pub corrections: u64,
}

/// Writes a day down, from a zip archive or a directory; `progress` hears rows done and all rows.
///
/// # Errors
/// As [`super::replay`].
pub fn orders(path: &Path, mut progress: impl FnMut(u64, u64)) -> Result<Orders, ReplayError> {
    let mut day = Day::open(path)?;
    let messages = std::mem::take(&mut day.messages);
    let begin = messages[0].time;
    let goes_back = |pair: &[Message]| pair[1].time < pair[0].time;
    let back_at = messages.windows(2).position(goes_back).map(|above| above as u64 + 2);
    let mut writing = Writing::new(day.levels);
    let mut times: Vec<u64> = Vec::new();
    let mut published = Published::default();
    for (at, message) in messages.iter().enumerate() {
        day.next_book(&mut published)?;
        if at == 0 {
            writing.view.open(&published, message);
        }
        writing.row(&messages, at, &published);
        times.resize(writing.view.desk().steps(), message.time.saturating_sub(begin));
        progress(at as u64 + 1, messages.len() as u64);
    }
    day.end()?;
    let Writing { view, book_mismatches, taken, corrections, .. } = writing;
    Ok(Orders {
        script: view.into_desk().finish(),
        times,
        back_at,
        tick: day.tick(),
        accounts: vec!["maker", "maker", "maker", "taker"],
        rows: messages.len() as u64,
        book_mismatches,
        taken,
        corrections,
    })
}

struct Writing {
    view: View<Scribe>,
    /// Row behind the last one of the incoming order under way.
    end: usize,
    /// The side it takes from, and how far.
    reach: (Side, Ticks),
    book_mismatches: u64,
    taken: u64,
    corrections: u64,
}

impl Writing {
    fn new(levels: usize) -> Writing {
        Writing {
            view: View::new(levels, Scribe::default()),
            end: 0,
            reach: (Side::Buy, Ticks(0)),
            book_mismatches: 0,
            taken: 0,
            corrections: 0,
        }
    }

    fn row(&mut self, messages: &[Message], at: usize, published: &Published) {
        let message = &messages[at];
        if at >= self.end {
            let seen = match message.kind {
                MessageKind::Execution => self.in_sight(&messages[at..]),
                _ => 0,
            };
            self.end = at + seen.max(1);
            match seen {
                0 => self.view.apply(message),
                _ => self.take(&messages[at..self.end]),
            }
        }
        if at + 1 < self.end {
            self.view.follow_during(published, self.reach);
            return;
        }
        self.view.follow(published);
        self.book_mismatches += u64::from(!self.view.shows(published));
    }

    /// Rows, from an execution on, that are one incoming order at prices that the book has.
    fn in_sight(&self, rows: &[Message]) -> usize {
        let makers = rows[0].side;
        let is_seen = |row: &Message| {
            row.kind != MessageKind::Execution
                || !self.view.book().quantity_at(makers, row.price).is_zero()
        };
        let rows = &rows[..group(rows)];
        let reach = rows.iter().take_while(|row| is_seen(row)).count();
        let is_execution = |row: &Message| row.kind == MessageKind::Execution;
        rows[..reach].iter().rposition(is_execution).map_or(0, |last| last + 1)
    }

    fn take(&mut self, rows: &[Message]) {
        let makers = rows[0].side;
        let executions = || rows.iter().filter(|row| row.kind == MessageKind::Execution);
        let prices = executions().map(|row| row.price);
        let worst = if makers == Side::Sell { prices.max() } else { prices.min() };
        let worst = worst.unwrap_or(rows[0].price);
        self.reach = (makers, worst);
        let mut venue: BTreeMap<OrderKey, (Ticks, Lots)> = BTreeMap::new();
        for row in executions() {
            let maker = venue.entry(self.view.order_of(row)).or_insert((row.price, Lots::ZERO));
            maker.1 += row.quantity;
        }
        let before = self.standing(makers, worst);
        self.taken += 1;
        self.view.submit(&Incoming {
            order: OrderKey { account: TAKER, no: OrderNo(self.taken) },
            side: makers.opposite(),
            limit: worst,
            quantity: Lots(executions().map(|row| row.quantity.0).sum()),
            time_in_force: TimeInForce::Ioc,
            self_match: SelfMatch::None,
            value_max: None,
            display: None,
            life: Life::UntilCancelled,
            at_market: false,
        });
        let ours: Vec<OrderKey> = self.view.desk().taken().iter().map(|(key, _)| *key).collect();
        for key in ours {
            let price = before.get(&key).map_or(worst, |maker| maker.0);
            venue.entry(key).or_insert((price, Lots::ZERO));
        }
        for (key, (price, taken)) in venue {
            let there = before.get(&key).map_or(0, |maker| maker.1.0);
            let wanted = Lots(there.saturating_sub(taken.0));
            self.corrections += u64::from(self.view.set(key, makers, price, wanted));
        }
    }

    /// Price and open quantity of the orders of a side, up to a price.
    fn standing(&self, side: Side, worst: Ticks) -> BTreeMap<OrderKey, (Ticks, Lots)> {
        let reaches =
            |price: Ticks| if side == Side::Buy { price >= worst } else { price <= worst };
        let orders = self.view.book().side(side).take_while(|order| reaches(order.price));
        orders.map(|order| (order.order, (order.price, order.open))).collect()
    }
}
