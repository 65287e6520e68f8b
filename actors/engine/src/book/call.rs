//! Call auctions: orders collect without matching, then all that can trade does so at one price.

use super::Floor;
use super::by_size::BySize;
use super::ladder::price_of;
use super::matching::{Book, Decision, Incoming, Reports, Taking};
use super::snapshot::{RestingOrder, Silent};
use crate::amount::{Lots, Ticks};
use crate::ids::OrderKey;
use crate::order::{CancelReason, Life, Side, TimeInForce};
use crate::tick_table::TickTable;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The one price of a call, and what trades at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clearing {
    pub price: Ticks,
    pub volume: Lots,
    /// What is asked for at this price and does not trade; none where both sides are even.
    pub surplus: Option<(Side, Lots)>,
}

/// One trade of a call. Neither side made the price, so neither is the maker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crossing {
    pub buy: OrderKey,
    pub sell: OrderKey,
    pub price: Ticks,
    pub quantity: Lots,
}

/// What of an order trades in a call: first of what is shown, then of what is hidden.
#[derive(Clone, Copy)]
struct Share {
    order: OrderKey,
    shown: u64,
    hidden: u64,
}

/// What is left to be shared among the orders of a side, and what they have so far.
struct Sharing {
    left: u64,
    shares: Vec<Share>,
}

impl Sharing {
    fn take(&mut self, order: OrderKey, shown: u64, hidden: u64) {
        let shown = shown.min(self.left);
        let hidden = hidden.min(self.left - shown);
        self.left -= shown + hidden;
        if shown + hidden > 0 {
            self.shares.push(Share { order, shown, hidden });
        }
    }

    /// Orders at market first, then price by price what is shown, then what is hidden.
    fn take_by_time(&mut self, orders: &[RestingOrder]) {
        let is_market = |order: &&RestingOrder| order.life == Life::CallAtMarket;
        for order in orders.iter().filter(is_market) {
            self.take(order.order, order.shown().0, order.hidden().0);
        }
        for level in orders.chunk_by(|one, next| one.price == next.price) {
            let limits = || level.iter().filter(|order| !is_market(order));
            limits().for_each(|order| self.take(order.order, order.shown().0, 0));
            limits().for_each(|order| self.take(order.order, 0, order.hidden().0));
        }
    }

    /// Of one price: by the size of what is shown, then by that of what is hidden.
    fn take_by_size(&mut self, level: &[RestingOrder], rule: BySize) {
        let shown: Vec<u64> = level.iter().map(|order| order.shown().0).collect();
        for (place, share) in rule.share(&shown, self.left) {
            self.take(level[place].order, share, 0);
        }
        let hidden: Vec<u64> = level.iter().map(|order| order.hidden().0).collect();
        for (place, share) in rule.share(&hidden, self.left) {
            self.take(level[place].order, 0, share);
        }
    }
}

/// What both sides want at a price, or between two prices where no order has its limit.
#[derive(Clone, Copy)]
struct Piece {
    low: u32,
    high: u32,
    bought: u64,
    sold: u64,
}

impl Piece {
    fn volume(&self) -> u64 {
        self.bought.min(self.sold)
    }

    fn surplus(&self) -> u64 {
        self.bought.abs_diff(self.sold)
    }

    /// The price in it that is on the grid and nearest to the reference, of two the higher; none
    /// when no price of it is on the grid.
    fn nearest(&self, reference: Option<Ticks>, ticks: &TickTable) -> Option<Ticks> {
        if self.low == self.high {
            return Some(Ticks(self.low));
        }
        let (first, last) = (ticks.ceil(Ticks(self.low + 1)), ticks.floor(Ticks(self.high - 1)));
        if first > last || first.0 <= self.low || last.0 >= self.high {
            return None;
        }
        let Some(reference) = reference.filter(|reference| *reference < last) else {
            return Some(last);
        };
        if reference <= first {
            return Some(first);
        }
        let (below, above) = (ticks.floor(reference), ticks.ceil(reference));
        let is_below_nearer = reference.0 - below.0 < above.0 - reference.0;
        Some(if is_below_nearer && below >= first { below } else { above.min(last) })
    }
}

impl Incoming {
    /// How long it stays once it waits for a call: what would not rest otherwise goes with it.
    pub(super) fn life_in_call(&self) -> Life {
        match self.life {
            _ if self.at_market => Life::CallAtMarket,
            Life::UntilCancelled if !self.time_in_force.rests() => Life::Call,
            life => life,
        }
    }
}

impl Book {
    /// Whether orders collect instead of matching.
    #[must_use]
    #[inline(always)]
    pub fn collects(&self) -> bool {
        self.collects
    }

    /// From here on orders collect, or match again: whoever says so has uncrossed the book.
    pub fn set_collecting(&mut self, collects: bool) {
        self.collects = collects;
    }

    /// Takes an order into the call. What would not rest otherwise goes when the call ends.
    #[cold]
    #[inline(never)]
    pub(super) fn collect(&mut self, incoming: &Incoming, reports: &mut impl Reports) -> Decision {
        let quantity = incoming.quantity;
        if incoming.time_in_force == TimeInForce::Fok {
            return Decision::killed(quantity);
        }
        let life = incoming.life_in_call();
        self.rest(&Incoming { life, ..*incoming }, &Taking::nothing(quantity), reports);
        Decision::rests(quantity)
    }

    /// The price at which most would trade now: of those that are equal the one with the smallest
    /// surplus, then the nearest to the reference, then the higher. None where nothing would.
    #[must_use]
    pub fn clearing(&self, reference: Option<Ticks>, ticks: &TickTable) -> Option<Clearing> {
        let pieces = self.pieces();
        let priced = pieces.iter().filter_map(|p| Some((p.nearest(reference, ticks)?, p)));
        let away = |price: Ticks| reference.map_or(0, |reference| price.0.abs_diff(reference.0));
        let (price, piece) = priced.max_by_key(|(price, piece)| {
            let surplus = u64::MAX - piece.surplus();
            (piece.volume(), surplus, u32::MAX - away(*price), *price)
        })?;
        if piece.volume() == 0 {
            return None;
        }
        let side = if piece.bought > piece.sold { Side::Buy } else { Side::Sell };
        let surplus = Some((side, Lots(piece.surplus()))).filter(|(_, lots)| !lots.is_zero());
        Some(Clearing { price, volume: Lots(piece.volume()), surplus })
    }

    /// Where orders of both sides could meet, from the lowest price: each price that is a limit,
    /// and what lies between two of them.
    fn pieces(&self) -> Vec<Piece> {
        let (Some(bid), Some(ask)) = (self.best(Side::Buy), self.best(Side::Sell)) else {
            return Vec::new();
        };
        let mut buys: Vec<(u32, u64)> = self.open_by_price(Side::Buy, ask);
        buys.reverse();
        let sells = self.open_by_price(Side::Sell, bid);
        let mut prices: Vec<u32> = buys.iter().chain(&sells).map(|(price, _)| *price).collect();
        prices.sort_unstable();
        prices.dedup();
        let mut bought: u64 = buys.iter().map(|(_, open)| open).sum();
        let (mut sold, mut buys, mut sells) = (0, buys.iter().peekable(), sells.iter().peekable());
        let mut pieces: Vec<Piece> = Vec::with_capacity(2 * prices.len());
        for &price in &prices {
            if let Some(before) = pieces.last() {
                let low = before.high;
                pieces.push(Piece { low, high: price, bought, sold });
            }
            if let Some((_, open)) = sells.next_if(|(at, _)| *at == price) {
                sold += open;
            }
            pieces.push(Piece { low: price, high: price, bought, sold });
            if let Some((_, open)) = buys.next_if(|(at, _)| *at == price) {
                bought -= open;
            }
        }
        pieces
    }

    /// What is open at each price of a side up to a price of the other, best first, hidden parts
    /// included.
    fn open_by_price(&self, side: Side, worst: Ticks) -> Vec<(u32, u64)> {
        let mut found: Vec<(u32, u64)> = Vec::new();
        for order in self.side(side).take_while(|order| reaches(side, order.price, worst)) {
            match found.last_mut().filter(|(price, _)| *price == order.price.0) {
                Some((_, open)) => *open += order.open.0,
                None => found.push((order.price.0, order.open.0)),
            }
        }
        found
    }

    /// Ends a call: all that can trade does so at one price: orders at market first, then by price
    /// and time, or who wants most where the call goes by size. What was for the call alone goes.
    /// Says what was traded.
    pub fn uncross(
        &mut self,
        reference: Option<Ticks>,
        ticks: &TickTable,
        by_size: Option<BySize>,
        floor: &mut impl Floor,
    ) -> Option<Clearing> {
        let clearing = self.clearing(reference, ticks);
        if let Some(Clearing { price, volume, .. }) = clearing {
            let shares = [Side::Buy, Side::Sell].map(|side| {
                let by_size = by_size.filter(|rule| rule.holds_at(side, price));
                self.shares(side, price, volume.0, by_size)
            });
            cross(&shares, price, floor);
            for (side, shares) in [Side::Buy, Side::Sell].into_iter().zip(&shares) {
                self.deliver(side, shares, floor);
            }
        }
        let sides = [Side::Buy, Side::Sell].into_iter().flat_map(|side| self.side(side));
        let for_call = sides.filter(|order| order.life.ends_with_call()).map(|order| order.order);
        for order in for_call.collect::<Vec<OrderKey>>() {
            self.drop(order, CancelReason::NoLiquidity, floor);
        }
        clearing
    }

    /// What of each order trades, in the order of priority. Of an iceberg the hidden part comes
    /// behind all that is shown at its price. Before all others come those whose limits reach what
    /// is left of the other side, price by price: orders at market have a worst price themselves,
    /// and ahead of such limits they could leave a crossed book behind. Those limits trade whole:
    /// were there too many, another price would have the larger volume.
    fn shares(&self, side: Side, price: Ticks, volume: u64, by_size: Option<BySize>) -> Vec<Share> {
        let mut sharing = Sharing { left: volume, shares: Vec::new() };
        let reached = self.side(side).take_while(|order| reaches(side, order.price, price));
        let reached: Vec<_> = reached.collect();
        let level = reached.partition_point(|order| by_size.is_none() || order.price != price);
        let (by_time, level) = reached.split_at(level);
        let other = side.opposite();
        let rest = self.side(other).find(|order| !reaches(other, order.price, price));
        let crosses = |order: &RestingOrder| {
            rest.as_ref().is_some_and(|rest| reaches(side, order.price, rest.price))
        };
        let (crossing, others) = by_time.split_at(by_time.partition_point(crosses));
        for level in crossing.chunk_by(|one, next| one.price == next.price) {
            sharing.take_by_time(level);
        }
        sharing.take_by_time(others);
        if let Some(rule) = by_size {
            sharing.take_by_size(level, rule);
        }
        sharing.shares
    }

    /// Takes off the orders of a side what of them has traded. Icebergs of which nothing is shown
    /// any more show their next part, behind all others. Every price that changed says so once.
    fn deliver(&mut self, side: Side, shares: &[Share], floor: &mut impl Floor) {
        let mut changed = BTreeSet::new();
        for share in shares {
            let slot = self.index.find(share.order, &self.slab).expect("what trades rests");
            let resting = *self.slab.get(slot);
            changed.insert(resting.key);
            self.rare.shrink_hidden(&resting, share.hidden);
            self.slab.add_filled(slot, share.shown + share.hidden);
            self.slab.get_mut(slot).set_open(resting.open() - share.shown);
            self.ladder_mut(side).level_mut(resting.key).quantity -= share.shown;
        }
        for share in shares {
            let found = self.index.find(share.order, &self.slab);
            let Some(slot) = found.filter(|slot| self.slab.get(*slot).open() == 0) else {
                continue;
            };
            self.dequeue(slot, &mut Silent);
            match self.rare.surface(self.slab.get(slot).order()) {
                None => self.forget(slot),
                Some(part) => {
                    self.slab.get_mut(slot).set_open(part);
                    self.enqueue(slot, &mut Silent);
                }
            }
        }
        for key in changed {
            let price = price_of(side, key);
            floor.level(side, price, self.quantity_at(side, price));
        }
    }
}

/// Pairs what is bought with what is sold, both in the order of priority.
fn cross(shares: &[Vec<Share>; 2], price: Ticks, floor: &mut impl Floor) {
    let [buys, sells] = shares;
    let mut sells = sells.iter();
    let (mut sell, mut sold) = (sells.next(), 0);
    for buy in buys {
        let mut left = buy.shown + buy.hidden;
        while let Some(offer) = sell.filter(|_| left > 0) {
            let quantity = left.min(offer.shown + offer.hidden - sold);
            let (buy, sell_order) = (buy.order, offer.order);
            floor.crossed(&Crossing { buy, sell: sell_order, price, quantity: Lots(quantity) });
            left -= quantity;
            sold += quantity;
            if sold == offer.shown + offer.hidden {
                (sell, sold) = (sells.next(), 0);
            }
        }
    }
}

/// Whether an order of a side with this limit trades at a price.
fn reaches(side: Side, limit: Ticks, price: Ticks) -> bool {
    match side {
        Side::Buy => limit >= price,
        Side::Sell => limit <= price,
    }
}
