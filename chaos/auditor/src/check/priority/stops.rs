//! Stops: what they wait for, and what happens when it comes.
//!
//! A print at or through a trigger fires it, behind the command that printed, the oldest first.
//! Where the trigger of a trailing stop began is not known: the exchange says where it has come to,
//! and here it is followed how far it must have come at least. Such a stop has to fire by the
//! command that it says, at a print that reaches its last trigger, and must not have been passed
//! before.

use super::book::reaches;
use super::entry::{Entry, Stop};
use super::replay::Run;
use crate::export::{Order, Side};
use crate::number::Number;

/// A stop that waits.
#[derive(Clone, Debug)]
pub struct Waiting<'e> {
    pub order: &'e Order,
    pub entry: Entry<'e>,
    pub quantity: Number,
    pub limit: Number,
    /// Of a trailing one: where it stands at least, in its owner's favour.
    pub bound: Option<Number>,
    /// The order in the book that goes when this fires, and takes this away when it trades.
    pub twin: Option<&'e str>,
}

/// What was printed last, and what no stop has seen yet.
#[derive(Clone, Debug, Default)]
pub struct Prints {
    pub last: Option<Number>,
    pub last_buy: Option<Number>,
    pub last_sell: Option<Number>,
    unseen: Option<(Number, Number)>,
}

impl Prints {
    /// A trade; in a call both sides took.
    pub fn note(&mut self, price: Number, taker: Option<Side>) {
        self.last = Some(price);
        if taker != Some(Side::Sell) {
            self.last_buy = Some(price);
        }
        if taker != Some(Side::Buy) {
            self.last_sell = Some(price);
        }
        let (low, high) = self.unseen.unwrap_or((price, price));
        self.unseen = Some((low.min(price), high.max(price)));
    }
}

impl<'e> Waiting<'e> {
    pub fn new(order: &'e Order, entry: &Entry<'e>, twin: Option<&'e str>) -> Waiting<'e> {
        let quantity = entry.quantity.unwrap_or_default();
        Waiting { order, entry: *entry, quantity, limit: entry.limit, bound: None, twin }
    }
}

impl<'e> Run<'e> {
    /// Fires what the prints have reached, and what that prints in turn.
    pub fn cascade(&mut self) -> Result<(), String> {
        let mut fired: Vec<Waiting<'e>> = Vec::new();
        loop {
            self.part_met();
            if let Some((low, high)) = self.prints.unseen.take() {
                let reached = self.reached(low, high)?;
                for stop in &reached {
                    self.stops.retain(|other| other.order.name != stop.order.name);
                    let twin = stop.twin.and_then(|twin| self.book.place_of(twin));
                    if let Some(at) = twin {
                        let gone = self.book.orders.remove(at);
                        self.went.push((gone.order, "OTHER_LEG"));
                    }
                }
                fired.extend(reached);
            }
            if self.day.collects.is_none() {
                self.trail();
            }
            if fired.is_empty() {
                return Ok(());
            }
            let stop = fired.remove(0);
            self.fire(&stop)?;
        }
    }

    fn fire(&mut self, stop: &Waiting<'e>) -> Result<(), String> {
        let Waiting { order, entry, quantity, .. } = stop;
        // Of one at market the worst price, which the exchange made of where its trigger was then.
        let limit = if entry.is_market { order.limit } else { stop.limit };
        let entry = Entry { quantity: Some(*quantity), limit, stop: None, ..*entry };
        let name = order.name.as_str();
        self.submit(name, &entry).map_err(|why| format!("{why}; a stop that fired"))?;
        self.has_stopped(name)?;
        self.fired += 1;
        self.is_said(order, "fired")
    }

    /// What prints between these have reached, in the order of entry.
    fn reached(&self, low: Number, high: Number) -> Result<Vec<Waiting<'e>>, String> {
        let mut reached = Vec::new();
        for stop in &self.stops {
            let side = stop.entry.side;
            let print = if side == Side::Buy { high } else { low };
            // A buy fires above its trigger, as a sell would trade there.
            let passes = |trigger| reaches(side.other(), trigger, print);
            let fires = match stop.entry.stop {
                Some(Stop::At(trigger)) => passes(trigger),
                _ => {
                    let is_passed = stop.bound.is_some_and(passes);
                    let is_last = stop.order.terms.trigger.is_some_and(passes);
                    let fires = is_last && self.says_now(stop, is_passed);
                    if is_passed && !fires {
                        let name = &stop.order.name;
                        return Err(format!("{name} was passed by {print} and did not fire"));
                    }
                    fires
                }
            };
            if fires {
                reached.push(stop.clone());
            }
        }
        Ok(reached)
    }

    /// Whether a trailing stop says that it fires now. One that fires into a call waits there, and
    /// may say what was done to it since.
    fn says_now(&self, stop: &Waiting, is_passed: bool) -> bool {
        let Waiting { order, twin, .. } = stop;
        if self.decides(order.last_arrival) {
            return order.has_fired();
        }
        let twin = twin.and_then(|twin| self.plan.orders.get(twin));
        let took_twin = twin.is_some_and(|twin| twin.reason == "OTHER_LEG");
        let has_fired = order.has_fired() || took_twin || is_passed;
        has_fired && self.day.collects.is_some() && self.is_asked_about_later(order)
    }

    /// Takes away the stops whose other leg traded.
    pub fn part_met(&mut self) {
        let met = std::mem::take(&mut self.met);
        let is_met = |stop: &Waiting| stop.twin.is_some_and(|twin| met.contains(&twin));
        for stop in self.stops.iter().filter(|stop| is_met(stop)) {
            self.went.push((&stop.order.name, "OTHER_LEG"));
        }
        self.stops.retain(|stop| !is_met(stop));
    }

    /// How far triggers must have followed the market: a sell's the lower of the last buy print
    /// and the best bid, a buy's the higher of the last sell print and the best ask.
    fn trail(&mut self) {
        let pick =
            |print: Option<Number>, best: Option<Number>, of: fn(Number, Number) -> Number| {
                print.zip(best).map(|(print, best)| of(print, best)).or(print).or(best)
            };
        let sells = pick(self.prints.last_buy, self.book.best_at_least(Side::Buy), Ord::min);
        let buys = pick(self.prints.last_sell, self.book.best_at_least(Side::Sell), Ord::max);
        let one = Number::from(1);
        for stop in &mut self.stops {
            let Some(Stop::Trailing { offset: Some(offset), step }) = stop.entry.stop else {
                continue;
            };
            // It moves by no less than a step: short of that it may stand anywhere.
            let slack = (step - one).max(Number::ZERO);
            stop.bound = match stop.entry.side {
                Side::Sell => {
                    let least = sells.map(|market| (market - offset).max(one) - slack);
                    stop.bound.max(least)
                }
                Side::Buy => {
                    let most = buys.map(|market| market + offset + slack);
                    stop.bound.into_iter().chain(most).min()
                }
            };
        }
    }
}
