//! What happens to a book without a command: its time goes on, and operators halt it.
//!
//! When an order's time is over, and when the table goes from one phase to the next, is known to
//! the nanosecond; between which commands that was is not, beyond what trades say of their time.
//! A halt lies behind what was known to be decided when it was asked for, and before what was
//! asked for when it was answered.

use super::commands::Command;
use super::day::Phase;
use super::life::Call;
use super::plan::Floors;
use crate::check::Case;
use crate::export::{Instrument, Order, Table};
use crate::history::{End, Request};
use std::collections::BTreeMap;
use std::fmt;

const MINUTE: u64 = 60_000_000_000;
const DAY_MINUTES: u64 = 24 * 60;

/// Something that comes at a time.
#[derive(Clone, Debug)]
pub struct Moment<'e> {
    /// Nanoseconds of exchange time.
    pub time: u64,
    pub what: What<'e>,
}

#[derive(Clone, Copy, Debug)]
pub enum What<'e> {
    Expires(&'e str),
    Turns { phase: Phase, ends_day: bool },
}

/// An operator's word.
#[derive(Clone, Debug)]
pub struct Word {
    pub halts: bool,
    /// It comes behind this command, and at the latest before that one.
    pub behind: u64,
    pub before: u64,
}

impl fmt::Display for Moment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what {
            What::Expires(order) => write!(f, "the end of {order} at {}", self.time),
            What::Turns { phase, .. } => write!(f, "{phase:?} at {}", self.time),
        }
    }
}

/// Everything that came at a time, in that order; what ends with a phase ends before the next.
pub fn moments<'e>(
    listed: &Instrument,
    orders: &BTreeMap<&'e str, &'e Order>,
    until: u64,
) -> (Phase, Vec<Moment<'e>>) {
    let expired = orders.iter().filter(|(_, order)| order.state == "EXPIRED");
    let expired = expired.filter_map(|(name, order)| {
        Some(Moment { time: order.terms.expires?, what: What::Expires(name) })
    });
    let mut moments: Vec<Moment> = expired.collect();
    let since = orders.values().map(|order| order.created).min().unwrap_or(until);
    let mut first = Phase::Continuous;
    if let Some(table) = &listed.table {
        let edges = edges(table, since, until);
        first =
            edges.iter().take_while(|m| m.time <= since).last().map_or(Phase::Closed, |m| match m
                .what
            {
                What::Turns { phase, .. } => phase,
                What::Expires(_) => Phase::Closed,
            });
        moments.extend(edges.into_iter().filter(|edge| edge.time > since));
    }
    moments.sort_by_key(|moment| (moment.time, matches!(moment.what, What::Turns { .. })));
    (first, moments)
}

/// The edges of a table, from the day before the first order on.
fn edges<'e>(table: &Table, since: u64, until: u64) -> Vec<Moment<'e>> {
    let ahead = table.zone_minutes.unsigned_abs() * MINUTE;
    let is_ahead = table.zone_minutes >= 0;
    let local = |time: u64| if is_ahead { time + ahead } else { time.saturating_sub(ahead) };
    let utc = |time: u64| if is_ahead { time.saturating_sub(ahead) } else { time + ahead };
    let day_length = DAY_MINUTES * MINUTE;
    let days = (local(since) / day_length).saturating_sub(1)..=local(until) / day_length;
    let mut edges = Vec::new();
    for day in days {
        for (nth, (phase, from, to)) in table.spans.iter().enumerate() {
            let at = |minute: u64| utc(day * day_length + minute * MINUTE);
            let is_last = nth + 1 == table.spans.len();
            let follows = table.spans.get(nth + 1).is_some_and(|next| next.1 == *to);
            let phase = match phase.as_str() {
                "OPENING_CALL" => Phase::Call(Call::Opening),
                "CLOSING_CALL" => Phase::Call(Call::Closing),
                _ => Phase::Continuous,
            };
            edges.push(Moment { time: at(*from), what: What::Turns { phase, ends_day: false } });
            if !follows {
                let what = What::Turns { phase: Phase::Closed, ends_day: is_last };
                edges.push(Moment { time: at(*to), what });
            }
        }
    }
    edges.retain(|edge| edge.time <= until);
    edges
}

/// What operators said of an instrument, in that order. One whose answer was lost may have been
/// heard at any time behind its request.
pub fn words(case: &Case, instrument: &str, commands: &[Command], floors: &Floors) -> Vec<Word> {
    let mut words: Vec<(Word, u64)> = Vec::new();
    for attempt in &case.history.attempts {
        let (name, halts) = match &attempt.request {
            Request::HaltInstrument { instrument } => (instrument, true),
            Request::ResumeInstrument { instrument } => (instrument, false),
            _ => continue,
        };
        if name != instrument {
            continue;
        }
        let behind = floors.before(attempt.invoked);
        // Tries of one word stand behind one another until one of them is answered.
        let is_same = words.last().is_some_and(|(word, _)| word.halts == halts);
        if !is_same {
            words.push((Word { halts, behind, before: u64::MAX }, attempt.invoked));
        }
        if let (End::Ok { time, .. }, Some((word, _))) = (&attempt.end, words.last_mut()) {
            let asked = commands.iter().filter(|command| command.heard.since > *time);
            let first = asked.map(|command| command.number).min().unwrap_or(u64::MAX);
            word.before = word.before.min(first);
        }
    }
    words.into_iter().map(|(word, _)| word).collect()
}
