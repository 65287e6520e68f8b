//! The kill switch of an account.

use super::{account, answer, buy, no, order, place, refusal, sell, slow_street, sound, street};
use crate::effect::Answer;
use crate::order::Status;

#[test]
fn it_cancels_everything_and_gives_back_what_was_held() {
    let mut pit = street();
    place(&mut pit, "alice", "a", buy(10, 90));
    place(&mut pit, "alice", "b", sell(10, 110));
    let engaged = pit.kill_switch("alice", true);
    assert_eq!(answer(&pit, engaged), Answer::CancelledAll { orders: 2 });
    assert!(account(&pit, "alice").is_killed());
    assert_eq!(account(&pit, "alice").open_orders().count(), 0);
    assert!(account(&pit, "alice").balances().all(|(_, balance)| balance.held == 0));
    sound(&pit);
}

#[test]
fn nothing_new_enters_until_it_is_released() {
    let mut pit = street();
    let engaged = pit.kill_switch("alice", true);
    assert_eq!(answer(&pit, engaged), Answer::CancelledAll { orders: 0 });
    let refused = place(&mut pit, "alice", "a", buy(10, 90));
    assert_eq!(refusal(&pit, refused), Some("KILL_SWITCH_ENGAGED"));
    // Others trade as before, and it still owns what it owns.
    place(&mut pit, "bob", "b", buy(10, 90));
    assert_eq!(account(&pit, "bob").open_orders().count(), 1);
    let released = pit.kill_switch("alice", false);
    assert_eq!(answer(&pit, released), Answer::Done);
    let placed = place(&mut pit, "alice", "c", buy(10, 90));
    assert_eq!(refusal(&pit, placed), None);
    sound(&pit);
}

#[test]
fn an_order_on_its_way_to_the_book_is_caught_there() {
    let mut pit = slow_street();
    place(&mut pit, "alice", "a", buy(10, 90));
    let engaged = pit.kill_switch("alice", true);
    let amended = pit.amend("alice", no(1), Some(20), None);
    assert_eq!(refusal(&pit, amended), Some("KILL_SWITCH_ENGAGED"));
    pit.settle_down();
    assert_eq!(answer(&pit, engaged), Answer::CancelledAll { orders: 1 });
    assert_eq!(order(&pit, "alice", 1).status, Status::Cancelled);
    sound(&pit);
}
