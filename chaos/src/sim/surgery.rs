//! Planted bugs inside a book: its state is taken out, changed where a bug would change it, and
//! put back. What is changed depends on the state and the step alone, so replicas stay equal.

use super::mutants::Mutant;
use hoga_actors::{Entity, EntityCommand, Step};
use hoga_engine::amount::Ticks;
use hoga_engine::book::{Listing, ListingState};
use hoga_engine::ids::OrderKey;
use hoga_engine::instrument::Phase;
use hoga_engine::message::BookMessage;
use serde_json::{Value, json};

/// The stops of a book before a step, each with its trigger.
type Stops = Vec<(OrderKey, Ticks)>;

/// Before a step. What it returns is for [`after`].
pub fn before(mutant: Mutant, entity: &mut Entity, step: &Step) -> Stops {
    let Entity::Book(listing) = entity else { return Stops::new() };
    let rules = listing.instrument();
    let is_over = rules.phase_until.is_some_and(|until| until <= step.at);
    match (mutant, &step.command) {
        (Mutant::SnapshotRenewed, EntityCommand::Outside(snapshot, _)) => {
            let stands = listing.following().map(|following| following.number());
            if stands == Some(snapshot.number) {
                let before = json!(snapshot.number - 1);
                operate(listing, |state| state["follow"]["outside"]["number"] = before);
            }
        }
        (Mutant::LeftCrossed, _) if is_over && listing.book().collects() => {
            operate(listing, |state| state["collects"] = json!(false));
        }
        (Mutant::ReservedTwice, _)
            if is_over && rules.phase == Phase::Closed && listing.reserved().next().is_some() =>
        {
            operate(listing, |state| {
                let waiting = state["reserved"].as_array_mut();
                waiting.into_iter().for_each(|orders| orders.extend(orders.clone()));
            });
        }
        (Mutant::FiresTwice | Mutant::TrailsAway, _) => {
            let stops = listing.book().stops().iter();
            return stops.map(|stop| (stop.order, stop.stop.trigger)).collect();
        }
        _ => {}
    }
    Stops::new()
}

/// Behind a step.
pub fn after(mutant: Mutant, entity: &mut Entity, step: &Step, before: &Stops) {
    let Entity::Book(listing) = entity else { return };
    match (mutant, &step.command) {
        (Mutant::TakenForgotten, EntityCommand::Book(BookMessage::Submit(submit)))
            if submit.order.no.0.is_multiple_of(3) && listing.following().is_some() =>
        {
            operate(listing, |state| {
                for side in ["bids", "asks"] {
                    let rungs = state["follow"]["outside"][side].as_array_mut();
                    rungs.into_iter().flatten().for_each(|rung| rung["taken"] = json!(0));
                }
            });
        }
        (Mutant::OtherLegStays, EntityCommand::Book(BookMessage::Pair(_))) => {
            operate(listing, |state| each_stop(state, |stop| stop["twin"] = Value::Null));
        }
        (Mutant::TrailsAway, _) => trail_away(listing, before),
        (Mutant::FiresTwice, EntityCommand::Book(BookMessage::Submit(submit))) => {
            let is_gone = |order| listing.book().stops().find(order).is_none();
            let fired = before.iter().find(|(order, _)| is_gone(*order)).copied();
            if let Some((order, trigger)) = fired.filter(|_| submit.stop().is_none()) {
                wait_again(listing, order, trigger);
            }
        }
        _ => {}
    }
}

/// Triggers that followed the market go as far the other way.
fn trail_away(listing: &mut Listing, before: &Stops) {
    let moved = |listing: &Listing| {
        before.iter().any(|(order, trigger)| {
            let stop = listing.book().stops().find(*order);
            stop.is_some_and(|stop| stop.stop.trigger != *trigger)
        })
    };
    if !moved(listing) {
        return;
    }
    operate(listing, |state| {
        each_stop(state, |stop| {
            let order = serde_json::from_value(stop["order"].clone()).ok();
            let was = before.iter().find(|(key, _)| Some(*key) == order);
            let now = stop["stop"]["trigger"].as_u64();
            if let Some(((_, was), now)) = was.zip(now) {
                let was = u64::from(was.0);
                stop["stop"]["trigger"] = json!((2 * was).saturating_sub(now).max(1));
            }
        });
    });
}

/// A stop that has fired is put back.
fn wait_again(listing: &mut Listing, order: OrderKey, trigger: Ticks) {
    operate(listing, |state| {
        let stop = json!({
            "order": order, "side": "Buy", "stop": { "trigger": trigger, "trail": null },
            "limit": trigger, "is_market": false, "quantity": 1, "time_in_force": "Gtc",
            "life": "UntilCancelled", "self_match": "None", "twin": null,
        });
        if let Some(stops) = state["stops"].as_array_mut() {
            stops.push(stop);
        }
    });
}

fn each_stop(state: &mut Value, act: impl FnMut(&mut Value)) {
    state["stops"].as_array_mut().into_iter().flatten().for_each(act);
}

/// Changes a book's state. One that cannot be put back stays as it was.
fn operate(listing: &mut Listing, act: impl FnOnce(&mut Value)) {
    let Ok(mut state) = serde_json::to_value(listing.state()) else { return };
    act(&mut state);
    if let Ok(state) = serde_json::from_value::<ListingState>(state) {
        *listing = Listing::restore(state);
    }
}
