//! The audit is only trusted because it notices what is planted here.

use super::*;
use crate::grammar::{self, Sentence, Who};
use crate::listing;
use crate::rules::RuleBook;
use crate::time::Millis;
use hoga_engine::amount::Lots;
use hoga_engine::ids::OrderNo;
use hoga_engine::time::Time;
use hoga_engine::topology::Topology;

const SOUND: Audit =
    Audit { overfilled: 0, lost: 0, conserved: true, holds_released: true, open_orders: 2 };

/// Alice offered 10 and sold 4 of them to Bob, who also bids lower down.
fn floor() -> Floor<'static> {
    let book = RuleBook::shipped("lpj").expect("it ships").expect("it is sound");
    let market = listing::market(&book, &Topology::default()).expect("it is served");
    let mut floor = Floor::found(market, Time(1), Millis(1), None);
    for sentence in [
        "alice deposits 10 LPJ",
        "bob deposits 10000 KRW",
        "alice sells 10 LPJ-KRW @ 777",
        "bob buys 4 LPJ-KRW @ 777",
        "bob buys 3 LPJ-KRW @ 700",
    ] {
        let parsed = grammar::parse(sentence).expect("a sentence");
        let Sentence::Account { who: Who::One(name), act } = parsed else {
            panic!("one account speaks");
        };
        floor.say(&name, &act).expect("nothing is recorded");
    }
    floor
}

fn order(floor: &Floor<'_>, name: &str, no: u64) -> OrderKey {
    let account = floor.pit.find(name).expect("an account");
    OrderKey { account, no: OrderNo(no) }
}

#[test]
fn a_sound_floor_is_found_sound() {
    assert_eq!(audit(&floor()), SOUND);
}

#[test]
fn a_fill_beyond_what_was_asked_is_noticed() {
    let mut taker = floor();
    let key = order(&taker, "bob", 1);
    taker.pit.tap_mut().tracks.at(key).asked = Some(Asked::Quantity(Lots(3)));
    assert_eq!(audit(&taker).overfilled, 1);
    let mut maker = floor();
    let key = order(&maker, "alice", 1);
    maker.pit.tap_mut().tracks.at(key).asked = Some(Asked::Quantity(Lots(9)));
    assert_eq!(audit(&maker), Audit { overfilled: 1, ..SOUND }, "6 rest and 4 are filled");
}

#[test]
fn a_fill_settled_twice_is_noticed() {
    let mut floor = floor();
    let key = order(&floor, "alice", 1);
    floor.pit.tap_mut().tracks.at(key).filled = Lots(8);
    assert_eq!(audit(&floor), Audit { overfilled: 1, ..SOUND });
}

#[test]
fn a_market_order_that_spent_too_much_is_noticed() {
    let mut floor = floor();
    let key = order(&floor, "bob", 1);
    floor.pit.tap_mut().tracks.at(key).asked = Some(Asked::Spend(4 * 777 * 100_000_000));
    assert_eq!(audit(&floor).overfilled, 1, "the fee was not paid for");
}

#[test]
fn an_order_that_vanished_is_noticed() {
    let mut floor = floor();
    let key = order(&floor, "alice", 2);
    let listed = floor.market.instruments[0].id;
    let track = floor.pit.tap_mut().tracks.at(key);
    track.acknowledge(listed, Asked::Quantity(Lots(1)));
    assert_eq!(audit(&floor), Audit { lost: 1, ..SOUND });
}

#[test]
fn quantity_that_vanished_from_a_final_order_is_noticed() {
    let mut floor = floor();
    let key = order(&floor, "bob", 1);
    floor.pit.tap_mut().tracks.at(key).asked = Some(Asked::Quantity(Lots(5)));
    assert_eq!(audit(&floor), Audit { lost: 1, ..SOUND });
}

#[test]
fn a_request_without_an_answer_is_noticed() {
    let mut floor = floor();
    floor.counts.unanswered = 1;
    assert_eq!(audit(&floor), Audit { lost: 1, ..SOUND });
}

#[test]
fn money_from_nowhere_is_noticed() {
    for surplus in [-1, 1] {
        let mut floor = floor();
        let krw = floor.market.assets[0].id;
        *floor.counts.issued.get_mut(&krw).expect("won came in") += surplus;
        assert_eq!(audit(&floor), Audit { conserved: false, ..SOUND });
    }
}

#[test]
fn a_hold_that_does_not_fit_is_noticed() {
    let mut floor = floor();
    // As if prices were worth a unit more than what the accounts held for.
    floor.market.instruments[0].tick += 1;
    assert_eq!(audit(&floor), Audit { holds_released: false, ..SOUND });
}
