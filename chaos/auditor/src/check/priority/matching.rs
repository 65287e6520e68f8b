//! An order takes what stands in the book, trade by trade the ones that came.

use super::book::{Book, Resting};
use super::commands::Trade;
use super::entry::Entry;
use super::life::Life;
use super::replay::Run;
use super::taker::Taker;
use crate::number::Number;

impl<'e> Run<'e> {
    /// What it filled at once; where orders collect it only rests.
    pub fn submit(&mut self, order: &'e str, entry: &Entry<'e>) -> Result<Number, String> {
        let mut taker = Taker::new(order, entry);
        if self.day.collects.is_some() {
            self.collect(&taker, entry);
            return Ok(Number::ZERO);
        }
        if entry.post_only && self.book.head(entry.side, entry.limit).is_some() {
            return Err(format!("{order} is post-only and would have traded"));
        }
        if entry.is_fok && entry.amount.is_none() && !fills_whole(self.book.clone(), &taker) {
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

    fn collect(&mut self, taker: &Taker<'e>, entry: &Entry<'e>) {
        // A stop that cannot keep its promise here is gone.
        if entry.is_fok {
            return;
        }
        let life = match entry.life {
            _ if entry.is_market => Life::ThisCallAtMarket,
            Life::UntilCancelled if !entry.rests => Life::ThisCall,
            life => life,
        };
        self.rest(&Taker { life, ..taker.clone() });
    }

    pub fn rest(&mut self, taker: &Taker<'e>) {
        let open = taker.left.unwrap_or_default();
        if taker.goes_on() && !open.is_zero() {
            let Taker { order, side, limit: price, filled, reduced, life, display, .. } = *taker;
            let hidden = Number::ZERO;
            let mut resting =
                Resting { order, side, price, open, filled, reduced, life, display, hidden };
            resting.hide();
            self.book.orders.push(resting);
        }
    }

    pub fn take(&mut self, taker: &mut Taker<'e>) -> Result<(), String> {
        while taker.goes_on() {
            let Some(at) = self.book.head(taker.side, taker.limit) else { return Ok(()) };
            let maker = &self.book.orders[at];
            if maker.is_of(taker.order) && taker.self_match != "NONE" {
                self.meet_own(taker, at);
                continue;
            }
            let shown = maker.shown();
            let quantity = match (taker.amount, taker.left) {
                (Some(amount), _) => {
                    let there = (maker.price, shown);
                    let next = self.plan.trades.get(self.next);
                    taker.by_amount(self.plan, amount, there, next)?
                }
                (None, left) => Some(left.map_or(shown, |left| left.min(shown))),
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
        self.comes_in_time(trade)?;
        self.book.orders[at].filled += quantity;
        self.refilled += u64::from(self.book.take(at, quantity));
        taker.left = taker.left.map(|left| left - quantity);
        taker.filled += quantity;
        taker.value += price * quantity;
        self.prints.note(price, Some(taker.side));
        self.met.extend([trade.taker, trade.maker]);
        self.next += 1;
        Ok(())
    }

    /// Meets an order of the same account: the taker's mode decides.
    fn meet_own(&mut self, taker: &mut Taker, at: usize) {
        let resting = &mut self.book.orders[at];
        let open = resting.open;
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
        resting.reduced += off;
        resting.lose(off);
        self.book.show_next(at);
    }
}

/// Tried elsewhere. Own orders are no liquidity unless they would trade: one mode reaches past
/// them, every other ends there.
fn fills_whole(mut book: Book, taker: &Taker) -> bool {
    let mut left = taker.left.unwrap_or_default();
    while let Some(at) = book.head(taker.side, taker.limit).filter(|_| !left.is_zero()) {
        let maker = &book.orders[at];
        let is_own = maker.is_of(taker.order) && taker.self_match != "NONE";
        if is_own && taker.self_match != "CANCEL_MAKER" {
            return false;
        }
        if is_own {
            book.orders.remove(at);
            continue;
        }
        let quantity = left.min(maker.shown());
        left = left - quantity;
        book.take(at, quantity);
    }
    left.is_zero()
}
