//! The table of a trading day.

use super::BadField;
use super::numbers::{rate, shown_rate};
use crate::v1;
use hoga_engine::session::{BreakerLevel, Interruption, PlannedPhase, Reservation, Schedule, Span};
use hoga_engine::time::Time;

/// Which days and hours an instrument trades; none for always.
///
/// # Errors
/// A phase is unknown, or a number has the wrong form. Whether the phases follow one another is
/// checked where the instrument is listed.
pub fn schedule(wire: Option<&v1::Schedule>) -> Result<Option<Box<Schedule>>, BadField> {
    const FIELD: &str = "instrument.schedule.reservation";
    const BAND: &str = "instrument.schedule.band";
    let Some(wire) = wire else { return Ok(None) };
    let spans = wire.phases.iter().map(span).collect::<Result<_, _>>()?;
    let waits = wire.reservation.as_ref().map(|length| nanoseconds(FIELD, length));
    let reservation = match (waits.transpose()?, wire.reservation_days) {
        (Some(_), days) if days > 0 => {
            return Err(BadField::malformed(FIELD, "give reservation or reservation_days"));
        }
        (Some(nanoseconds), _) => Some(Reservation::After(nanoseconds)),
        (None, 0) => None,
        (None, days) => Some(Reservation::TradingDays(days)),
    };
    Ok(Some(Box::new(Schedule {
        zone_minutes: wire.zone_offset_minutes,
        weekends: wire.weekends,
        holidays: wire.holidays.clone(),
        spans,
        reservation,
        band: wire.band.as_ref().map(|share| rate(BAND, Some(share))).transpose()?,
    })))
}

/// A length.
///
/// # Errors
/// It is below zero or far too long.
pub(super) fn nanoseconds(
    field: &'static str,
    length: &prost_types::Duration,
) -> Result<u64, BadField> {
    let seconds = u64::try_from(length.seconds).ok();
    let whole = seconds.and_then(|seconds| seconds.checked_mul(Time::SECOND));
    let sum = whole
        .zip(u64::try_from(length.nanos).ok())
        .and_then(|(whole, nanos)| whole.checked_add(nanos));
    let rule = "must not be below zero, nor beyond some centuries";
    sum.ok_or_else(|| BadField::malformed(field, rule))
}

pub(super) fn duration(nanoseconds: u64) -> prost_types::Duration {
    let (seconds, nanos) = (nanoseconds / Time::SECOND, nanoseconds % Time::SECOND);
    prost_types::Duration { seconds: seconds as i64, nanos: nanos as i32 }
}

/// Which trades begin a call instead; none for no such rule.
///
/// # Errors
/// A number has the wrong form, or the call has no length. Whether the rule says anything is
/// checked where the instrument is listed.
pub fn interruption(
    wire: Option<&v1::VolatilityInterruption>,
) -> Result<Option<Interruption>, BadField> {
    const CALL: &str = "instrument.volatility_interruption.call";
    let Some(wire) = wire else { return Ok(None) };
    let share = |field, share: &Option<v1::Decimal>| {
        share.as_ref().map(|share| rate(field, Some(share))).transpose()
    };
    Ok(Some(Interruption {
        dynamic: share("instrument.volatility_interruption.dynamic_rate", &wire.dynamic_rate)?,
        fixed: share("instrument.volatility_interruption.static_rate", &wire.static_rate)?,
        call_ns: match &wire.call {
            Some(length) => nanoseconds(CALL, length)?,
            None => return Err(BadField::missing(CALL)),
        },
    }))
}

/// The same as everyone sees it.
#[must_use]
pub fn shown_interruption(rule: &Interruption) -> v1::VolatilityInterruption {
    v1::VolatilityInterruption {
        dynamic_rate: rule.dynamic.map(shown_rate),
        static_rate: rule.fixed.map(shown_rate),
        call: Some(duration(rule.call_ns)),
    }
}

/// A level of the circuit breaker.
///
/// # Errors
/// A number has the wrong form.
pub(super) fn breaker_level(wire: &v1::BreakerLevel) -> Result<BreakerLevel, BadField> {
    let length = |field, length: &Option<prost_types::Duration>| {
        length.as_ref().map_or(Ok(0), |length| nanoseconds(field, length))
    };
    Ok(BreakerLevel {
        fall: rate("instrument.circuit_breaker.fall_rate", wire.fall_rate.as_ref())?,
        halt_ns: length("instrument.circuit_breaker.halt", &wire.halt)?,
        call_ns: length("instrument.circuit_breaker.call", &wire.call)?,
        closes_day: wire.closes_day,
    })
}

/// The same as everyone sees it.
pub(super) fn shown_breaker_level(level: &BreakerLevel) -> v1::BreakerLevel {
    v1::BreakerLevel {
        fall_rate: Some(shown_rate(level.fall)),
        halt: Some(duration(level.halt_ns)),
        call: Some(duration(level.call_ns)),
        closes_day: level.closes_day,
    }
}

fn span(wire: &v1::SchedulePhase) -> Result<Span, BadField> {
    let phase = match wire.phase() {
        v1::PlannedPhase::OpeningCall => PlannedPhase::OpeningCall,
        v1::PlannedPhase::Continuous => PlannedPhase::Continuous,
        v1::PlannedPhase::ClosingCall => PlannedPhase::ClosingCall,
        v1::PlannedPhase::Unspecified => {
            return Err(BadField::missing("instrument.schedule.phases.phase"));
        }
    };
    Ok(Span { phase, from: wire.from_minute, to: wire.to_minute })
}

/// The same as everyone sees it.
#[must_use]
pub fn shown_schedule(schedule: &Schedule) -> v1::Schedule {
    let phases = schedule.spans.iter().map(|span| v1::SchedulePhase {
        phase: match span.phase {
            PlannedPhase::OpeningCall => v1::PlannedPhase::OpeningCall,
            PlannedPhase::Continuous => v1::PlannedPhase::Continuous,
            PlannedPhase::ClosingCall => v1::PlannedPhase::ClosingCall,
        }
        .into(),
        from_minute: span.from,
        to_minute: span.to,
    });
    let (reservation, reservation_days) = match schedule.reservation {
        Some(Reservation::After(nanoseconds)) => (Some(duration(nanoseconds)), 0),
        Some(Reservation::TradingDays(days)) => (None, days),
        None => (None, 0),
    };
    v1::Schedule {
        zone_offset_minutes: schedule.zone_minutes,
        weekends: schedule.weekends,
        holidays: schedule.holidays.clone(),
        phases: phases.collect(),
        reservation,
        reservation_days,
        band: schedule.band.map(shown_rate),
    }
}
