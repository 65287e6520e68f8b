//! Orders that go by themselves: at a time of their own, or when the market closes.

use super::Floor;
use super::matching::Book;
use crate::ids::OrderKey;
use crate::order::{CancelReason, Life, Side};
use crate::time::Time;

impl Book {
    /// When the next order or stop goes; none where nothing waits for a time.
    #[must_use]
    #[inline(always)]
    pub fn next_expiry(&self) -> Option<Time> {
        match (self.rare.first_due(), self.stops.next_due()) {
            (None, None) => None,
            (resting, waiting) => resting.map(|(time, _)| time).into_iter().chain(waiting).min(),
        }
    }

    /// Takes out what goes at or before `at`: first what goes first, of one time resting orders
    /// before stops that wait.
    pub fn expire(&mut self, at: Time, floor: &mut impl Floor) {
        while let Some(time) = self.next_expiry().filter(|time| *time <= at) {
            let due = [self.rare.first_due(), self.stops.first_due()];
            let next = due.into_iter().flatten().find(|(due, _)| *due == time);
            if let Some((_, order)) = next {
                self.drop(order, CancelReason::Expired, floor);
            }
        }
    }

    /// Takes out what was for this day or a call of it: bids best to worst, asks best to worst, then
    /// stops in the order in which they were entered.
    pub fn close_day(&mut self, floor: &mut impl Floor) {
        let sides = [Side::Buy, Side::Sell].into_iter().flat_map(|side| self.side(side));
        let is_over = |life: Life| life == Life::Day || life.ends_with_call();
        let resting = sides.filter(|order| is_over(order.life)).map(|order| order.order);
        let waiting = self.stops.iter().filter(|stop| is_over(stop.life));
        let orders: Vec<OrderKey> = resting.chain(waiting.map(|stop| stop.order)).collect();
        for order in orders {
            self.drop(order, CancelReason::MarketClosed, floor);
        }
    }

    pub(crate) fn drop(&mut self, order: OrderKey, reason: CancelReason, floor: &mut impl Floor) {
        if let Some(removed) = self.cancel(order, floor) {
            floor.dropped(order, removed.open, reason);
        } else if let Some(stop) = self.stops.remove(order) {
            floor.dropped(order, stop.quantity, reason);
        }
    }
}
