//! FILL-4 by itself: in a run other checks may be quicker.

use super::displayed::Displayed;
use super::{BookCommand, Told};
use crate::sim::market;
use crate::sim::offer::Offer;
use crate::sim::words::SECOND;
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::follow::{Level, Snapshot, Source};
use hoga_engine::ids::{AccountId, OrderKey, OrderNo, PartitionId, TradeNo};
use hoga_engine::message::{AccountMessage, Leg, Message};
use hoga_engine::order::Side;
use hoga_engine::time::Time;

/// Ten lots are displayed at 100, and twenty at 101; the fills are of a level, at a price.
fn after(fills: &[(u32, u32, u64)]) -> Option<&'static str> {
    let followed = (0..).map(|seed| Offer::of(seed, SECOND)).find(|it| it.outside.is_some());
    let rules = followed.and_then(|offer| market::instruments(&offer).pop()).expect("one follows");
    let level = |(price, quantity)| Level { price: Ticks(price), quantity: Lots(quantity) };
    let asks = [(100, 10), (101, 20)].map(level).into();
    let snapshot = Snapshot { number: 7, asks, ..Snapshot::default() };
    let mut told = Told::new(rules.partition, 1, Time(1));
    let id = rules.id;
    told.commands.push((Some(id), BookCommand::Rules(Box::new(rules))));
    told.commands.push((Some(id), BookCommand::Post(Box::new(snapshot))));
    for (nth, &(level, price, quantity)) in (1..).zip(fills) {
        let account = AccountId::new(PartitionId(5), 1);
        let leg = Leg {
            order: OrderKey { account, no: OrderNo(nth) },
            instrument: id,
            trade: TradeNo(nth),
            side: Side::Buy,
            is_maker: false,
            in_call: false,
            price: Ticks(price),
            quantity: Lots(quantity),
            time: Time(1),
            source: Some(Source { snapshot: 7, level }),
        };
        let message = Message::ToAccount(account, AccountMessage::Settle(leg));
        told.sent.push((account.partition(), message));
    }
    Displayed::default().hear(&told).err().map(|broken| broken.invariant)
}

#[test]
fn what_is_displayed_may_be_taken_and_no_more() {
    assert_eq!(after(&[(1, 100, 4), (1, 100, 6), (2, 101, 20)]), None);
    assert_eq!(after(&[(1, 100, 4), (1, 100, 7)]), Some("FILL-4"));
}

#[test]
fn a_fill_is_at_the_price_of_its_level_and_of_a_level_that_there_is() {
    assert_eq!(after(&[(1, 101, 4)]), Some("FILL-4"));
    assert_eq!(after(&[(3, 102, 1)]), Some("FILL-4"));
}
