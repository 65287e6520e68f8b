//! Where candles begin and end, in two zones.

use super::super::{Interval, Zone};
use crate::time::Time;

const UTC: Zone = Zone(0);
const SEOUL: Zone = Zone(9 * 60);

/// 2026-11-25 13:47:08.5 UTC, a Wednesday; in Seoul it is 22:47:08.5.
const NOW: Time = Time(1_795_614_428 * Time::SECOND + Time::SECOND / 2);

fn starts(zone: Zone, time: Time) -> Vec<(&'static str, u64, u64)> {
    let row = |interval: Interval| {
        let start = zone.start(interval, time);
        (interval.name(), start.0 / Time::SECOND, zone.end(interval, start).0 / Time::SECOND)
    };
    Interval::ALL.into_iter().map(row).collect()
}

#[test]
fn every_length_begins_where_the_calendar_says() {
    assert_eq!(
        starts(UTC, NOW),
        [
            ("1s", 1_795_614_428, 1_795_614_429),
            ("1m", 1_795_614_420, 1_795_614_480),
            ("3m", 1_795_614_300, 1_795_614_480),
            ("5m", 1_795_614_300, 1_795_614_600),
            ("15m", 1_795_614_300, 1_795_615_200),
            ("30m", 1_795_613_400, 1_795_615_200),
            ("1h", 1_795_611_600, 1_795_615_200),
            ("4h", 1_795_608_000, 1_795_622_400),
            ("1d", 1_795_564_800, 1_795_651_200),
            ("1w", 1_795_392_000, 1_795_996_800),
            ("1M", 1_793_491_200, 1_796_083_200),
            ("1y", 1_767_225_600, 1_798_761_600),
        ]
    );
}

#[test]
fn a_day_in_seoul_begins_nine_hours_before_that_of_utc() {
    let seoul = starts(SEOUL, NOW);
    let hour = 3_600;
    assert_eq!(seoul[8], ("1d", 1_795_564_800 - 9 * hour, 1_795_651_200 - 9 * hour));
    assert_eq!(seoul[10], ("1M", 1_793_491_200 - 9 * hour, 1_796_083_200 - 9 * hour));
    assert_eq!(seoul[7], ("4h", 1_795_608_000 - hour, 1_795_622_400 - hour), "20:00 there");
    // In the last hours of a month it is the next one there already.
    let late = Time(1_796_083_200 * Time::SECOND - 1);
    assert_eq!(SEOUL.start(Interval::Month1, late).0 / Time::SECOND, 1_796_083_200 - 9 * hour);
}

/// Every day of four hundred years against a calendar that counts day by day.
#[test]
fn months_years_and_weeks_agree_with_a_calendar_counted_by_hand() {
    let (mut year, mut month, mut day) = (1970, 1, 1);
    let (mut month_start, mut year_start, mut week_start) = (0, 0, 0);
    for today in 0..150_000u64 {
        if day == 1 {
            month_start = today;
            if month == 1 {
                year_start = today;
            }
        }
        if today % 7 == 4 {
            // The fifth day of 1970 was a Monday.
            week_start = today;
        }
        let time = Time(today * Time::DAY + 12_345);
        let start = |interval| UTC.start(interval, time).0 / Time::DAY;
        assert_eq!(start(Interval::Month1), month_start, "{year}-{month}-{day}");
        assert_eq!(start(Interval::Year1), year_start, "{year}-{month}-{day}");
        assert_eq!(start(Interval::Week1), week_start, "{year}-{month}-{day}");
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 if is_leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        day += 1;
        if day > days {
            (day, month) = (1, month + 1);
        }
        if month > 12 {
            (month, year) = (1, year + 1);
        }
    }
}

#[test]
fn one_candle_ends_where_the_next_begins() {
    for zone in [UTC, SEOUL, Zone(-210)] {
        for interval in Interval::ALL {
            let mut start = zone.start(interval, NOW);
            for _ in 0..30 {
                let end = zone.end(interval, start);
                assert_eq!(zone.start(interval, Time(end.0 - 1)), start, "{interval:?}");
                assert_eq!(zone.start(interval, end), end, "{interval:?} in {zone:?}");
                start = end;
            }
        }
    }
}
