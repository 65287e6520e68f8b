//! Fees and taxes: the whole of an order rounded, less what was charged before.

use super::*;
use crate::amount::{Lots, Rate};
use crate::effect::Posting;
use crate::instrument::{BadInstrument, Fees};
use crate::pit::tests::market::{BTC, BTC_KRW, instruments};

fn charged(pit: &Pit, who: &str) -> Vec<(Amount, Amount)> {
    let id = pit.find(who).expect("an account that was opened");
    let fills = pit.tap().fills.iter().filter(|fill| fill.account == id);
    fills.map(|fill| (fill.fee, fill.tax)).collect()
}

#[test]
fn each_fill_is_charged_what_the_whole_rounds_to_less_what_was_charged() {
    let mut pit = street();
    place(&mut pit, "alice", "a", buy(5, 300));
    for nth in 0..5 {
        place(&mut pit, "bob", &format!("b{nth}"), sell(1, 300));
    }
    // The maker pays 0.3 a fill: 0.3, 0.6, 0.9, 1.2, 1.5 round to 0, 1, 1, 1, 2.
    let fees: Vec<Amount> = charged(&pit, "alice").iter().map(|(fee, _)| *fee).collect();
    assert_eq!(fees, [0, 1, 0, 0, 1]);
    // Five orders of their own pay 0.75 and a tax of 0.54, each rounded by itself.
    assert_eq!(charged(&pit, "bob"), [(1, 1); 5]);
    sound(&pit);
}

#[test]
fn an_order_that_takes_and_then_makes_rounds_over_both_rates() {
    let mut pit = street();
    place(&mut pit, "bob", "b1", sell(1, 100));
    // 0.25 as taker rounds to nothing; 0.25 + 2 x 0.1 = 0.45 still does; then 0.55.
    place(&mut pit, "alice", "a", buy(4, 100));
    for nth in 0..3 {
        place(&mut pit, "carol", &format!("c{nth}"), sell(1, 100));
    }
    let fees: Vec<Amount> = charged(&pit, "alice").iter().map(|(fee, _)| *fee).collect();
    assert_eq!(fees, [0, 0, 0, 1]);
    sound(&pit);
}

#[test]
fn a_maker_rebate_rounds_towards_nothing() {
    let mut pit = street();
    pit.deposit("bob", BTC, 1000);
    let at = |side, lots: Amount, price: Amount| OrderRequest {
        instrument: BTC_KRW,
        ..limit(side, lots * 10, price * 1000)
    };
    place(&mut pit, "bob", "b", at(Side::Sell, 60, 100));
    // The maker gets 0.05 %: of 2,000 exactly 1, of 3,900 only 1.95.
    place(&mut pit, "alice", "a1", at(Side::Buy, 20, 100));
    place(&mut pit, "alice", "a2", at(Side::Buy, 19, 100));
    assert_eq!(charged(&pit, "bob"), [(-1, 0), (0, 0)]);
    assert_eq!(charged(&pit, "alice"), [(2, 0), (2, 0)]);
    sound(&pit);
}

#[test]
fn an_order_keeps_the_fees_of_its_entry() {
    let mut pit = street();
    place(&mut pit, "alice", "a", buy(10, 1000));
    let [mut lpj, _] = instruments();
    lpj.fees = Fees { version: 2, maker: Rate(0), taker: Rate(0), sell_tax: Rate(0) };
    pit.change(&lpj);
    place(&mut pit, "bob", "b", sell(10, 1000));
    assert_eq!(charged(&pit, "alice"), [(10, 0)]);
    assert_eq!(charged(&pit, "bob"), [(0, 0)]);
    sound(&pit);
}

#[test]
fn a_sell_never_costs_more_than_it_brings() {
    let mut pit = prompt();
    let [mut lpj, _] = instruments();
    let (taker, sell_tax) = (Rate(600_000_000), Rate(600_000_000));
    lpj.fees = Fees { version: 2, maker: Rate(0), taker, sell_tax };
    pit.change(&lpj);
    for name in ["alice", "bob"] {
        pit.open(name);
    }
    pit.deposit("alice", KRW, 1000);
    pit.deposit("bob", LPJ, 10);
    place(&mut pit, "alice", "a", buy(10, 10));
    place(&mut pit, "bob", "b", sell(10, 10));
    assert_eq!(charged(&pit, "bob"), [(60, 40)]);
    assert_eq!(balance(&pit, "bob", KRW), (0, 0));
    sound(&pit);
}

#[test]
fn what_is_charged_is_in_the_sub_accounts_of_the_payers_partition() {
    let mut pit = street();
    place(&mut pit, "alice", "a", buy(10, 1000));
    place(&mut pit, "bob", "b", sell(10, 1000));
    let sums = pit.desks().flat_map(|desk| pit.sub_accounts(desk.id()));
    let krw: Vec<&Posting> = sums.filter(|sum| sum.asset == KRW).collect();
    let of = |part: fn(&Posting) -> Amount| krw.iter().map(|sum| part(sum)).sum::<Amount>();
    assert_eq!(of(|sum| sum.fee), 10 + 25);
    assert_eq!(of(|sum| sum.tax), 18);
    assert_eq!(of(|sum| sum.clearing), 0);
    assert_eq!(of(|sum| sum.issued), 3 * RICH);
}

#[test]
fn rules_that_could_pay_more_than_they_take_are_no_instrument() {
    let [mut lpj, _] = instruments();
    lpj.fees.maker = Rate(-lpj.fees.taker.0 - 1);
    assert_eq!(lpj.check(), Err(BadInstrument::RebateAboveFee));
    lpj.fees.maker = Rate(-lpj.fees.taker.0);
    assert_eq!(lpj.check(), Ok(()));
    lpj.quantity_min = Lots(0);
    assert!(matches!(lpj.check(), Err(BadInstrument::QuantityLimits { .. })));
}
