//! Books under test: a table of commands and answers, played through the real and the obvious
//! book alike.
//!
//! A line is a command and, behind `=>`, what it must answer; a command without an answer must
//! do what it says and nothing more (an order rests whole, a cancel finds its order):
//! `#4 S20@100 IOC decrement @A` is order 4 of account A, `T(4x1 10@100)` a trade of taker 4 with
//! maker 1, `drop #1 5` a loss to self-match. Accounts differ unless they are named; self-match
//! is `CANCEL_TAKER` unless it is named. `book` tells all orders in priority.

mod cases;
mod differential;
mod listing;
mod self_match;

use super::{
    AmendRefused, Amended, Book, Decision, Execution, Incoming, NaiveBook, Removed, Reports,
    RestingOrder,
};
use crate::amount::{Lots, Ticks};
use crate::hash::StateHash;
use crate::ids::{AccountId, OrderKey, OrderNo, PartitionId};
use crate::order::{CancelReason, SelfMatch, Side, TimeInForce};
use std::collections::BTreeMap;

/// What both books can do.
trait AnyBook: Default {
    fn submit(&mut self, incoming: &Incoming, reports: &mut Tape) -> Decision;
    fn cancel(&mut self, order: OrderKey, reports: &mut Tape) -> Option<Removed>;
    fn amend(&mut self, amend: &Amending, reports: &mut Tape) -> Result<Amended, AmendRefused>;
    fn find(&self, order: OrderKey) -> Option<Removed>;
    fn best(&self, side: Side) -> Option<Ticks>;
    fn orders(&self) -> Vec<RestingOrder>;
    fn levels(&self, side: Side) -> Vec<(Ticks, Lots)>;
    fn hash(&self) -> u64;
    fn restored(orders: &[RestingOrder]) -> Self;
}

#[derive(Clone, Copy, Debug)]
struct Amending {
    order: OrderKey,
    total: Option<Lots>,
    limit: Option<Ticks>,
    self_match: SelfMatch,
}

macro_rules! any_book {
    ($book:ident) => {
        impl AnyBook for $book {
            fn submit(&mut self, incoming: &Incoming, reports: &mut Tape) -> Decision {
                $book::submit(self, incoming, reports)
            }
            fn cancel(&mut self, order: OrderKey, reports: &mut Tape) -> Option<Removed> {
                $book::cancel(self, order, reports)
            }
            fn amend(&mut self, a: &Amending, tape: &mut Tape) -> Result<Amended, AmendRefused> {
                $book::amend(self, a.order, a.total, a.limit, a.self_match, tape)
            }
            fn find(&self, order: OrderKey) -> Option<Removed> {
                $book::find(self, order)
            }
            fn best(&self, side: Side) -> Option<Ticks> {
                $book::best(self, side)
            }
            fn orders(&self) -> Vec<RestingOrder> {
                $book::orders(self).collect()
            }
            fn levels(&self, side: Side) -> Vec<(Ticks, Lots)> {
                $book::levels(self, side).collect()
            }
            fn hash(&self) -> u64 {
                let mut hash = StateHash::default();
                $book::hash(self, &mut hash);
                hash.finish()
            }
            fn restored(orders: &[RestingOrder]) -> Self {
                let mut book = $book::default();
                orders.iter().for_each(|order| book.restore(order));
                book
            }
        }
    };
}
any_book!(Book);
any_book!(NaiveBook);

/// One thing that a book reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Report {
    Traded(Execution),
    Reduced { maker: OrderKey, quantity: Lots, left: Lots },
    Level { side: Side, price: Ticks, quantity: Lots },
}

/// Everything that a book reported, in order.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tape(Vec<Report>);

impl Reports for Tape {
    fn traded(&mut self, execution: &Execution) {
        self.0.push(Report::Traded(*execution));
    }
    fn reduced(&mut self, maker: OrderKey, quantity: Lots, left: Lots) {
        self.0.push(Report::Reduced { maker, quantity, left });
    }
    fn level(&mut self, side: Side, price: Ticks, quantity: Lots) {
        self.0.push(Report::Level { side, price, quantity });
    }
}

/// Plays a table through both books.
#[track_caller]
fn check(table: &str) {
    Player::<Book>::default().play(table, "the book");
    Player::<NaiveBook>::default().play(table, "the obvious book");
}

#[derive(Default)]
struct Player<B> {
    book: B,
    keys: BTreeMap<u64, OrderKey>,
}

impl<B: AnyBook> Player<B> {
    #[track_caller]
    fn play(&mut self, table: &str, name: &str) {
        for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (command, wanted) = line.split_once("=>").unwrap_or((line, ""));
            let answer = self.answer(command.trim());
            assert_eq!(answer, wanted.trim(), "{name}, at the line: {line}");
        }
    }

    fn answer(&mut self, command: &str) -> String {
        let words: Vec<&str> = command.split_whitespace().collect();
        let mut tape = Tape::default();
        let end = match words.as_slice() {
            ["book"] => return listed(&self.book.orders()),
            ["cancel", order] => match self.book.cancel(self.key(order), &mut tape) {
                Some(_) => String::new(),
                None => "not open".to_owned(),
            },
            ["amend", order, size, options @ ..] => {
                let (total, limit) = size.split_once('@').unwrap_or((size, ""));
                let amending = Amending {
                    order: self.key(order),
                    total: total.parse().ok().map(Lots),
                    limit: limit.parse().ok().map(Ticks),
                    self_match: options.iter().find_map(|o| mode(o)).unwrap_or_default(),
                };
                match self.book.amend(&amending, &mut tape) {
                    Ok(amended) => stands(&amended.decision),
                    Err(AmendRefused::NotOpen) => "not open".to_owned(),
                    Err(AmendRefused::BelowDone(done)) => format!("{} are done", done.0),
                }
            }
            [order, size, options @ ..] => {
                let incoming = incoming(order, size, options);
                self.keys.insert(incoming.order.no.0, incoming.order);
                let decision = self.book.submit(&incoming, &mut tape);
                let rests_whole = decision.resting == incoming.quantity;
                if rests_whole { String::new() } else { stands(&decision) }
            }
            _ => panic!("no command: {command}"),
        };
        let mut said: Vec<String> = tape.0.iter().filter_map(told).collect();
        said.extend(Some(end).filter(|end| !end.is_empty()));
        said.join(", ")
    }

    fn key(&self, order: &str) -> OrderKey {
        self.keys[&number(order.trim_start_matches('#'))]
    }
}

/// `#4 S20@100` and its options as the matcher takes it.
fn incoming(order: &str, size: &str, options: &[&str]) -> Incoming {
    let no = number(order.trim_start_matches('#'));
    let (quantity, limit) = size[1..].split_once('@').expect("QUANTITY@PRICE");
    let named = options.iter().find_map(|option| option.strip_prefix('@'));
    let index = named.map_or(no as u32, |name| 1_000_000 + u32::from(name.as_bytes()[0]));
    let spend = options.iter().find_map(|option| option.strip_prefix("spend:"));
    Incoming {
        order: OrderKey { account: AccountId::new(PartitionId(6), index), no: OrderNo(no) },
        side: if size.starts_with('B') { Side::Buy } else { Side::Sell },
        limit: Ticks(number(limit) as u32),
        quantity: Lots(number(quantity)),
        time_in_force: match options {
            _ if options.contains(&"IOC") => TimeInForce::Ioc,
            _ if options.contains(&"FOK") => TimeInForce::Fok,
            _ => TimeInForce::Gtc,
        },
        self_match: options.iter().find_map(|option| mode(option)).unwrap_or_default(),
        value_max: spend.map(|value| u128::from(number(value))),
    }
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

fn mode(option: &str) -> Option<SelfMatch> {
    Some(match option {
        "none" => SelfMatch::None,
        "cancel-taker" => SelfMatch::CancelTaker,
        "cancel-maker" => SelfMatch::CancelMaker,
        "cancel-both" => SelfMatch::CancelBoth,
        "decrement" => SelfMatch::Decrement,
        _ => return None,
    })
}

fn told(report: &Report) -> Option<String> {
    match report {
        Report::Traded(t) => {
            let (taker, maker) = (t.taker.no.0, t.maker.no.0);
            Some(format!("T({taker}x{maker} {}@{})", t.quantity.0, t.price.0))
        }
        Report::Reduced { maker, quantity, .. } => {
            Some(format!("drop #{} {}", maker.no.0, quantity.0))
        }
        Report::Level { .. } => None,
    }
}

fn stands(decision: &Decision) -> String {
    let mut words = Vec::new();
    if !decision.resting.is_zero() {
        words.push(format!("rests {}", decision.resting.0));
    }
    if !decision.cancelled.is_zero() {
        let why = match decision.reason.expect("a reason stands beside what was cancelled") {
            CancelReason::NoLiquidity => "no liquidity",
            CancelReason::NotFilledWhole => "not filled whole",
            CancelReason::SelfMatch => "self-match",
            CancelReason::AmountSpent => "amount spent",
            CancelReason::Requested => "requested",
        };
        words.push(format!("cancelled {}: {why}", decision.cancelled.0));
    }
    words.join(", ")
}

fn listed(orders: &[RestingOrder]) -> String {
    let show = |o: &RestingOrder| {
        let side = if o.side == Side::Buy { 'B' } else { 'S' };
        format!("#{} {side}{}@{}", o.order.no.0, o.open.0, o.price.0)
    };
    let shown: Vec<String> = orders.iter().map(show).collect();
    if shown.is_empty() { "empty".to_owned() } else { shown.join(", ") }
}
