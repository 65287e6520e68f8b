//! Writes down what a book says, and the prices that stops look at.

use super::{Of, Said, Sayings};
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::book::{
    Crossing, Decision, Execution, Floor, Prints, Reports, Unseen, WaitingStop,
};
use hoga_engine::follow::Source;
use hoga_engine::ids::{AccountId, OrderKey, TradeNo};
use hoga_engine::message::HOUSE_ORDER;
use hoga_engine::order::{CancelReason, Side, Status};

#[derive(Clone, Default)]
pub struct Tape {
    pub said: Sayings,
    pub prints: Prints,
    unseen: Unseen,
    met: Vec<OrderKey>,
    trades: TradeNo,
    /// Commands so far that were handled and have an outcome.
    pub commands: u64,
}

/// A trade of a user's order with the house.
pub struct WithHouse {
    pub order: OrderKey,
    pub house: AccountId,
    pub side: Side,
    pub is_maker: bool,
    pub price: Ticks,
    pub quantity: Lots,
    pub source: Source,
}

impl Tape {
    pub fn say(&mut self, order: OrderKey, said: Said) {
        self.said.entry(order).or_default().push(said);
    }

    pub fn refuse(&mut self, order: OrderKey, of: Of) {
        self.say(order, Said::Refused { of, arrival: self.commands });
    }

    /// Nothing of it has traded by this.
    pub fn waits(&mut self, order: OrderKey, of: Of, status: Status, remaining: Lots) {
        let (arrival, filled, cancelled) = (self.commands, Lots::ZERO, Lots::ZERO);
        self.say(order, Said::Decided { of, arrival, status, filled, remaining, cancelled });
    }

    pub fn gone(
        &mut self,
        order: OrderKey,
        of: Of,
        filled: Lots,
        open: Lots,
        reason: CancelReason,
    ) {
        let (arrival, status) = (self.commands, reason.final_status());
        let (remaining, cancelled) = (Lots::ZERO, open);
        self.say(order, Said::Decided { of, arrival, status, filled, remaining, cancelled });
    }

    /// What became of an order that was matched. One by amount was for as much as it bought.
    pub fn decided(&mut self, order: OrderKey, of: Of, decision: &Decision, by_amount: bool) {
        let &Decision { filled, resting, .. } = decision;
        let is_spent = by_amount && !filled.is_zero();
        let status = match (resting.is_zero(), filled.is_zero()) {
            (false, true) => Status::Open,
            (false, false) => Status::PartiallyFilled,
            _ if decision.cancelled.is_zero() || is_spent => Status::Filled,
            _ => Status::Cancelled,
        };
        let cancelled = if by_amount { Lots::ZERO } else { decision.cancelled };
        let (arrival, remaining) = (self.commands, resting);
        self.say(order, Said::Decided { of, arrival, status, filled, remaining, cancelled });
    }

    /// Stops have looked at everything.
    pub fn forget_unseen(&mut self) {
        (self.unseen, self.met) = Default::default();
    }

    pub fn traded_with_house(&mut self, trade: &WithHouse) {
        let &WithHouse { order, house, side, is_maker, price, quantity, source } = trade;
        self.trades.0 += 1;
        self.prints.note(price, if is_maker { side.opposite() } else { side });
        let house = OrderKey { account: house, no: HOUSE_ORDER };
        for (order, side, is_maker) in
            [(order, side, is_maker), (house, side.opposite(), !is_maker)]
        {
            let (trade, in_call, source) = (self.trades, false, Some(source));
            let traded = Said::Traded { trade, side, is_maker, in_call, price, quantity, source };
            self.say(order, traded);
        }
    }
}

impl Reports for Tape {
    fn traded(&mut self, execution: &Execution) {
        let &Execution { taker, maker, taker_side, price, quantity } = execution;
        self.trades.0 += 1;
        self.prints.note(price, taker_side);
        self.unseen.note(price);
        self.met.extend([maker, taker]);
        let sides = [(maker, taker_side.opposite(), true), (taker, taker_side, false)];
        for (order, side, is_maker) in sides {
            let (trade, in_call, source) = (self.trades, false, None);
            let traded = Said::Traded { trade, side, is_maker, in_call, price, quantity, source };
            self.say(order, traded);
        }
    }

    fn reduced(&mut self, maker: OrderKey, quantity: Lots, _: Lots) {
        self.dropped(maker, quantity, CancelReason::SelfMatch);
    }

    fn level(&mut self, _: Side, _: Ticks, _: Lots) {}
}

impl Floor for Tape {
    fn prints(&self) -> Prints {
        self.prints
    }

    fn unseen(&mut self) -> Unseen {
        std::mem::take(&mut self.unseen)
    }

    fn fired(&mut self, stop: &WaitingStop, _: Ticks, decision: &Decision) {
        self.decided(stop.order, Of::Trigger, decision, false);
    }

    fn met(&mut self) -> Vec<OrderKey> {
        std::mem::take(&mut self.met)
    }

    fn dropped(&mut self, order: OrderKey, quantity: Lots, reason: CancelReason) {
        self.say(order, Said::Dropped { quantity, reason });
    }

    fn crossed(&mut self, crossing: &Crossing) {
        let &Crossing { buy, sell, price, quantity } = crossing;
        self.trades.0 += 1;
        self.prints.note_call(price);
        self.unseen.note(price);
        self.met.extend([buy, sell]);
        for (order, side) in [(buy, Side::Buy), (sell, Side::Sell)] {
            let (trade, is_maker, in_call, source) = (self.trades, false, true, None);
            let traded = Said::Traded { trade, side, is_maker, in_call, price, quantity, source };
            self.say(order, traded);
        }
    }

    fn trailed(&mut self, order: OrderKey, trigger: Ticks) {
        self.say(order, Said::Trailed(trigger));
    }
}
