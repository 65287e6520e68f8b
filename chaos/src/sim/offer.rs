//! What a seed has the market offer besides plain orders in two instruments that never close.
//!
//! It is drawn from dice of its own, so that a seed without any of it goes as it went before there
//! was any.

use super::market;
use super::words::{Nanos, SECOND};
use hoga_engine::amount::{Amount, Lots, Rate};
use hoga_engine::ids::InstrumentId;
use hoga_engine::instrument::Calls;
use hoga_engine::pit::Chooser;
use hoga_engine::session::{BreakerLevel, Interruption, PlannedPhase, Reservation, Schedule, Span};
use hoga_engine::time::Time;

/// Chosen so that seeds which once found something have none of this, and go as they did.
const SALT: u64 = 0x0FFE_2000_0000_01E2;
const MINUTE: u64 = 60;
const DAY_MINUTES: u64 = 24 * MINUTE;

#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Stops, pairs, hidden parts, and orders that end by themselves.
    pub terms: bool,
    /// A third instrument has days.
    pub days: Option<Days>,
    /// The last instrument follows an outside book.
    pub outside: Option<Outside>,
    /// An operator halts instruments and changes their limits.
    pub operator: bool,
    /// Exchange time goes so many times faster than that of the machines.
    pub pace: u64,
}

/// The rules of an instrument with days.
#[derive(Clone, Debug, PartialEq)]
pub struct Days {
    pub table: Schedule,
    pub calls: Calls,
}

/// What is behind an instrument that follows.
#[derive(Clone, Debug, PartialEq)]
pub struct Outside {
    /// Feeds that post snapshots of the same book, each as it sees it.
    pub feeds: usize,
    pub levels: u64,
    /// Largest quantity of a level, in lots.
    pub displayed: u64,
    pub stale_ns: u64,
    /// What the house puts up at once, in quote minor units.
    pub funds: Amount,
    /// A feed waits so long at most between two snapshots.
    pub every: Nanos,
}

impl Offer {
    /// Plain orders alone.
    #[must_use]
    pub fn plain() -> Offer {
        Offer { terms: false, days: None, outside: None, operator: false, pace: 1 }
    }

    /// Of two seeds, one has some of it.
    #[must_use]
    pub fn of(seed: u64, dangerous: Nanos) -> Offer {
        let mut dice = Chooser(seed ^ SALT);
        if dice.below(2) == 0 {
            return Offer::plain();
        }
        let dice = &mut dice;
        let pace = *dice.one_of(&[1, 20, 300, 3600]);
        let [terms, has_days, follows] = [0; 3].map(|_| dice.below(3) > 0);
        let minutes = pace * (dangerous / SECOND) / MINUTE;
        Offer {
            terms,
            days: has_days.then(|| days(dice, pace, minutes)),
            outside: follows.then(|| outside(dice, pace)),
            operator: dice.below(3) == 0,
            pace,
        }
    }

    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Offer::plain()
    }

    /// The instrument with days.
    #[must_use]
    pub fn day(&self) -> Option<InstrumentId> {
        self.days.as_ref().map(|_| market::THIRD)
    }

    /// The instrument that follows.
    #[must_use]
    pub fn followed(&self) -> Option<InstrumentId> {
        let id = if self.days.is_some() { market::FOURTH } else { market::THIRD };
        self.outside.as_ref().map(|_| id)
    }
}

fn days(dice: &mut Chooser, pace: u64, minutes: u64) -> Days {
    let seconds = |dice: &mut Chooser, most: u64| pace * (1 + dice.below(most)) * Time::SECOND;
    let interruption = (dice.below(3) > 0).then(|| Interruption {
        dynamic: (dice.below(3) > 0).then(|| percent(1 + dice.below(4))),
        fixed: Some(percent(2 + dice.below(6))),
        call_ns: seconds(dice, 3),
    });
    let level = |dice: &mut Chooser, fall: u64, closes_day: bool| BreakerLevel {
        fall: percent(fall),
        halt_ns: seconds(dice, 2),
        call_ns: seconds(dice, 2),
        closes_day,
    };
    let breaker = match dice.below(3) {
        0 => vec![level(dice, 2, false), level(dice, 4, true)],
        _ => Vec::new(),
    };
    let calls = Calls {
        interruption,
        by_size: (dice.below(3) == 0).then(|| Lots(1 + dice.below(4))),
        opening_ns: if dice.below(4) == 0 { seconds(dice, 3) } else { 0 },
        breaker,
    };
    Days { table: table(dice, pace, minutes), calls }
}

/// Days as short as a table can have them where time is slow; whole ones where it is fast.
fn table(dice: &mut Chooser, pace: u64, minutes: u64) -> Schedule {
    // What a run lasts, less its last third: so the day closes in it.
    let length = (minutes * 2 / 3).clamp(4, DAY_MINUTES);
    let spans = 2 + dice.below(5).min(length - 2);
    let mut edges: Vec<u64> = (0..spans).map(|_| 1 + dice.below(length - 1)).collect();
    edges.extend([0, length]);
    edges.sort_unstable();
    edges.dedup();
    let last = edges.len() - 2;
    let phase = |dice: &mut Chooser, nth: usize| match (nth, dice.below(8)) {
        (0, 0..6) => Some(PlannedPhase::OpeningCall),
        (nth, 0..6) if nth == last => Some(PlannedPhase::ClosingCall),
        (_, 6) => None,
        (_, 7) => Some(*dice.one_of(&[PlannedPhase::OpeningCall, PlannedPhase::ClosingCall])),
        _ => Some(PlannedPhase::Continuous),
    };
    let spans = edges.windows(2).enumerate().filter_map(|(nth, edge)| {
        let phase = phase(dice, nth)?;
        Some(Span { phase, from: edge[0] as u32, to: edge[1] as u32 })
    });
    let mut spans: Vec<Span> = spans.collect();
    if !spans.iter().any(|span| span.phase == PlannedPhase::Continuous) {
        let (from, to) = (edges[0] as u32, edges[1] as u32);
        spans.retain(|span| span.from >= to);
        spans.insert(0, Span { phase: PlannedPhase::Continuous, from, to });
    }
    Schedule {
        zone_minutes: market::ZONE_MINUTES,
        weekends: dice.below(4) > 0,
        holidays: Vec::new(),
        spans,
        reservation: match dice.below(3) {
            0 => None,
            1 => Some(Reservation::TradingDays(1 + dice.below(2) as u32)),
            _ => Some(Reservation::After(pace * (2 + dice.below(20)) * Time::SECOND)),
        },
        band: (dice.below(2) == 0).then(|| percent(5 + dice.below(20))),
    }
}

fn outside(dice: &mut Chooser, pace: u64) -> Outside {
    Outside {
        feeds: 1 + dice.below(2) as usize,
        levels: 1 + dice.below(6),
        displayed: *dice.one_of(&[3, 30, 300]),
        stale_ns: (pace * *dice.one_of(&[1, 5, 60]) * Time::SECOND).min(Time::DAY),
        funds: *dice.one_of(&[4_000, 40_000, 4_000_000]),
        every: SECOND * *dice.one_of(&[1, 2, 5]) / 4,
    }
}

fn percent(of: u64) -> Rate {
    Rate(of as i64 * 10_000_000)
}
