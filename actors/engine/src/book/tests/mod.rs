//! Books under test: a table of commands and answers, played through the real and the obvious
//! book alike.
//!
//! A line is a command and, behind `=>`, what it must answer; a command without an answer must
//! do what it says and nothing more (an order rests whole, a cancel finds its order):
//! `#4 S20@100 IOC decrement @A` is order 4 of account A, `T(4x1 10@100)` a trade of taker 4 with
//! maker 1, `drop #1 5` a loss to self-match. Accounts differ unless they are named; self-match
//! is `CANCEL_TAKER` unless it is named. `book` tells all orders in priority.
//! `#4 S20@95 stop:100` waits for a print at 100, `trail:10%/5%` behind the market by so much, in
//! such steps; `fired #4` says that it did, `stops` tells all that wait. `last 100 B` is a print
//! before everything, of a buy that took. `#4 B10@90 day` is for the day, which ends with `close`;
//! `until:9` goes with `time 9`. From `call` on orders collect, `mkt` ones for whatever comes;
//! After `guard 3% 10%` no trade lies so far from the last print and the last call's price, before
//! which `base 100` counts; `phase` tells whether orders collect.
//! `clearing 100` tells what it would come to near a reference, `uncross 100` ends it: `X(2x1 5@100)`
//! is a trade of buy 2 with sell 1. `#4 B90@100 show:20` shows 20 at a time: `B20+70@100`.

mod brute_force;
mod calls;
mod cases;
mod differential;
mod icebergs;
mod interruptions;
pub(crate) mod listing;
mod lives;
mod self_match;
mod stops;

use super::{
    AmendRefused, Amended, Book, BySize, Clearing, Crossing, Decision, Execution, Floor, Incoming,
    NaiveBook, Prints, Removed, Reports, RestingOrder, Unseen, WaitingStop,
};
use crate::amount::{Lots, Rate, Ticks};
use crate::hash::StateHash;
use crate::ids::{AccountId, OrderKey, OrderNo, PartitionId};
use crate::instrument::Instrument;
use crate::order::{CancelReason, Life, SelfMatch, Side, TimeInForce};
use crate::session::Interruption;
use crate::terms::{Distance, Stop, Trail};
use crate::tick_table::{Band, TickTable};
use crate::time::Time;
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
    fn enter_stop(&mut self, stop: WaitingStop);
    fn remove_stop(&mut self, order: OrderKey) -> Option<WaitingStop>;
    fn amend_stop(&mut self, order: OrderKey, quantity: Lots, limit: Ticks);
    fn stops(&self) -> Vec<WaitingStop>;
    fn cascade(&mut self, rules: &Instrument, tape: &mut Tape);
    fn next_expiry(&self) -> Option<Time>;
    fn expire(&mut self, at: Time, tape: &mut Tape);
    fn close_day(&mut self, tape: &mut Tape);
    fn call(&mut self);
    fn guard(&mut self, rules: &Instrument, prints: Prints);
    fn unguard(&mut self);
    fn collects(&self) -> bool;
    fn clearing(&self, reference: Option<Ticks>, ticks: &TickTable) -> Option<Clearing>;
    fn uncross(
        &mut self,
        reference: Option<Ticks>,
        ticks: &TickTable,
        by_size: Option<BySize>,
        tape: &mut Tape,
    ) -> Option<Clearing>;
    fn hash(&self) -> u64;
    fn restored(orders: &[RestingOrder], stops: &[WaitingStop], collects: bool) -> Self;
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
            fn enter_stop(&mut self, stop: WaitingStop) {
                self.stops_mut().enter(stop);
            }
            fn remove_stop(&mut self, order: OrderKey) -> Option<WaitingStop> {
                self.stops_mut().remove(order)
            }
            fn amend_stop(&mut self, order: OrderKey, quantity: Lots, limit: Ticks) {
                self.stops_mut().amend(order, quantity, limit);
            }
            fn stops(&self) -> Vec<WaitingStop> {
                $book::stops(self).iter().copied().collect()
            }
            fn cascade(&mut self, rules: &Instrument, tape: &mut Tape) {
                $book::cascade(self, rules, tape);
            }
            fn next_expiry(&self) -> Option<Time> {
                $book::next_expiry(self)
            }
            fn expire(&mut self, at: Time, tape: &mut Tape) {
                $book::expire(self, at, tape);
            }
            fn close_day(&mut self, tape: &mut Tape) {
                $book::close_day(self, tape);
            }
            fn call(&mut self) {
                self.set_collecting(true);
            }
            fn guard(&mut self, rules: &Instrument, prints: Prints) {
                $book::guard(self, rules, prints);
            }
            fn unguard(&mut self) {
                $book::unguard(self);
            }
            fn collects(&self) -> bool {
                $book::collects(self)
            }
            fn clearing(&self, reference: Option<Ticks>, ticks: &TickTable) -> Option<Clearing> {
                $book::clearing(self, reference, ticks)
            }
            fn uncross(
                &mut self,
                reference: Option<Ticks>,
                ticks: &TickTable,
                by_size: Option<BySize>,
                tape: &mut Tape,
            ) -> Option<Clearing> {
                let clearing = $book::uncross(self, reference, ticks, by_size, tape);
                self.set_collecting(false);
                clearing
            }
            fn restored(orders: &[RestingOrder], stops: &[WaitingStop], call: bool) -> Self {
                let mut book = $book::default();
                book.set_collecting(call);
                orders.iter().for_each(|order| book.restore(order));
                stops.iter().for_each(|&stop| AnyBook::enter_stop(&mut book, stop));
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
    Fired { order: OrderKey, limit: Ticks, decision: Decision },
    Trailed { order: OrderKey, trigger: Ticks },
    Crossed(Crossing),
    Dropped { order: OrderKey, quantity: Lots, reason: CancelReason },
}

/// Everything that a book reported, in order, and the prints until then.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tape {
    said: Vec<Report>,
    prints: Prints,
    unseen: Unseen,
    met: Vec<OrderKey>,
}

impl Tape {
    /// An empty one behind what was printed before.
    fn after(prints: Prints) -> Tape {
        Tape { prints, ..Tape::default() }
    }
}

impl Reports for Tape {
    fn traded(&mut self, execution: &Execution) {
        self.prints.note(execution.price, execution.taker_side);
        self.unseen.note(execution.price);
        self.met.extend([execution.maker, execution.taker]);
        self.said.push(Report::Traded(*execution));
    }
    fn reduced(&mut self, maker: OrderKey, quantity: Lots, left: Lots) {
        self.said.push(Report::Reduced { maker, quantity, left });
    }
    fn level(&mut self, side: Side, price: Ticks, quantity: Lots) {
        self.said.push(Report::Level { side, price, quantity });
    }
}

impl Floor for Tape {
    fn prints(&self) -> Prints {
        self.prints
    }
    fn unseen(&mut self) -> Unseen {
        std::mem::take(&mut self.unseen)
    }
    fn fired(&mut self, stop: &WaitingStop, limit: Ticks, decision: &Decision) {
        let (order, decision) = (stop.order, *decision);
        self.said.push(Report::Fired { order, limit, decision });
    }
    fn met(&mut self) -> Vec<OrderKey> {
        std::mem::take(&mut self.met)
    }
    fn dropped(&mut self, order: OrderKey, quantity: Lots, reason: CancelReason) {
        self.said.push(Report::Dropped { order, quantity, reason });
    }
    fn crossed(&mut self, crossing: &Crossing) {
        self.prints.note_call(crossing.price);
        self.unseen.note(crossing.price);
        self.met.extend([crossing.buy, crossing.sell]);
        self.said.push(Report::Crossed(*crossing));
    }
    fn trailed(&mut self, order: OrderKey, trigger: Ticks) {
        self.said.push(Report::Trailed { order, trigger });
    }
}

/// Plays a table through both books.
#[track_caller]
fn check(table: &str) {
    Player::<Book>::default().play(table, "the book");
    Player::<NaiveBook>::default().play(table, "the obvious book");
}

struct Player<B> {
    book: B,
    rules: Instrument,
    keys: BTreeMap<u64, OrderKey>,
    prints: Prints,
}

impl<B: AnyBook> Default for Player<B> {
    fn default() -> Self {
        let (keys, prints) = Default::default();
        Player { book: B::default(), rules: listing::instrument(), keys, prints }
    }
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
        let mut tape = Tape::after(self.prints);
        self.book.guard(&self.rules, self.prints);
        let end = match words.as_slice() {
            ["guard", dynamic, fixed] => {
                let [dynamic, fixed] = [dynamic, fixed].map(|share| match distance(share) {
                    Distance::Share(rate) => Some(rate),
                    Distance::Price(_) => None,
                });
                let call_ns = 120 * Time::SECOND;
                self.rules.calls.interruption = Some(Interruption { dynamic, fixed, call_ns });
                String::new()
            }
            ["base", price] => {
                self.rules.base_price = Some(Ticks(number(price) as u32));
                String::new()
            }
            ["phase"] => {
                let phase = if self.book.collects() { "a call" } else { "continuous" };
                return phase.to_owned();
            }
            ["book"] => return listed(&self.book.orders()),
            ["stops"] => return waiting(&self.book.stops()),
            ["last", price, side] => {
                let taker = if *side == "B" { Side::Buy } else { Side::Sell };
                tape.prints.note(Ticks(number(price) as u32), taker);
                String::new()
            }
            ["time", time] => {
                self.book.expire(Time(number(time)), &mut tape);
                String::new()
            }
            ["call"] => {
                self.book.call();
                String::new()
            }
            ["clearing", reference @ ..] => {
                let clearing = self.book.clearing(ticks(reference), &grid(reference));
                return clearing.map_or_else(|| "none".to_owned(), cleared);
            }
            ["uncross", reference @ ..] => {
                let by_size = by_size(reference);
                self.book.uncross(ticks(reference), &grid(reference), by_size, &mut tape);
                String::new()
            }
            ["close"] => {
                self.book.close_day(&mut tape);
                String::new()
            }
            ["cancel", order] => {
                let key = self.key(order);
                let resting = self.book.cancel(key, &mut tape).is_some();
                let found = resting || self.book.remove_stop(key).is_some();
                if found { String::new() } else { "not open".to_owned() }
            }
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
                if let Some(mut stop) = stop(&incoming, options) {
                    let twin = options.iter().find_map(|option| option.strip_prefix("oco:"));
                    stop.twin = twin.map(|twin| self.key(twin));
                    self.book.enter_stop(stop);
                    return self.told(tape, String::new());
                }
                let decision = self.book.submit(&incoming, &mut tape);
                let rests_whole = decision.resting == incoming.quantity;
                if rests_whole { String::new() } else { stands(&decision) }
            }
            _ => panic!("no command: {command}"),
        };
        self.told(tape, end)
    }

    /// What the command led to: its own end, and then the stops.
    fn told(&mut self, mut tape: Tape, end: String) -> String {
        let mut said: Vec<String> = tape.said.drain(..).filter_map(told).collect();
        said.extend(Some(end).filter(|end| !end.is_empty()));
        self.book.cascade(&self.rules, &mut tape);
        said.extend(tape.said.drain(..).filter_map(told));
        self.prints = tape.prints;
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
    let until = options.iter().find_map(|option| option.strip_prefix("until:"));
    let life = match until {
        Some(time) => Life::Until(Time(number(time))),
        None if options.contains(&"day") => Life::Day,
        None if options.contains(&"call") => Life::Call,
        None => Life::UntilCancelled,
    };
    Incoming {
        order: OrderKey { account: AccountId::new(PartitionId(6), index), no: OrderNo(no) },
        side: if size.starts_with('B') { Side::Buy } else { Side::Sell },
        limit: Ticks(number(limit) as u32),
        quantity: Lots(number(quantity)),
        time_in_force: match options {
            _ if options.contains(&"IOC") => TimeInForce::Ioc,
            _ if options.contains(&"FOK") => TimeInForce::Fok,
            _ if options.contains(&"mkt") => TimeInForce::Ioc,
            _ => force_of(life),
        },
        self_match: options.iter().find_map(|option| mode(option)).unwrap_or_default(),
        value_max: spend.map(|value| u128::from(number(value))),
        display: options.iter().find_map(|o| o.strip_prefix("show:")).map(|q| Lots(number(q))),
        life,
        at_market: options.contains(&"mkt"),
    }
}

fn force_of(life: Life) -> TimeInForce {
    match life {
        Life::UntilCancelled => TimeInForce::Gtc,
        Life::Day => TimeInForce::Day,
        Life::Until(_) => TimeInForce::Gtd,
        Life::Call => TimeInForce::AtOpen,
        Life::CallAtMarket => TimeInForce::Ioc,
    }
}

/// What an order waits for, if its options say that it does.
fn stop(order: &Incoming, options: &[&str]) -> Option<WaitingStop> {
    let &Incoming { order, side, limit, quantity, time_in_force, self_match, life, .. } = order;
    let of = |name| options.iter().find_map(|option| option.strip_prefix(name));
    let trail = of("trail:").map(|trail| {
        let (offset, step) = trail.split_once('/').unwrap_or((trail, "0"));
        Trail { offset: distance(offset), step: distance(step) }
    });
    let trigger = Ticks(number(of("stop:")?) as u32);
    let is_market = options.contains(&"market");
    let stop = Stop { trigger, trail };
    let twin = None;
    Some(WaitingStop {
        order,
        side,
        stop,
        limit,
        is_market,
        quantity,
        time_in_force: if is_market { time_in_force.at_once() } else { time_in_force },
        life,
        self_match,
        twin,
    })
}

fn ticks(reference: &[&str]) -> Option<Ticks> {
    reference.first().map(|price| Ticks(number(price) as u32))
}

/// A call goes by size at these two limits, with so much for each first: `100 by-size:90-110/5`.
fn by_size(reference: &[&str]) -> Option<BySize> {
    let rule = reference.iter().find_map(|word| word.strip_prefix("by-size:"))?;
    let (limits, first) = rule.split_once('/').expect("LOW-HIGH/FIRST");
    let (low, high) = limits.split_once('-').expect("LOW-HIGH");
    let limits = (Ticks(number(low) as u32), Ticks(number(high) as u32));
    Some(BySize { limits, each_first: Lots(number(first)) })
}

/// Prices lie on a grid of this step behind a reference: `100 /10`.
fn grid(reference: &[&str]) -> TickTable {
    let step = reference.iter().find_map(|word| word.strip_prefix('/'));
    let step = step.map_or(1, |step| number(step) as u32);
    TickTable::new(vec![Band { from: Ticks(0), step }]).expect("one step is a table")
}

fn cleared(clearing: Clearing) -> String {
    let Clearing { price, volume, surplus } = clearing;
    let surplus = surplus.map(|(side, lots)| {
        let side = if side == Side::Buy { 'B' } else { 'S' };
        format!(", {side}{} too many", lots.0)
    });
    format!("{}@{}{}", volume.0, price.0, surplus.unwrap_or_default())
}

fn distance(text: &str) -> Distance<Ticks> {
    match text.strip_suffix('%') {
        Some(percent) => Distance::Share(Rate(number(percent) as i64 * 10_000_000)),
        None => Distance::Price(Ticks(number(text) as u32)),
    }
}

fn waiting(stops: &[WaitingStop]) -> String {
    let show = |stop: &WaitingStop| {
        let side = if stop.side == Side::Buy { 'B' } else { 'S' };
        let (no, limit, trigger) = (stop.order.no.0, stop.limit.0, stop.stop.trigger.0);
        format!("#{no} {side}{}@{limit} at {trigger}", stop.quantity.0)
    };
    let shown: Vec<String> = stops.iter().map(show).collect();
    if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
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

fn told(report: Report) -> Option<String> {
    match &report {
        Report::Traded(t) => {
            let (taker, maker) = (t.taker.no.0, t.maker.no.0);
            Some(format!("T({taker}x{maker} {}@{})", t.quantity.0, t.price.0))
        }
        Report::Reduced { maker, quantity, .. } => {
            Some(format!("drop #{} {}", maker.no.0, quantity.0))
        }
        Report::Fired { order, decision, .. } => {
            let words = [format!("fired #{}", order.no.0), stands(decision)];
            Some(words.join(" ").trim().to_owned())
        }
        Report::Crossed(c) => {
            Some(format!("X({}x{} {}@{})", c.buy.no.0, c.sell.no.0, c.quantity.0, c.price.0))
        }
        Report::Dropped { order, quantity, reason } => {
            let word = match reason {
                CancelReason::OtherLeg => "parted",
                CancelReason::Expired => "expired",
                CancelReason::NoLiquidity => "over",
                _ => "closed",
            };
            Some(format!("{word} #{} {}", order.no.0, quantity.0))
        }
        Report::Trailed { order, trigger } => Some(format!("#{} at {}", order.no.0, trigger.0)),
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
            CancelReason::OtherLeg => "other leg",
            CancelReason::Requested => "requested",
            CancelReason::Expired => "expired",
            CancelReason::MarketClosed => "market closed",
            CancelReason::Interrupted => "interrupted",
            CancelReason::HouseCannotPay => "house cannot pay",
            CancelReason::Disconnected => "disconnected",
        };
        words.push(format!("cancelled {}: {why}", decision.cancelled.0));
    }
    words.join(", ")
}

fn listed(orders: &[RestingOrder]) -> String {
    let show = |o: &RestingOrder| {
        let side = if o.side == Side::Buy { 'B' } else { 'S' };
        let shown = match o.iceberg {
            Some(iceberg) => format!("{}+{}", o.shown().0, iceberg.hidden.0),
            None => o.open.0.to_string(),
        };
        format!("#{} {side}{shown}@{}", o.order.no.0, o.price.0)
    };
    let shown: Vec<String> = orders.iter().map(show).collect();
    if shown.is_empty() { "empty".to_owned() } else { shown.join(", ") }
}
