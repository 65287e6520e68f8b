//! Verdicts on what an exchange says of two accounts that traded.

use super::*;
use crate::cli::play::live::seat::Placed;
use hoga_proto::convert::numbers::shown;
use hoga_scenarios::listing;
use hoga_scenarios::rules::RuleBook;

const KRW: u8 = 8;

fn market() -> Market {
    let book = RuleBook::shipped("lpj").expect("it ships").expect("it is sound");
    listing::market(&book, &Default::default()).expect("a market")
}

/// Whole units on the wire.
fn whole(units: i128) -> Option<v1::Decimal> {
    Some(shown(units, 0))
}

fn order(account: &str, no: u64, side: v1::Side, parts: [i128; 4], state: State) -> v1::Order {
    let [quantity, filled, cancelled, remaining] = parts.map(whole);
    let mut order = v1::Order {
        name: format!("accounts/{account}/orders/{no}"),
        client_order_id: format!("p-{no}"),
        instrument: "instruments/LPJ-KRW".into(),
        quantity,
        price: whole(777),
        filled_quantity: filled,
        cancelled_quantity: cancelled,
        remaining_quantity: remaining,
        ..v1::Order::default()
    };
    order.set_side(side);
    order.set_state(state);
    order
}

fn fill(account: &str, order: u64, trade: u64, side: v1::Side, quantity: i128) -> v1::Fill {
    let mut fill = v1::Fill {
        sequence: trade,
        order: format!("accounts/{account}/orders/{order}"),
        trade: format!("instruments/LPJ-KRW/trades/{trade}"),
        instrument: "instruments/LPJ-KRW".into(),
        is_maker: side == v1::Side::Sell,
        price: whole(777),
        quantity: whole(quantity),
        notional: whole(777 * quantity),
        ..v1::Fill::default()
    };
    fill.set_side(side);
    fill
}

/// Alice bought 4 of 10 from bob, who sold all of his 4.
struct Case {
    seats: [Seat; 2],
    statements: [Statement; 2],
}

impl Case {
    fn sound() -> Case {
        let seat = |name: &str, asked| {
            let mut seat = Seat::new(name.parse().expect("a name"), 0);
            let placed = Placed { id: "p-1".into(), instrument: 0, asked };
            seat.placed.insert(1, placed);
            seat
        };
        let statement = |name: &str, order, fill, balances| Statement {
            name: name.into(),
            balances,
            orders: vec![order],
            fills: vec![fill],
        };
        let market = market();
        let krw = |units: i128| units * 10_i128.pow(KRW.into());
        let (base, quote) = (market.instruments[0].base, market.instruments[0].quote);
        let bought = order("alice", 1, v1::Side::Buy, [10, 4, 0, 6], State::PartiallyFilled);
        let sold = order("bob", 1, v1::Side::Sell, [4, 4, 0, 0], State::Filled);
        let held = krw(6 * 777) + krw(1);
        Case {
            seats: [
                seat("alice", Asked::Quantity(Lots(10))),
                seat("bob", Asked::Quantity(Lots(4))),
            ],
            statements: [
                statement(
                    "alice",
                    bought,
                    fill("alice", 1, 1, v1::Side::Buy, 4),
                    vec![(quote, krw(1_000), held), (base, krw(4), 0)],
                ),
                statement("bob", sold, fill("bob", 1, 1, v1::Side::Sell, 4), Vec::new()),
            ],
        }
    }

    fn found(&self) -> Found {
        let (from, took) = (Time(0), Duration::from_secs(1));
        let mut outside = Displayed::default();
        let mut judge = Judge {
            market: &market(),
            is_own: true,
            seats: &self.seats,
            statements: &self.statements,
            outside: &mut outside,
            ran: Ran { from, took, length: Millis(1_000) },
            bots_from: 1,
        };
        judge.find()
    }

    /// Overfilled and lost.
    fn counts(&self) -> (u64, u64) {
        let audit = self.found().audit;
        (audit.overfilled, audit.lost)
    }
}

#[test]
fn what_adds_up_is_sound() {
    let found = Case::sound().found();
    let audit = found.audit;
    assert_eq!((audit.overfilled, audit.lost, audit.open_orders), (0, 0, 1));
    assert!(audit.holds_released);
    let trading = found.deals[0].trading;
    assert_eq!((trading.trades, trading.quantity, trading.close), (1, Lots(4), Ticks(777)));
    assert_eq!(found.purses.len(), 1);
}

#[test]
fn an_acknowledged_order_that_is_not_there_is_lost() {
    let mut case = Case::sound();
    let placed = Placed { id: "p-2".into(), instrument: 0, asked: Asked::Quantity(Lots(1)) };
    case.seats[0].placed.insert(2, placed);
    assert_eq!(case.counts(), (0, 1));
}

#[test]
fn quantity_that_nobody_accounts_for_is_lost() {
    let mut case = Case::sound();
    case.statements[0].orders[0].remaining_quantity = whole(5);
    assert_eq!(case.counts(), (0, 1));
}

#[test]
fn an_order_that_is_there_twice_is_found() {
    let mut case = Case::sound();
    let mut twin = order("bob", 2, v1::Side::Sell, [4, 0, 4, 0], State::Cancelled);
    twin.client_order_id = "p-1".into();
    case.statements[1].orders.push(twin);
    assert_eq!(case.counts(), (0, 1));
}

#[test]
fn more_than_was_asked_for_is_too_much() {
    let mut case = Case::sound();
    case.seats[1].placed.values_mut().for_each(|it| it.asked = Asked::Quantity(Lots(3)));
    // Beyond what was asked, and of another quantity than was asked.
    assert_eq!(case.counts(), (1, 1));
    let mut case = Case::sound();
    case.statements[0].fills.push(fill("alice", 1, 2, v1::Side::Buy, 1));
    // The order does not know of it, and nobody sold it.
    assert_eq!(case.counts(), (2, 0));
}

#[test]
fn a_hold_without_an_order_is_not_released() {
    let mut case = Case::sound();
    case.statements[0].orders[0].set_state(State::Cancelled);
    assert!(!case.found().audit.holds_released);
}
