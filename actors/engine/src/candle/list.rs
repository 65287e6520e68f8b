//! Candles of any length, newest first, out of those that are kept.

use super::bar::{Bar, Origin};
use super::interval::{Interval, Zone};
use crate::session::Schedule;
use crate::time::Time;

/// A candle as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candle {
    /// In a gap all four prices are the close before it, and nothing was traded.
    pub bar: Bar,
    pub is_gap: bool,
    /// It is over and will not change any more.
    pub is_closed: bool,
    pub is_imported: bool,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct List<'a> {
    pub interval: Interval,
    pub schedule: Option<&'a Schedule>,
    /// Only candles that begin before.
    pub before: Time,
    /// Only candles that begin here or later.
    pub from: Time,
    pub most: usize,
    /// Everything before is over.
    pub through: Time,
    /// Where the candle begins that the session's end has closed before its time.
    pub closed: Option<Time>,
}

/// A kept candle and where it comes from.
pub type Part = (Bar, Origin);

/// Candles, newest first.
pub type Listed = Vec<Candle>;

impl List<'_> {
    /// Merges kept candles, which come newest first, and fills the gaps between them where the
    /// market was open. Before the first candle there is nothing to fill a gap with.
    ///
    /// # Errors
    /// What reading a part came to.
    pub fn make<E>(&self, parts: impl Iterator<Item = Result<Part, E>>) -> Result<Listed, E> {
        let zone = Zone::of(self.schedule);
        let mut listed = Vec::new();
        let mut newer = self.before;
        let mut group: Option<Part> = None;
        for part in parts {
            let (bar, origin) = part?;
            let start = zone.start(self.interval, bar.start);
            if start >= self.before {
                continue;
            }
            let older = Bar { start, ..bar };
            match &mut group {
                Some((whole, of)) if whole.start == start => {
                    let later = std::mem::replace(whole, older);
                    whole.merge(&later);
                    *of = (*of).max(origin);
                }
                _ => {
                    if let Some(whole) = group.replace((older, origin))
                        && !self.add(whole, &mut newer, &mut listed)
                    {
                        return Ok(listed);
                    }
                }
            }
        }
        if let Some(whole) = group {
            self.add(whole, &mut newer, &mut listed);
        }
        Ok(listed)
    }

    /// Adds a candle behind the gaps that are newer. Returns whether more is wanted.
    fn add(&self, (bar, origin): Part, newer: &mut Time, listed: &mut Listed) -> bool {
        let zone = Zone::of(self.schedule);
        while listed.len() < self.most
            && let Some(start) = self.before(*newer).filter(|start| *start > bar.start)
            && start >= self.from
        {
            let close = bar.close;
            let (open, high, low, first) = (close, close, close, bar.first);
            let (volume, value, trades) = (0, 0, 0);
            let gap = Bar { start, first, open, high, low, close, volume, value, trades };
            let is_closed = zone.end(self.interval, start) <= self.through;
            listed.push(Candle { bar: gap, is_gap: true, is_closed, is_imported: false });
            *newer = start;
        }
        if listed.len() >= self.most || bar.start < self.from {
            return false;
        }
        *newer = bar.start;
        let is_imported = origin == Origin::Imported;
        let is_over = zone.end(self.interval, bar.start) <= self.through;
        let is_closed = is_over || self.closed == Some(bar.start);
        listed.push(Candle { bar, is_gap: false, is_closed, is_imported });
        listed.len() < self.most
    }

    /// Where the last candle before `time` begins in which the market was open.
    fn before(&self, time: Time) -> Option<Time> {
        let open = match self.schedule {
            Some(schedule) => schedule.matched_before(time)?,
            None => time,
        };
        Some(Zone::of(self.schedule).start(self.interval, open.minus(1)))
    }
}
