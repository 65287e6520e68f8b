//! When the whole market falls too far: an index of its instruments, and the levels at which all of
//! them stop.

use crate::amount::{Amount, Rate, Ticks};
use crate::board::TradingDay;
use crate::ids::InstrumentId;
use crate::instrument::{Catalogue, Instrument};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A fall of the index at which trading stops, and how it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerLevel {
    /// Below the bases of the day.
    pub fall: Rate,
    /// How long nothing is taken, in nanoseconds.
    pub halt_ns: u64,
    /// How long orders collect behind that, in nanoseconds.
    pub call_ns: u64,
    /// The day ends instead.
    pub closes_day: bool,
}

/// Which levels the market has reached today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    day: TradingDay,
    reached: u8,
}

impl Default for Breaker {
    fn default() -> Self {
        Breaker { day: TradingDay(0), reached: 0 }
    }
}

impl Breaker {
    /// Hears of a price, which is among `marks` already, of a book that had stopped for so many
    /// levels that day. Says which level, counted from 0, is reached now: each once a day, one
    /// after another, and only by a price that was made behind the stop for the one before.
    pub fn hear(
        &mut self,
        instrument: InstrumentId,
        time: Time,
        stops: u8,
        catalogue: &Catalogue,
        marks: &BTreeMap<InstrumentId, Ticks>,
    ) -> Option<u8> {
        let rules = catalogue.instruments.get(&instrument)?;
        let day = rules.schedule.as_ref()?.day_at(time);
        let level = |reached: u8| rules.calls.breaker.get(usize::from(reached));
        if rules.calls.breaker.is_empty() || day < self.day {
            return None;
        }
        if day > self.day {
            *self = Breaker { day, reached: 0 };
        }
        let fall = level(self.reached).filter(|_| stops == self.reached)?.fall;
        if index(catalogue, marks)? > Rate::ONE - Amount::from(fall.0) {
            return None;
        }
        self.reached += 1;
        Some(self.reached - 1)
    }
}

/// How the instruments that stop together stand to their bases of the day, all alike, in
/// billionths, each rounded down; none where there are none.
fn index(catalogue: &Catalogue, marks: &BTreeMap<InstrumentId, Ticks>) -> Option<Amount> {
    let share = |(id, rules): (&InstrumentId, &Instrument)| {
        let base = rules.base_price.filter(|base| base.0 > 0 && !rules.calls.breaker.is_empty())?;
        // What has not traded stands where it began.
        let now = marks.get(id).copied().unwrap_or(base);
        Some(Amount::from(now.0) * Rate::ONE / Amount::from(base.0))
    };
    let shares = catalogue.instruments.iter().filter_map(share);
    let (sum, count) = shares.fold((0, 0), |(sum, count), share| (sum + share, count + 1));
    (count > 0).then(|| sum / count)
}
