//! A followed instrument among accounts: money moves once, the house pays out of its own, and no
//! level is over-filled, however late and interleaved everything arrives.

use crate::amount::{Amount, Lots, Ticks};
use crate::effect::Answer;
use crate::follow::{Follow, Level, Snapshot};
use crate::history::LedgerKind;
use crate::ids::InstrumentId;
use crate::instrument::Instrument;
use crate::order::{OrderRequest, Side, Size, Status, TimeInForce};
use crate::pit::check::Checks;
use crate::pit::tests::market::{BTC, KRW, assets, instruments, limit, topology};
use crate::pit::{Chooser, Pit, Record};
use crate::request::{AccountRequest, Ack, OrderRef};
use crate::terms::{StopAsked, TermsAsked};
use crate::time::Time;

const OUT_KRW: InstrumentId = InstrumentId(3);

/// BTC against KRW with the fees of the small market, at an outside market's prices.
fn out_krw() -> Instrument {
    let [lpj, btc] = instruments();
    let follow = Follow {
        house: "house".into(),
        levels_max: 10,
        stale_ns: 10 * Time::SECOND,
        subscription: None,
    };
    Instrument {
        id: OUT_KRW,
        symbol: "OUT-KRW".into(),
        partition: topology().book_partition(OUT_KRW),
        fees: lpj.fees,
        open_orders_max: 20_000,
        follow: Some(Box::new(follow)),
        ..btc
    }
}

fn furnish(mut pit: Pit) -> Pit {
    for asset in assets() {
        pit.add_asset(&asset);
    }
    let rules = out_krw();
    rules.check().expect("sound rules");
    pit.list(&rules);
    pit
}

fn prompt() -> Pit {
    let mut pit = furnish(Pit::prompt(topology(), Record::default()));
    pit.open("house");
    pit.fund("house", OUT_KRW, BTC, 100_000_000);
    pit.fund("house", OUT_KRW, KRW, 100_000_000);
    pit
}

fn snapshot(number: u64, bids: &[(u32, u64)], asks: &[(u32, u64)]) -> Snapshot {
    super::venue::snapshot(number, bids, asks)
}

/// An order for lots of 0.001 at a price in thousands.
fn order(side: Side, lots: Amount, price: Amount) -> OrderRequest {
    OrderRequest { instrument: OUT_KRW, ..limit(side, lots * 10, price * 1000) }
}

fn refusal(pit: &Pit, request: u64) -> &'static str {
    match pit.tap().answers_to(request).last() {
        Some(Answer::Rejected { reject, .. }) => reject.reason(),
        other => panic!("{other:?} is no refusal"),
    }
}

fn check(pit: &Pit) {
    if let Err(broken) = Checks::default().run(pit) {
        panic!("{broken}");
    }
}

#[test]
fn a_trade_with_the_house_costs_its_user_what_every_trade_costs() {
    let mut pit = prompt();
    pit.open("alice");
    pit.deposit("alice", KRW, 1_000_000);
    pit.post(OUT_KRW, &snapshot(1, &[(99, 500)], &[(100, 500)]));
    pit.place("alice", "buy", order(Side::Buy, 100, 100), Ack::Full);
    pit.place("alice", "sell", order(Side::Sell, 40, 99), Ack::Full);
    let alice = pit.account(pit.find("alice").expect("opened"));
    // 100 lots at 100 are 10,000 and a fee of 25; 40 at 99 are 3,960, a fee of 10 and a tax of 7.
    assert_eq!(alice.balance(KRW).available, 1_000_000 - 10_025 + 3_960 - 10 - 7);
    assert_eq!(alice.balance(BTC).available, 600);
    let house = pit.account(pit.find("house").expect("opened"));
    assert_eq!(house.balance(KRW).available, 100_000_000 + 10_000 - 3_960);
    assert_eq!(house.balance(BTC).available, 100_000_000 - 600);
    let kinds: Vec<LedgerKind> = pit.tap().ledger.iter().map(|row| row.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == LedgerKind::Issue).count(), 2);
    check(&pit);
}

#[test]
fn of_a_hundred_users_at_one_price_as_many_fill_as_is_displayed() {
    let mut pit = prompt();
    pit.post(OUT_KRW, &snapshot(1, &[], &[(100, 730)]));
    for nth in 0..100 {
        let name = format!("user-{nth}");
        pit.open(&name);
        pit.deposit(&name, KRW, 10_000);
        pit.place(&name, "buy", order(Side::Buy, 10, 100), Ack::Result);
    }
    let fills = pit.tap().fills.iter().filter(|fill| fill.order.0 > 0);
    assert_eq!(fills.map(|fill| fill.quantity.0).sum::<u64>(), 730);
    let full = pit.tap().closed.iter().filter(|order| order.status == Status::Filled);
    assert_eq!(full.count(), 73);
    check(&pit);
}

#[test]
fn a_house_spends_on_nothing_else() {
    let mut pit = prompt();
    pit.open("alice");
    pit.deposit("alice", KRW, 1_000_000);
    for request in [
        pit.withdraw("house", KRW, 1),
        pit.transfer("house", "alice", KRW, 1),
        pit.reset("house", &[(KRW, 1)]),
        pit.deposit("house", KRW, 1),
        pit.place("house", "buy", order(Side::Buy, 1, 100), Ack::Result),
    ] {
        assert_eq!(refusal(&pit, request), "HOUSE_ACCOUNT");
    }
    let by_another = pit.fund("alice", OUT_KRW, KRW, 1);
    assert_eq!(refusal(&pit, by_another), "NOT_THE_HOUSE");
    let other_asset = pit.fund("house", OUT_KRW, crate::pit::tests::market::LPJ, 1);
    assert_eq!(refusal(&pit, other_asset), "MALFORMED");
    check(&pit);
}

#[test]
fn stops_pairs_and_hidden_parts_are_not_for_a_followed_instrument() {
    let mut pit = prompt();
    pit.open("alice");
    pit.deposit("alice", KRW, 1_000_000);
    let stop = TermsAsked { stop: Some(StopAsked::At(90_000)), ..TermsAsked::default() };
    let hidden = TermsAsked { display: Some(10), ..TermsAsked::default() };
    let other = crate::terms::OtherAsked {
        id: crate::client_id::ClientId::parse("second").expect("a good id"),
        stop: StopAsked::At(90_000),
        price: None,
    };
    let pair = TermsAsked { other: Some(other), ..TermsAsked::default() };
    for (id, terms) in [("stop", stop), ("hidden", hidden), ("pair", pair)] {
        let asked = OrderRequest { terms: Some(Box::new(terms)), ..order(Side::Buy, 2, 100) };
        let request = pit.place("alice", id, asked, Ack::Result);
        assert_eq!(refusal(&pit, request), "NOT_WHERE_FOLLOWED");
    }
}

#[test]
fn a_market_order_without_a_feed_is_refused_for_that_reason() {
    let mut pit = prompt();
    pit.open("alice");
    pit.deposit("alice", KRW, 1_000_000);
    let market =
        OrderRequest { price: None, time_in_force: TimeInForce::Ioc, ..order(Side::Buy, 1, 100) };
    let request = pit.place("alice", "early", market.clone(), Ack::Result);
    assert_eq!(refusal(&pit, request), "FEED_STALE");
    pit.post(OUT_KRW, &snapshot(1, &[], &[(100, 5)]));
    let by_amount = OrderRequest { size: Size::QuoteAmount(301), ..market };
    pit.place("alice", "later", by_amount, Ack::Result);
    let fills = pit.tap().fills.iter().filter(|fill| fill.order.0 > 0);
    assert_eq!(fills.map(|fill| fill.quantity.0).sum::<u64>(), 3);
    check(&pit);
}

/// Ten users and an unsteady house; the feed comes as it likes.
struct Street {
    pit: Pit,
    dice: Chooser,
    number: u64,
}

impl Street {
    fn open(seed: u64) -> Street {
        let mut pit = furnish(Pit::delayed(topology(), Record::default(), seed));
        pit.open("house");
        for nth in 0..10 {
            let name = format!("user-{nth}");
            pit.open(&name);
            pit.deposit(&name, KRW, 50_000);
            pit.deposit(&name, BTC, 2_000);
        }
        Street { pit, dice: Chooser(!seed), number: 0 }
    }

    fn step(&mut self) {
        let name = format!("user-{}", self.dice.below(10));
        match self.dice.below(100) {
            0..15 => self.post(),
            15..18 => {
                let amount = 1 + Amount::from(self.dice.below(30_000));
                let asset = *self.dice.one_of(&[KRW, BTC]);
                self.pit.fund("house", OUT_KRW, asset, amount);
            }
            18..30 => {
                let order = OrderRef::No(crate::ids::OrderNo(1 + self.dice.below(400)));
                let account = self.pit.find(&name).expect("opened");
                let id = format!("cancel-{}", self.dice.number());
                self.pit.ask(account, &id, &AccountRequest::Cancel { order });
            }
            30..42 => self.amend(&name),
            42..44 => {
                let now = self.pit.now().0 + self.dice.below(8 * Time::SECOND);
                self.pit.set_time(Time(now));
            }
            _ => self.place(&name),
        }
        let most = *self.dice.one_of(&[0, 0, 1, 2, 4, 9]);
        self.pit.deliver_some(most);
    }

    fn post(&mut self) {
        let dice = &mut self.dice;
        self.number += 1 + dice.below(2);
        let middle = 100 + dice.below(5) as u32;
        let mut side = |sign: i32| {
            let level = |nth: i32, quantity| Level {
                price: Ticks((middle as i32 + sign * (1 + nth)) as u32),
                quantity: Lots(quantity),
            };
            (0..dice.below(6) as i32).map(|nth| level(nth, 1 + dice.below(60))).collect()
        };
        let (bids, asks) = (side(-1), side(1));
        let time = self.pit.now();
        self.pit.post(OUT_KRW, &Snapshot { number: self.number, time, bids, asks });
    }

    fn amend(&mut self, name: &str) {
        let account = self.pit.find(name).expect("opened");
        let open: Vec<_> =
            self.pit.account(account).open_orders().map(|open| open.state.key.no).collect();
        if open.is_empty() {
            return;
        }
        let order = OrderRef::No(*self.dice.one_of(&open));
        let quantity = (self.dice.below(3) != 0).then(|| 10 * (1 + self.dice.below(40) as Amount));
        let price = (self.dice.below(3) != 0).then(|| 1000 * (96 + self.dice.below(12) as Amount));
        let id = format!("amend-{}", self.dice.number());
        self.pit.ask(account, &id, &AccountRequest::Amend { order, quantity, price });
    }

    fn place(&mut self, name: &str) {
        let dice = &mut self.dice;
        let side = *dice.one_of(&[Side::Buy, Side::Sell]);
        let (lots, price) = (1 + dice.below(40) as Amount, 96 + dice.below(12) as Amount);
        let mut asked = order(side, lots, price);
        let (gtc, day, ioc) = (TimeInForce::Gtc, TimeInForce::Day, TimeInForce::Ioc);
        asked.time_in_force = *dice.one_of(&[gtc, gtc, day, ioc, TimeInForce::Fok]);
        match dice.below(10) {
            0 => asked.post_only = asked.time_in_force.rests(),
            1 => (asked.price, asked.time_in_force) = (None, ioc),
            2 if side == Side::Buy => {
                (asked.price, asked.time_in_force) = (None, ioc);
                asked.size = Size::QuoteAmount(1 + Amount::from(dice.below(9_000)));
            }
            _ => {}
        }
        let ack = *dice.one_of(&[Ack::Result, Ack::Accepted, Ack::Full]);
        let id = format!("order-{}", self.dice.number());
        self.pit.place(name, &id, asked, ack);
    }
}

#[test]
fn invariants_hold_whatever_arrives_first() {
    let (mut fills, mut makers, mut broke) = (0, 0, 0);
    for seed in 0..6 {
        let mut street = Street::open(seed);
        let mut checks = Checks::default();
        for step in 0..6_000 {
            street.step();
            if step % 500 == 499 {
                street.pit.settle_down();
            }
            if step % 50 == 49
                && let Err(broken) = checks.run(&street.pit)
            {
                panic!("seed {seed}, step {step}: {broken}");
            }
        }
        street.pit.settle_down();
        if let Err(broken) = checks.run(&street.pit) {
            panic!("seed {seed}: {broken}");
        }
        let users = street.pit.tap().fills.iter().filter(|fill| fill.order.0 > 0);
        fills += users.clone().count();
        makers += users.filter(|fill| fill.is_maker).count();
        let short = Some(crate::order::CancelReason::HouseCannotPay);
        broke += street.pit.tap().closed.iter().filter(|order| order.reason == short).count();
    }
    assert!(fills > 5_000, "only {fills} fills");
    assert!(makers > 500, "only {makers} of orders that rested");
    assert!(broke > 50, "only {broke} orders that the house could not pay");
}
