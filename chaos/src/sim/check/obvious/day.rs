//! The day of a book: the table, what operators say, and what comes between.

use super::trading::Trading;
use hoga_engine::amount::Ticks;
use hoga_engine::book::BySize;
use hoga_engine::instrument::{Call, Instrument, Phase};
use hoga_engine::time::Time;

/// What is in force, and until when.
#[derive(Clone, Debug)]
pub struct Day {
    /// What operators say.
    word: Phase,
    /// What the table says.
    planned: Phase,
    /// When the table says something else.
    pub next: Option<Time>,
    pub pause: Option<Pause>,
    call: Option<Call>,
    /// It ended before its table did.
    over_until: Option<Time>,
    /// Base price and band as operators gave them last.
    given: Given,
}

/// A phase that no table has.
#[derive(Clone, Copy, Debug)]
pub struct Pause {
    phase: Phase,
    pub until: Time,
    call_ns: u64,
}

type Given = (Option<Ticks>, Option<(Ticks, Ticks)>);

impl Day {
    #[must_use]
    pub fn new(rules: &Instrument) -> Day {
        let opens = Pause { phase: Phase::Call(Call::Opening), until: Time(u64::MAX), call_ns: 0 };
        Day {
            word: rules.phase,
            planned: if rules.schedule.is_some() { Phase::Closed } else { Phase::Continuous },
            next: rules.begins_by_time().then_some(Time(0)),
            pause: (rules.calls.opening_ns > 0).then_some(opens),
            call: None,
            over_until: None,
            given: (rules.base_price, rules.band),
        }
    }

    #[must_use]
    pub fn phase(&self) -> Phase {
        if self.word != Phase::Continuous {
            return self.word;
        }
        let pause = self.pause.filter(|_| self.planned == Phase::Continuous);
        pause.map_or(self.planned, |pause| pause.phase)
    }

    fn until(&self) -> Option<Time> {
        let ends = self.pause.map(|pause| pause.until);
        let turns = self.next.into_iter().chain(ends).min();
        turns.filter(|_| self.word == Phase::Continuous)
    }
}

impl Trading {
    pub fn update(&mut self, asked: &Instrument, at: Time) {
        let before = self.day.phase();
        let (base_before, band_before) = self.day.given;
        let mut rules = asked.clone();
        if asked.base_price == base_before {
            rules.base_price = self.rules.base_price;
        }
        if asked.band == band_before {
            rules.band = self.rules.band;
        }
        self.day.given = (asked.base_price, asked.band);
        self.day.word = rules.phase;
        self.rules = rules;
        self.plan(at);
        self.book.unguard();
        self.enter(at);
        if self.day.word == Phase::Closed && before != Phase::Closed {
            self.book.close_day(&mut self.tape);
        }
        self.admit(at);
    }

    /// What the table says at a time, and when it says something else.
    fn plan(&mut self, at: Time) {
        let over = self.day.over_until.filter(|until| at < *until);
        (self.day.planned, self.day.next) = match (over, &self.rules.schedule) {
            (Some(until), _) => (Phase::Closed, Some(until)),
            (None, Some(table)) => (table.phase_at(at), table.next_change(at)),
            (None, None) => (Phase::Continuous, None),
        };
        if self.day.planned != Phase::Continuous {
            self.day.pause = None;
        }
    }

    /// The table says something else from `edge` on, or was looked at first then.
    pub fn turn(&mut self, edge: Time, is_first: bool) {
        let may_end = !is_first && self.day.over_until != Some(edge);
        let table = self.rules.schedule.as_ref().filter(|_| may_end);
        let is_over = table.is_some_and(|table| table.day_ended(edge).is_some());
        if is_first && let Some(pause) = &mut self.day.pause {
            pause.until = Time(edge.0.saturating_add(self.rules.calls.opening_ns));
        }
        self.plan(edge);
        if is_over {
            let until = if self.day.planned == Phase::Closed { self.day.next } else { Some(edge) };
            (self.day.planned, self.day.next, self.day.pause) = (Phase::Closed, until, None);
            self.begin_phase(edge);
            self.end_day();
            self.plan(edge);
        }
        if !is_over || self.day.planned != Phase::Closed {
            self.begin_phase(edge);
        }
        self.admit(edge);
    }

    fn begin_phase(&mut self, at: Time) {
        if self.day.planned == Phase::Closed && self.day.word == Phase::Continuous {
            self.uncross();
        }
        self.enter(at);
    }

    fn end_day(&mut self) {
        self.book.close_day(&mut self.tape);
        let Some(close) = self.tape.prints.last else { return };
        self.tape.prints.last_call = None;
        self.rules.base_price = Some(close);
        if let Some(rate) = self.rules.schedule.as_ref().and_then(|table| table.band) {
            self.rules.band = Some(self.rules.ticks.limits(close, rate));
        }
    }

    /// The market has fallen so far that all of it stops.
    pub fn stop_for(&mut self, level: u8, at: Time) {
        let rule = self.rules.calls.breaker.get(usize::from(level)).copied();
        let (Some(rule), Some(table)) = (rule, self.rules.schedule.clone()) else { return };
        if self.day.planned != Phase::Continuous {
            return;
        }
        if !rule.closes_day {
            let until = Time(at.0.saturating_add(rule.halt_ns));
            self.day.pause = Some(Pause { phase: Phase::Halted, until, call_ns: rule.call_ns });
            return self.enter(at);
        }
        let later = table.opens_later(at);
        (self.day.over_until, self.day.next) = (later, later);
        (self.day.planned, self.day.pause) = (Phase::Closed, None);
        if self.day.word == Phase::Continuous {
            self.uncross();
        }
        self.enter(at);
        self.end_day();
    }

    /// What came between is over; behind a halt of the whole market comes a call.
    pub fn go_on(&mut self, at: Time) {
        let ended = self.day.pause.take().filter(|pause| pause.call_ns > 0);
        self.day.pause = ended.map(|pause| Pause {
            phase: Phase::Call(Call::Reopening),
            until: Time(pause.until.0.saturating_add(pause.call_ns)),
            call_ns: 0,
        });
        self.enter(at);
        self.admit(at);
    }

    /// Something would have leapt too far: orders collect.
    pub fn interrupt(&mut self, at: Time) {
        let call_ns = self.rules.calls.interruption.map_or(0, |rule| rule.call_ns);
        let (phase, until) = (Phase::Call(Call::Interruption), Time(at.0.saturating_add(call_ns)));
        self.day.pause = Some(Pause { phase, until, call_ns: 0 });
        self.day.call = Some(Call::Interruption);
        self.take_phase();
    }

    fn take_phase(&mut self) {
        (self.rules.phase, self.rules.phase_until) = (self.day.phase(), self.day.until());
    }

    fn enter(&mut self, at: Time) {
        self.take_phase();
        match self.rules.phase {
            Phase::Call(call) => {
                self.day.call = Some(call);
                self.book.set_collecting(true);
            }
            Phase::Continuous => self.uncross(),
            Phase::Halted | Phase::Closed => {}
        }
        self.settle(at);
    }

    fn uncross(&mut self) {
        if !self.book.collects() {
            return;
        }
        let is_opening = self.day.call.take() == Some(Call::Opening);
        let first = self.rules.calls.by_size.filter(|_| is_opening);
        let by_size = self.rules.band.zip(first);
        let by_size = by_size.map(|(limits, each_first)| BySize { limits, each_first });
        let reference = self.tape.prints.last.or(self.rules.base_price);
        self.book.uncross(reference, &self.rules.ticks, by_size, &mut self.tape);
        self.book.set_collecting(false);
        self.book.part_met(&mut self.tape);
    }
}
