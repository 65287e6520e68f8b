//! Money that comes and goes without a trade.

use super::*;
use crate::history::LedgerKind;
use crate::pit::tests::market::LPJ_KRW;

fn rows(pit: &Pit, who: &str) -> Vec<(LedgerKind, Amount)> {
    let id = pit.find(who).expect("opened");
    let rows = pit.tap().ledger.iter().filter(|row| row.account == id && row.asset == KRW);
    rows.map(|row| (row.kind, row.amount)).collect()
}

#[test]
fn a_deposit_is_issued_and_a_withdrawal_redeemed() {
    let mut pit = street();
    let request = pit.withdraw("alice", KRW, 400_000);
    let left = Answer::Balance { asset: KRW, available: 600_000, held: 0 };
    assert_eq!(answer(&pit, request), left);
    let expected = [(LedgerKind::Deposit, RICH), (LedgerKind::Withdrawal, -400_000)];
    assert_eq!(rows(&pit, "alice"), expected);
    sound(&pit);
}

#[test]
fn what_is_held_cannot_be_withdrawn() {
    let mut pit = street();
    place(&mut pit, "alice", "a", buy(10, 777));
    let request = pit.withdraw("alice", KRW, RICH - 7790 + 1);
    assert_eq!(refusal(&pit, request), Some("INSUFFICIENT_FUNDS"));
    let request = pit.withdraw("alice", KRW, RICH - 7790);
    assert_eq!(refusal(&pit, request), None);
    assert_eq!(balance(&pit, "alice", KRW), (0, 7790));
}

#[test]
fn a_transfer_is_in_flight_until_it_arrives() {
    let mut pit = slow_street();
    let request = pit.transfer("alice", "bob", KRW, 300);
    assert_eq!(balance(&pit, "alice", KRW), (RICH - 300, 0));
    assert_eq!(balance(&pit, "bob", KRW), (RICH, 0));
    assert_eq!(pit.tap().answers_to(request).count(), 0);
    sound(&pit);
    pit.settle_down();
    assert_eq!(balance(&pit, "bob", KRW), (RICH + 300, 0));
    assert_eq!(answer(&pit, request), Answer::Done);
    assert_eq!(rows(&pit, "alice")[1..], [(LedgerKind::TransferOut, -300)]);
    assert_eq!(rows(&pit, "bob")[1..], [(LedgerKind::TransferIn, 300)]);
    sound(&pit);
}

#[test]
fn a_transfer_to_nobody_comes_back() {
    let mut pit = slow_street();
    let before = *account(&pit, "alice").performance();
    let request = pit.transfer("alice", "nobody", KRW, 300);
    pit.settle_down();
    assert_eq!(refusal(&pit, request), Some("TRANSFER_TO_UNKNOWN"));
    assert_eq!(balance(&pit, "alice", KRW), (RICH, 0));
    let came_back = [(LedgerKind::TransferOut, -300), (LedgerKind::TransferIn, 300)];
    assert_eq!(rows(&pit, "alice")[1..], came_back);
    assert_eq!(*account(&pit, "alice").performance(), before, "it was no deposit");
    sound(&pit);
}

#[test]
fn goods_that_come_in_cost_their_reference_price() {
    let pit = street();
    let (_, position) = account(&pit, "alice").positions().next().expect("a position");
    assert_eq!((position.quantity, position.cost), (1000, 100_000));
    let performance = account(&pit, "alice").performance();
    assert_eq!((performance.deposits, performance.net_deposits), (1_100_000, 1_100_000));
}

#[test]
fn a_reset_is_a_fresh_start_with_the_history_kept() {
    let mut pit = street();
    place(&mut pit, "alice", "a", buy(10, 100));
    let request = pit.reset("alice", &[(KRW, 500)]);
    assert_eq!(refusal(&pit, request), Some("OPEN_ORDERS_EXIST"));
    pit.cancel_all("alice", None);
    let request = pit.reset("alice", &[(KRW, 500)]);
    assert_eq!(answer(&pit, request), Answer::Done);
    assert_eq!(balance(&pit, "alice", KRW), (500, 0));
    assert_eq!(balance(&pit, "alice", LPJ), (0, 0));
    let anew = [(LedgerKind::Redeem, -RICH), (LedgerKind::Issue, 500)];
    assert_eq!(rows(&pit, "alice")[1..], anew);
    let alice = account(&pit, "alice");
    assert_eq!((alice.performance().resets, alice.performance().deposits), (1, 500));
    assert_eq!(alice.positions().filter(|(id, _)| *id == LPJ_KRW).count(), 0);
    assert_eq!(alice.orders(), OrderNo(1), "numbers go on");
    sound(&pit);
}
