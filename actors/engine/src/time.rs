//! Exchange time: what the log says, never what a clock says.

use serde::{Deserialize, Serialize};

/// Nanoseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Time(pub u64);

impl Time {
    pub const SECOND: u64 = 1_000_000_000;
    pub const DAY: u64 = 86_400 * Self::SECOND;

    /// This instant moved back by `nanoseconds`, at the earliest to the epoch.
    #[must_use]
    pub const fn minus(self, nanoseconds: u64) -> Time {
        Time(self.0.saturating_sub(nanoseconds))
    }
}

/// Year, month and day of the Gregorian calendar, so many days after 1970-01-01: counted in cycles of 400 years from a first of
/// March, so that the leap day is the last of its year.
pub(crate) fn civil(day: i64) -> (i64, i64, i64) {
    const CYCLE_DAYS: i64 = 146_097;
    /// From 0000-03-01 to 1970-01-01.
    const EPOCH: i64 = 719_468;
    let (cycle, within) =
        ((day + EPOCH).div_euclid(CYCLE_DAYS), (day + EPOCH).rem_euclid(CYCLE_DAYS));
    let year = (within - within / 1_460 + within / 36_524 - within / 146_096) / 365;
    let of_year = within - (365 * year + year / 4 - year / 100);
    // March is month 0; five months from it on have 153 days.
    let from_march = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (cycle * 400 + year + i64::from(month <= 2), month, day_of_month)
}
