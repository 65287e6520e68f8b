//! Orders of one account that meet: the book reports, the account releases, maker and taker.

use super::*;
use crate::order::{CancelReason, SelfMatch, Status};

/// Alice offers 5 at 100, bob 5 behind her; alice buys 8 at 100 with a mode.
fn met(mode: SelfMatch) -> Pit {
    let mut pit = street();
    place(&mut pit, "alice", "maker", sell(5, 100));
    place(&mut pit, "bob", "b", sell(5, 100));
    place(&mut pit, "alice", "taker", OrderRequest { self_match: Some(mode), ..buy(8, 100) });
    sound(&pit);
    pit
}

/// Filled, cancelled, status, and what alice holds of LPJ and KRW.
fn ends(pit: &Pit, number: u64) -> (u64, u64, Status) {
    let state = order(pit, "alice", number);
    (state.filled.0, state.cancelled.0, state.status)
}

#[test]
fn none_lets_them_trade() {
    let pit = met(SelfMatch::None);
    assert_eq!(ends(&pit, 1), (5, 0, Status::Filled));
    assert_eq!(ends(&pit, 2), (8, 0, Status::Filled));
    // 3 bought of bob; a tax of 0.9 and a fee of 0.5 as seller, a fee of 2 as buyer.
    assert_eq!(balance(&pit, "alice", LPJ), (1003, 0));
    assert_eq!(balance(&pit, "alice", KRW), (RICH - 300 - 1 - 1 - 2, 0));
}

#[test]
fn cancel_taker_leaves_the_maker() {
    let pit = met(SelfMatch::CancelTaker);
    assert_eq!(ends(&pit, 1), (0, 0, Status::Open));
    assert_eq!(ends(&pit, 2), (0, 8, Status::Cancelled));
    assert_eq!(order(&pit, "alice", 2).reason, Some(CancelReason::SelfMatch));
    assert_eq!(balance(&pit, "alice", KRW), (RICH, 0));
    assert_eq!(balance(&pit, "alice", LPJ), (995, 5));
}

#[test]
fn cancel_maker_goes_on_behind_it() {
    let pit = met(SelfMatch::CancelMaker);
    assert_eq!(ends(&pit, 1), (0, 5, Status::Cancelled));
    assert_eq!(order(&pit, "alice", 1).reason, Some(CancelReason::SelfMatch));
    assert_eq!(ends(&pit, 2), (5, 0, Status::PartiallyFilled));
    assert_eq!(balance(&pit, "alice", LPJ), (1005, 0));
    // 3 at 100 are left. 1.25 of fee so far was charged as 1, with the rest it would be 2.
    assert_eq!(balance(&pit, "alice", KRW), (RICH - 501 - 301, 301));
}

#[test]
fn cancel_both_ends_both() {
    let pit = met(SelfMatch::CancelBoth);
    assert_eq!(ends(&pit, 1), (0, 5, Status::Cancelled));
    assert_eq!(ends(&pit, 2), (0, 8, Status::Cancelled));
    assert_eq!(balance(&pit, "alice", KRW), (RICH, 0));
    assert_eq!(balance(&pit, "alice", LPJ), (1000, 0));
}

#[test]
fn decrement_takes_the_smaller_off_both() {
    let pit = met(SelfMatch::Decrement);
    assert_eq!(ends(&pit, 1), (0, 5, Status::Cancelled));
    // 5 went by the meeting and 3 were bought of bob.
    assert_eq!(ends(&pit, 2), (3, 5, Status::Cancelled));
    assert_eq!(balance(&pit, "alice", KRW), (RICH - 301, 0));
    assert_eq!(balance(&pit, "alice", LPJ), (1003, 0));
}

#[test]
fn a_decremented_maker_keeps_what_is_left_and_its_hold() {
    let mut pit = street();
    let decrement = Some(SelfMatch::Decrement);
    place(&mut pit, "alice", "maker", sell(10, 100));
    place(&mut pit, "alice", "taker", OrderRequest { self_match: decrement, ..buy(4, 100) });
    assert_eq!(ends(&pit, 1), (0, 4, Status::Open));
    assert_eq!(balance(&pit, "alice", LPJ), (994, 6));
    sound(&pit);
    // An amend gives the total, what was taken off included: 4 of 12 are gone.
    pit.amend("alice", no(1), Some(12), None);
    assert_eq!(balance(&pit, "alice", LPJ), (992, 8));
    place(&mut pit, "bob", "b", buy(8, 100));
    assert_eq!(ends(&pit, 1), (8, 4, Status::Cancelled));
    assert_eq!(balance(&pit, "alice", LPJ), (992, 0));
    sound(&pit);
}

#[test]
fn an_amend_that_meets_its_own_order_ends_as_cancelled() {
    let mut pit = street();
    let decrement = Some(SelfMatch::Decrement);
    place(&mut pit, "alice", "ask", sell(4, 110));
    place(&mut pit, "alice", "bid", OrderRequest { self_match: decrement, ..buy(10, 100) });
    place(&mut pit, "bob", "b", sell(6, 120));
    pit.amend("alice", no(2), None, Some(120));
    assert_eq!(ends(&pit, 1), (0, 4, Status::Cancelled));
    assert_eq!(ends(&pit, 2), (6, 4, Status::Cancelled));
    assert_eq!(balance(&pit, "alice", KRW), (RICH - 722, 0));
    sound(&pit);
}
