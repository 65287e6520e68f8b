//! When the market opens and closes by its own hours.

use hoga_engine::time::Time;

use crate::listing::ListingError;
use crate::rules::{Date, Hours, Phase, RuleBook};
use crate::time::Millis;

const MILLIS_A_MINUTE: u64 = 60_000;
const MILLIS_A_DAY: u64 = 24 * 60 * MILLIS_A_MINUTE;

/// Whether the market opens or closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bell {
    Open,
    Close,
}

/// The exchange's time at the start of the play, and every bell after it up to `length`.
///
/// A market with hours starts at its first opening on or after the rule book's date.
pub(super) fn bells(
    book: &RuleBook,
    length: Millis,
) -> Result<(Time, Vec<(Millis, Bell)>), ListingError> {
    let midnight = midnight(book)?;
    let Hours::Phases(phases) = &book.session.hours else {
        return Ok((at(midnight, 0), Vec::new()));
    };
    let Some(first) = phases.first() else { return Ok((at(midnight, 0), Vec::new())) };
    let first_day = (0..7).find(|day| trades_on(book, midnight, *day)).unwrap_or(0);
    let start = first_day * MILLIS_A_DAY + minute(first.from.minutes);
    let days = first_day..=(start + length.0) / MILLIS_A_DAY;
    let bells = days.filter(|day| trades_on(book, midnight, *day)).flat_map(|day| {
        let rings = phases.iter().flat_map(|phase: &Phase| {
            [(phase.from.minutes, Bell::Open), (phase.to.minutes, Bell::Close)]
        });
        rings.map(move |(minutes, bell)| (day * MILLIS_A_DAY + minute(minutes), bell))
    });
    // Bells at the start itself are left out: instruments are listed open.
    let after = bells.filter(|(when, _)| *when > start && *when - start <= length.0);
    let after = after.map(|(when, bell)| (Millis(when - start), bell)).collect();
    Ok((at(midnight, start), after))
}

fn minute(minutes: u32) -> u64 {
    u64::from(minutes) * MILLIS_A_MINUTE
}

/// Midnight of the rule book's date in its zone, in milliseconds since 1970-01-01T00:00:00Z.
fn midnight(book: &RuleBook) -> Result<u64, ListingError> {
    let date = book.date;
    // Exchange time counts nanoseconds in 64 bits, which end in the year 2554.
    if !(1971..=2500).contains(&date.year) {
        let (of, why) = ("market".into(), format!("{date} is not in the years 1971 to 2500"));
        return Err(ListingError::Rule { of, rule: "date", why });
    }
    let local = days_since_1970(date) * MILLIS_A_DAY;
    let ahead = i64::from(book.session.zone.minutes) * MILLIS_A_MINUTE as i64;
    Ok(local.saturating_add_signed(-ahead))
}

fn at(midnight: u64, millis: u64) -> Time {
    Time((midnight + millis) * 1_000_000)
}

/// Whether a day, counted from the rule book's date, is one of trading.
fn trades_on(book: &RuleBook, midnight: u64, day: u64) -> bool {
    let ahead = i64::from(book.session.zone.minutes) * MILLIS_A_MINUTE as i64;
    let days = midnight.saturating_add_signed(ahead) / MILLIS_A_DAY + day;
    // 1970-01-01 was a Thursday.
    let weekday = (days + 3) % 7;
    book.session.weekends || weekday < 5
}

fn days_since_1970(date: Date) -> u64 {
    let is_leap = |year: u16| {
        let every = |years: u16| year.is_multiple_of(years);
        every(4) && (!every(100) || every(400))
    };
    let years = (1970..date.year).map(|year| 365 + u64::from(is_leap(year))).sum::<u64>();
    let february = 28 + u64::from(is_leap(date.year));
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let months: u64 = lengths.iter().take(usize::from(date.month.max(1) - 1)).sum();
    years + months + u64::from(date.day.max(1) - 1)
}
