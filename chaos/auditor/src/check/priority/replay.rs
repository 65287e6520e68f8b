//! One run through the naive book: every command in its turn, every trade the next one.

use super::book::{Book, Resting};
use super::commands::{Command, Trade, What};
use super::entry::Entry;
use super::plan::Plan;
use super::taker::Taker;
use crate::number::Number;

/// A state between two commands.
pub struct Run<'e> {
    plan: &'e Plan<'e>,
    pub book: Book<'e>,
    /// The next trade to come.
    next: usize,
}

impl<'e> Run<'e> {
    pub fn new(plan: &'e Plan<'e>) -> Run<'e> {
        Run { plan, book: Book::default(), next: 0 }
    }

    /// Trades that are explained so far.
    pub fn explained(&self) -> usize {
        self.next
    }

    /// Runs one command.
    ///
    /// # Errors
    /// What the book did otherwise.
    pub fn perform(&mut self, command: &Command<'e>) -> Result<(), String> {
        let order = command.order.name.as_str();
        let filled = match &command.what {
            What::Refuse(entry, reason) => return self.refuse(order, entry, *reason),
            What::Enter(entry) => self.enter(order, entry)?,
            What::Cancel => {
                let place = self.book.place_of(order);
                let at = place.ok_or_else(|| format!("{order} was cancelled, unopened"))?;
                self.book.orders.remove(at).filled
            }
            What::Amend { total, price } => self.amend(command, *total, *price)?,
        };
        self.has_stopped(order)?;
        self.agrees(command, filled)
    }

    /// Whether the answer said what the naive book did.
    fn agrees(&self, command: &Command, filled: Number) -> Result<(), String> {
        let place = self.book.place_of(&command.order.name);
        let open = place.map_or(Number::ZERO, |at| self.book.orders[at].open);
        let (said_filled, said_open) = (command.heard.filled, command.heard.open);
        if said_filled.is_none_or(|said| said == filled) && said_open.is_none_or(|s| s == open) {
            return Ok(());
        }
        let (filled_then, open_then) = (said_filled.unwrap_or(filled), said_open.unwrap_or(open));
        let order = &command.order.name;
        Err(format!(
            "{order} had {filled} filled and {open} open, its answer said {filled_then} and \
             {open_then}; {} was to come",
            self.to_come()
        ))
    }

    fn refuse(&self, order: &str, entry: &Entry, reason: Option<&str>) -> Result<(), String> {
        let is_free = self.book.head(entry.side, entry.limit).is_none();
        if reason == Some("POST_ONLY_WOULD_TRADE") && is_free {
            return Err(format!("{order} was refused as post-only, and nothing stood there"));
        }
        Ok(())
    }

    /// What it filled at once.
    fn enter(&mut self, order: &'e str, entry: &Entry<'e>) -> Result<Number, String> {
        if entry.post_only && self.book.head(entry.side, entry.limit).is_some() {
            return Err(format!("{order} is post-only and would have traded"));
        }
        let mut taker = Taker {
            order,
            side: entry.side,
            limit: entry.limit,
            left: entry.quantity,
            amount: entry.amount,
            filled: Number::ZERO,
            reduced: Number::ZERO,
            value: Number::ZERO,
            self_match: entry.self_match,
            is_stopped: false,
        };
        if entry.is_fok && entry.amount.is_none() && !self.fills_whole(&taker) {
            return match self.next_of(order) {
                Some(trade) => Err(format!("trade {}: {order} is FOK and has to wait", trade.no)),
                None => Ok(Number::ZERO),
            };
        }
        self.take(&mut taker).map_err(|why| match entry.is_fok {
            true => format!("{order} is FOK and could have been filled: {why}"),
            false => why,
        })?;
        if entry.rests {
            self.rest(&taker);
        }
        Ok(taker.filled)
    }

    /// Own orders are no liquidity unless they would trade: one mode reaches past them, every
    /// other ends there.
    fn fills_whole(&self, taker: &Taker) -> bool {
        let mut there = Number::ZERO;
        let wanted = taker.left.unwrap_or_default();
        for at in self.book.line(taker.side, taker.limit) {
            let maker = &self.book.orders[at];
            if !maker.is_of(taker.order) || taker.self_match == "NONE" {
                there += maker.open;
            } else if taker.self_match != "CANCEL_MAKER" {
                break;
            }
        }
        there >= wanted
    }

    fn amend(
        &mut self,
        command: &Command<'e>,
        total: Option<Number>,
        price: Option<Number>,
    ) -> Result<Number, String> {
        let order = command.order.name.as_str();
        let place = self.book.place_of(order);
        let at = place.ok_or_else(|| format!("{order} was amended, unopened"))?;
        let resting = &mut self.book.orders[at];
        let done = resting.filled + resting.reduced;
        let open = total.map_or(resting.open, |total| total - done);
        let price = price.unwrap_or(resting.price);
        if open <= Number::ZERO {
            return Err(format!("{order} was amended to nothing"));
        }
        if price == resting.price && open <= resting.open {
            resting.open = open;
            return Ok(resting.filled);
        }
        let Resting { side, filled, reduced, .. } = self.book.orders.remove(at);
        if command.order.post_only && self.book.head(side, price).is_some() {
            return Err(format!("{order} is post-only and was amended to trade"));
        }
        let mut taker = Taker {
            order,
            side,
            limit: price,
            left: Some(open),
            amount: None,
            filled,
            reduced,
            value: Number::ZERO,
            self_match: &command.order.self_match,
            is_stopped: false,
        };
        self.take(&mut taker)?;
        self.rest(&taker);
        Ok(taker.filled)
    }

    fn rest(&mut self, taker: &Taker<'e>) {
        let open = taker.left.unwrap_or_default();
        if taker.goes_on() && !open.is_zero() {
            let Taker { order, side, limit: price, filled, reduced, .. } = *taker;
            self.book.orders.push(Resting { order, side, price, open, filled, reduced });
        }
    }

    fn take(&mut self, taker: &mut Taker<'e>) -> Result<(), String> {
        while taker.goes_on() {
            let Some(at) = self.book.head(taker.side, taker.limit) else { return Ok(()) };
            let maker = &self.book.orders[at];
            if maker.is_of(taker.order) && taker.self_match != "NONE" {
                self.meet_own(taker, at);
                continue;
            }
            let quantity = match (taker.amount, taker.left) {
                (Some(amount), _) => {
                    let there = (maker.price, maker.open);
                    let next = self.plan.trades.get(self.next);
                    taker.by_amount(self.plan, amount, there, next)?
                }
                (None, left) => Some(left.map_or(maker.open, |left| left.min(maker.open))),
            };
            let Some(quantity) = quantity else { return Ok(()) };
            self.trade(taker, at, quantity)?;
        }
        Ok(())
    }

    /// The trade that has to come now is the one that came.
    fn trade(&mut self, taker: &mut Taker, at: usize, quantity: Number) -> Result<(), String> {
        let maker = &self.book.orders[at];
        let (order, price) = (maker.order, maker.price);
        let Some(trade) = self.next_of(taker.order) else {
            let to_come = self.to_come();
            return Err(format!(
                "{} did not trade with {order}; {to_come} was to come",
                taker.order
            ));
        };
        let Trade { no, maker: other, price: at_price, quantity: traded, .. } = *trade;
        if other != order {
            return Err(format!("trade {no}: {other} at {at_price} before {order} at {price}"));
        }
        if at_price != price || traded != quantity {
            return Err(format!("trade {no}: {traded}@{at_price} instead of {quantity}@{price}"));
        }
        self.book.orders[at].filled += quantity;
        self.book.take(at, quantity);
        taker.left = taker.left.map(|left| left - quantity);
        taker.filled += quantity;
        taker.value += price * quantity;
        self.next += 1;
        Ok(())
    }

    /// Meets an order of the same account: the taker's mode decides.
    fn meet_own(&mut self, taker: &mut Taker, at: usize) {
        let open = self.book.orders[at].open;
        let off = match taker.self_match {
            "CANCEL_MAKER" | "CANCEL_BOTH" => open,
            "DECREMENT" => taker.left.map_or(open, |left| left.min(open)),
            _ => Number::ZERO,
        };
        if taker.self_match == "DECREMENT" {
            taker.left = taker.left.map(|left| left - off);
            taker.reduced += off;
        }
        taker.is_stopped = matches!(taker.self_match, "CANCEL_TAKER" | "CANCEL_BOTH");
        self.book.orders[at].reduced += off;
        self.book.take(at, off);
    }

    /// An order that is not in the book takes nothing more.
    fn has_stopped(&self, order: &str) -> Result<(), String> {
        if self.book.place_of(order).is_some() {
            return Ok(());
        }
        self.next_of(order).map_or(Ok(()), |trade| {
            let Trade { no, maker, .. } = trade;
            Err(match self.book.place_of(maker) {
                Some(_) => format!("trade {no}: {order} had taken all it could"),
                None => format!("trade {no}: {maker} was not there"),
            })
        })
    }

    /// The next trade, if this order takes in it.
    fn next_of(&self, taker: &str) -> Option<&'e Trade<'e>> {
        self.plan.trades.get(self.next).filter(|trade| trade.taker == taker)
    }

    fn to_come(&self) -> String {
        let shown = |trade: &Trade| format!("trade {} of {}", trade.no, trade.taker);
        self.plan.trades.get(self.next).map_or_else(|| "no trade".into(), shown)
    }

    /// What is left in the book is what is open.
    ///
    /// # Errors
    /// It is not, or a trade came from nothing.
    pub fn finish(&self) -> Result<(), String> {
        if let Some(trade) = self.plan.trades.get(self.next) {
            return Err(format!("trade {} of {} came from nothing", trade.no, trade.taker));
        }
        for (name, order) in &self.plan.orders {
            let at = self.book.place_of(name);
            let rests = at.map_or(Number::ZERO, |at| self.book.orders[at].open);
            if order.remaining != rests {
                let said = order.remaining;
                return Err(format!("{name} has {said} open, {rests} rests"));
            }
        }
        Ok(())
    }
}
