//! A listing that follows an outside book: where its core is asked instead of the matcher.

use super::listing::Listing;
use super::matching::{Decision, Incoming};
use super::wire::Wire;
use super::{AmendRefused, Amended};
use crate::amount::{Lots, Ticks};
use crate::effect::{Answer, Effects};
use crate::follow::{Following, Funding, Snapshot};
use crate::ids::{OrderKey, Origin};
use crate::instrument::Phase;
use crate::message::Submit;
use crate::order::Side;
use crate::reject::Reject;
use crate::time::Time;

impl Listing {
    /// The outside book that it follows, if it does.
    #[must_use]
    pub fn following(&self) -> Option<&Following> {
        self.follow.as_deref()
    }

    /// What can be taken at each price, best first: of an outside book where it follows one.
    #[must_use]
    pub fn levels(&self, side: Side) -> Box<dyn Iterator<Item = (Ticks, Lots)> + '_> {
        match &self.follow {
            Some(follow) => Box::new(follow.levels(side)),
            None => Box::new(self.book.levels(side)),
        }
    }

    /// The best price at which an order of the other side trades.
    #[must_use]
    pub fn best(&self, side: Side) -> Option<Ticks> {
        match &self.follow {
            Some(follow) => follow.best_price(side),
            None => self.book.best(side),
        }
    }

    /// Takes a snapshot of the outside book, and fills what it has reached.
    pub fn post(&mut self, snapshot: &Snapshot, origin: Origin, at: Time, out: &mut impl Effects) {
        self.pass(at, out);
        let posted = match (&mut self.follow, &self.instrument.follow) {
            (Some(follow), Some(rules)) => follow.post(snapshot, rules, &self.instrument, at),
            _ => Err(Reject::NotFollowed { symbol: self.instrument.symbol.clone() }),
        };
        self.settle(at, out);
        self.send_mark(at, out);
        self.set_alarm(out);
        out.answer(
            origin,
            match posted {
                Ok(posted) => Answer::Posted(posted),
                Err(reject) => Answer::refused(reject),
            },
        );
    }

    /// The house has put something up. What nobody could pay before is not there any more, so
    /// nothing else changes.
    pub(super) fn fund(&mut self, funding: &Funding) {
        if let Some(follow) = &mut self.follow {
            follow.fund(funding);
        }
    }

    /// Fills what the outside book has reached, and tells what can be taken now.
    #[cold]
    #[inline(never)]
    pub(super) fn meet_outside(&mut self, at: Time, out: &mut impl Effects) {
        let Some(follow) = &mut self.follow else { return };
        let mut wire = Wire::new(&self.instrument, &mut self.tape, at, out);
        if self.instrument.phase == Phase::Continuous {
            follow.cross(&mut self.book, &self.instrument, &mut wire);
        }
        follow.tell(&mut wire);
    }

    /// When the outside book gets too old.
    #[inline(always)]
    pub(super) fn stale_at(&self) -> Option<Time> {
        self.follow.as_ref().and_then(|follow| follow.stale_at())
    }

    pub(super) fn go_stale(&mut self, at: Time, out: &mut impl Effects) {
        if let Some(follow) = &mut self.follow {
            follow.go_stale();
        }
        self.meet_outside(at, out);
    }

    /// Whether the outside book is there for an order that never rests.
    pub(super) fn check_fresh(&self, submit: &Submit) -> Result<(), Reject> {
        match &self.follow {
            Some(follow) if follow.is_stale() && !submit.time_in_force.rests() => {
                Err(Reject::FeedStale { symbol: self.instrument.symbol.clone() })
            }
            _ => Ok(()),
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn match_outside(
        &mut self,
        incoming: &Incoming,
        at: Time,
        out: &mut impl Effects,
    ) -> Decision {
        let follow = self.follow.as_mut().expect("it follows an outside book");
        let mut wire = Wire::new(&self.instrument, &mut self.tape, at, out);
        follow.submit(incoming, &mut self.book, &self.instrument, &mut wire)
    }

    #[cold]
    #[inline(never)]
    pub(super) fn amend_outside(
        &mut self,
        order: OrderKey,
        total: Option<Lots>,
        limit: Option<Ticks>,
        at: Time,
        out: &mut impl Effects,
    ) -> Result<Amended, AmendRefused> {
        let follow = self.follow.as_mut().expect("it follows an outside book");
        let mut wire = Wire::new(&self.instrument, &mut self.tape, at, out);
        follow.amend(order, total, limit, &mut self.book, &self.instrument, &mut wire)
    }
}
