//! Stops, pairs, icebergs, orders with an end, and calls: right, and spoiled in one place each.

use super::super::Case;
use super::super::sample::{LISTED, number, with};
use super::check;
use crate::export::{Account, Fill, Order, Side, Table, Terms, Trade};
use crate::number::Number;

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;

/// A market that begins empty: orders, and what traded.
struct Street {
    history: String,
    orders: Vec<Order>,
    fills: Vec<Fill>,
    table: Option<Table>,
}

/// An order in few words: who, side, quantity and price, or none at market.
type Words<'a> = (&'a str, Side, &'a str, Option<&'a str>);

impl Street {
    fn new() -> Street {
        let (history, table) = (String::new(), None);
        Street { history, orders: Vec::new(), fills: Vec::new(), table }
    }

    /// The next command enters an order, with more fields of a request.
    fn order(&mut self, (who, side, quantity, price): Words, more: &str) -> usize {
        let no = self.orders.len() as u64 + 1;
        self.asked((who, side, quantity, price), more, no);
        let is_market = price.is_none();
        self.orders.push(Order {
            name: format!("accounts/{who}/orders/{no}"),
            client_order_id: format!("o{no}"),
            instrument: LISTED.into(),
            side,
            is_market,
            time_in_force: "GTC".into(),
            post_only: false,
            self_match: "CANCEL_TAKER".into(),
            quantity: Some(number(quantity)),
            quote_amount: None,
            limit: number(price.unwrap_or("200")),
            state: "OPEN".into(),
            reason: String::new(),
            arrival: no,
            last_arrival: no,
            filled: Number::ZERO,
            cancelled: Number::ZERO,
            remaining: number(quantity),
            notional: Number::ZERO,
            fee: Number::ZERO,
            tax: Number::ZERO,
            terms: Terms::default(),
            created: no * SECOND,
        });
        self.orders.len() - 1
    }

    fn asked(&mut self, (who, side, quantity, price): Words, more: &str, no: u64) {
        let side = if side == Side::Buy { "BUY" } else { "SELL" };
        let price = price.map_or("null".into(), |price| format!("\"{price}\""));
        let line = format!(
            r#"{{"event":"invoke","time":{no}0,"client":"{who}","op":"p{no}","request":{{
            "kind":"create_order","account":"accounts/{who}","id":"o{no}","instrument":"{LISTED}",
            "side":"{side}","quantity":"{quantity}","price":{price}{more}}}}}"#
        );
        // A line of a history is one line.
        self.history.push_str(&line.replace('\n', ""));
        self.history.push('\n');
    }

    /// Two orders trade, and what that makes of them.
    fn trade(&mut self, taker: usize, maker: usize, quantity: &str, price: &str, in_call: bool) {
        let no = self.fills.len() / 2 + 1;
        let time = self.orders.iter().map(|order| order.created).max().unwrap_or_default();
        for (at, is_maker) in [(taker, false), (maker, !in_call)] {
            let order = &mut self.orders[at];
            order.filled += number(quantity);
            order.remaining = order.remaining - number(quantity);
            let is_over = order.remaining.is_zero();
            order.state = if is_over { "FILLED" } else { "PARTIALLY_FILLED" }.into();
            self.fills.push(Fill {
                sequence: 0,
                order: order.name.clone(),
                client_order_id: String::new(),
                trade: format!("{LISTED}/trades/{no}"),
                instrument: LISTED.into(),
                side: order.side,
                is_maker,
                price: number(price),
                quantity: number(quantity),
                notional: Number::ZERO,
                fee: Number::ZERO,
                tax: Number::ZERO,
                outside_snapshot: 0,
                outside_level: 0,
                time,
            });
        }
    }

    fn end(&mut self, at: usize, state: &str, reason: &str) {
        let order = &mut self.orders[at];
        (order.state, order.reason) = (state.into(), reason.into());
        (order.cancelled, order.remaining) = (order.remaining, Number::ZERO);
    }

    fn case(&self) -> Case {
        let mut case = with(&self.history);
        let account = Account {
            name: "accounts/all".into(),
            orders: self.orders.clone(),
            fills: self.fills.clone(),
            ..Account::default()
        };
        case.export.accounts = vec![account];
        case.export.books.clear();
        case.export.trades = Vec::<Trade>::new();
        case.export.instruments[0].table = self.table.clone();
        case
    }
}

#[track_caller]
fn holds(street: &Street) {
    assert_eq!(check(&street.case()).faults, Vec::<String>::new());
}

#[track_caller]
fn noticed(street: &Street, text: &str) {
    let faults = check(&street.case()).faults;
    assert!(faults.iter().any(|fault| fault.contains(text)), "{text} in {faults:?}");
}

/// Ann sells at 100, Bob and Cat stop at 100, Dan sells twice at 101, Eve buys at 100.
fn two_stops() -> Street {
    let mut street = Street::new();
    let ask = street.order(("ann", Side::Sell, "1", Some("100")), "");
    let stop = r#","type":"STOP","trigger":"100""#;
    let stops = ["bob", "cat"].map(|who| street.order((who, Side::Buy, "1", None), stop));
    let asks = ["dan", "dan"].map(|who| street.order((who, Side::Sell, "1", Some("101")), ""));
    let buy = street.order(("eve", Side::Buy, "1", Some("100")), "");
    street.trade(buy, ask, "1", "100", false);
    for (stop, ask) in stops.into_iter().zip(asks) {
        street.trade(stop, ask, "1", "101", false);
        let order = &mut street.orders[stop];
        order.terms = Terms { kind: "STOP".into(), ..Terms::default() };
        order.last_arrival = 6;
    }
    street
}

#[test]
fn stops_fire_behind_what_printed_the_oldest_first() {
    holds(&two_stops());
    let fired = check(&two_stops().case()).happened.stops_fired;
    assert_eq!(fired, 2);
    // The younger one went first.
    let mut street = two_stops();
    let [two, four] = [2, 4].map(|at| street.fills[at].order.clone());
    (street.fills[2].order, street.fills[4].order) = (four, two);
    noticed(&street, "did not trade with accounts/dan/orders/4");
    // It says that another command made it fire.
    let mut street = two_stops();
    street.orders[1].last_arrival = 5;
    noticed(&street, "fired behind 6, and says that it was by 5");
}

#[test]
fn a_stop_that_was_passed_and_waits_is_noticed() {
    let mut street = two_stops();
    street.fills.truncate(4);
    let (cat, dan) = (2, 4);
    for at in [cat, dan] {
        let order = &mut street.orders[at];
        (order.filled, order.remaining) = (Number::ZERO, number("1"));
    }
    street.orders[cat].state = "UNTRIGGERED".into();
    street.orders[cat].last_arrival = 3;
    street.orders[dan].state = "OPEN".into();
    noticed(&street, "accounts/cat/orders/3 did not trade");
}

#[test]
fn the_next_part_of_an_iceberg_goes_to_the_back() {
    let mut street = Street::new();
    let iceberg = street.order(("ann", Side::Sell, "4", Some("100")), r#","display":"2""#);
    street.orders[iceberg].terms.display = Some(number("2"));
    let plain = street.order(("bob", Side::Sell, "3", Some("100")), "");
    let buy = street.order(("eve", Side::Buy, "6", Some("100")), "");
    for (maker, quantity) in [(iceberg, "2"), (plain, "3"), (iceberg, "1")] {
        street.trade(buy, maker, quantity, "100", false);
    }
    holds(&street);
    assert_eq!(check(&street.case()).happened.icebergs_refilled, 1);
    let quantity = |fill: &mut Fill, to: &str| fill.quantity = number(to);
    for (at, to) in [(0, "3"), (1, "3"), (4, "0"), (5, "0")] {
        quantity(&mut street.fills[at], to);
    }
    noticed(&street, "3@100 instead of 2@100");
}

#[test]
fn of_two_orders_the_first_trade_takes_the_other_away() {
    let mut street = Street::new();
    let second = r#","other":{"account":"accounts/ann","id":"o2","instrument":"x","side":"SELL",
        "quantity":"2","price":null,"type":"STOP","trigger":"90"}"#;
    let limit = street.order(("ann", Side::Sell, "2", Some("100")), second);
    let stop = street.order(("ann", Side::Sell, "2", None), "");
    street.history.truncate(street.history.find('\n').map_or(0, |end| end + 1));
    street.orders[stop].terms.kind = "STOP".into();
    (street.orders[stop].arrival, street.orders[stop].last_arrival) = (1, 1);
    let buy = street.order(("eve", Side::Buy, "1", Some("100")), "");
    street.trade(buy, limit, "1", "100", false);
    street.end(stop, "CANCELLED", "OTHER_LEG");
    holds(&street);
    street.orders[stop].reason = "NO_LIQUIDITY".into();
    noticed(&street, "had to for OTHER_LEG");
}

#[test]
fn an_order_goes_when_its_time_is_over_wherever_that_was() {
    let mut street = Street::new();
    let end = 2 * SECOND + SECOND / 2;
    let dated = street.order(
        ("ann", Side::Sell, "1", Some("100")),
        &format!(r#","time_in_force":"GTD","expires":{end}"#),
    );
    let terms = Terms { expires: Some(end), ..Terms::default() };
    (street.orders[dated].terms, street.orders[dated].time_in_force) = (terms, "GTD".into());
    let plain = street.order(("bob", Side::Sell, "1", Some("101")), "");
    let buy = street.order(("eve", Side::Buy, "1", Some("101")), "");
    street.end(dated, "EXPIRED", "EXPIRED");
    street.trade(buy, plain, "1", "101", false);
    holds(&street);
    // It was there as long as its time was not over.
    for fill in &mut street.fills {
        fill.time = end - 1;
    }
    noticed(&street, "before accounts/ann/orders/1 at 100");
}

#[test]
fn a_trailing_stop_need_not_follow_a_bid_whose_time_may_be_over() {
    let mut street = Street::new();
    let end = 2 * SECOND + SECOND / 2;
    let more = format!(r#","time_in_force":"GTD","expires":{end}"#);
    let dated = street.order(("ann", Side::Buy, "1", Some("100")), &more);
    let terms = Terms { expires: Some(end), ..Terms::default() };
    (street.orders[dated].terms, street.orders[dated].time_in_force) = (terms, "GTD".into());
    let bid = street.order(("bob", Side::Buy, "1", Some("90")), "");
    let trails = r#","type":"TRAILING_STOP","offset":"3","step":"1""#;
    let stop = street.order(("cat", Side::Sell, "1", None), trails);
    let ask = street.order(("dan", Side::Sell, "1", Some("90")), "");
    street.orders[ask].created = 3 * SECOND + SECOND / 4;
    street.end(dated, "EXPIRED", "EXPIRED");
    street.trade(ask, bid, "1", "90", false);
    let order = &mut street.orders[stop];
    order.terms =
        Terms { kind: "TRAILING_STOP".into(), trigger: Some(number("87")), ..Terms::default() };
    order.state = "UNTRIGGERED".into();
    holds(&street);
    // What its owner takes back was there until then.
    let mut street = Street::new();
    let bid = street.order(("ann", Side::Buy, "1", Some("100")), "");
    let stop = street.order(("cat", Side::Sell, "1", None), trails);
    let lower = street.order(("bob", Side::Buy, "1", Some("90")), "");
    street.end(bid, "CANCELLED", "REQUESTED");
    street.orders[bid].last_arrival = 4;
    let ask = street.order(("dan", Side::Sell, "1", Some("90")), "");
    (street.orders[ask].arrival, street.orders[ask].last_arrival) = (5, 5);
    street.trade(ask, lower, "1", "90", false);
    let order = &mut street.orders[stop];
    (order.terms.kind, order.terms.trigger) = ("TRAILING_STOP".into(), Some(number("87")));
    order.state = "UNTRIGGERED".into();
    noticed(&street, "accounts/cat/orders/2 was passed by 90 and did not fire");
}

/// A day from the first minute of the epoch on: a call, then continuous.
fn called() -> Street {
    let mut street = Street::new();
    let spans = vec![("OPENING_CALL".into(), 0, 1), ("CONTINUOUS".into(), 1, 9)];
    street.table = Some(Table { zone_minutes: 0, spans });
    let ask = street.order(("ann", Side::Sell, "3", Some("100")), "");
    let bid = street.order(("bob", Side::Buy, "2", Some("105")), "");
    let late = street.order(("eve", Side::Buy, "1", Some("100")), "");
    street.orders[late].created = MINUTE + SECOND;
    // More is sold than bought, so the price goes down as far as all of it can trade.
    street.trade(bid, ask, "2", "100", true);
    street.trade(late, ask, "1", "100", false);
    for fill in &mut street.fills[..2] {
        fill.time = MINUTE;
    }
    street
}

#[test]
fn a_call_makes_one_price_and_no_order_trades_before_that() {
    let street = called();
    let reference = Some(number("90"));
    let mut case = street.case();
    case.export.instruments[0].base_price = reference;
    let verdict = check(&case);
    assert_eq!((verdict.faults, verdict.happened.calls_priced), (Vec::<String>::new(), 1));
    // At a price that is as good for both and farther from the reference.
    for fill in &mut case.export.accounts[0].fills[..2] {
        fill.price = number("103");
    }
    let faults = check(&case).faults;
    assert!(faults.iter().any(|fault| fault.contains("trade 1 of a call")), "{faults:?}");
    // Made at the time of the command behind it.
    let mut case = street.case();
    case.export.instruments[0].base_price = reference;
    for fill in &mut case.export.accounts[0].fills[..2] {
        fill.time = MINUTE + 1;
    }
    let faults = check(&case).faults;
    assert!(!faults.is_empty(), "{faults:?}");
    // As if orders had matched as they came.
    let mut case = street.case();
    case.export.accounts[0].fills[1].is_maker = true;
    let faults = check(&case).faults;
    assert!(!faults.is_empty(), "{faults:?}");
}

#[test]
fn an_edge_is_found_however_many_orders_end_beside_it() {
    let mut street = called();
    let late = street.orders.pop().expect("the one that trades behind the call");
    let lines = street.history.lines().count();
    let history: Vec<_> = street.history.lines().take(lines - 1).map(str::to_owned).collect();
    street.history = history.join("\n") + "\n";
    for nth in 0..20 {
        let end = MINUTE - SECOND / 2 + nth;
        let more = format!(r#","time_in_force":"GTD","expires":{end}"#);
        let dated = street.order(("dan", Side::Sell, "1", Some("150")), &more);
        street.end(dated, "EXPIRED", "EXPIRED");
        let order = &mut street.orders[dated];
        (order.time_in_force, order.created) = ("GTD".into(), 3 * SECOND + nth);
        order.terms.expires = Some(end);
    }
    // Nothing but the trades says on which side of the edge these came.
    let plain = |street: &mut Street, who, price| {
        let order = street.order((who, Side::Buy, "1", Some(price)), "");
        street.orders[order].created = MINUTE + order as u64;
        order
    };
    (0..9).for_each(|_| _ = plain(&mut street, "fay", "90"));
    let eve = plain(&mut street, "eve", "100");
    (0..9).for_each(|_| _ = plain(&mut street, "fay", "105"));
    let order = &mut street.orders[eve];
    (order.state, order.filled, order.remaining) = (late.state, late.filled, late.remaining);
    let name = order.name.clone();
    street.fills[2].order = name;
    street.fills[2..].iter_mut().for_each(|fill| fill.time = MINUTE + 1);
    let mut case = street.case();
    case.export.instruments[0].base_price = Some(number("90"));
    let verdict = check(&case);
    assert_eq!((verdict.faults, verdict.happened.calls_priced), (Vec::<String>::new(), 1));
}

/// Cat has a bid and a stop that trails the market, of which one takes the other away. What the
/// closing call prints fires the stop into the next opening call, and there cat cancels it. Gil
/// and Hal come while the market is closed.
fn fired_into_a_call() -> Street {
    let mut street = Street::new();
    let spans = [("CONTINUOUS", 0, 1), ("CLOSING_CALL", 1, 2), ("OPENING_CALL", 3, 4)];
    let spans = spans.map(|(phase, from, to)| (phase.into(), from, to));
    street.table = Some(Table { zone_minutes: 0, spans: spans.into() });
    let second = r#","other":{"account":"accounts/cat","id":"o3","instrument":"x","side":"BUY",
        "quantity":"1","price":null,"type":"TRAILING_STOP","offset":"3","step":"1"}"#;
    let ask = street.order(("ann", Side::Sell, "1", Some("104")), "");
    let bid = street.order(("cat", Side::Buy, "1", Some("90")), second);
    let asked = street.history.len();
    let stop = street.order(("cat", Side::Buy, "1", None), "");
    street.history.truncate(asked);
    let buy = street.order(("dan", Side::Buy, "1", Some("110")), "");
    let closed = ["gil", "hal"].map(|who| street.order((who, Side::Buy, "1", Some("80")), ""));
    let later = street.order(("ivy", Side::Buy, "1", Some("70")), "");
    street.trade(buy, ask, "1", "110", true);
    for fill in &mut street.fills {
        fill.time = 2 * MINUTE;
    }
    street.end(bid, "CANCELLED", "OTHER_LEG");
    street.end(stop, "CANCELLED", "REQUESTED");
    street.orders[stop].terms =
        Terms { kind: "TRAILING_STOP".into(), trigger: Some(number("107")), ..Terms::default() };
    let numbers = [(bid, 2, 2), (stop, 2, 8), (closed[0], 5, 6), (closed[1], 6, 6)];
    for (at, first, last) in numbers {
        (street.orders[at].arrival, street.orders[at].last_arrival) = (first, last);
    }
    for (at, seconds) in [(buy, 90), (closed[0], 140), (closed[1], 141), (later, 200)] {
        street.orders[at].created = seconds * SECOND;
    }
    street
}

#[test]
fn a_stop_that_fired_into_a_call_may_be_cancelled_there() {
    holds(&fired_into_a_call());
    // Its other leg would have stayed if it had waited on.
    let mut street = fired_into_a_call();
    let bid = &mut street.orders[1];
    (bid.state, bid.reason) = ("OPEN".into(), String::new());
    (bid.cancelled, bid.remaining) = (Number::ZERO, number("1"));
    noticed(&street, "accounts/cat/orders/2 has 1 open, 0 rests");
}

#[test]
fn whom_an_opening_lets_in_says_the_command_before_it() {
    let mut street = fired_into_a_call();
    let gil = street.orders.iter_mut().find(|order| order.name.starts_with("accounts/gil"));
    gil.expect("an order").last_arrival = 7;
    noticed(&street, "was let in behind");
}
