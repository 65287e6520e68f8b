//! The day of a book: phases of its table, what operators say, and who waits for which hours.

use super::call::{Clearing, clearing, turns};
use super::commands::{Standing, Trade};
use super::entry::Entry;
use super::life::{Call, Life};
use super::moments::{Moment, What, Word};
use super::replay::Run;
use crate::export::Side;
use crate::number::Number;

/// Whether orders match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    #[default]
    Continuous,
    Call(Call),
    Closed,
    Halted,
}

#[derive(Clone, Debug, Default)]
pub struct Day {
    pub planned: Phase,
    pub is_halted: bool,
    /// The call whose price was not made yet.
    pub collects: Option<Call>,
}

/// An order that waits for its hours.
#[derive(Clone, Debug)]
pub struct Reserved<'e> {
    pub order: &'e str,
    pub entry: Entry<'e>,
    /// The call that it is for; none for the first phase of a day.
    call: Option<Call>,
}

impl Day {
    pub fn phase(&self) -> Phase {
        if self.is_halted { Phase::Halted } else { self.planned }
    }

    fn is_open(&self) -> bool {
        !matches!(self.phase(), Phase::Closed | Phase::Halted)
    }

    /// For which hours an order has to wait, if it has to.
    pub fn waits(&self, entry: &Entry) -> Option<Option<Call>> {
        let phase = self.phase();
        match entry.life {
            Life::For(call) => (phase != Phase::Call(call)).then_some(Some(call)),
            // A stop waits anyway.
            _ => (phase == Phase::Closed && entry.stop.is_none()).then_some(None),
        }
    }

    /// What cannot be taken now, if this is that.
    pub fn refuses(&self, entry: &Entry) -> Option<&'static str> {
        let is_at_once = entry.amount.is_some()
            || entry.post_only
            || entry.is_fok
            || (!entry.rests && !entry.is_market);
        match self.phase() {
            Phase::Halted => Some("was halted"),
            Phase::Call(_) | Phase::Closed if is_at_once && entry.stop.is_none() => {
                Some("did not match")
            }
            _ => None,
        }
    }
}

impl<'e> Run<'e> {
    pub fn reserve(&mut self, order: &'e str, entry: &Entry<'e>, call: Option<Call>) {
        self.reserved.push(Reserved { order, entry: *entry, call });
    }

    /// Does what time has brought about.
    pub fn pass(&mut self, moment: &Moment<'e>) -> Result<(), String> {
        self.time = self.time.max(moment.time);
        match moment.what {
            What::Expires(order) => self.expire(order),
            What::Turns { phase, ends_day } => {
                let first = self.next;
                self.turn(phase, ends_day)?;
                let made = &self.plan.trades[first..self.next];
                match made.iter().find(|trade| trade.time != moment.time) {
                    Some(Trade { no, time, .. }) => {
                        Err(format!("trade {no} was made at {time}, by {moment}"))
                    }
                    None => Ok(()),
                }
            }
        }
    }

    fn expire(&mut self, order: &'e str) -> Result<(), String> {
        self.over.push(order);
        if self.standing(order) != Standing::Gone {
            self.remove(order);
            self.went.push((order, "EXPIRED"));
        }
        self.settle()
    }

    fn turn(&mut self, phase: Phase, ends_day: bool) -> Result<(), String> {
        self.day.planned = phase;
        if phase == Phase::Closed && !self.day.is_halted {
            self.uncross()?;
        }
        self.enter_phase()?;
        if ends_day {
            self.close();
        }
        self.admit()
    }

    /// Operators halt it, or let it go on.
    pub fn obey(&mut self, word: &Word) -> Result<(), String> {
        self.day.is_halted = word.halts;
        self.enter_phase()?;
        self.admit()
    }

    fn enter_phase(&mut self) -> Result<(), String> {
        match self.day.phase() {
            Phase::Call(call) => self.day.collects = Some(call),
            Phase::Continuous => self.uncross()?,
            Phase::Closed | Phase::Halted => {}
        }
        self.settle()
    }

    /// Stops look at what was printed, unless nothing trades.
    pub fn settle(&mut self) -> Result<(), String> {
        if self.day.is_open() { self.cascade() } else { Ok(()) }
    }

    /// Takes out what was for this day.
    fn close(&mut self) {
        let is_over = |life: Life| life == Life::Day || life.ends_with_call();
        let resting = self.book.orders.iter().filter(|o| is_over(o.life)).map(|o| o.order);
        let stops = self.stops.iter().filter(|stop| is_over(stop.entry.life));
        let over: Vec<&str> = resting.chain(stops.map(|stop| stop.order.name.as_str())).collect();
        for order in over {
            self.remove(order);
            self.went.push((order, "MARKET_CLOSED"));
        }
    }

    /// Lets in whose phase has come, one after another.
    fn admit(&mut self) -> Result<(), String> {
        if !self.day.is_open() {
            return Ok(());
        }
        let phase = self.day.phase();
        let is_ready = |order: &Reserved| order.call.is_none_or(|call| phase == Phase::Call(call));
        let ready: Vec<Reserved> = self.reserved.iter().filter(|o| is_ready(o)).cloned().collect();
        self.reserved.retain(|order| !is_ready(order));
        for Reserved { order, entry, .. } in ready {
            self.submit(order, &entry)?;
            self.has_stopped(order)?;
            self.admitted += 1;
            self.plan
                .orders
                .get(order)
                .map_or(Ok(()), |order| self.is_said(order, "was let in"))?;
            self.settle()?;
        }
        Ok(())
    }

    /// Makes the one price of the call, and has the trades be those that came.
    fn uncross(&mut self) -> Result<(), String> {
        if self.day.collects.take().is_none() {
            return Ok(());
        }
        let reference = self.prints.last.or(self.plan.listed.base_price);
        if let Some(Clearing { price, volume }) = clearing(&self.book, reference) {
            self.cross(price, volume)?;
            self.calls += 1;
        }
        let over = self.book.orders.iter().filter(|o| o.life.ends_with_call());
        self.went.extend(over.map(|o| (o.order, "NO_LIQUIDITY")));
        self.book.orders.retain(|o| !o.life.ends_with_call());
        self.part_met();
        Ok(())
    }

    fn cross(&mut self, price: Number, volume: Number) -> Result<(), String> {
        let [mut buys, mut sells] = [Side::Buy, Side::Sell].map(|s| turns(&self.book, s, price));
        let mut met: Vec<&str> = Vec::new();
        let mut left = volume;
        while !left.is_zero() {
            let (Some(buy), Some(sell)) = (buys.first_mut(), sells.first_mut()) else { break };
            let quantity = left.min(buy.open).min(sell.open);
            let expected = (buy.order, sell.order, price, quantity);
            let came = self.plan.trades.get(self.next).filter(|trade| trade.in_call);
            let Some(trade) = came else {
                let to_come = self.to_come();
                return Err(format!("a call has to trade {expected:?}; {to_come} was to come"));
            };
            let found = (trade.taker, trade.maker, trade.price, trade.quantity);
            if found != expected {
                let no = trade.no;
                return Err(format!("trade {no} of a call: {found:?} instead of {expected:?}"));
            }
            if trade.time < self.time {
                return Err(format!("trade {} of a call was made before its end", trade.no));
            }
            for (turns, order) in [(&mut buys, trade.taker), (&mut sells, trade.maker)] {
                turns[0].open = turns[0].open - quantity;
                if turns[0].open.is_zero() {
                    turns.remove(0);
                }
                self.deliver(order, quantity);
                if !met.contains(&order) {
                    met.push(order);
                }
            }
            self.time = self.time.max(trade.time);
            self.prints.note(price, None);
            self.met.extend([trade.taker, trade.maker]);
            left = left - quantity;
            self.next += 1;
        }
        // The next parts of icebergs follow when all has traded, buys first.
        for side in [Side::Buy, Side::Sell] {
            for order in &met {
                let at = self.book.place_of(order);
                if let Some(at) = at.filter(|at| self.book.orders[*at].side == side) {
                    self.refilled += u64::from(self.book.show_next(at));
                }
            }
        }
        Ok(())
    }

    /// First what is shown trades, then what is hidden.
    fn deliver(&mut self, order: &str, quantity: Number) {
        let Some(at) = self.book.place_of(order) else { return };
        let resting = &mut self.book.orders[at];
        let hidden = super::book::less(quantity, resting.shown());
        resting.open = resting.open - quantity;
        resting.filled += quantity;
        resting.hidden = resting.hidden - hidden;
    }
}
