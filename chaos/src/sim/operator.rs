//! What an operator does while the market is open: halts and lets go on, other limits, seasons.

use super::market::{BTC_KRW, LPJ_KRW};
use super::offer::Offer;
use hoga_cluster::partition::{Limits, MetaCommand};
use hoga_engine::amount::{Rate, Ticks};
use hoga_engine::ids::InstrumentId;
use hoga_engine::instrument::Phase;
use hoga_engine::pit::Chooser;
use hoga_engine::session::Interruption;
use hoga_engine::time::Time;

/// The next thing that the operator asks.
pub fn next(dice: &mut Chooser, offer: &Offer) -> MetaCommand {
    let more = offer.day().into_iter().chain(offer.followed());
    let all: Vec<InstrumentId> = [LPJ_KRW, BTC_KRW].into_iter().chain(more).collect();
    let instrument = *dice.one_of(&all);
    // Let go on more often than stopped, so that there is trade.
    let open = Phase::Continuous;
    match dice.below(8) {
        0..4 => {
            let phase = *dice.one_of(&[open, open, open, Phase::Halted, Phase::Closed]);
            MetaCommand::SetPhase { instrument, phase }
        }
        4 => MetaCommand::SetPhases { phase: *dice.one_of(&[open, open, open, Phase::Halted]) },
        5 => season(dice),
        _ => {
            let limits = limits(dice, offer, instrument);
            MetaCommand::SetLimits { instrument, limits }
        }
    }
}

/// Of few names, so that many of them are open, or were.
fn season(dice: &mut Chooser) -> MetaCommand {
    let name = format!("season-{}", dice.below(5)).into();
    match dice.below(2) {
        0 => MetaCommand::OpenSeason { name },
        _ => MetaCommand::CloseSeason { name },
    }
}

fn limits(dice: &mut Chooser, offer: &Offer, instrument: InstrumentId) -> Limits {
    let follows = Some(instrument) == offer.followed();
    let mut limits = Limits::default();
    match dice.below(4) {
        0 => {
            let away = 3 + dice.below(30) as u32;
            let band = (Ticks(100 - away), Ticks(100 + away));
            limits.band = Some((dice.below(2) == 0).then_some(band));
        }
        1 => limits.open_orders_max = Some(5 + dice.below(60) as u32),
        2 if !follows => {
            let rule = Interruption {
                dynamic: Some(Rate((1 + dice.below(4)) as i64 * 10_000_000)),
                fixed: None,
                call_ns: offer.pace * (1 + dice.below(3)) * Time::SECOND,
            };
            limits.interruption = Some((dice.below(3) > 0).then_some(rule));
        }
        _ if Some(instrument) == offer.day() => {
            let table = offer.days.as_ref().map(|days| Box::new(days.table.clone()));
            limits.schedule = Some(table.filter(|_| dice.below(3) > 0));
        }
        _ => {}
    }
    limits
}
