//! The table of a trading day.

use crate::amount::Rate;
use crate::board::TradingDay;
use crate::instrument::{Call, Phase};
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// Minutes of a day.
const DAY_MINUTES: u32 = 24 * 60;
const MINUTE: u64 = 60 * Time::SECOND;
/// Days that are looked ahead for the next phase: more than any holidays in a row.
const AHEAD_DAYS: u64 = 30;
/// The zones of the earth lie within so many minutes of UTC.
const ZONE_MINUTES_MAX: i32 = 14 * 60;

/// When an instrument trades. Times are local, in whole minutes after midnight.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// How far local time is ahead of UTC, in minutes.
    pub zone_minutes: i32,
    /// Whether Saturday and Sunday are trading days.
    pub weekends: bool,
    /// Days without trading, counted from 1970-01-01, in order.
    pub holidays: Vec<u32>,
    /// The phases of a trading day, in order; between them the market is closed. None of them: it
    /// never closes.
    pub spans: Vec<Span>,
    /// How long an order that waits for the open lives; none: it is refused while closed.
    pub reservation: Option<Reservation>,
    /// How far prices of a day may lie from its base, which is the close of the day before; none:
    /// the band stays as operators set it.
    pub band: Option<Rate>,
}

/// A phase, from its first minute up to but without the minute `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub phase: PlannedPhase,
    pub from: u32,
    pub to: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlannedPhase {
    OpeningCall,
    Continuous,
    ClosingCall,
}

/// How long an order waits for the next open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reservation {
    /// Nanoseconds from its entry.
    After(u64),
    /// Until the so manyeth trading day after that of its entry is over.
    TradingDays(u32),
}

/// Why a table is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSchedule {
    #[error("the phase from minute {from} to minute {to} is empty or goes beyond the day")]
    Empty { from: u32, to: u32 },
    #[error("the phase from minute {from} starts in the one before")]
    Overlap { from: u32 },
    #[error("a zone lies within {ZONE_MINUTES_MAX} minutes of UTC, not {zone} away")]
    Zone { zone: i32 },
    #[error("holidays must be in order, each once")]
    Holidays,
}

impl PlannedPhase {
    #[must_use]
    pub const fn phase(self) -> Phase {
        match self {
            PlannedPhase::OpeningCall => Phase::Call(Call::Opening),
            PlannedPhase::Continuous => Phase::Continuous,
            PlannedPhase::ClosingCall => Phase::Call(Call::Closing),
        }
    }
}

impl Schedule {
    /// # Errors
    /// Phases are empty or overlap, the zone is none, or holidays are out of order.
    pub fn check(&self) -> Result<(), BadSchedule> {
        if self.zone_minutes.abs() > ZONE_MINUTES_MAX {
            return Err(BadSchedule::Zone { zone: self.zone_minutes });
        }
        if !self.holidays.is_sorted_by(|one, next| one < next) {
            return Err(BadSchedule::Holidays);
        }
        let mut before = 0;
        for &Span { from, to, .. } in &self.spans {
            if from >= to || to > DAY_MINUTES {
                return Err(BadSchedule::Empty { from, to });
            }
            if from < before {
                return Err(BadSchedule::Overlap { from });
            }
            before = to;
        }
        Ok(())
    }

    /// Whether it has a call of this kind.
    #[must_use]
    pub fn has(&self, call: Call) -> bool {
        self.spans.iter().any(|span| span.phase.phase() == Phase::Call(call))
    }

    /// The phase at a time.
    #[must_use]
    pub fn phase_at(&self, time: Time) -> Phase {
        if self.spans.is_empty() {
            return Phase::Continuous;
        }
        let (day, within) = self.local(time);
        let minute = (within / MINUTE) as u32;
        let span = self.spans.iter().find(|span| (span.from..span.to).contains(&minute));
        match span.filter(|_| self.trades_on(day)) {
            Some(span) => span.phase.phase(),
            None => Phase::Closed,
        }
    }

    /// When a phase begins or ends next, strictly after `time`; none for a market that never
    /// closes.
    #[must_use]
    pub fn next_change(&self, time: Time) -> Option<Time> {
        let (today, _) = self.local(time);
        let days = (today..today + AHEAD_DAYS).filter(|day| self.trades_on(*day));
        let mut edges = days.flat_map(|day| {
            let edges = self.spans.iter().flat_map(|span| [span.from, span.to]);
            edges.filter_map(move |minute| self.at(day, minute))
        });
        edges.find(|edge| *edge > time)
    }

    /// The end, at the latest `time`, of the last moments before `time` in which orders matched as
    /// they came; none in a market that has not been open for long.
    #[must_use]
    pub fn matched_before(&self, time: Time) -> Option<Time> {
        if self.spans.is_empty() {
            return Some(time);
        }
        let (today, _) = self.local(time);
        let days = (today.saturating_sub(AHEAD_DAYS)..=today).rev();
        let mut spans = days.filter(|day| self.trades_on(*day)).flat_map(|day| {
            let spans = self.spans.iter().rev();
            let spans = spans.filter(|span| span.phase == PlannedPhase::Continuous);
            spans.filter_map(move |span| self.at(day, span.from).zip(self.at(day, span.to)))
        });
        spans.find(|(from, _)| *from < time).map(|(_, to)| to.min(time))
    }

    /// When an order that is entered at `time` gives up waiting for the open.
    #[must_use]
    pub fn reserved_until(&self, time: Time) -> Option<Time> {
        match self.reservation? {
            Reservation::After(nanoseconds) => Some(Time(time.0.saturating_add(nanoseconds))),
            Reservation::TradingDays(days) => {
                let (today, _) = self.local(time);
                let ahead = AHEAD_DAYS * u64::from(days.max(1));
                let later = (today + 1..today + ahead).filter(|day| self.trades_on(*day));
                let last = later.take(days.max(1) as usize).last()?;
                self.at(last, self.spans.last()?.to)
            }
        }
    }

    /// The trading day whose last phase ends at `time`; another may begin at once.
    #[must_use]
    pub fn day_ended(&self, time: Time) -> Option<TradingDay> {
        let (day, _) = self.local(time.minus(1));
        let end = self.at(day, self.spans.last()?.to);
        (self.trades_on(day) && end == Some(time)).then(|| TradingDay::since_1970(day))
    }

    /// The local day at a time.
    #[must_use]
    pub fn day_at(&self, time: Time) -> TradingDay {
        TradingDay::since_1970(self.local(time).0)
    }

    /// When the first phase of a later day begins.
    #[must_use]
    pub fn opens_later(&self, time: Time) -> Option<Time> {
        let (today, _) = self.local(time);
        let first = self.spans.first()?.from;
        let day = (today + 1..=today + AHEAD_DAYS).find(|day| self.trades_on(*day))?;
        self.at(day, first)
    }

    /// Whether a day of it ever ends.
    #[must_use]
    pub fn closes(&self) -> bool {
        !self.spans.is_empty()
    }

    /// Local day since 1970-01-01 and nanoseconds within it.
    fn local(&self, time: Time) -> (u64, u64) {
        let ahead = i64::from(self.zone_minutes) * MINUTE as i64;
        let local = time.0.saturating_add_signed(ahead);
        (local / Time::DAY, local % Time::DAY)
    }

    fn at(&self, day: u64, minute: u32) -> Option<Time> {
        let local = day.checked_mul(Time::DAY)?.checked_add(u64::from(minute) * MINUTE)?;
        let behind = -i64::from(self.zone_minutes) * MINUTE as i64;
        local.checked_add_signed(behind).map(Time)
    }

    fn trades_on(&self, day: u64) -> bool {
        // 1970-01-01 was a Thursday.
        let weekday = (day + 3) % 7;
        let is_holiday = u32::try_from(day).is_ok_and(|day| self.holidays.contains(&day));
        (self.weekends || weekday < 5) && !is_holiday
    }
}
