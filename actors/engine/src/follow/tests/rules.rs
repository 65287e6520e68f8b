//! What a followed instrument does, rule by rule.

use super::venue::{STALE_NS, Venue, buy, fok, instrument, ioc, key, sell, snapshot};
use crate::amount::Lots;
use crate::effect::{Answer, Effect, MarketEvent};
use crate::follow::{Follow, Posted};
use crate::instrument::{Instrument, Phase};
use crate::message::{BookMessage, Submit};
use crate::order::{CancelReason, Side, Status, TimeInForce};
use crate::session::{PlannedPhase, Schedule, Span};

fn reason(answer: &Answer) -> &'static str {
    match answer {
        Answer::Rejected { reject, .. } => reject.reason(),
        other => panic!("{other:?} is no refusal"),
    }
}

#[test]
fn orders_take_what_is_displayed_better_prices_first_and_never_more() {
    let mut venue = Venue::rich();
    venue.post(&snapshot(3, &[(98, 4)], &[(100, 5), (101, 7), (103, 9)]));
    let outcome = venue.submit(buy(1, 8, 101));
    assert_eq!((outcome.status, outcome.filled), (Status::Filled, Lots(8)));
    assert_eq!(venue.fills(), [(1, 5, 100, 3, 1), (1, 3, 101, 3, 2)]);
    assert_eq!(venue.levels(Side::Sell), [(101, 4), (103, 9)]);
    // Of ten that want what is left, four lots are filled.
    for no in 2..12 {
        venue.submit(buy(no, 1, 101));
    }
    assert_eq!(venue.fills().len(), 4);
    assert_eq!(venue.levels(Side::Sell), [(103, 9)]);
    assert_eq!(venue.listing.book().len(), 6);
}

#[test]
fn what_was_taken_is_forgotten_only_with_a_newer_snapshot() {
    let mut venue = Venue::rich();
    let first = snapshot(3, &[], &[(100, 5)]);
    let taken = |number, is_taken| Answer::Posted(Posted { number, is_taken });
    assert_eq!(venue.post(&first), taken(3, true));
    venue.submit(ioc(buy(1, 5, 100)));
    // The same again, and an older one: neither gives anything back.
    assert_eq!(venue.post(&first), taken(3, false));
    assert_eq!(venue.post(&snapshot(2, &[], &[(100, 50)])), taken(3, false));
    assert_eq!(venue.submit(ioc(buy(2, 1, 100))).reason, Some(CancelReason::NoLiquidity));
    assert_eq!(venue.post(&snapshot(9, &[], &[(100, 5)])), taken(9, true));
    venue.submit(ioc(buy(3, 1, 100)));
    assert_eq!(venue.fills(), [(1, 5, 100, 3, 1), (3, 1, 100, 9, 1)]);
}

#[test]
fn users_do_not_trade_with_one_another() {
    let mut venue = Venue::rich();
    venue.post(&snapshot(1, &[(90, 5)], &[(110, 5)]));
    venue.submit(buy(1, 5, 101));
    venue.submit(sell(2, 5, 99));
    assert!(venue.fills().is_empty());
    assert_eq!(venue.listing.book().len(), 2);
}

#[test]
fn what_rests_fills_at_its_own_limit_the_oldest_of_a_price_first() {
    let mut venue = Venue::rich();
    venue.post(&snapshot(1, &[(90, 5)], &[(110, 5)]));
    venue.submit(buy(1, 3, 99));
    venue.submit(buy(2, 3, 100));
    venue.submit(buy(3, 3, 100));
    venue.submit(buy(4, 3, 98));
    // Both levels are reached; the better price goes first, and each order pays what it offered.
    venue.post(&snapshot(2, &[(90, 5)], &[(97, 4), (99, 4)]));
    let fills = venue.fills();
    assert_eq!(fills, [(2, 3, 100, 2, 1), (3, 1, 100, 2, 1), (3, 2, 100, 2, 2), (1, 2, 99, 2, 2)]);
    assert_eq!(venue.listing.book().find(key(1)).map(|left| left.open), Some(Lots(1)));
    assert_eq!(venue.levels(Side::Sell), []);
}

#[test]
fn a_market_buy_by_amount_spends_no_more_than_it() {
    let mut venue = Venue::rich();
    venue.post(&snapshot(1, &[], &[(100, 5), (101, 5)]));
    let by_amount = Submit { value_max: Some(650), is_market: true, ..buy(1, 1_000, 200) };
    let outcome = venue.submit(ioc(by_amount));
    assert_eq!((outcome.status, outcome.filled, outcome.value), (Status::Filled, Lots(6), 601));
}

#[test]
fn fill_or_kill_fills_whole_or_not_at_all() {
    let mut venue = Venue::rich();
    venue.post(&snapshot(1, &[], &[(100, 5), (101, 5)]));
    let outcome = venue.submit(fok(buy(1, 11, 101)));
    assert_eq!(outcome.reason, Some(CancelReason::NotFilledWhole));
    assert_eq!(venue.submit(fok(buy(2, 10, 101))).status, Status::Filled);
    assert_eq!(venue.fills(), [(2, 5, 100, 1, 1), (2, 5, 101, 1, 2)]);
}

#[test]
fn post_only_is_refused_where_something_can_be_taken() {
    let mut venue = Venue::rich();
    venue.post(&snapshot(1, &[], &[(100, 5)]));
    let post_only = |no| Submit { post_only: true, ..buy(no, 5, 100) };
    let refused = venue.submit(post_only(1));
    assert_eq!(refused.reject.expect("it is refused").reason(), "POST_ONLY_WOULD_TRADE");
    venue.submit(ioc(buy(2, 5, 100)));
    assert_eq!(venue.submit(post_only(3)).status, Status::Open);
}

#[test]
fn less_keeps_its_place_and_a_new_price_may_take() {
    let mut venue = Venue::rich();
    venue.post(&snapshot(1, &[], &[(100, 5)]));
    venue.submit(buy(1, 5, 95));
    venue.submit(buy(2, 5, 95));
    venue.amend(1, Some(3), None);
    venue.amend(2, Some(6), None);
    let taken = venue.amend(1, None, Some(100));
    assert_eq!((taken.status, taken.filled), (Status::Filled, Lots(3)));
    let refused = venue.amend(1, Some(9), None);
    assert_eq!(refused.reject.expect("it is gone").reason(), "ORDER_NOT_OPEN");
    assert_eq!(venue.fills(), [(1, 3, 100, 1, 1)]);
    assert_eq!(venue.cancel(2).cancelled, Lots(6));
    assert!(venue.listing.book().is_empty());
}

#[test]
fn a_feed_that_is_too_old_lets_nothing_trade() {
    let mut venue = Venue::rich();
    let refused = venue.submit(ioc(buy(1, 1, 100)));
    assert_eq!(refused.reject.expect("no feed came").reason(), "FEED_STALE");
    venue.post(&snapshot(1, &[], &[(100, 5)]));
    venue.submit(ioc(buy(2, 1, 100)));
    assert_eq!(venue.fills(), [(2, 1, 100, 1, 1)]);
    venue.pass(STALE_NS);
    assert!(venue.listing.following().is_some_and(|follow| follow.is_stale()));
    assert_eq!(venue.levels(Side::Sell), []);
    for submit in [ioc(buy(3, 1, 100)), fok(buy(4, 1, 100))] {
        let refused = venue.submit(submit);
        assert_eq!(refused.reject.expect("it is stale").reason(), "FEED_STALE");
    }
    // What may rest is taken, and fills when the feed is back.
    assert_eq!(venue.submit(buy(5, 2, 100)).status, Status::Open);
    venue.post(&snapshot(2, &[], &[(99, 1)]));
    assert_eq!(venue.fills(), [(5, 1, 100, 2, 1)]);
}

#[test]
fn an_alarm_is_set_for_when_the_feed_gets_too_old() {
    let mut venue = Venue::rich();
    venue.post(&snapshot(1, &[], &[(100, 5)]));
    let at = crate::time::Time(venue.now.0 + STALE_NS);
    let id = venue.listing.instrument().id;
    assert!(venue.said.contains(&Effect::Alarm(id, Some(at))));
    // Whatever comes first looks at the time as well, however late a tick is.
    venue.now = at;
    let refused = venue.submit(ioc(buy(1, 1, 100)));
    assert_eq!(refused.reject.expect("it is stale").reason(), "FEED_STALE");
    assert!(venue.said.contains(&Effect::Alarm(id, None)));
}

#[test]
fn what_the_house_cannot_pay_is_cancelled() {
    // Four lots of goods, money for two lots at 50.
    let mut venue = Venue::poor();
    venue.post(&snapshot(1, &[(50, 9)], &[(100, 9)]));
    let nothing = venue.submit(buy(1, 1, 100));
    assert_eq!(nothing.reason, Some(CancelReason::HouseCannotPay));
    venue.fund(40, 300);
    let some = venue.submit(buy(2, 5, 100));
    assert_eq!((some.filled, some.cancelled), (Lots(4), Lots(1)));
    assert_eq!((some.status, some.reason), (Status::Cancelled, Some(CancelReason::HouseCannotPay)));
    // It has 300 + 1200 now: ten lots at 50.
    let whole = venue.submit(fok(sell(3, 9, 50)));
    assert_eq!(whole.status, Status::Filled);
    venue.post(&snapshot(2, &[(40, 1)], &[(100, 20)]));
    let short = venue.submit(fok(buy(4, 10, 100)));
    assert_eq!(short.reason, Some(CancelReason::HouseCannotPay));
    // What rests goes as well, once it is reached and cannot be paid.
    venue.submit(buy(5, 12, 90));
    venue.take_said();
    venue.post(&snapshot(3, &[], &[(90, 20)]));
    let (fills, dropped) = venue.take_said();
    assert_eq!(fills.iter().map(|fill| fill.quantity.0).sum::<u64>(), 9);
    assert_eq!(dropped, [(key(5), 3, CancelReason::HouseCannotPay)]);
    let purse = venue.listing.following().expect("it follows").purse();
    assert_eq!((purse.base, purse.quote), (0, 300 + 1200 - 9 * 150 + 9 * 270));
}

#[test]
fn while_it_is_halted_nothing_fills_and_then_what_is_reached_does() {
    let mut venue = Venue::rich();
    venue.post(&snapshot(1, &[], &[(110, 5)]));
    venue.submit(buy(1, 5, 100));
    let phase = |venue: &mut Venue, phase| {
        let rules = Instrument { phase, ..instrument() };
        venue.listing.update(&rules, venue.now, &mut venue.said);
    };
    phase(&mut venue, Phase::Halted);
    venue.post(&snapshot(2, &[], &[(100, 3)]));
    assert!(venue.fills().is_empty());
    phase(&mut venue, Phase::Continuous);
    assert_eq!(venue.fills(), [(1, 3, 100, 2, 1)]);
}

#[test]
fn orders_with_a_time_of_their_own_go_at_it() {
    let mut venue = Venue::rich();
    venue.post(&snapshot(1, &[], &[(110, 5)]));
    let expires = Some(crate::time::Time(venue.now.0 + 7));
    let terms = Some(Box::new(crate::terms::Terms { expires, ..Default::default() }));
    venue.submit(Submit { time_in_force: TimeInForce::Gtd, terms, ..buy(1, 5, 100) });
    // A new price keeps it.
    venue.amend(1, None, Some(101));
    venue.take_said();
    venue.pass(7);
    let (_, dropped) = venue.take_said();
    assert_eq!(dropped, [(key(1), 5, CancelReason::Expired)]);
}

#[test]
fn a_snapshot_that_is_no_book_is_refused() {
    let mut venue = Venue::rich();
    let bad = [
        snapshot(0, &[], &[]),
        snapshot(1, &[(100, 1)], &[(100, 1)]),
        snapshot(1, &[(100, 1), (101, 1)], &[]),
        snapshot(1, &[(100, 1), (100, 1)], &[]),
        snapshot(1, &[], &[(101, 1), (100, 1)]),
        snapshot(1, &[], &[(100, 0)]),
        snapshot(1, &[], &[(100, 1), (101, 1), (102, 1), (103, 1), (104, 1), (105, 1)]),
        snapshot(1, &[], &[(u32::MAX, 1)]),
    ];
    for snapshot in bad {
        assert_eq!(reason(&venue.post(&snapshot)), "MALFORMED", "{snapshot:?}");
    }
    assert_eq!(reason(&venue.post(&snapshot(1, &[], &[(0, 1)]))), "PRICE_NOT_ON_TICK");
    assert!(venue.listing.following().is_some_and(|follow| follow.number() == 0));
}

#[test]
fn what_makes_its_own_price_takes_no_snapshots() {
    let mut venue = Venue::poor();
    let own = Instrument { follow: None, ..instrument() };
    venue.listing = crate::book::Listing::new(own, None);
    assert_eq!(reason(&venue.post(&snapshot(1, &[], &[(100, 5)]))), "NOT_FOLLOWED");
}

#[test]
fn the_market_sees_the_outside_book_and_none_of_the_orders_that_rest() {
    let mut venue = Venue::rich();
    venue.post(&snapshot(1, &[(90, 4)], &[(100, 5), (101, 6)]));
    venue.submit(buy(1, 2, 95));
    venue.submit(buy(2, 2, 100));
    venue.post(&snapshot(2, &[(90, 4)], &[(100, 5), (102, 6)]));
    venue.pass(STALE_NS);
    let mut sequence = 0;
    let levels = venue.said.iter().filter_map(|effect| match effect {
        Effect::Market(_, MarketEvent::Level { sequence: number, side, price, quantity }) => {
            sequence += 1;
            assert_eq!(*number, sequence, "numbered without gaps");
            Some((*side, price.0, quantity.0))
        }
        _ => None,
    });
    let (b, s) = (Side::Buy, Side::Sell);
    let expected = [
        vec![(b, 90, 4), (s, 100, 5), (s, 101, 6)],
        vec![(s, 100, 3)],
        vec![(s, 101, 0), (s, 100, 5), (s, 102, 6)],
        vec![(b, 90, 0), (s, 100, 0), (s, 102, 0)],
    ];
    assert_eq!(levels.collect::<Vec<_>>(), expected.concat());
}

#[test]
fn rules_that_cannot_be_followed_are_refused() {
    let follow = |change: &dyn Fn(&mut Follow)| {
        let mut rules = instrument();
        if let Some(follow) = &mut rules.follow {
            change(follow);
        }
        rules.check().is_err()
    };
    assert!(!follow(&|_| {}));
    assert!(follow(&|follow| follow.house = "".into()));
    assert!(follow(&|follow| follow.levels_max = 0));
    assert!(follow(&|follow| follow.levels_max = 101));
    assert!(follow(&|follow| follow.stale_ns = 0));
    let call = Span { phase: PlannedPhase::OpeningCall, from: 1, to: 2 };
    let schedule = Schedule { spans: vec![call], ..Schedule::default() };
    let called = Instrument { schedule: Some(Box::new(schedule)), ..instrument() };
    assert!(called.check().is_err());
}

#[test]
fn a_suspended_book_keeps_the_funds_for_later() {
    let funding = crate::follow::Funding { house: super::venue::HOUSE, base: 1, quote: 1 };
    let id = instrument().id;
    assert!(crate::book::decline(id, &BookMessage::Fund(funding)).is_empty());
}
