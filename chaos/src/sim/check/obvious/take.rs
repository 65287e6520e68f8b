//! How users' orders take of an outside book.

use super::outside::Outside;
use super::place_of;
use super::tape::WithHouse;
use super::trading::is_better;
use hoga_engine::amount::{Amount, Lots, Ticks};
use hoga_engine::book::{Amended, Decision, Incoming, RestingOrder};
use hoga_engine::follow::Source;
use hoga_engine::ids::OrderKey;
use hoga_engine::order::{CancelReason, Side, TimeInForce};

impl Outside {
    pub fn submit(&mut self, incoming: &Incoming) -> Decision {
        if incoming.time_in_force == TimeInForce::Fok {
            // Whether it fills whole is found out by trying it elsewhere.
            let mut elsewhere = self.clone();
            let tried =
                elsewhere.submit(&Incoming { time_in_force: TimeInForce::Ioc, ..*incoming });
            if tried.filled != incoming.quantity {
                let (filled, resting) = (Lots::ZERO, Lots::ZERO);
                let (cancelled, value) = (incoming.quantity, 0);
                return Decision { filled, value, resting, cancelled, reason: None };
            }
        }
        let mut decision = self.take(incoming);
        if decision.reason.is_none() && incoming.time_in_force.rests() {
            (decision.resting, decision.cancelled) = (decision.cancelled, Lots::ZERO);
        }
        if !decision.resting.is_zero() {
            self.rest(incoming, decision.filled, decision.resting);
        }
        decision
    }

    fn rest(&mut self, incoming: &Incoming, filled: Lots, open: Lots) {
        let &Incoming { order, side, limit: price, life, .. } = incoming;
        let (reduced, iceberg) = (Lots::ZERO, None);
        self.resting.push(RestingOrder {
            order,
            side,
            price,
            open,
            filled,
            reduced,
            iceberg,
            life,
        });
    }

    /// Takes level by level; what it does not get counts as cancelled, with a reason unless there
    /// was nothing more within its limit.
    fn take(&mut self, incoming: &Incoming) -> Decision {
        let &Incoming { order, side, limit, quantity, value_max, .. } = incoming;
        let (mut filled, mut value, mut reason) = (0, 0, None);
        while filled < quantity.0 && reason.is_none() {
            let Some((place, price, open)) = self.best(side.opposite()) else { break };
            if is_better(side, price, limit) {
                break;
            }
            let mut wanted = open.min(quantity.0 - filled);
            if let Some(most) = value_max {
                let can_pay = (most - value) / u128::from(price.0);
                wanted = wanted.min(u64::try_from(can_pay).unwrap_or(u64::MAX));
                reason = (wanted == 0).then_some(CancelReason::AmountSpent);
            }
            let gets = wanted.min(self.payable(side, price));
            if gets < wanted {
                reason = Some(CancelReason::HouseCannotPay);
            }
            if gets == 0 {
                break;
            }
            self.trade(order, side, place, price, gets, false);
            filled += gets;
            value += u128::from(price.0) * u128::from(gets);
        }
        let cancelled = Lots(quantity.0 - filled);
        Decision { filled: Lots(filled), value, resting: Lots::ZERO, cancelled, reason }
    }

    /// Most that the house can trade at a price with a user's order of `side`.
    fn payable(&self, side: Side, price: Ticks) -> u64 {
        let (has, costs) = match side {
            Side::Buy => (self.base, self.rules.base_amount(Lots(1))),
            Side::Sell => (self.quote, self.rules.notional(price, Lots(1))),
        };
        u64::try_from(has / costs).unwrap_or(u64::MAX)
    }

    fn trade(
        &mut self,
        order: OrderKey,
        side: Side,
        place: usize,
        price: Ticks,
        quantity: u64,
        is_maker: bool,
    ) {
        self.taken[side.opposite() as usize][place] += quantity;
        let quantity = Lots(quantity);
        let sign: Amount = if side == Side::Buy { 1 } else { -1 };
        self.base -= sign * self.rules.base_amount(quantity);
        self.quote += sign * self.rules.notional(price, quantity);
        let source = Source { snapshot: self.snapshot.number, level: place as u32 + 1 };
        let Some(house) = self.house else { return };
        let trade = WithHouse { order, house, side, is_maker, price, quantity, source };
        self.tape.traded_with_house(&trade);
    }

    /// An order that rests is reached: it trades at its own limit.
    pub fn fill_resting(&mut self, first: RestingOrder) {
        let RestingOrder { order, side, price, open, .. } = first;
        let Some((place, _, left)) = self.best(side.opposite()) else { return };
        let wanted = open.0.min(left);
        let gets = wanted.min(self.payable(side, price));
        if gets > 0 {
            self.trade(order, side, place, price, gets, true);
        }
        if let Some(at) = place_of(&self.resting, order) {
            self.resting[at].open -= Lots(gets);
            self.resting[at].filled += Lots(gets);
            if self.resting[at].open.is_zero() {
                self.resting.remove(at);
            }
        }
        if gets < wanted {
            self.drop_resting(order, CancelReason::HouseCannotPay);
        }
    }

    /// None where nothing would be left open.
    pub fn amend(
        &mut self,
        place: usize,
        total: Option<Lots>,
        limit: Option<Ticks>,
    ) -> Option<Amended> {
        let old = self.resting[place];
        let done = old.filled + old.reduced;
        let (total, limit) = (total.unwrap_or(old.open + done), limit.unwrap_or(old.price));
        if total <= done {
            return None;
        }
        let open = total - done;
        if limit == old.price && open <= old.open {
            self.resting[place].open = open;
            let (filled, cancelled, value) = (Lots::ZERO, Lots::ZERO, 0);
            let decision = Decision { filled, value, resting: open, cancelled, reason: None };
            return Some(Amended { decision, filled: old.filled, limit, total });
        }
        self.resting.remove(place);
        let incoming = Incoming {
            order: old.order,
            side: old.side,
            limit,
            quantity: open,
            time_in_force: TimeInForce::Gtc,
            self_match: Default::default(),
            value_max: None,
            display: None,
            life: old.life,
            at_market: false,
        };
        let decision = self.submit(&incoming);
        let filled = old.filled + decision.filled;
        if let Some(at) = place_of(&self.resting, old.order) {
            self.resting[at].filled = filled;
        }
        Some(Amended { decision, filled, limit, total })
    }
}
