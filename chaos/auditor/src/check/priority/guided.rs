//! One run through the naive book, guided by the trades that happened.

use super::book::{Book, Rank, Resting};
use super::commands::{Placed, Plan, Trade, What, reaches};
use crate::export::{Order, Side, owner};
use crate::history::Asked;
use crate::number::Number;

/// A state between two commands.
#[derive(Clone)]
pub struct Run<'e> {
    plan: &'e Plan<'e>,
    book: Book<'e>,
    /// The next trade to come.
    next: usize,
}

/// An order while it takes.
struct Taker<'e> {
    order: &'e str,
    side: Side,
    limit: Number,
    /// What it may still take; none for an order by amount.
    left: Option<Number>,
    filled: Number,
    done: Number,
    /// Commands of the order before this one.
    commands: usize,
    self_match: &'e str,
    /// Ended by a self-match.
    is_stopped: bool,
}

impl<'e> Run<'e> {
    pub fn new(plan: &'e Plan<'e>) -> Run<'e> {
        Run { plan, book: Book::default(), next: 0 }
    }

    /// Runs one command of an order that is not loose.
    pub fn perform(&mut self, plan: &'e Plan<'e>, command: &Placed<'e>) -> Result<(), String> {
        let Some(order) = plan.orders.get(command.order) else { return Ok(()) };
        let Placed { index, source, sequence, .. } = *command;
        let rank = Rank { index, source, sequence };
        let filled = match command.what {
            What::Enter(asked) => self.enter(order, asked, rank, command)?,
            What::Cancel => {
                let place = self.book.place_of(command.order);
                let at = place.ok_or_else(|| format!("{} was cancelled, unopened", order.name))?;
                self.book.orders.remove(at).filled
            }
            What::Amend { total, price } => self.amend(order, total, price, rank, command)?,
        };
        self.agrees(command, filled)
    }

    /// Whether the answer said what the naive book did.
    fn agrees(&self, command: &Placed, filled: Number) -> Result<(), String> {
        let place = self.book.place_of(command.order);
        let open = place.map_or(Number::ZERO, |at| self.book.orders[at].open);
        let (said_filled, said_open) = (command.filled, command.open);
        if said_filled.is_none_or(|said| said == filled) && said_open.is_none_or(|s| s == open) {
            return Ok(());
        }
        let (filled_then, open_then) = (said_filled.unwrap_or(filled), said_open.unwrap_or(open));
        let (order, next) = (command.order, self.next_trade());
        Err(format!(
            "{order} had {filled} filled and {open} open, its answer said {filled_then} and \
             {open_then}; {next} was to come"
        ))
    }

    /// What it filled at once.
    fn enter(
        &mut self,
        order: &'e Order,
        asked: &Asked,
        rank: Rank,
        command: &Placed,
    ) -> Result<Number, String> {
        if order.state == "REJECTED" {
            return Ok(Number::ZERO);
        }
        let limit = if order.is_market { order.limit } else { asked.price.unwrap_or_default() };
        let is_fok = asked.time_in_force == "FOK";
        let takes = self.plan.trades.get(self.next).is_some_and(|t| t.taker == order.name);
        if asked.post_only && !self.book.first(order.side, limit).is_empty() {
            return Err(format!("{} is post-only and would have traded", order.name));
        }
        if is_fok && !takes {
            return self.refuse_fok(order, asked, limit).map(|()| Number::ZERO);
        }
        let left = if order.quote_amount.is_some() { None } else { asked.quantity };
        let mut taker = self.taker(order, limit, left);
        self.take(&mut taker)?;
        if is_fok && taker.left.is_some_and(|left| !left.is_zero()) {
            return Err(format!("{} is FOK and was filled in part", order.name));
        }
        let rests = !order.is_market && matches!(asked.time_in_force.as_str(), "" | "GTC");
        if rests {
            self.rest(&taker, rank, command);
        }
        Ok(taker.filled)
    }

    fn refuse_fok(&self, order: &Order, asked: &Asked, limit: Number) -> Result<(), String> {
        let there = self.book.liquidity(&order.name, order.side, limit);
        let wanted = asked.quantity.unwrap_or_default();
        // What stands behind an order of its own is out of reach.
        let is_clear = !self.may_meet_own(order);
        match there.filter(|there| is_clear && *there >= wanted) {
            Some(there) => Err(format!("{} is FOK of {wanted}, {there} was there", order.name)),
            None => Ok(()),
        }
    }

    fn amend(
        &mut self,
        order: &'e Order,
        total: Option<Number>,
        price: Option<Number>,
        rank: Rank,
        command: &Placed,
    ) -> Result<Number, String> {
        let place = self.book.place_of(&order.name);
        let at = place.ok_or_else(|| format!("{} was amended, unopened", order.name))?;
        let resting = &mut self.book.orders[at];
        let open = total.map_or(resting.open, |total| total - resting.done);
        let price = price.unwrap_or(resting.price);
        if open <= Number::ZERO {
            return Err(format!("{} was amended to nothing", order.name));
        }
        if price == resting.price && open <= resting.open {
            resting.open = open;
            resting.commands += 1;
            return Ok(resting.filled);
        }
        let Resting { done, filled, commands, .. } = self.book.orders.remove(at);
        let mut taker = Taker { done, filled, commands, ..self.taker(order, price, Some(open)) };
        self.take(&mut taker)?;
        self.rest(&taker, rank, command);
        Ok(taker.filled)
    }

    fn taker(&self, order: &'e Order, limit: Number, left: Option<Number>) -> Taker<'e> {
        Taker {
            order: &order.name,
            side: order.side,
            limit,
            left,
            filled: Number::ZERO,
            done: Number::ZERO,
            commands: 0,
            self_match: &order.self_match,
            is_stopped: false,
        }
    }

    fn rest(&mut self, taker: &Taker<'e>, rank: Rank, command: &Placed) {
        let open = taker.left.unwrap_or_default();
        // It may have ended at an order of its own account that is not known to stand here.
        let has_ended = command.open.is_some_and(Number::is_zero) && self.ended_at_loose(taker);
        if taker.is_stopped || has_ended || open.is_zero() {
            return;
        }
        let Taker { order, side, limit: price, filled, done, .. } = *taker;
        let commands = taker.commands + 1;
        let rest = Resting { order, side, price, open, filled, commands, done, rank };
        self.book.orders.push(rest);
    }

    /// Lets an order take what it took, and demands that it was right.
    fn take(&mut self, taker: &mut Taker<'e>) -> Result<(), String> {
        loop {
            let next = self.plan.trades.get(self.next).filter(|trade| trade.taker == taker.order);
            let is_filled = taker.left.is_some_and(Number::is_zero);
            if taker.is_stopped || is_filled {
                return next.map_or(Ok(()), |trade| {
                    Err(format!("trade {}: {} had taken all it could", trade.no, taker.order))
                });
            }
            let first = self.book.first(taker.side, taker.limit);
            if let Some(trade) = next {
                if self.plan.loose.contains(trade.maker) {
                    self.loose_maker(taker, trade)?;
                    continue;
                }
                let named = |at: &&usize| self.book.orders[**at].order == trade.maker;
                if let Some(&at) = first.iter().find(named) {
                    self.trade(taker, at, trade)?;
                    continue;
                }
            }
            if self.meet_own(taker, &first) {
                continue;
            }
            let Some(&passed) = first.first() else {
                return next.map_or(Ok(()), |trade| {
                    Err(format!("trade {}: {} was not there", trade.no, trade.maker))
                });
            };
            let passed = &self.book.orders[passed];
            if let Some(trade) = next {
                let (no, maker, price) = (trade.no, trade.maker, trade.price);
                let (order, better) = (passed.order, passed.price);
                return Err(format!("trade {no}: {maker} at {price} before {order} at {better}"));
            }
            // An order by amount ends when what is left buys nothing more.
            if taker.left.is_none() {
                return Ok(());
            }
            // It met an order of its own account that is loose: it ended there, as it says.
            if self.ended_at_loose(taker) {
                taker.is_stopped = true;
                return Ok(());
            }
            let (order, passed, next) = (taker.order, passed.order, self.next_trade());
            return Err(format!("{order} did not trade with {passed}; {next} was to come"));
        }
    }

    fn trade(&mut self, taker: &mut Taker, at: usize, trade: &Trade) -> Result<(), String> {
        let resting = &self.book.orders[at];
        let most = taker.left.map_or(resting.open, |left| left.min(resting.open));
        let is_whole = trade.quantity == most || (taker.left.is_none() && trade.quantity <= most);
        if trade.price != resting.price || !is_whole {
            let Trade { no, price, quantity, .. } = trade;
            let at = resting.price;
            return Err(format!("trade {no}: {quantity}@{price} instead of {most}@{at}"));
        }
        self.book.orders[at].filled += trade.quantity;
        self.book.take(at, trade.quantity);
        self.count(taker, trade);
        Ok(())
    }

    /// A maker without a place: only what others were promised is demanded.
    fn loose_maker(&mut self, taker: &mut Taker, trade: &Trade) -> Result<(), String> {
        let best = self.book.best(taker.side);
        let is_better = |best| !reaches(taker.side, best, trade.price);
        if best.is_some_and(is_better) || !reaches(taker.side, taker.limit, trade.price) {
            return Err(format!(
                "trade {}: a better price than {} was there",
                trade.no, trade.price
            ));
        }
        self.count(taker, trade);
        Ok(())
    }

    fn count(&mut self, taker: &mut Taker, trade: &Trade) {
        taker.left = taker.left.map(|left| left - trade.quantity);
        taker.filled += trade.quantity;
        taker.done += trade.quantity;
        self.next += 1;
    }

    /// Meets an order of the same account, if one is first in line.
    fn meet_own(&mut self, taker: &mut Taker, first: &[usize]) -> bool {
        let is_own = |at: &&usize| owner(self.book.orders[**at].order) == owner(taker.order);
        let Some(&at) = first.iter().find(is_own) else { return false };
        let open = self.book.orders[at].open;
        match taker.self_match {
            "CANCEL_TAKER" => taker.is_stopped = true,
            "CANCEL_MAKER" => self.book.take(at, open),
            "CANCEL_BOTH" => {
                self.book.take(at, open);
                taker.is_stopped = true;
            }
            "DECREMENT" => {
                let off = taker.left.map_or(open, |left| left.min(open));
                self.book.take(at, off);
                taker.left = taker.left.map(|left| left - off);
                taker.done += off;
            }
            _ => return false,
        }
        true
    }

    fn next_trade(&self) -> String {
        let shown = |trade: &Trade| format!("trade {} of {}", trade.no, trade.taker);
        self.plan.trades.get(self.next).map_or_else(|| "no trade".into(), shown)
    }

    fn ended_at_loose(&self, taker: &Taker) -> bool {
        let order = self.plan.orders.get(taker.order);
        order.is_some_and(|order| order.reason == "SELF_MATCH" && self.may_meet_own(order))
    }

    /// Whether a loose order of the same account may stand on the other side now: it is of a kind
    /// that rests, and not all of it has traded yet.
    fn may_meet_own(&self, order: &Order) -> bool {
        let next = self.plan.trades.get(self.next).map_or(u64::MAX, |trade| trade.no);
        self.plan.loose.iter().filter_map(|name| self.plan.orders.get(name)).any(|loose| {
            let rests = !loose.is_market && loose.time_in_force == "GTC";
            let has_gone = loose.state == "REJECTED"
                || (loose.state == "FILLED" && self.plan.last_trade(&loose.name) < next);
            let is_own = owner(&loose.name) == owner(&order.name);
            is_own && loose.side != order.side && rests && !has_gone
        })
    }

    /// Takes over the next trades as long as their taker is loose and their maker is in line.
    pub fn settle_loose(&mut self) {
        while let Some(trade) = self.plan.trades.get(self.next) {
            if !self.plan.loose.contains(trade.taker) {
                return;
            }
            if !self.plan.loose.contains(trade.maker) {
                let Some(at) = self.book.place_of(trade.maker) else { return };
                let Resting { side, price, open, filled, commands, .. } = self.book.orders[at];
                // A later answer that does not know of the trade came before it.
                let next = self.plan.said_filled(trade.maker, commands);
                if next.is_some_and(|said| said < filled + trade.quantity) {
                    return;
                }
                let taker_side = if side == Side::Buy { Side::Sell } else { Side::Buy };
                // Its own account's orders may have stood before it.
                let is_own = |o: &&usize| owner(self.book.orders[**o].order) == owner(trade.taker);
                let first = self.book.first(taker_side, price);
                let is_first = first.contains(&at) || first.iter().any(|o| is_own(&o));
                if price != trade.price || open < trade.quantity || !is_first {
                    return;
                }
                self.book.orders[at].filled += trade.quantity;
                self.book.take(at, trade.quantity);
            }
            self.next += 1;
        }
    }

    /// Trades that are explained so far.
    pub fn explained(&self) -> usize {
        self.next
    }

    /// The next trade is one of a loose taker: it may have come already.
    pub fn waits_for_loose(&self) -> bool {
        let next = self.plan.trades.get(self.next);
        next.is_some_and(|trade| self.plan.loose.contains(trade.taker))
    }

    /// What is left in the book is what is open.
    pub fn finish(&self) -> Result<(), String> {
        if let Some(trade) = self.plan.trades.get(self.next) {
            return Err(format!("trade {} of {} came from nothing", trade.no, trade.taker));
        }
        let firm = |name: &str| !self.plan.loose.contains(name);
        for order in self.plan.orders.values().filter(|order| firm(&order.name)) {
            let at = self.book.place_of(&order.name);
            let rests = at.map_or(Number::ZERO, |at| self.book.orders[at].open);
            if order.remaining != rests {
                let said = order.remaining;
                return Err(format!("{} has {said} open, {rests} rests", order.name));
            }
        }
        Ok(())
    }
}
