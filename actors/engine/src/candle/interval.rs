//! How long candles are, and where they begin.

use crate::session::Schedule;
use crate::time::{Time, civil};
use serde::{Deserialize, Serialize};

const MINUTE: u64 = 60 * Time::SECOND;
const HOUR: u64 = 60 * MINUTE;
/// 1970-01-01 was a Thursday: its week began three days before.
const DAYS_INTO_FIRST_WEEK: i64 = 3;

/// Lengths that are kept; every other is a merge of one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Base {
    Second,
    Minute,
    Hour,
    Day,
}

impl Base {
    pub const ALL: [Base; 4] = [Base::Second, Base::Minute, Base::Hour, Base::Day];

    #[must_use]
    pub const fn interval(self) -> Interval {
        match self {
            Base::Second => Interval::Second1,
            Base::Minute => Interval::Minute1,
            Base::Hour => Interval::Hour1,
            Base::Day => Interval::Day1,
        }
    }

    #[must_use]
    pub const fn nanoseconds(self) -> u64 {
        match self {
            Base::Second => Time::SECOND,
            Base::Minute => MINUTE,
            Base::Hour => HOUR,
            Base::Day => Time::DAY,
        }
    }
}

/// How long a candle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interval {
    Second1,
    Minute1,
    Minute3,
    Minute5,
    Minute15,
    Minute30,
    Hour1,
    Hour4,
    Day1,
    /// From Monday.
    Week1,
    Month1,
    Year1,
}

impl Interval {
    pub const ALL: [Interval; 12] = [
        Interval::Second1,
        Interval::Minute1,
        Interval::Minute3,
        Interval::Minute5,
        Interval::Minute15,
        Interval::Minute30,
        Interval::Hour1,
        Interval::Hour4,
        Interval::Day1,
        Interval::Week1,
        Interval::Month1,
        Interval::Year1,
    ];

    /// What it is made of: the longest kept length that divides it.
    #[must_use]
    pub const fn base(self) -> Base {
        match self {
            Interval::Second1 => Base::Second,
            Interval::Minute1
            | Interval::Minute3
            | Interval::Minute5
            | Interval::Minute15
            | Interval::Minute30 => Base::Minute,
            Interval::Hour1 | Interval::Hour4 => Base::Hour,
            Interval::Day1 | Interval::Week1 | Interval::Month1 | Interval::Year1 => Base::Day,
        }
    }

    /// As people write it: `1m` is a minute, `1M` a month.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Interval::Second1 => "1s",
            Interval::Minute1 => "1m",
            Interval::Minute3 => "3m",
            Interval::Minute5 => "5m",
            Interval::Minute15 => "15m",
            Interval::Minute30 => "30m",
            Interval::Hour1 => "1h",
            Interval::Hour4 => "4h",
            Interval::Day1 => "1d",
            Interval::Week1 => "1w",
            Interval::Month1 => "1M",
            Interval::Year1 => "1y",
        }
    }

    #[must_use]
    pub fn of_name(name: &str) -> Option<Interval> {
        Interval::ALL.into_iter().find(|interval| interval.name() == name)
    }

    /// Nanoseconds, for those that are always as long.
    const fn nanoseconds(self) -> Option<u64> {
        match self {
            Interval::Second1 => Some(Time::SECOND),
            Interval::Minute1 => Some(MINUTE),
            Interval::Minute3 => Some(3 * MINUTE),
            Interval::Minute5 => Some(5 * MINUTE),
            Interval::Minute15 => Some(15 * MINUTE),
            Interval::Minute30 => Some(30 * MINUTE),
            Interval::Hour1 => Some(HOUR),
            Interval::Hour4 => Some(4 * HOUR),
            Interval::Day1 => Some(Time::DAY),
            Interval::Week1 | Interval::Month1 | Interval::Year1 => None,
        }
    }
}

/// Whose midnight begins a day: how far local time is ahead of UTC, in minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Zone(pub i32);

impl Zone {
    /// The zone of an instrument's table; a market without one, which never closes, counts in UTC.
    #[must_use]
    pub fn of(schedule: Option<&Schedule>) -> Zone {
        Zone(schedule.map_or(0, |schedule| schedule.zone_minutes))
    }

    /// Where the candle of this length begins that `time` lies in.
    #[must_use]
    pub fn start(self, interval: Interval, time: Time) -> Time {
        let local = self.local(time);
        if let Some(length) = interval.nanoseconds() {
            return self.utc(local - local.rem_euclid(i128::from(length)));
        }
        self.utc(midnight(first_day(interval, day_of(local))))
    }

    /// Where the next one begins.
    #[must_use]
    pub fn end(self, interval: Interval, start: Time) -> Time {
        if let Some(length) = interval.nanoseconds() {
            return Time(start.0.saturating_add(length));
        }
        let day = day_of(self.local(start));
        let next = match interval {
            Interval::Week1 => day + 7,
            // Wherever it began, so many days later lies in the next one.
            Interval::Month1 => first_day(interval, day + 31),
            _ => first_day(interval, day + 366),
        };
        self.utc(midnight(next))
    }

    fn local(self, time: Time) -> i128 {
        i128::from(time.0) + i128::from(self.0) * i128::from(MINUTE)
    }

    /// Before the epoch there is no exchange time.
    fn utc(self, local: i128) -> Time {
        let utc = local - i128::from(self.0) * i128::from(MINUTE);
        Time(u64::try_from(utc.max(0)).unwrap_or(u64::MAX))
    }
}

fn day_of(local: i128) -> i64 {
    local.div_euclid(i128::from(Time::DAY)) as i64
}

fn midnight(day: i64) -> i128 {
    i128::from(day) * i128::from(Time::DAY)
}

/// The first day of the week, month or year that a day lies in, from 1970-01-01.
fn first_day(interval: Interval, day: i64) -> i64 {
    if interval == Interval::Week1 {
        return day - (day + DAYS_INTO_FIRST_WEEK).rem_euclid(7);
    }
    let (year, month, day_of_month) = civil(day);
    let first_of_month = day - (day_of_month - 1);
    if interval == Interval::Month1 {
        return first_of_month;
    }
    (1..month).fold(first_of_month, |first, month| first - days_of_month(year, month))
}

fn days_of_month(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
