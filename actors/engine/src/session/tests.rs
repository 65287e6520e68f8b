//! The table of a trading day, read in Seoul.

use super::{BadSchedule, PlannedPhase, Reservation, Schedule, Span};
use crate::instrument::{Call, Phase};
use crate::time::Time;

const HOUR: u64 = 3_600 * Time::SECOND;
/// 2026-01-05, a Monday, as days since 1970.
const MONDAY: u64 = 20_458;

/// A local time in Seoul on the so manyeth day after that Monday.
pub(crate) fn seoul(day: u64, hours: u64, minutes: u64) -> Time {
    Time((MONDAY + day) * Time::DAY + hours * HOUR + minutes * HOUR / 60 - 9 * HOUR)
}

/// Opening call 08:30, continuous 09:00, closing call 15:20 to 15:30.
pub(crate) fn krx() -> Schedule {
    let span = |phase, from, to| Span { phase, from, to };
    Schedule {
        zone_minutes: 9 * 60,
        weekends: false,
        holidays: Vec::new(),
        spans: vec![
            span(PlannedPhase::OpeningCall, 510, 540),
            span(PlannedPhase::Continuous, 540, 920),
            span(PlannedPhase::ClosingCall, 920, 930),
        ],
        reservation: Some(Reservation::After(Time::DAY)),
        band: None,
    }
}

#[test]
fn a_day_has_its_phases_at_their_minutes() {
    let phases = [
        (8, 29, Phase::Closed),
        (8, 30, Phase::Call(Call::Opening)),
        (8, 59, Phase::Call(Call::Opening)),
        (9, 0, Phase::Continuous),
        (15, 19, Phase::Continuous),
        (15, 20, Phase::Call(Call::Closing)),
        (15, 30, Phase::Closed),
        (23, 59, Phase::Closed),
    ];
    for (hour, minute, phase) in phases {
        assert_eq!(krx().phase_at(seoul(0, hour, minute)), phase, "{hour}:{minute}");
    }
    assert_eq!(krx().phase_at(Time(seoul(0, 9, 0).0 - 1)), Phase::Call(Call::Opening));
    assert_eq!(krx().phase_at(seoul(5, 10, 0)), Phase::Closed, "a Saturday");
}

#[test]
fn phases_follow_one_another_over_weekends_and_holidays() {
    let mut schedule = krx();
    let mut at = seoul(0, 0, 0);
    for (hour, minute) in [(8, 30), (9, 0), (15, 20), (15, 30)] {
        at = schedule.next_change(at).expect("it opens again");
        assert_eq!(at, seoul(0, hour, minute), "{hour}:{minute}");
    }
    assert_eq!(schedule.next_change(seoul(0, 9, 0)), Some(seoul(0, 15, 20)));
    assert_eq!(schedule.next_change(seoul(4, 15, 30)), Some(seoul(7, 8, 30)), "over a weekend");
    schedule.holidays = vec![(MONDAY + 7) as u32, (MONDAY + 8) as u32];
    assert_eq!(schedule.next_change(seoul(4, 15, 30)), Some(seoul(9, 8, 30)), "and two holidays");
    assert_eq!(schedule.phase_at(seoul(7, 10, 0)), Phase::Closed);
}

#[test]
fn between_two_changes_the_phase_stays() {
    let schedule = krx();
    let mut at = seoul(0, 0, 0);
    for _ in 0..40 {
        let next = schedule.next_change(at).expect("it opens again");
        let middle = Time(at.0 + (next.0 - at.0) / 2);
        for time in [at, middle, Time(next.0 - 1)] {
            assert_eq!(schedule.phase_at(time), schedule.phase_at(at));
        }
        assert_ne!(schedule.phase_at(next), schedule.phase_at(at));
        at = next;
    }
}

#[test]
fn a_market_without_phases_never_closes() {
    let always = Schedule::default();
    assert_eq!(always.phase_at(seoul(5, 3, 0)), Phase::Continuous);
    assert_eq!(always.next_change(seoul(5, 3, 0)), None);
}

#[test]
fn a_reserved_order_waits_for_hours_or_for_trading_days() {
    let mut schedule = krx();
    assert_eq!(schedule.reserved_until(seoul(0, 16, 0)), Some(seoul(1, 16, 0)));
    schedule.reservation = Some(Reservation::TradingDays(1));
    assert_eq!(schedule.reserved_until(seoul(0, 16, 0)), Some(seoul(1, 15, 30)));
    assert_eq!(schedule.reserved_until(seoul(4, 16, 0)), Some(seoul(7, 15, 30)));
    schedule.reservation = None;
    assert_eq!(schedule.reserved_until(seoul(0, 16, 0)), None);
}

#[test]
fn the_day_is_over_when_its_last_phase_is() {
    let day = krx().day_at(seoul(0, 12, 0));
    assert_eq!(krx().day_ended(seoul(0, 15, 30)), Some(day));
    assert_eq!(krx().day_ended(seoul(0, 15, 20)), None);
}

#[test]
fn a_table_that_contradicts_itself_is_none() {
    assert_eq!(krx().check(), Ok(()));
    let spoilt = |spoil: fn(&mut Schedule)| {
        let mut schedule = krx();
        spoil(&mut schedule);
        schedule.check()
    };
    let empty = spoilt(|schedule| schedule.spans[0].to = 510);
    assert_eq!(empty, Err(BadSchedule::Empty { from: 510, to: 510 }));
    let overlap = spoilt(|schedule| schedule.spans[1].from = 530);
    assert_eq!(overlap, Err(BadSchedule::Overlap { from: 530 }));
    let holidays = spoilt(|schedule| schedule.holidays = vec![2, 1]);
    assert_eq!(holidays, Err(BadSchedule::Holidays));
    assert!(spoilt(|schedule| schedule.zone_minutes = 1_000).is_err());
}
