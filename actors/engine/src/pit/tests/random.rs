//! Random courses of events, delivered as unkindly as the channels allow.

use super::market::{BTC, KRW, LPJ, furnish, instruments, topology};
use super::retries::Asked;
use super::step::{ACCOUNTS, Step, choose, name_of};
use crate::amount::{Amount, Rate};
use crate::instrument::{Calls, Instrument};
use crate::pit::check::Checks;
use crate::pit::{Chooser, Pit, Record};
use crate::session::{Interruption, PlannedPhase, Reservation, Schedule, Span};
use crate::time::Time;
use std::collections::VecDeque;

const SEEDS: u64 = 8;
const STEPS: u64 = 30_000;
/// Steps between two looks at all invariants.
const LOOK_EVERY: u64 = 100;
/// Steps between two moments at which everything under way arrives.
const REST_EVERY: u64 = 1500;

/// Says how to come back here when something fails below.
struct Course {
    seed: u64,
    step: u64,
    last: VecDeque<String>,
}

impl Drop for Course {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for line in &self.last {
                eprintln!("  {line}");
            }
            let (seed, steps) = (self.seed, self.step + 1);
            eprintln!("again: HOGA_SEED={seed} HOGA_STEPS={steps} cargo test -p hoga-engine pit");
        }
    }
}

struct Run {
    pit: Pit,
    dice: Chooser,
    asked: Asked,
    checks: Checks,
    course: Course,
    /// How many requests there were when ids may last have been forgotten.
    forgotten: usize,
}

impl Run {
    fn new(seed: u64, has_phases: bool) -> Run {
        let mut pit = furnish(Pit::delayed(topology(), Record::default(), seed));
        if has_phases {
            for instrument in instruments() {
                let schedule = Some(Box::new(short_days()));
                let share = |percent: i64| Some(Rate(percent * 10_000_000));
                let (dynamic, fixed) = (share(2), share(5));
                let interruption = Interruption { dynamic, fixed, call_ns: 20 * Time::SECOND };
                let calls = Calls { interruption: Some(interruption), ..Calls::default() };
                pit.change(&Instrument { schedule, calls, ..instrument });
            }
        }
        for nth in 0..ACCOUNTS {
            let name = name_of(nth);
            pit.open(&name);
        }
        let course = Course { seed, step: 0, last: VecDeque::new() };
        let (asked, checks) = Default::default();
        let mut run = Run { pit, dice: Chooser(!seed), asked, checks, course, forgotten: 0 };
        for nth in 0..ACCOUNTS {
            // Some are poor, so that holds often take the last of what there is.
            let riches = 1 + Amount::from(nth % 4);
            for (asset, amount) in [(KRW, 1500 * riches), (LPJ, 40 * riches), (BTC, 400 * riches)] {
                let account = run.pit.find(&name_of(nth)).expect("opened above");
                let request = crate::request::AccountRequest::Deposit { asset, amount };
                run.ask(account, &format!("start-{}", asset.0), &request);
            }
        }
        run
    }

    fn ask(
        &mut self,
        account: crate::ids::AccountId,
        id: &str,
        request: &crate::request::AccountRequest,
    ) {
        let number = self.pit.ask_sent_at(account, id, request, Some(self.pit.now()));
        self.asked.note(number, account, id, request);
    }

    fn step(&mut self) {
        let asked = self.asked.all.len();
        let step = choose(&mut self.dice, &self.pit, asked, asked - self.forgotten);
        if self.course.last.len() == 24 {
            self.course.last.pop_front();
        }
        self.course.last.push_back(format!("{}: {step:?}", self.course.step));
        match step {
            Step::Ask { account, id, request } => self.ask(account, &id, &request),
            Step::Again { nth } => {
                let (account, id, request) = self.asked.all[nth].clone();
                // Said to be sent before everything: what was forgotten is refused.
                let number = self.pit.ask_sent_at(account, &id, &request, Some(Time(0)));
                self.asked.note_again(number, nth);
            }
            Step::Change(instrument) => self.pit.change(&instrument),
            Step::Pass { nanoseconds } => {
                self.pit.set_time(Time(self.pit.now().0 + nanoseconds));
                if nanoseconds > Time::DAY / 24 {
                    self.forgotten = asked;
                }
            }
        }
        // Mostly little arrives between two steps, so that much is under way at once.
        let most = *self.dice.one_of(&[0, 0, 0, 1, 1, 2, 4, 12]);
        self.pit.deliver_some(most);
    }

    fn look(&mut self) {
        if let Err(broken) = self.checks.run(&self.pit) {
            panic!("{broken}");
        }
        self.asked.compare(&self.pit);
    }
}

/// The one thing a test takes from outside: the course that failed before.
#[allow(clippy::disallowed_methods)]
fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Four minutes and the next day begins: the calls, trading and an hour off, over and over.
fn short_days() -> Schedule {
    use PlannedPhase::{ClosingCall, Continuous, OpeningCall};
    let phases = [OpeningCall, Continuous, ClosingCall];
    let spans = (0..360u32).flat_map(|day| {
        let minutes = (4 * day..).zip(phases);
        minutes.map(|(from, phase)| Span { phase, from, to: from + 1 })
    });
    Schedule {
        zone_minutes: 0,
        weekends: true,
        holidays: Vec::new(),
        spans: spans.collect(),
        reservation: Some(Reservation::After(90 * Time::SECOND)),
        band: None,
    }
}

#[test]
fn invariants_hold_through_the_phases_of_a_day() {
    let steps = from_environment("HOGA_STEPS").unwrap_or(STEPS);
    let one = from_environment("HOGA_SEED");
    let seeds = one.map_or(100..100 + SEEDS / 2, |seed| seed..seed + 1);
    let (mut called, mut fills, mut gave_up, mut for_call) = (0, 0, 0, 0);
    for seed in seeds {
        let mut run = Run::new(seed, true);
        for step in 0..steps {
            run.course.step = step;
            run.step();
            if step % 40 == 0 {
                // Two seconds or so between two steps, now and then: phases come and go.
                run.pit.set_time(Time(run.pit.now().0 + 2 * Time::SECOND));
            }
            if step % REST_EVERY == REST_EVERY - 1 {
                run.pit.settle_down();
                run.look();
            } else if step % LOOK_EVERY == 0 || one.is_some() {
                run.look();
            }
        }
        run.pit.settle_down();
        run.look();
        fills += run.pit.tap().fills.len();
        called += run.pit.tap().trades.iter().filter(|trade| trade.taker.is_none()).count();
        let closed = run.pit.tap().closed.iter();
        gave_up += closed.clone().filter(|o| o.status == crate::order::Status::Expired).count();
        for_call += closed.filter(|o| o.time_in_force.is_for_call()).count();
    }
    assert!(one.is_some() || fills > 10_000, "only {fills} fills");
    assert!(one.is_some() || called > 1_000, "only {called} trades in calls");
    assert!(one.is_some() || gave_up > 100, "only {gave_up} orders gave up");
    assert!(one.is_some() || for_call > 300, "only {for_call} orders for a call");
}

#[test]
fn invariants_hold_under_any_order_of_arrival() {
    let steps = from_environment("HOGA_STEPS").unwrap_or(STEPS);
    let one = from_environment("HOGA_SEED");
    let seeds = one.map_or(0..SEEDS, |seed| seed..seed + 1);
    let (mut fills, mut repeated, mut cancelled_by_meeting) = (0, 0, 0);
    let (mut fired, mut parted) = (0, 0);
    let (mut expired, mut closed) = (0, 0);
    for seed in seeds {
        let mut run = Run::new(seed, false);
        for step in 0..steps {
            run.course.step = step;
            run.step();
            if step % REST_EVERY == REST_EVERY - 1 {
                run.pit.settle_down();
                run.look();
            } else if step % LOOK_EVERY == 0 || one.is_some() {
                run.look();
            }
        }
        run.pit.settle_down();
        run.look();
        fills += run.pit.tap().fills.len();
        repeated += run.asked.repeated_alike;
        let meeting = Some(crate::order::CancelReason::SelfMatch);
        cancelled_by_meeting += run.pit.tap().closed.iter().filter(|o| o.reason == meeting).count();
        let other = Some(crate::order::CancelReason::OtherLeg);
        parted += run.pit.tap().closed.iter().filter(|order| order.reason == other).count();
        let gone = |reason| {
            let orders = run.pit.tap().closed.iter();
            orders.filter(|order| order.reason == Some(reason)).count()
        };
        expired += gone(crate::order::CancelReason::Expired);
        closed += gone(crate::order::CancelReason::MarketClosed);
        let filled = run.pit.tap().closed.iter().filter(|order| !order.filled.is_zero());
        fired += filled.filter(|order| order.terms.is_some()).count();
    }
    // A course in which nothing happens proves nothing.
    assert!(one.is_some() || fills > 50_000, "only {fills} fills");
    assert!(one.is_some() || repeated > 5_000, "only {repeated} repetitions answered");
    assert!(one.is_some() || cancelled_by_meeting > 500, "{cancelled_by_meeting} self-matches");
    assert!(one.is_some() || parted > 1_000, "only {parted} legs went for the other");
    assert!(one.is_some() || expired > 1_000, "only {expired} orders expired");
    assert!(one.is_some() || closed > 50, "only {closed} orders went with the day");
    assert!(one.is_some() || fired > 1_000, "only {fired} stops traded");
}
