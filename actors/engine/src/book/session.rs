//! The day of a listing: its phases, and what happens where one passes into the next.

use super::listing::Listing;
use super::wire::Wire;
use crate::amount::Ticks;
use crate::effect::Effects;
use crate::instrument::{Instrument, Phase};
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// What the table and the operators have made of the day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    /// What operators say; continuous where they let the table say it.
    word: Phase,
    /// What the table says now.
    planned: Phase,
    /// When it says something else.
    next: Option<Time>,
    /// Base price and band as operators gave them last: the day has made others of them.
    given: Given,
}

type Given = (Option<Ticks>, Option<(Ticks, Ticks)>);

fn given(instrument: &Instrument) -> Given {
    (instrument.base_price, instrument.band)
}

impl Session {
    /// A listing with a table is closed until it hears what time it is, which is at once.
    pub fn new(instrument: &Instrument) -> Session {
        let (word, given) = (instrument.phase, given(instrument));
        match instrument.schedule {
            Some(_) => Session { word, planned: Phase::Closed, next: Some(Time(0)), given },
            None => Session { word, planned: Phase::Continuous, next: None, given },
        }
    }

    #[inline(always)]
    pub fn next(&self) -> Option<Time> {
        self.next
    }

    /// What is in force: operators come before the table.
    pub fn phase(&self) -> Phase {
        if self.word == Phase::Continuous { self.planned } else { self.word }
    }
}

impl Listing {
    /// Takes over changed rules. Resting orders stay as they are, except that those of the day go
    /// when operators close the market.
    pub fn update(&mut self, asked: &Instrument, at: Time, out: &mut impl Effects) {
        self.pass(at, out);
        let before = self.session.phase();
        let session = &mut self.session;
        let mut rules = asked.clone();
        // What the day has made of base and band stays, unless these are what was changed.
        if given(&rules) == session.given {
            (rules.base_price, rules.band) = given(&self.instrument);
        }
        session.given = given(asked);
        session.word = rules.phase;
        (session.planned, session.next) = match &rules.schedule {
            Some(schedule) => (schedule.phase_at(at), schedule.next_change(at)),
            None => (Phase::Continuous, None),
        };
        self.instrument = rules;
        self.book.stops_mut().look_again();
        self.enter(at, out);
        if self.session.word == Phase::Closed && before != Phase::Closed {
            self.close_day(at, out);
        }
        if self.instrument != *asked {
            out.rules(&self.instrument);
        }
        self.admit(at, out);
        self.set_alarm(out);
    }

    /// Passes into the phase that begins at `edge`.
    pub(super) fn turn(&mut self, edge: Time, at: Time, out: &mut impl Effects) {
        let Some(schedule) = &self.instrument.schedule else { return };
        // The first time that is heard is none of the table's.
        let is_first = edge == Time(0);
        let edge = if is_first { at } else { edge };
        let planned = schedule.phase_at(edge);
        let is_over = !is_first && planned == Phase::Closed && schedule.is_last_edge(edge);
        let before = self.instrument.phase;
        self.session.next = schedule.next_change(edge);
        self.session.planned = planned;
        if self.session.word == Phase::Continuous && planned == Phase::Closed {
            self.uncross(at, out);
        }
        self.enter(at, out);
        if is_over {
            self.close_day(at, out);
            self.set_base();
        }
        if is_over || is_first || before != self.instrument.phase {
            out.rules(&self.instrument);
        }
        self.admit(at, out);
    }

    /// Brings the book into the phase that is in force now.
    fn enter(&mut self, at: Time, out: &mut impl Effects) {
        self.instrument.phase = self.session.phase();
        self.watch();
        match self.instrument.phase {
            Phase::Call(_) => self.book.set_collecting(true),
            // Whatever ended the call, nothing matches before it has made its price.
            Phase::Continuous => self.uncross(at, out),
            Phase::Halted | Phase::Closed => {}
        }
        self.settle(at, out);
        if self.book.collects() {
            self.indicate(at, out);
        }
    }

    /// Makes the one price of the call, if there was one.
    fn uncross(&mut self, at: Time, out: &mut impl Effects) {
        if !self.book.collects() {
            return;
        }
        self.watch();
        let reference = self.reference();
        let mut wire = Wire::new(&self.instrument, &mut self.tape, at, out);
        self.book.uncross(reference, &self.instrument.ticks, &mut wire);
        self.book.set_collecting(false);
        self.book.part_met(&mut wire);
        self.silence(out);
    }

    /// What a call's price is near to, of those that are as good: the last, or the base.
    pub(super) fn reference(&self) -> Option<Ticks> {
        self.tape.prints.last.or(self.instrument.base_price)
    }

    fn close_day(&mut self, at: Time, out: &mut impl Effects) {
        let mut wire = Wire::new(&self.instrument, &mut self.tape, at, out);
        self.book.close_day(&mut wire);
    }

    /// The close is the base of the next day, and its band lies around that.
    fn set_base(&mut self) {
        let Some(close) = self.tape.prints.last else { return };
        let rules = &mut self.instrument;
        rules.base_price = Some(close);
        let rate = rules.schedule.as_ref().and_then(|schedule| schedule.band);
        if let Some(rate) = rate {
            rules.band = Some(rules.ticks.limits(close, rate));
        }
    }
}
