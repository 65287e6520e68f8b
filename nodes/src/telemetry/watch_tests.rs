//! What a broken invariant looks like to the watch. A sound exchange is watched in the tests of
//! the binary.

use super::Watch;
use crate::telemetry::Registry;
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::MarketEvent;
use hoga_engine::ids::{AccountId, InstrumentId, OrderKey, OrderNo, PartitionId};
use hoga_engine::order::{OrderState, SelfMatch, Side, Status, TimeInForce};
use hoga_engine::time::Time;

fn violations(id: &str) -> u64 {
    let page = Registry::install().expect("the buckets are fine").page();
    let start = format!("hoga_invariant_violations_total{{id=\"{id}\"}} ");
    let line = page.lines().find_map(|line| line.strip_prefix(start.as_str())).expect("known");
    line.parse().expect("a number")
}

fn order(ordered: u64, filled: u64, cancelled: u64) -> OrderState {
    OrderState {
        key: OrderKey { account: AccountId::new(PartitionId(2), 1), no: OrderNo(1) },
        client_id: ClientId::parse("a").expect("an id"),
        instrument: InstrumentId(0),
        side: Side::Buy,
        limit: Ticks(777),
        is_market: false,
        quote_amount: None,
        time_in_force: TimeInForce::Gtc,
        post_only: false,
        self_match: SelfMatch::CancelTaker,
        terms: None,
        ordered: Lots(ordered),
        filled: Lots(filled),
        cancelled: Lots(cancelled),
        notional: 0,
        fee: 0,
        tax: 0,
        status: Status::Open,
        reason: None,
        created: Time(0),
        updated: Time(0),
        event: 1,
        arrival: 1,
        last_arrival: 1,
    }
}

#[test]
fn an_order_done_beyond_its_quantity_is_counted() {
    violations("FILL-1");
    super::look_at_order(&order(10, 6, 4));
    assert_eq!(violations("FILL-1"), 0);
    super::look_at_order(&order(10, 7, 4));
    assert_eq!(violations("FILL-1"), 1);
}

#[test]
fn a_gap_between_two_levels_is_counted() {
    violations("SEQ-1");
    let level = |sequence| MarketEvent::Level {
        sequence,
        side: Side::Buy,
        price: Ticks(777),
        quantity: Lots(1),
    };
    let mut watch = Watch::default();
    // Where a watch begins, nothing came before.
    [5, 6, 7].into_iter().for_each(|sequence| watch.follow(InstrumentId(0), &level(sequence)));
    watch.follow(InstrumentId(1), &level(1));
    assert_eq!(violations("SEQ-1"), 0);
    watch.follow(InstrumentId(0), &level(9));
    assert_eq!(violations("SEQ-1"), 1);
}
