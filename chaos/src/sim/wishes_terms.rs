//! Terms that few orders have: triggers, other legs, hidden parts.

use super::{BTC_KRW, Scene};
use hoga_engine::amount::{Amount, Rate};
use hoga_engine::client_id::ClientId;
use hoga_engine::order::{OrderRequest, Side, Size, TimeInForce};
use hoga_engine::pit::Chooser;
use hoga_engine::terms::{Distance, OtherAsked, StopAsked, TermsAsked};

/// Adds a trigger, another leg or a hidden part to an order.
pub fn add(dice: &mut Chooser, scene: &Scene<'_>, order: &mut OrderRequest) {
    let tick: Amount = if order.instrument == BTC_KRW { 1000 } else { 1 };
    let lot: Amount = if order.instrument == BTC_KRW { 10 } else { 1 };
    let mut terms = order.terms.take().map_or_else(TermsAsked::default, |terms| *terms);
    match dice.below(6) {
        0..3 => {
            terms.stop = Some(stop(dice, order.side, tick));
            order.post_only = false;
            if order.time_in_force.is_for_call() {
                order.time_in_force = TimeInForce::Gtc;
            }
            if let Size::QuoteAmount(_) = order.size {
                order.size = Size::Quantity(10);
            }
            if dice.below(3) == 0 {
                order.price = None;
            }
        }
        3 | 4 => {
            terms.other = other(dice, scene, order.side, tick);
            let is_dated = order.time_in_force == TimeInForce::Gtd;
            let force = if is_dated { TimeInForce::Gtd } else { TimeInForce::Gtc };
            order.time_in_force = force;
            make_limit(dice, order, tick);
        }
        _ => {
            let quantity = lot * (5 + Amount::from(dice.below(30)));
            order.size = Size::Quantity(quantity);
            terms.display = Some(lot * (1 + Amount::from(dice.below(5))));
            if !order.time_in_force.rests() {
                order.time_in_force = TimeInForce::Gtc;
            }
            make_limit(dice, order, tick);
        }
    }
    order.terms = Some(Box::new(terms));
}

fn make_limit(dice: &mut Chooser, order: &mut OrderRequest, tick: Amount) {
    let away = Amount::from(dice.below(4));
    let price = if order.side == Side::Buy { 100 - away } else { 100 + away };
    order.price = Some(order.price.unwrap_or(price * tick));
    if let Size::QuoteAmount(_) = order.size {
        order.size = Size::Quantity(10);
    }
}

fn stop(dice: &mut Chooser, side: Side, tick: Amount) -> StopAsked {
    if dice.below(3) == 0 {
        let mut distance = |least: u64, most: u64| match dice.below(2) {
            0 => Distance::Price(tick * Amount::from(least + dice.below(most))),
            _ => Distance::Share(Rate((least + dice.below(most)) as i64 * 8_000_000)),
        };
        return StopAsked::Trailing { offset: distance(1, 4), step: distance(0, 3) };
    }
    // Buys fire above the market, sells below it; some are refused, as they would fire at once.
    let away = Amount::from(dice.below(6)) - 1;
    StopAsked::At(tick * if side == Side::Buy { 100 + away } else { 100 - away })
}

fn other(dice: &mut Chooser, scene: &Scene<'_>, side: Side, tick: Amount) -> Option<OtherAsked> {
    let (name, number) = scene.next_id;
    let id = ClientId::parse(&format!("c{name}-{number}-o")).ok()?;
    let away = Amount::from(dice.below(6));
    let price = tick * if side == Side::Buy { 100 + away } else { 100 - away };
    let stop = stop(dice, side, tick);
    Some(OtherAsked { id, stop, price: (dice.below(2) == 0).then_some(price) })
}
