//! What feeds of an outside market post: each sees the same market, and numbers by its clock, so
//! that two of them come with one number, too late, or out of order.

use super::market::{KRW, LPJ};
use super::offer::{Offer, Outside};
use super::words::MS;
use super::world::Asked;
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::follow::{Level, Snapshot};
use hoga_engine::order::Side;
use hoga_engine::pit::Chooser;
use hoga_engine::request::AccountRequest;
use hoga_engine::time::Time;

/// Two snapshots of so much exchange time have one number.
const NUMBERED_NS: u64 = 20 * MS;
/// The middle of the outside market goes around in so many steps.
const STEPS: u64 = 16;

/// The next thing that a feed asks.
pub fn next(dice: &mut Chooser, offer: &Offer, now: Time) -> Option<Asked> {
    let (instrument, outside) = (offer.followed()?, offer.outside.as_ref()?);
    if dice.below(12) == 0 {
        let (asset, amount) = *dice.one_of(&[(KRW, outside.funds), (LPJ, outside.funds / 100)]);
        return Some(Asked::Account(AccountRequest::FundHouse { instrument, asset, amount }));
    }
    let step = NUMBERED_NS * offer.pace;
    // Some were on their way for long.
    let late = if dice.below(12) == 0 { dice.below(8) } else { 0 };
    let number = (now.0 / step).saturating_sub(late).max(1);
    Some(Asked::Post(instrument, Box::new(snapshot(dice, outside, number, now))))
}

fn snapshot(dice: &mut Chooser, outside: &Outside, number: u64, time: Time) -> Snapshot {
    let around = number / 8 % STEPS;
    let middle = 96 + around.min(STEPS - around);
    // Now and then one that is no book: it has to be refused.
    let is_crossed = dice.below(40) == 0;
    let mut side = |side: Side| {
        let levels = dice.below(outside.levels + 1);
        let mut away = if is_crossed { 0 } else { 1 };
        let mut level = || {
            away += dice.below(2);
            let price = if side == Side::Buy { middle - away } else { middle + away };
            away += 1;
            let quantity = Lots(1 + dice.below(outside.displayed));
            Level { price: Ticks(price as u32), quantity }
        };
        (0..levels).map(|_| level()).collect()
    };
    Snapshot { number, time, bids: side(Side::Buy), asks: side(Side::Sell) }
}
