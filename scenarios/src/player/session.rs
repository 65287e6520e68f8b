//! When a play begins, by the hours of its market.

use hoga_engine::time::Time;

use crate::rules::{Hours, RuleBook};

const MILLIS_A_MINUTE: u64 = 60_000;
const MILLIS_A_DAY: u64 = 24 * 60 * MILLIS_A_MINUTE;

/// The exchange's time at the start of the play.
///
/// A market with hours starts at its first opening on or after the rule book's date; what follows
/// is the exchange's own doing.
pub(super) fn start(book: &RuleBook) -> Time {
    let midnight = midnight(book);
    let at = |millis: u64| Time((midnight + millis) * 1_000_000);
    let Hours::Phases(phases) = &book.session.hours else { return at(0) };
    let Some(first) = phases.first() else { return at(0) };
    let first_day = (0..30).find(|day| trades_on(book, *day)).unwrap_or(0);
    at(first_day * MILLIS_A_DAY + u64::from(first.from.minutes) * MILLIS_A_MINUTE)
}

/// Midnight of the rule book's date in its zone, in milliseconds since 1970-01-01T00:00:00Z.
fn midnight(book: &RuleBook) -> u64 {
    let local = book.date.days_since_1970() * MILLIS_A_DAY;
    let ahead = i64::from(book.session.zone.minutes) * MILLIS_A_MINUTE as i64;
    local.saturating_add_signed(-ahead)
}

/// Whether a day, counted from the rule book's date, is one of trading.
fn trades_on(book: &RuleBook, day: u64) -> bool {
    let days = book.date.days_since_1970() + day;
    // 1970-01-01 was a Thursday.
    let weekday = (days + 3) % 7;
    let is_holiday = book.session.holidays.iter().any(|date| date.days_since_1970() == days);
    (book.session.weekends || weekday < 5) && !is_holiday
}
