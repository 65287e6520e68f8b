//! How far trades may lie from the last price: what would trade further away waits for a call.

use super::ladder::{NIL, key_of};
use super::matching::{Book, Decision, Incoming, Reports, Taking, decide};
use super::prints::Prints;
use crate::amount::Ticks;
use crate::instrument::Instrument;
use crate::order::Side;
use std::ops::RangeInclusive;

/// By the side of the makers, the first key at which trades happen, and how many more follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reach([(u32, u32); 2]);

impl Default for Reach {
    /// Trades happen everywhere.
    fn default() -> Self {
        Reach([(0, NIL); 2])
    }
}

impl Reach {
    /// No level has this key.
    const NOWHERE: Reach = Reach([(NIL, 0); 2]);

    /// One comparison: what lies before the first wraps around to far behind it.
    #[inline(always)]
    pub fn has(&self, makers: Side, key: u32) -> bool {
        let (first, more) = self.0[makers as usize];
        key.wrapping_sub(first) <= more
    }

    fn within(prices: &RangeInclusive<Ticks>) -> Reach {
        let (low, high) = (*prices.start(), *prices.end());
        let Some(more) = high.0.checked_sub(low.0) else { return Reach::NOWHERE };
        // The nearest bid is the highest.
        Reach([(key_of(Side::Buy, high), more), (key_of(Side::Sell, low), more)])
    }
}

impl Book {
    /// Sets how far the next order may trade, by the prints before it.
    #[inline(always)]
    pub fn guard(&mut self, rules: &Instrument, prints: Prints) {
        if rules.calls.interruption.is_some() {
            self.set_reach(rules, prints);
        }
    }

    #[cold]
    #[inline(never)]
    fn set_reach(&mut self, rules: &Instrument, prints: Prints) {
        let Some(interruption) = &rules.calls.interruption else { return };
        let still = prints.last_call.or(rules.base_price);
        self.reach = Reach::within(&interruption.allowed(prints.last, still));
    }

    /// Trades happen everywhere again, until [`Book::guard`] says otherwise.
    pub fn unguard(&mut self) {
        self.reach = Reach::default();
    }

    /// Goes on for an order that has met a price too far away. What happens there without a trade
    /// happens; the first trade does not, and from then on orders collect.
    #[cold]
    #[inline(never)]
    pub(super) fn leap(
        &mut self,
        incoming: &Incoming,
        taking: &mut Taking,
        reports: &mut impl Reports,
    ) {
        let side = incoming.side.opposite();
        let limit = key_of(side, incoming.limit);
        while taking.left > 0 && taking.stopped.is_none() {
            let key = self.ladder(side).best();
            if key > limit {
                return;
            }
            if self.reach.has(side, key) {
                self.take_level::<false>(incoming, side, key, taking, reports);
            } else {
                self.take_level::<true>(incoming, side, key, taking, reports);
            }
        }
        self.collects |= taking.leaps();
    }

    /// An order that takes no more. What is left of one that made orders collect waits for the
    /// call, if it can; of any other it goes.
    #[cold]
    #[inline(never)]
    pub(super) fn stop_taking(
        &mut self,
        incoming: &Incoming,
        taking: &Taking,
        reports: &mut impl Reports,
    ) -> Decision {
        let waits = incoming.time_in_force.rests() || incoming.at_market;
        if !(taking.leaps() && waits) {
            return decide(taking, 0);
        }
        let life = incoming.life_in_call();
        self.rest(&Incoming { life, ..*incoming }, taking, reports);
        decide(taking, taking.left)
    }
}
