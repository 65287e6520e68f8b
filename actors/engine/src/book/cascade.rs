//! Stops that fire: each is matched before the next command, and what it prints may fire others.

use super::call::Crossing;
use super::matching::{Book, Decision, Incoming, Reports};
use super::prints::{Prints, Unseen};
use super::stops::{Stops, WaitingStop};
use crate::amount::{Lots, Ticks};
use crate::ids::OrderKey;
use crate::instrument::Instrument;
use crate::order::{CancelReason, Side};
use std::collections::VecDeque;

/// Hears of stops, and knows the prints that they wait for.
pub trait Floor: Reports {
    fn prints(&self) -> Prints;
    /// The prints since this was asked last.
    fn unseen(&mut self) -> Unseen;
    /// A stop has fired, at this limit, and this became of it.
    fn fired(&mut self, stop: &WaitingStop, limit: Ticks, decision: &Decision);
    /// The orders that traded since this was asked last; only while there are stops with another
    /// leg.
    fn met(&mut self) -> Vec<OrderKey>;
    /// An order or a stop went without its owner asking, and so much of it was open.
    fn dropped(&mut self, order: OrderKey, quantity: Lots, reason: CancelReason);
    /// Two orders traded in a call.
    fn crossed(&mut self, crossing: &Crossing);
    /// The trigger of a stop followed the market.
    fn trailed(&mut self, order: OrderKey, trigger: Ticks);
}

impl WaitingStop {
    /// The order that it becomes.
    #[must_use]
    pub fn incoming(&self, rules: &Instrument) -> Incoming {
        Incoming {
            order: self.order,
            side: self.side,
            limit: self.firing_limit(rules),
            quantity: self.quantity,
            time_in_force: self.time_in_force,
            self_match: self.self_match,
            value_max: None,
            display: None,
            life: self.life,
            at_market: self.is_market,
        }
    }
}

impl Book {
    /// The stops that wait.
    #[must_use]
    #[inline(always)]
    pub fn stops(&self) -> &Stops {
        &self.stops
    }

    #[must_use]
    pub fn stops_mut(&mut self) -> &mut Stops {
        &mut self.stops
    }

    /// Fires what the last command's prints have reached, and what that reaches in turn: first
    /// what was reached first, of one command's in the order of entry. Every stop fires at most
    /// once, so this ends.
    pub fn cascade(&mut self, rules: &Instrument, floor: &mut impl Floor) {
        let mut fired = VecDeque::new();
        loop {
            // What traded takes its stop away, before a print can fire that.
            self.part_met(floor);
            if let Some((low, high)) = floor.unseen().take() {
                for stop in self.stops.reached(low, high) {
                    self.part(&stop, floor);
                    fired.push_back(stop);
                }
            }
            // The best prices of a call are none that anybody could have.
            if !self.collects {
                self.trail(rules, floor);
            }
            let Some(stop) = fired.pop_front() else { return };
            let incoming = stop.incoming(rules);
            self.guard(rules, floor.prints());
            let decision = self.submit(&incoming, floor);
            floor.fired(&stop, incoming.limit, &decision);
        }
    }

    /// Takes away the other legs of what traded.
    pub fn part_met(&mut self, floor: &mut impl Floor) {
        for order in floor.met() {
            if let Some(stop) = self.stops.remove_twin_of(order) {
                floor.dropped(stop.order, stop.quantity, CancelReason::OtherLeg);
            }
        }
    }

    /// A stop was reached: its other leg goes out of the book.
    fn part(&mut self, stop: &WaitingStop, floor: &mut impl Floor) {
        let Some(twin) = stop.twin else { return };
        if let Some(removed) = self.cancel(twin, floor) {
            floor.dropped(twin, removed.open, CancelReason::OtherLeg);
        }
    }

    /// Moves the triggers that follow the market to where it is now.
    fn trail(&mut self, rules: &Instrument, floor: &mut impl Floor) {
        for side in [Side::Buy, Side::Sell] {
            let market = floor.prints().followed(side, self.best(side.opposite()));
            let Some(market) = market else { continue };
            let moved = |order, trigger| floor.trailed(order, trigger);
            self.stops.follow(side, market, &rules.ticks, moved);
        }
    }
}
