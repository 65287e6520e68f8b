//! From what the matcher reports to effects: legs, outcomes of stops, market events.

use super::call::Crossing;
use super::cascade::Floor;
use super::listing::Tape;
use super::matching::{Decision, Execution, Reports};
use super::outcomes::{decided, status_of};
use super::prints::{Prints, Unseen};
use super::stops::WaitingStop;
use crate::amount::{Lots, Ticks};
use crate::effect::{Effects, MarketEvent};
use crate::follow::{Hears, OutsideFill};
use crate::ids::OrderKey;
use crate::instrument::Instrument;
use crate::message::{AccountMessage, HOUSE_ORDER, Leg, Message, Outcome, OutcomeOf};
use crate::order::{CancelReason, Side};
use crate::time::Time;

/// Turns what the matcher reports into effects.
pub(super) struct Wire<'a, E: Effects> {
    instrument: &'a Instrument,
    tape: &'a mut Tape,
    at: Time,
    out: &'a mut E,
}

impl<'a, E: Effects> Wire<'a, E> {
    pub fn new(
        instrument: &'a Instrument,
        tape: &'a mut Tape,
        at: Time,
        out: &'a mut E,
    ) -> Wire<'a, E> {
        Wire { instrument, tape, at, out }
    }

    #[inline(always)]
    fn tell_level(&mut self, side: Side, price: Ticks, quantity: Lots) {
        self.tape.sequence += 1;
        let sequence = self.tape.sequence;
        let event = MarketEvent::Level { sequence, side, price, quantity };
        self.out.market(self.instrument.id, event);
    }

    /// Takes a trade into the candles; it is numbered next.
    #[inline(always)]
    fn chart(&mut self, price: Ticks, quantity: Lots) {
        let Wire { instrument, tape, at, out } = self;
        let sequence = tape.candles.sequence(tape.trades.0);
        tape.candles.trade(price, quantity, *at, sequence, instrument, &mut |row| out.candle(row));
    }

    fn settle(&mut self, leg: Leg) {
        let account = leg.order.account;
        let message = || Message::ToAccount(account, AccountMessage::Settle(leg));
        self.out.send_with(account.partition(), message);
    }
}

impl<E: Effects> Reports for Wire<'_, E> {
    fn traded(&mut self, execution: &Execution) {
        let &Execution { taker, maker, taker_side, price, quantity } = execution;
        self.chart(price, quantity);
        self.tape.trades.0 += 1;
        self.tape.prints.note(price, taker_side);
        self.tape.unseen.note(price);
        if self.tape.is_watched {
            self.tape.met.extend([maker, taker]);
        }
        let (no, time) = (self.tape.trades, self.at);
        let taker_of = Some(taker_side);
        let event = MarketEvent::Trade { no, price, quantity, taker: taker_of, time };
        let instrument = self.instrument.id;
        self.out.market(instrument, event);
        let leg = |order, side, is_maker| Leg {
            order,
            instrument,
            trade: no,
            side,
            is_maker,
            in_call: false,
            price,
            quantity,
            time,
            source: None,
        };
        self.settle(leg(maker, taker_side.opposite(), true));
        self.settle(leg(taker, taker_side, false));
    }

    fn reduced(&mut self, maker: OrderKey, quantity: Lots, _left: Lots) {
        self.dropped(maker, quantity, CancelReason::SelfMatch);
    }

    fn level(&mut self, side: Side, price: Ticks, quantity: Lots) {
        if self.instrument.follow.is_none() {
            self.tell_level(side, price, quantity);
        }
    }
}

impl<E: Effects> Hears for Wire<'_, E> {
    fn filled(&mut self, fill: &OutsideFill) {
        let &OutsideFill { order, house, side, is_maker, price, quantity, source } = fill;
        let taker = if is_maker { side.opposite() } else { side };
        self.chart(price, quantity);
        self.tape.trades.0 += 1;
        self.tape.prints.note(price, taker);
        let (no, time, instrument) = (self.tape.trades, self.at, self.instrument.id);
        let event = MarketEvent::Trade { no, price, quantity, taker: Some(taker), time };
        self.out.market(instrument, event);
        let house = OrderKey { account: house, no: HOUSE_ORDER };
        let leg = |order, side, is_maker| Leg {
            order,
            instrument,
            trade: no,
            side,
            is_maker,
            in_call: false,
            price,
            quantity,
            time,
            source: Some(source),
        };
        self.settle(leg(order, side, is_maker));
        self.settle(leg(house, side.opposite(), !is_maker));
    }

    fn displayed(&mut self, side: Side, price: Ticks, quantity: Lots) {
        self.tell_level(side, price, quantity);
    }
}

impl<E: Effects> Floor for Wire<'_, E> {
    fn prints(&self) -> Prints {
        self.tape.prints
    }

    fn unseen(&mut self) -> Unseen {
        std::mem::take(&mut self.tape.unseen)
    }

    fn fired(&mut self, stop: &WaitingStop, limit: Ticks, decision: &Decision) {
        let status = status_of(decision, false);
        let outcome = decided(stop.order, OutcomeOf::Trigger, status, limit, decision);
        self.out.outcome(Outcome { arrival: self.tape.commands, ..outcome }, None);
    }

    fn crossed(&mut self, crossing: &Crossing) {
        let &Crossing { buy, sell, price, quantity } = crossing;
        self.chart(price, quantity);
        self.tape.trades.0 += 1;
        self.tape.prints.note_call(price);
        self.tape.unseen.note(price);
        if self.tape.is_watched {
            self.tape.met.extend([buy, sell]);
        }
        let (trade, time, instrument) = (self.tape.trades, self.at, self.instrument.id);
        let event = MarketEvent::Trade { no: trade, price, quantity, taker: None, time };
        self.out.market(instrument, event);
        for (order, side) in [(buy, Side::Buy), (sell, Side::Sell)] {
            let (is_maker, in_call) = (false, true);
            self.settle(Leg {
                order,
                instrument,
                trade,
                side,
                is_maker,
                in_call,
                price,
                quantity,
                time,
                source: None,
            });
        }
    }

    fn met(&mut self) -> Vec<OrderKey> {
        std::mem::take(&mut self.tape.met)
    }

    fn dropped(&mut self, order: OrderKey, quantity: Lots, reason: CancelReason) {
        let time = self.at;
        let message = AccountMessage::Dropped { order, quantity, reason, time };
        let account = order.account;
        self.out.send(account.partition(), Message::ToAccount(account, message));
    }

    fn trailed(&mut self, order: OrderKey, trigger: Ticks) {
        let message = AccountMessage::Trailed { order, trigger };
        let account = order.account;
        self.out.send(account.partition(), Message::ToAccount(account, message));
    }
}
