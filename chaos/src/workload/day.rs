//! An instrument that has days, and an operator who now and then halts it.
//!
//! Tables have whole minutes, and a run has few of them: the zone is chosen so that the day on which
//! the run begins is over four minutes later. It trades in a call, continuously and in a call, closes
//! at midnight, and opens again by a call a minute later.

use super::office::{ATTEMPT, Office, asked};
use super::{ASSETS, Gateways};
use crate::chance::Chance;
use crate::history::{Ask, End, History};
use hoga_proto::v1;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::{Instant, sleep, timeout};
use tonic::Status;

/// The instrument with days.
pub const DAYS: &str = "instruments/DAY-KRW";

const DAY_MINUTES: i64 = 24 * 60;
/// The minute of its day in which it is listed: the next one begins with a call.
const LISTED_IN: i64 = DAY_MINUTES - 4;
/// Later in a minute than this, the next one is waited for: accounts have to be opened before.
const LATE_IN_MINUTE: u64 = 30;
/// Between two halts, and how long one is.
const HALT_EVERY: [Duration; 2] = [Duration::from_secs(9), Duration::from_secs(19)];
const HALTED_FOR: Duration = Duration::from_millis(900);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The operator of the instrument with days.
pub struct Days {
    office: Office,
    chance: Chance,
    asked: u64,
}

impl Days {
    /// Lists the instrument.
    ///
    /// # Errors
    /// The exchange did not do it in time.
    pub async fn open(
        gateways: Arc<Gateways>,
        chance: Chance,
        within: Duration,
    ) -> anyhow::Result<Days> {
        while seconds() % 60 > LATE_IN_MINUTE {
            sleep(LOOK_EVERY).await;
        }
        let mut days = Days { office: Office::new(gateways), chance, asked: 0 };
        let instrument = v1::Instrument {
            name: DAYS.into(),
            base_asset: ASSETS[1].into(),
            quote_asset: ASSETS[0].into(),
            schedule: Some(table((seconds() / 60) as i64)),
            ..Default::default()
        };
        let list = v1::CreateInstrumentRequest {
            instrument: Some(instrument),
            rules: "lpj".into(),
            request_id: "chaos.days".into(),
            sent_at: None,
        };
        let list = |mut admin: v1::admin_service_client::AdminServiceClient<_>| {
            let list = list.clone();
            async move { admin.create_instrument(asked(list)).await.map(drop) }
        };
        days.office.until_done(Instant::now() + within, list).await?;
        Ok(days)
    }

    /// Halts it and lets it go on, until it is told to stop; it goes on at the end.
    ///
    /// # Errors
    /// The history could not be written.
    pub async fn halt_on(mut self, history: &History, stop: &AtomicBool) -> anyhow::Result<()> {
        loop {
            let pause = self.chance.pick(&HALT_EVERY).copied().unwrap_or(HALTED_FOR);
            let until = Instant::now() + pause;
            while Instant::now() < until {
                if stop.load(Ordering::Relaxed) {
                    return Ok(());
                }
                sleep(LOOK_EVERY).await;
            }
            self.say(true, history).await?;
            sleep(HALTED_FOR).await;
            self.say(false, history).await?;
        }
    }

    /// Says it until somebody heard it, each try in the history.
    async fn say(&mut self, halts: bool, history: &History) -> anyhow::Result<()> {
        self.asked += 1;
        let instrument = DAYS.to_owned();
        let ask = match halts {
            true => Ask::HaltInstrument { instrument },
            false => Ask::ResumeInstrument { instrument },
        };
        loop {
            let begun = history.begin("operator", &ask)?;
            let end = match timeout(4 * ATTEMPT, self.try_once(halts)).await {
                Ok(Ok(())) => End::Ok(Box::default()),
                Ok(Err(status)) => {
                    End::Unknown(format!("{:?} {}", status.code(), status.message()))
                }
                Err(_) => End::Unknown("no answer in time".into()),
            };
            history.end(&begun, &ask, &end)?;
            if matches!(end, End::Ok(_)) {
                return Ok(());
            }
            self.office.go_on();
            sleep(LOOK_EVERY).await;
        }
    }

    async fn try_once(&self, halts: bool) -> Result<(), Status> {
        let mut admin = self.office.admin().ok_or_else(|| Status::unavailable("nobody"))?;
        let (name, request_id) = (DAYS.to_owned(), format!("chaos.word.{}", self.asked));
        if halts {
            let request = v1::HaltInstrumentRequest { name, request_id, sent_at: None };
            admin.halt_instrument(asked(request)).await.map(drop)
        } else {
            let request = v1::ResumeInstrumentRequest { name, request_id, sent_at: None };
            admin.resume_instrument(asked(request)).await.map(drop)
        }
    }
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// A table by which the minute `now` of the world is the one in which it is listed.
fn table(now: i64) -> v1::Schedule {
    let ahead = (LISTED_IN - now).rem_euclid(DAY_MINUTES);
    let zone = if ahead > DAY_MINUTES / 2 { ahead - DAY_MINUTES } else { ahead };
    use v1::PlannedPhase::{ClosingCall, Continuous, OpeningCall};
    let end = DAY_MINUTES as u32;
    let phase = |phase: v1::PlannedPhase, from_minute, to_minute| v1::SchedulePhase {
        phase: phase.into(),
        from_minute,
        to_minute,
    };
    v1::Schedule {
        zone_offset_minutes: zone as i32,
        weekends: true,
        phases: vec![
            phase(OpeningCall, 1, 2),
            phase(Continuous, 2, 60),
            phase(OpeningCall, end - 3, end - 2),
            phase(Continuous, end - 2, end - 1),
            phase(ClosingCall, end - 1, end),
        ],
        reservation_days: 1,
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY_MINUTES, LISTED_IN, table};

    #[test]
    fn whatever_the_time_it_is_listed_a_minute_before_its_first_call() {
        for now in [0, 1, 719, 720, 721, 1_436, 1_439, 29_664_000, 29_664_777] {
            let table = table(now);
            let zone = i64::from(table.zone_offset_minutes);
            assert!(zone.abs() <= 14 * 60, "{zone}");
            assert_eq!((now + zone).rem_euclid(DAY_MINUTES), LISTED_IN);
            assert_eq!(i64::from(table.phases[2].from_minute), LISTED_IN + 1);
        }
    }
}
