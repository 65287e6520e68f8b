//! Call auctions of the obvious book: every price that could be best is tried.

use super::super::{BySize, Clearing, Crossing};
use super::*;
use crate::tick_table::TickTable;

/// So much of an order, at most, trades in its turn.
struct Turn {
    order: OrderKey,
    open: u64,
}

impl NaiveBook {
    #[must_use]
    pub fn collects(&self) -> bool {
        self.collects
    }

    pub fn set_collecting(&mut self, collects: bool) {
        self.collects = collects;
    }

    pub(super) fn collect(&mut self, incoming: &Incoming, reports: &mut impl Reports) -> Decision {
        let quantity = incoming.quantity;
        if incoming.time_in_force == TimeInForce::Fok {
            let reason = Some(CancelReason::NotFilledWhole);
            return Decision { cancelled: quantity, reason, ..nothing() };
        }
        let is_ioc = incoming.time_in_force == TimeInForce::Ioc;
        let life = match incoming.life {
            _ if incoming.at_market => Life::CallAtMarket,
            Life::UntilCancelled if is_ioc => Life::Call,
            other => other,
        };
        let rest = RestingOrder {
            order: incoming.order,
            side: incoming.side,
            price: incoming.limit,
            open: quantity,
            filled: Lots::ZERO,
            reduced: Lots::ZERO,
            iceberg: incoming.display.map(|display| hide(display, quantity)),
            life,
        };
        self.rest(rest, reports);
        Decision { resting: quantity, ..nothing() }
    }

    /// The best price of all limits, all prices beside one, and the reference.
    #[must_use]
    pub fn clearing(&self, reference: Option<Ticks>, ticks: &TickTable) -> Option<Clearing> {
        let limits: Vec<Ticks> = self.orders().map(|order| order.price).collect();
        let beside = limits.iter().copied().chain(reference).flat_map(|price| {
            let (below, above) = (Ticks(price.0.saturating_sub(1)), Ticks(price.0 + 1));
            [price, below, above].into_iter().flat_map(|p| [ticks.floor(p), ticks.ceil(p)])
        });
        let prices = limits.iter().copied().chain(beside);
        prices.filter_map(|price| self.at(price)).max_by_key(|clearing| {
            let surplus = clearing.surplus.map_or(0, |(_, lots)| lots.0);
            let away = reference.map_or(0, |reference| clearing.price.0.abs_diff(reference.0));
            (clearing.volume, u64::MAX - surplus, u32::MAX - away, clearing.price)
        })
    }

    /// What would trade at a price.
    fn at(&self, price: Ticks) -> Option<Clearing> {
        let wanted = |side: Side| -> u64 {
            let reached = self.list(side).iter().filter(|o| reaches(side, o.price, price));
            reached.map(|order| order.open.0).sum()
        };
        let (bought, sold) = (wanted(Side::Buy), wanted(Side::Sell));
        let side = if bought > sold { Side::Buy } else { Side::Sell };
        let surplus = (bought != sold).then_some((side, Lots(bought.abs_diff(sold))));
        let volume = Lots(bought.min(sold));
        (!volume.is_zero()).then_some(Clearing { price, volume, surplus })
    }

    pub fn uncross(
        &mut self,
        reference: Option<Ticks>,
        ticks: &TickTable,
        by_size: Option<BySize>,
        floor: &mut impl Floor,
    ) -> Option<Clearing> {
        let clearing = self.clearing(reference, ticks);
        if let Some(Clearing { price, volume, .. }) = clearing {
            let mut traded = Vec::new();
            let mut left = volume.0;
            let [mut buys, mut sells] = [Side::Buy, Side::Sell].map(|side| {
                match by_size.filter(|rule| rule.holds_at(side, price)) {
                    Some(rule) => self.turns_by_size(side, price, left, rule.each_first.0),
                    None => self.turns(side, price),
                }
            });
            while left > 0 {
                let quantity = left.min(buys[0].open).min(sells[0].open);
                let (buy, sell) = (buys[0].order, sells[0].order);
                traded.push(Crossing { buy, sell, price, quantity: Lots(quantity) });
                for turns in [&mut buys, &mut sells] {
                    turns[0].open -= quantity;
                    if turns[0].open == 0 {
                        turns.remove(0);
                    }
                }
                left -= quantity;
            }
            // What is one turn of both is one trade.
            traded.iter().for_each(|crossing| floor.crossed(crossing));
            self.deliver(Side::Buy, &traded, floor);
            self.deliver(Side::Sell, &traded, floor);
        }
        let over = self.orders().filter(|order| order.life.ends_with_call());
        for order in over.map(|order| order.order).collect::<Vec<_>>() {
            self.drop(order, CancelReason::NoLiquidity, floor);
        }
        clearing
    }

    /// Whose turn it is at a price: who reaches what is left of the other side, then orders at
    /// market, then the others; of the first and the last price by price, of a price at market, then
    /// what is shown, then what is hidden.
    fn turns(&self, side: Side, price: Ticks) -> Vec<Turn> {
        let reached = |o: &&RestingOrder| reaches(side, o.price, price);
        let orders: Vec<RestingOrder> = self.list(side).iter().filter(reached).copied().collect();
        let is_market = |order: &RestingOrder| order.life == Life::CallAtMarket;
        let other = side.opposite();
        let left =
            self.list(other).iter().map(|o| o.price).filter(|at| !reaches(other, *at, price));
        let left = if side == Side::Buy { left.min() } else { left.max() };
        let crosses =
            |order: &RestingOrder| left.is_some_and(|left| reaches(side, order.price, left));
        let away = |order: &RestingOrder| order.price.0.abs_diff(price.0);
        let mut turns = Vec::new();
        for order in &orders {
            let class = if crosses(order) {
                0
            } else if is_market(order) {
                1
            } else {
                2
            };
            let rank = |part: u8| (class, u32::MAX - away(order), part);
            let mut turn = |part, open: Lots| turns.push((rank(part), order.order, open.0));
            if is_market(order) {
                turn(0, order.open);
            } else {
                turn(1, order.shown());
                turn(2, order.open - order.shown());
            }
        }
        // A stable sort: who came first to a price stays in front.
        turns.sort_by_key(|(rank, ..)| *rank);
        turns.retain(|(.., open)| *open > 0);
        turns.into_iter().map(|(_, order, open)| Turn { order, open }).collect()
    }

    /// The same where the call goes by size.
    fn turns_by_size(&self, side: Side, price: Ticks, volume: u64, first: u64) -> Vec<Turn> {
        let better = self.turns(side, price);
        let at_limit = |order: OrderKey| {
            self.list(side).iter().any(|other| other.order == order && other.price == price)
        };
        let (mut turns, mut left) = (Vec::new(), volume);
        for turn in better.into_iter().filter(|turn| !at_limit(turn.order)) {
            left -= turn.open.min(left);
            turns.push(turn);
        }
        let level = self.list(side).iter().filter(|order| order.price == price);
        let level: Vec<RestingOrder> = level.copied().collect();
        for is_hidden in [false, true] {
            let part = |o: &RestingOrder| if is_hidden { o.open - o.shown() } else { o.shown() };
            let mut ranked: Vec<Turn> =
                level.iter().map(|o| Turn { order: o.order, open: part(o).0 }).collect();
            ranked.sort_by_key(|one| std::cmp::Reverse(one.open));
            let mut given = vec![0; ranked.len()];
            for round in 0..3 {
                for (turn, given) in ranked.iter().zip(&mut given) {
                    let open = turn.open - *given;
                    let most = [first, open - open / 2, open][round].min(open);
                    let part = most.min(left);
                    *given += part;
                    left -= part;
                }
            }
            let shares = ranked.into_iter().zip(given);
            turns.extend(shares.map(|(turn, open)| Turn { open, ..turn }));
        }
        turns.retain(|turn| turn.open > 0);
        turns
    }

    fn deliver(&mut self, side: Side, traded: &[Crossing], floor: &mut impl Floor) {
        let mut met: Vec<OrderKey> = Vec::new();
        for crossing in traded {
            let order = if side == Side::Buy { crossing.buy } else { crossing.sell };
            let list = self.list_mut(side);
            let resting = list.iter_mut().find(|resting| resting.order == order);
            let resting = resting.expect("what trades rests");
            let shown = resting.shown().0;
            resting.open -= crossing.quantity;
            resting.filled += crossing.quantity;
            // First what is shown, then what is hidden.
            if let Some(iceberg) = &mut resting.iceberg {
                iceberg.hidden -= Lots(crossing.quantity.0.saturating_sub(shown));
            }
            if !met.contains(&order) {
                met.push(order);
            }
        }
        let mut prices = Vec::new();
        for order in met {
            let place = self.list(side).iter().position(|resting| resting.order == order);
            let resting = self.list(side)[place.expect("it rested a moment ago")];
            prices.push(resting.price);
            if resting.shown().is_zero() {
                self.list_mut(side).retain(|resting| resting.order != order);
                if !resting.open.is_zero() {
                    let iceberg = resting.iceberg.map(|i| hide(i.display, resting.open));
                    self.insert(RestingOrder { iceberg, ..resting });
                }
            }
        }
        prices.sort_unstable();
        prices.dedup();
        if side == Side::Buy {
            prices.reverse();
        }
        for price in prices {
            floor.level(side, price, self.quantity_at(side, price));
        }
    }
}
