//! Notices: numbered by the account, the newest kept, each told as it happens.

use super::told::Owner;
use super::{account, answer, buy, order, place, refusal, sell, slow_street, sound, street};
use crate::account::NOTICES_MAX;
use crate::client_id::ClientId;
use crate::effect::{Answer, Effect};
use crate::notice::{Notice, NoticeOf};
use crate::order::{CancelReason, Status};
use crate::pit::Pit;
use crate::pit::tests::market::KRW;
use crate::request::AccountRequest;

fn desk() -> ClientId {
    ClientId::parse("desk").expect("it is an id")
}

fn lapse(pit: &mut Pit, who: &str, id: &str) -> u64 {
    let account = pit.find(who).expect("an account that was opened");
    pit.ask(account, id, &AccountRequest::Lapse { session: desk() })
}

/// What an account keeps, with its numbers.
fn kept(pit: &Pit, who: &str) -> Vec<(u64, NoticeOf)> {
    account(pit, who).notices().map(|notice| (notice.sequence, notice.of)).collect()
}

fn told(effects: &[Effect]) -> Vec<Notice> {
    let notice = |effect: &Effect| match effect {
        Effect::Notice(_, notice) => Some(*notice),
        _ => None,
    };
    effects.iter().filter_map(notice).collect()
}

#[test]
fn a_session_that_is_over_cancels_all_with_a_reason_of_its_own_and_is_told_of() {
    let mut pit = street();
    place(&mut pit, "alice", "a", buy(10, 90));
    place(&mut pit, "alice", "b", sell(10, 110));
    let lapsed = lapse(&mut pit, "alice", "l");
    assert_eq!(answer(&pit, lapsed), Answer::CancelledAll { orders: 2 });
    for number in [1, 2] {
        let order = order(&pit, "alice", number);
        let gone = (Status::Cancelled, Some(CancelReason::Disconnected));
        assert_eq!((order.status, order.reason), gone);
    }
    let expected = NoticeOf::SessionCancelled { session: desk(), orders: 2 };
    assert_eq!(kept(&pit, "alice"), [(1, expected)]);
    assert_eq!(kept(&pit, "bob"), []);
    sound(&pit);
}

#[test]
fn a_lapse_that_comes_twice_is_one() {
    let mut pit = street();
    lapse(&mut pit, "alice", "l");
    lapse(&mut pit, "alice", "l");
    assert_eq!(account(&pit, "alice").noticed(), 1);
}

#[test]
fn an_order_that_traded_before_its_cancel_came_keeps_what_it_is() {
    let mut pit = slow_street();
    place(&mut pit, "alice", "a", buy(10, 90));
    pit.settle_down();
    place(&mut pit, "bob", "b", sell(10, 90));
    let lapsed = lapse(&mut pit, "alice", "l");
    pit.settle_down();
    let first = order(&pit, "alice", 1);
    let cancelled = match first.status {
        Status::Filled => 0,
        Status::Cancelled => 1,
        other => panic!("{other:?}"),
    };
    assert_eq!(first.reason.is_some(), cancelled == 1);
    assert_eq!(answer(&pit, lapsed), Answer::CancelledAll { orders: cancelled });
    sound(&pit);
}

#[test]
fn the_kill_switch_is_told_of_when_it_turns() {
    let mut pit = street();
    place(&mut pit, "alice", "a", buy(10, 90));
    for engaged in [false, true, true, false, false] {
        pit.kill_switch("alice", engaged);
    }
    let engaged = NoticeOf::KillSwitchEngaged { orders: 1 };
    assert_eq!(kept(&pit, "alice"), [(1, engaged), (2, NoticeOf::KillSwitchReleased)]);
    // Whose owner asks is told so.
    assert_eq!(order(&pit, "alice", 1).reason, Some(CancelReason::Requested));
}

#[test]
fn a_reset_is_told_of_unless_it_was_refused() {
    let mut pit = street();
    place(&mut pit, "alice", "a", buy(10, 90));
    let refused = pit.reset("alice", &[(KRW, 5)]);
    assert_eq!(refusal(&pit, refused), Some("OPEN_ORDERS_EXIST"));
    assert_eq!(kept(&pit, "alice"), []);
    pit.cancel_all("alice", None);
    pit.reset("alice", &[(KRW, 5)]);
    assert_eq!(kept(&pit, "alice"), [(1, NoticeOf::AccountReset)]);
}

#[test]
fn numbers_go_on_without_a_gap_when_older_ones_are_given_up() {
    let mut alice = Owner::new();
    alice.ask(AccountRequest::Open);
    let mut all = Vec::new();
    for turn in 0..=NOTICES_MAX {
        let request = AccountRequest::KillSwitch { engaged: turn.is_multiple_of(2) };
        all.extend(told(&alice.ask(request)));
    }
    let numbers: Vec<u64> = all.iter().map(|notice| notice.sequence).collect();
    assert_eq!(numbers, (1..=NOTICES_MAX as u64 + 1).collect::<Vec<_>>());
    let kept: Vec<Notice> = alice.account.notices().copied().collect();
    assert_eq!(kept, all[1..], "what is kept is what was told, without the oldest");
    // As a snapshot has it.
    let bytes = postcard::to_stdvec(&alice.account).expect("it encodes");
    let mut again: crate::account::Account = postcard::from_bytes(&bytes).expect("it decodes");
    assert_eq!(postcard::to_stdvec(&again).expect("it encodes"), bytes);
    assert_eq!(again.noticed(), NOTICES_MAX as u64 + 1);
    std::mem::swap(&mut alice.account, &mut again);
    let next = told(&alice.ask(AccountRequest::Reset { amounts: Vec::new() }));
    assert_eq!((next[0].sequence, next[0].of), (34, NoticeOf::AccountReset));
}
