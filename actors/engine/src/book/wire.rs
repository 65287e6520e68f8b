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
    /// Where candles have what is traded.
    charted: Time,
    out: &'a mut E,
}

impl<'a, E: Effects> Wire<'a, E> {
    pub fn new(
        instrument: &'a Instrument,
        tape: &'a mut Tape,
        at: Time,
        out: &'a mut E,
    ) -> Wire<'a, E> {
        Wire { instrument, tape, at, charted: at, out }
    }

    pub fn charted(self, charted: Time) -> Wire<'a, E> {
        Wire { charted, ..self }
    }

    #[inline(always)]
    fn tell_level(&mut self, side: Side, price: Ticks, quantity: Lots) {
        self.tape.sequence += 1;
        let sequence = self.tape.sequence;
        let event = MarketEvent::Level { sequence, side, price, quantity };
        self.out.market(self.instrument.id, event);
    }

    /// Numbers a trade, charts it and shows it; in a call nobody took.
    #[inline(always)]
    fn print(&mut self, price: Ticks, quantity: Lots, taker: Option<Side>) {
        let Wire { instrument, tape, at, charted, out } = self;
        let sequence = tape.candles.sequence(tape.trades.0);
        tape.candles
            .trade(price, quantity, *charted, sequence, instrument, &mut |row| out.candle(row));
        tape.trades.0 += 1;
        match taker {
            Some(taker) => tape.prints.note(price, taker),
            None => tape.prints.note_call(price),
        }
        let event = MarketEvent::Trade { no: tape.trades, price, quantity, taker, time: *at };
        out.market(instrument.id, event);
    }

    /// Stops look at a print once the command is through, and those that met in it have traded.
    #[inline(always)]
    fn remember(&mut self, price: Ticks, sides: [OrderKey; 2]) {
        self.tape.unseen.note(price);
        if self.tape.is_watched {
            self.tape.met.extend(sides);
        }
    }

    /// A taker's leg of the trade that was printed last.
    #[inline(always)]
    fn leg(&self, order: OrderKey, side: Side, price: Ticks, quantity: Lots) -> Leg {
        Leg {
            order,
            instrument: self.instrument.id,
            trade: self.tape.trades,
            side,
            is_maker: false,
            in_call: false,
            price,
            quantity,
            time: self.at,
            source: None,
        }
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
        self.print(price, quantity, Some(taker_side));
        self.remember(price, [maker, taker]);
        let passive = self.leg(maker, taker_side.opposite(), price, quantity);
        self.settle(Leg { is_maker: true, ..passive });
        self.settle(self.leg(taker, taker_side, price, quantity));
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
        self.print(price, quantity, Some(taker));
        let source = Some(source);
        let user = self.leg(order, side, price, quantity);
        self.settle(Leg { is_maker, source, ..user });
        let house = OrderKey { account: house, no: HOUSE_ORDER };
        let house = self.leg(house, side.opposite(), price, quantity);
        self.settle(Leg { is_maker: !is_maker, source, ..house });
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
        self.print(price, quantity, None);
        self.remember(price, [buy, sell]);
        for (order, side) in [(buy, Side::Buy), (sell, Side::Sell)] {
            self.settle(Leg { in_call: true, ..self.leg(order, side, price, quantity) });
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
