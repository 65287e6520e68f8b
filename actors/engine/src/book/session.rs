//! The day of a listing: its phases, and what happens where one passes into the next.

use super::by_size::BySize;
use super::listing::Listing;
use super::wire::Wire;
use crate::amount::Ticks;
use crate::board::TradingDay;
use crate::candle::{Interval, Zone};
use crate::effect::{Effects, MarketEvent};
use crate::instrument::{Call, Instrument, Phase};
use crate::session::{BreakerLevel, Schedule};
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
    /// What has come between the phases of the table, while these would be continuous.
    pause: Option<Pause>,
    /// The call for which orders collect.
    call: Option<Call>,
    /// Levels of the circuit breaker for which it has stopped today.
    stops: u8,
    /// The day is over although the table goes on, until then.
    over_until: Option<Time>,
    /// Base price and band as operators gave them last: the day has made others of them.
    given: Given,
}

/// A phase that no table has, and when it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pause {
    pub phase: Phase,
    pub until: Time,
    /// A call of so many nanoseconds comes behind it.
    pub call_ns: u64,
}

type Given = (Option<Ticks>, Option<(Ticks, Ticks)>);

fn given(instrument: &Instrument) -> Given {
    (instrument.base_price, instrument.band)
}

impl Session {
    /// A listing with a table is closed until it hears what time it is, which is at once; so does
    /// one that opens by a call, which collects from the first.
    pub fn new(instrument: &Instrument) -> Session {
        let (word, given) = (instrument.phase, given(instrument));
        let planned = match instrument.schedule {
            Some(_) => Phase::Closed,
            None => Phase::Continuous,
        };
        let next = instrument.begins_by_time().then_some(Time(0));
        let (phase, until) = (Phase::Call(Call::Opening), Time(u64::MAX));
        let opens = Pause { phase, until, call_ns: 0 };
        let pause = Some(opens).filter(|_| instrument.calls.opening_ns > 0);
        Session { word, planned, next, pause, call: None, stops: 0, over_until: None, given }
    }

    #[inline(always)]
    pub fn next(&self) -> Option<Time> {
        self.next
    }

    pub fn stops(&self) -> u8 {
        self.stops
    }

    /// When what has come between is over.
    #[inline(always)]
    pub fn pause_ends(&self) -> Option<Time> {
        self.pause.map(|pause| pause.until)
    }

    /// What is in force: operators come before the table, and the table before what comes between
    /// its phases.
    pub fn phase(&self) -> Phase {
        match (self.word, self.planned, self.pause) {
            (Phase::Continuous, Phase::Continuous, Some(pause)) => pause.phase,
            (Phase::Continuous, planned, _) => planned,
            (word, ..) => word,
        }
    }

    /// When that ends by itself.
    fn until(&self) -> Option<Time> {
        match self.word {
            Phase::Continuous => self.next.into_iter().chain(self.pause_ends()).min(),
            _ => None,
        }
    }

    /// A phase of the table begins: where it is not continuous nothing comes between any more.
    fn plan(&mut self, planned: Phase, next: Option<Time>) {
        (self.planned, self.next) = (planned, next);
        self.pause = self.pause.filter(|_| planned == Phase::Continuous);
    }
}

impl Listing {
    /// Takes over changed rules. Resting orders stay as they are, except that those of the day go
    /// when operators close the market.
    pub fn update(&mut self, asked: &Instrument, at: Time, out: &mut impl Effects) {
        self.pass(at, out);
        let (before, shown) = (self.session.phase(), self.now());
        let session = &mut self.session;
        let mut rules = asked.clone();
        // What the day has made of base and band stays, each unless it is what was changed.
        let (base_before, band_before) = session.given;
        if asked.base_price == base_before {
            rules.base_price = self.instrument.base_price;
        }
        if asked.band == band_before {
            rules.band = self.instrument.band;
        }
        session.given = given(asked);
        session.word = rules.phase;
        self.instrument = rules;
        let (planned, next) = self.plan_at(at);
        self.session.plan(planned, next);
        self.book.unguard();
        self.book.stops_mut().look_again();
        self.enter(at, out);
        if self.session.word == Phase::Closed && before != Phase::Closed {
            self.close_day(at, out);
        }
        if shown != self.now() {
            self.announce(out);
        } else if self.instrument != *asked {
            out.rules(&self.instrument);
        }
        self.admit(at, out);
        self.set_alarm(out);
    }

    /// Passes into the phase that begins at `edge`, or that was in force when it was first heard
    /// what time it is.
    pub(super) fn turn(&mut self, edge: Time, is_first: bool, out: &mut impl Effects) {
        let (planned, next) = self.plan_at(edge);
        let before = self.now();
        // One that was ended early is not ended again.
        let may_end = !is_first && self.session.over_until != Some(edge);
        let table = self.instrument.schedule.as_deref().filter(|_| may_end);
        let over = table.and_then(|table| table.day_ended(edge));
        if is_first {
            self.begin(edge);
        }
        if let Some(day) = over {
            // Also where the next one begins at once.
            let until = if planned == Phase::Closed { next } else { Some(edge) };
            self.go_to(Phase::Closed, until, edge, out);
            self.end_day(day, edge, out);
        }
        if over.is_none() || planned != Phase::Closed {
            self.go_to(planned, next, edge, out);
        }
        if over.is_some() || is_first || before != self.now() {
            self.announce(out);
        }
        self.admit(edge, out);
    }

    fn go_to(&mut self, planned: Phase, next: Option<Time>, at: Time, out: &mut impl Effects) {
        self.session.plan(planned, next);
        if self.session.word == Phase::Continuous && planned == Phase::Closed {
            // What a call trades as its day ends is of that day, also where that is midnight.
            let zone = Zone::of(self.instrument.schedule.as_deref());
            let ends_day = zone.start(Interval::Day1, at) == at;
            self.uncross(at, if ends_day { at.minus(1) } else { at }, out);
        }
        self.enter(at, out);
    }

    fn end_day(&mut self, day: TradingDay, at: Time, out: &mut impl Effects) {
        self.close_day(at, out);
        self.set_base();
        self.session.stops = 0;
        // Before anybody hears that the book is closed, so that who knows that knows this.
        out.day_closed(self.instrument.id, day, self.tape.prints.last);
    }

    /// The market has fallen to a level of the circuit breaker: nothing more is traded until a call
    /// behind the halt, or today. A book that does not trade by its table goes on with that, and one whose day is
    /// over has nothing to stop.
    pub fn stop_for(&mut self, level: u8, at: Time, out: &mut impl Effects) {
        self.pass(at, out);
        let rule = self.instrument.calls.breaker.get(usize::from(level)).copied();
        let Some(rule) = rule.filter(|_| !self.is_day_over(at)) else { return self.set_alarm(out) };
        // A price that was made before the stop must not count for what comes behind it.
        self.tell_mark(at, out);
        self.session.stops = level + 1;
        if self.session.planned == Phase::Continuous {
            match rule.closes_day {
                true => self.end_early(at, out),
                false => self.halt_for(&rule, at, out),
            }
        }
        self.set_alarm(out);
    }

    /// Whether what comes next in the table is a later day.
    fn is_day_over(&self, at: Time) -> bool {
        let is_later = |table: &Schedule| {
            let next = self.session.next.map(|next| table.day_at(next));
            next.is_none_or(|day| day > table.day_at(at))
        };
        let schedule = self.instrument.schedule.as_deref();
        self.session.planned == Phase::Closed && schedule.is_some_and(is_later)
    }

    fn halt_for(&mut self, rule: &BreakerLevel, at: Time, out: &mut impl Effects) {
        let (until, call_ns) = (Time(at.0.saturating_add(rule.halt_ns)), rule.call_ns);
        self.session.pause = Some(Pause { phase: Phase::Halted, until, call_ns });
        self.enter(at, out);
        self.announce(out);
    }

    /// Ends the day now, as the table would.
    fn end_early(&mut self, at: Time, out: &mut impl Effects) {
        let Some(schedule) = &self.instrument.schedule else { return };
        let (day, later) = (schedule.day_at(at), schedule.opens_later(at));
        self.session.over_until = later;
        self.go_to(Phase::Closed, later, at, out);
        self.end_day(day, at, out);
        self.announce(out);
    }

    /// What the table says at a time, and when it says something else.
    fn plan_at(&self, at: Time) -> (Phase, Option<Time>) {
        if let Some(until) = self.session.over_until.filter(|until| at < *until) {
            return (Phase::Closed, Some(until));
        }
        match &self.instrument.schedule {
            Some(schedule) => (schedule.phase_at(at), schedule.next_change(at)),
            None => (Phase::Continuous, None),
        }
    }

    /// A listing that opens by a call does so from here on.
    fn begin(&mut self, at: Time) {
        let until = Time(at.0.saturating_add(self.instrument.calls.opening_ns));
        self.session.pause = self.session.pause.map(|pause| Pause { until, ..pause });
    }

    fn now(&self) -> (Phase, Option<Time>) {
        (self.instrument.phase, self.instrument.phase_until)
    }

    /// Tells everybody the rules as they stand now, and who looks at the book its phase.
    fn announce(&mut self, out: &mut impl Effects) {
        self.tape.sequence += 1;
        let (sequence, (phase, until)) = (self.tape.sequence, self.now());
        out.market(self.instrument.id, MarketEvent::Phase { sequence, phase, until });
        out.rules(&self.instrument);
    }

    /// What came between the phases of the table is over.
    pub(super) fn go_on(&mut self, at: Time, out: &mut impl Effects) {
        let ended = self.session.pause.take().filter(|pause| pause.call_ns > 0);
        self.session.pause = ended.map(|pause| Pause {
            phase: Phase::Call(Call::Reopening),
            until: Time(pause.until.0.saturating_add(pause.call_ns)),
            call_ns: 0,
        });
        self.enter(at, out);
        self.announce(out);
        self.admit(at, out);
    }

    /// Orders collect since something would have traded too far away: a call has begun.
    #[inline(always)]
    pub(super) fn note_interruption(&mut self, at: Time, out: &mut impl Effects) {
        if self.book.collects() && self.instrument.phase == Phase::Continuous {
            self.interrupt(at, out);
        }
    }

    #[cold]
    #[inline(never)]
    fn interrupt(&mut self, at: Time, out: &mut impl Effects) {
        let length = self.instrument.calls.interruption.map_or(0, |rule| rule.call_ns);
        let (phase, until) = (Phase::Call(Call::Interruption), Time(at.0.saturating_add(length)));
        self.session.pause = Some(Pause { phase, until, call_ns: 0 });
        self.session.call = Some(Call::Interruption);
        self.take_phase();
        self.announce(out);
    }

    fn take_phase(&mut self) {
        self.instrument.phase = self.session.phase();
        self.instrument.phase_until = self.session.until();
    }

    /// Brings the book into the phase that is in force now.
    fn enter(&mut self, at: Time, out: &mut impl Effects) {
        self.take_phase();
        self.watch();
        match self.instrument.phase {
            Phase::Call(call) => {
                self.session.call = Some(call);
                self.book.set_collecting(true);
            }
            // Whatever ended the call, nothing matches before it has made its price.
            Phase::Continuous => self.uncross(at, at, out),
            Phase::Halted | Phase::Closed => {}
        }
        self.settle(at, out);
        if self.book.collects() {
            self.indicate(at, out);
        }
    }

    /// Makes the one price of the call, if there was one; candles have it at `charted`.
    fn uncross(&mut self, at: Time, charted: Time, out: &mut impl Effects) {
        if !self.book.collects() {
            return;
        }
        self.watch();
        let reference = self.reference();
        let is_opening = self.session.call.take() == Some(Call::Opening);
        let each_first = self.instrument.calls.by_size.filter(|_| is_opening);
        let by_size = self.instrument.band.zip(each_first);
        let by_size = by_size.map(|(limits, each_first)| BySize { limits, each_first });
        let mut wire = Wire::new(&self.instrument, &mut self.tape, at, out).charted(charted);
        self.book.uncross(reference, &self.instrument.ticks, by_size, &mut wire);
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
        let has_ended = self.tape.candles.close(at, &self.instrument, &mut |row| out.candle(row));
        self.tell_ended(has_ended, out);
    }

    /// The close is the base of the next day, and its band lies around that.
    fn set_base(&mut self) {
        let Some(close) = self.tape.prints.last else { return };
        // The first call of the next day is measured from that as well.
        self.tape.prints.last_call = None;
        let rules = &mut self.instrument;
        rules.base_price = Some(close);
        let rate = rules.schedule.as_ref().and_then(|schedule| schedule.band);
        if let Some(rate) = rate {
            rules.band = Some(rules.ticks.limits(close, rate));
        }
    }
}
