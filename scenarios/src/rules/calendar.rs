//! Dates, times of day and the offset of a zone, as text.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Why a text is no date or time. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CalendarError {
    #[error("`{0}` is not a date: write 2023-01-25")]
    Date(String),
    #[error("`{0}` is not a time of day: write 08:30, at most 24:00")]
    Time(String),
    #[error("`{0}` is not a zone offset: write +09:00, at most 14 hours either way")]
    Zone(String),
}

/// A day of the Gregorian calendar. Ordered by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    pub year: u16,
    pub month: u8,
    pub day: u8,
}

impl Default for Date {
    /// The day virtual time starts on when a scenario names none: a Monday.
    fn default() -> Self {
        Date { year: 2026, month: 1, day: 5 }
    }
}

impl Date {
    /// Days since 1970-01-01, for years from then on.
    #[must_use]
    pub fn days_since_1970(self) -> u64 {
        let is_leap = |year: u16| {
            let every = |years: u16| year.is_multiple_of(years);
            every(4) && (!every(100) || every(400))
        };
        let years = (1970..self.year).map(|year| 365 + u64::from(is_leap(year))).sum::<u64>();
        let february = 28 + u64::from(is_leap(self.year));
        let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let months: u64 = lengths.iter().take(usize::from(self.month.max(1) - 1)).sum();
        years + months + u64::from(self.day.max(1) - 1)
    }
}

impl FromStr for Date {
    type Err = CalendarError;

    fn from_str(text: &str) -> Result<Self, CalendarError> {
        let parts: Vec<&str> = text.split('-').collect();
        let read = || {
            let [year, month, day] = parts[..] else { return None };
            let year = u16::try_from(digits(year, 4)?).ok()?;
            let (month, day) = (digits(month, 2)?, digits(day, 2)?);
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let days = match month {
                2 => 28 + u32::from(leap),
                4 | 6 | 9 | 11 => 30,
                1..=12 => 31,
                _ => return None,
            };
            let inside = (1..=days).contains(&day);
            inside.then_some(Date { year, month: month as u8, day: day as u8 })
        };
        read().ok_or_else(|| CalendarError::Date(text.into()))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A time of day in whole minutes after local midnight; 24:00 is the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClockTime {
    pub minutes: u32,
}

impl FromStr for ClockTime {
    type Err = CalendarError;

    fn from_str(text: &str) -> Result<Self, CalendarError> {
        let wrong = || CalendarError::Time(text.into());
        let minutes = hours_and_minutes(text).ok_or_else(wrong)?;
        if minutes > 24 * 60 { Err(wrong()) } else { Ok(ClockTime { minutes }) }
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}

/// How far local time is ahead of UTC, in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct ZoneOffset {
    pub minutes: i32,
}

impl FromStr for ZoneOffset {
    type Err = CalendarError;

    fn from_str(text: &str) -> Result<Self, CalendarError> {
        let read = || {
            let sign = match text.as_bytes().first()? {
                b'+' => 1,
                b'-' => -1,
                _ => return None,
            };
            let minutes = i32::try_from(hours_and_minutes(&text[1..])?).ok()?;
            (minutes <= 14 * 60).then_some(ZoneOffset { minutes: sign * minutes })
        };
        read().ok_or_else(|| CalendarError::Zone(text.into()))
    }
}

fn hours_and_minutes(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    (minutes < 60).then_some(hours * 60 + minutes)
}

/// A number of exactly `len` digits.
fn digits(text: &str, len: usize) -> Option<u32> {
    let exact = text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
    exact.then(|| text.parse().ok()).flatten()
}
