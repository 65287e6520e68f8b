//! An asset of fixed supply: nothing of it is ever made or lost.

use super::*;
use crate::pit::tests::market::assets;

/// LPJ comes out of a faucet that was given 1,000.
fn fixed() -> Pit {
    let mut pit = furnish(Pit::delayed(topology(), Record::default(), 3));
    let [_, mut lpj, _] = assets();
    lpj.faucet = Some("faucet".into());
    pit.add_asset(&lpj);
    for name in ["faucet", "alice", "bob"] {
        pit.open(name);
    }
    pit.deposit("faucet", LPJ, 1000);
    pit.settle_down();
    pit
}

fn issued(pit: &Pit) -> Amount {
    let sums = pit.desks().flat_map(|desk| pit.sub_accounts(desk.id()));
    sums.filter(|sum| sum.asset == LPJ).map(|sum| sum.issued).sum()
}

#[test]
fn a_deposit_comes_out_of_the_faucet() {
    let mut pit = fixed();
    let request = pit.deposit("alice", LPJ, 300);
    sound(&pit);
    while pit.deliver_some(1) {
        sound(&pit);
    }
    let balance_now = Answer::Balance { asset: LPJ, available: 300, held: 0 };
    assert_eq!(answer(&pit, request), balance_now);
    assert_eq!(balance(&pit, "faucet", LPJ), (700, 0));
    assert_eq!(issued(&pit), 1000);
}

#[test]
fn an_empty_faucet_refuses() {
    let mut pit = fixed();
    pit.deposit("alice", LPJ, 900);
    pit.settle_down();
    let request = pit.deposit("bob", LPJ, 101);
    pit.settle_down();
    assert_eq!(refusal(&pit, request), Some("INSUFFICIENT_FUNDS"));
    assert_eq!(balance(&pit, "bob", LPJ), (0, 0));
    assert_eq!(balance(&pit, "faucet", LPJ), (100, 0));
    sound(&pit);
}

#[test]
fn a_faucet_that_was_never_opened_gives_nothing() {
    let mut pit = fixed();
    let [_, mut lpj, _] = assets();
    lpj.faucet = Some("elsewhere".into());
    pit.add_asset(&lpj);
    let request = pit.deposit("alice", LPJ, 1);
    pit.settle_down();
    assert_eq!(refusal(&pit, request), Some("ACCOUNT_NOT_FOUND"));
}

#[test]
fn a_reset_returns_it_to_the_faucet() {
    let mut pit = fixed();
    pit.deposit("alice", LPJ, 300);
    pit.settle_down();
    let request = pit.reset("alice", &[(LPJ, 5)]);
    assert_eq!(refusal(&pit, request), Some("MALFORMED"), "a reset makes none");
    let request = pit.reset("alice", &[(KRW, 1000)]);
    pit.settle_down();
    assert_eq!(answer(&pit, request), Answer::Done);
    assert_eq!(balance(&pit, "alice", LPJ), (0, 0));
    assert_eq!(balance(&pit, "faucet", LPJ), (1000, 0));
    assert_eq!(issued(&pit), 1000);
    sound(&pit);
}
