//! A short honest day, as clients saw it and as the exchange shows it. Every checker accepts it;
//! the tests spoil it in one place each.
//!
//! Ann buys 12 of Bob's 15 at 100, Bob cancels the other 3, Ann bids 4@90 and amends to 6@91.
//! Ann gives Bob 50 KRW. One deposit stays of unknown outcome; one order is refused; one order is
//! asked for twice, and once with another body.

use super::Case;
use crate::export::{
    Account, Balance, Export, Fill, Instrument, Ladder, Order, Partition, Row, Side, Terms, Totals,
    Trade,
};
use crate::history::History;
use crate::number::Number;

pub const DAY: &str = r#"
{"event":"invoke","time":10,"client":"a","op":"a0","request":{"kind":"create_account","account":"accounts/ann","id":"open"}}
{"event":"ok","time":12,"client":"a","op":"a0","answer":{"position":{"partition":1,"index":1}}}
{"event":"invoke","time":13,"client":"a","op":"a1","request":{"kind":"deposit","account":"accounts/ann","id":"d1","asset":"KRW","amount":"10000"}}
{"event":"ok","time":15,"client":"a","op":"a1","answer":{"position":{"partition":1,"index":2},"balances":[{"asset":"KRW","available":"10000","held":"0"}]}}
{"event":"invoke","time":13,"client":"b","op":"b1","request":{"kind":"deposit","account":"accounts/bob","id":"d1","asset":"LPJ","amount":"100"}}
{"event":"ok","time":16,"client":"b","op":"b1","answer":{"position":{"partition":2,"index":1},"balances":[{"asset":"LPJ","available":"100","held":"0"}]}}
{"event":"invoke","time":20,"client":"b","op":"b2","request":{"kind":"create_order","account":"accounts/bob","id":"s1","instrument":"instruments/LPJ-KRW","side":"SELL","quantity":"10","price":"100"}}
{"event":"ok","time":24,"client":"b","op":"b2","answer":{"position":{"partition":2,"index":2},"book_position":{"partition":3,"index":1},"settles":{"partition":3,"sequence":1},"order":{"name":"accounts/bob/orders/1","state":"OPEN","filled":"0","remaining":"10","arrival":1,"last_arrival":1}}}
{"event":"invoke","time":25,"client":"b","op":"b3","request":{"kind":"create_order","account":"accounts/bob","id":"s2","instrument":"instruments/LPJ-KRW","side":"SELL","quantity":"5","price":"100"}}
{"event":"ok","time":28,"client":"b","op":"b3","answer":{"position":{"partition":2,"index":3},"book_position":{"partition":3,"index":2},"settles":{"partition":3,"sequence":2},"order":{"name":"accounts/bob/orders/2","state":"OPEN","filled":"0","remaining":"5","arrival":2,"last_arrival":2}}}
{"event":"invoke","time":30,"client":"a","op":"a2","request":{"kind":"create_order","account":"accounts/ann","id":"b1","instrument":"instruments/LPJ-KRW","side":"BUY","quantity":"12","price":"101"}}
{"event":"ok","time":34,"client":"a","op":"a2","answer":{"position":{"partition":1,"index":3},"book_position":{"partition":3,"index":3},"settles":{"partition":3,"sequence":1},"order":{"name":"accounts/ann/orders/1","state":"FILLED","filled":"12","remaining":"0","arrival":3,"last_arrival":3}}}
{"event":"invoke","time":35,"client":"a","op":"a3","request":{"kind":"create_order","account":"accounts/ann","id":"b1","instrument":"instruments/LPJ-KRW","side":"BUY","quantity":"12","price":"101"}}
{"event":"ok","time":36,"client":"a","op":"a3","answer":{"repeated":true,"order":{"name":"accounts/ann/orders/1","state":"FILLED","filled":"12","remaining":"0","arrival":3,"last_arrival":3}}}
{"event":"invoke","time":37,"client":"a","op":"a4","request":{"kind":"create_order","account":"accounts/ann","id":"b1","instrument":"instruments/LPJ-KRW","side":"BUY","quantity":"13","price":"101"}}
{"event":"fail","time":38,"client":"a","op":"a4","reason":"CLIENT_ORDER_ID_REUSED"}
{"event":"invoke","time":35,"client":"b","op":"b4","request":{"kind":"cancel_order","account":"accounts/bob","id":"c1","order":"s2"}}
{"event":"ok","time":40,"client":"b","op":"b4","answer":{"position":{"partition":2,"index":6},"book_position":{"partition":3,"index":4},"settles":{"partition":3,"sequence":5},"order":{"name":"accounts/bob/orders/2","state":"CANCELLED","filled":"2","remaining":"0","arrival":2,"last_arrival":4}}}
{"event":"invoke","time":41,"client":"a","op":"a5","request":{"kind":"create_order","account":"accounts/ann","id":"b2","instrument":"instruments/LPJ-KRW","side":"BUY","quantity":"4","price":"90"}}
{"event":"ok","time":44,"client":"a","op":"a5","answer":{"position":{"partition":1,"index":5},"book_position":{"partition":3,"index":5},"settles":{"partition":3,"sequence":2},"order":{"name":"accounts/ann/orders/2","state":"OPEN","filled":"0","remaining":"4","arrival":5,"last_arrival":5}}}
{"event":"invoke","time":45,"client":"a","op":"a6","request":{"kind":"amend_order","account":"accounts/ann","id":"m1","order":"b2","quantity":"6","price":"91"}}
{"event":"ok","time":48,"client":"a","op":"a6","answer":{"position":{"partition":1,"index":6},"book_position":{"partition":3,"index":6},"settles":{"partition":3,"sequence":3},"order":{"name":"accounts/ann/orders/2","state":"OPEN","filled":"0","remaining":"6","arrival":5,"last_arrival":6}}}
{"event":"invoke","time":49,"client":"a","op":"a7","request":{"kind":"deposit","account":"accounts/ann","id":"u1","asset":"KRW","amount":"7"}}
{"event":"unknown","time":60,"client":"a","op":"a7","reason":"UNAVAILABLE"}
{"event":"invoke","time":61,"client":"a","op":"a8","request":{"kind":"create_order","account":"accounts/ann","id":"r1","instrument":"instruments/LPJ-KRW","side":"SELL","quantity":"500","price":"100"}}
{"event":"fail","time":62,"client":"a","op":"a8","reason":"INSUFFICIENT_HOLDINGS"}
{"event":"invoke","time":63,"client":"a","op":"a9","request":{"kind":"transfer","account":"accounts/ann","id":"t1","to":"accounts/bob","asset":"KRW","amount":"50"}}
{"event":"ok","time":66,"client":"a","op":"a9","answer":{"position":{"partition":1,"index":8}}}
{"event":"invoke","time":67,"client":"a","op":"a10","request":{"kind":"get_book","instrument":"instruments/LPJ-KRW"}}
{"event":"ok","time":68,"client":"a","op":"a10","answer":{"position":{"partition":3,"index":7},"book":{"instrument":"instruments/LPJ-KRW","bids":[["91","6"]],"asks":[],"sequence":7}}}
{"event":"frame","time":43,"client":"s","frame":{"instrument":"instruments/LPJ-KRW","is_snapshot":true,"last":5,"bids":[],"asks":[]}}
{"event":"frame","time":50,"client":"s","frame":{"instrument":"instruments/LPJ-KRW","is_snapshot":false,"first":6,"last":7,"bids":[["91","6"]],"asks":[]}}
"#;

pub const LISTED: &str = "instruments/LPJ-KRW";

pub fn number(text: &str) -> Number {
    text.parse().expect("a decimal")
}

/// The day as it was.
pub fn case() -> Case {
    with(DAY)
}

/// Another history, the same exchange.
pub fn with(day: &str) -> Case {
    Case::new(History::parse(day).expect("a history"), export(), 8)
}

/// The day with one text in it replaced, which has to be there.
pub fn with_line(from: &str, to: &str) -> Case {
    assert!(DAY.contains(from), "{from}");
    with(&DAY.replace(from, to))
}

fn export() -> Export {
    let totals = |asset: &str, issued, in_accounts, fees, clearing| Totals {
        asset: asset.into(),
        issued: number(issued),
        in_accounts: Some(number(in_accounts)),
        fees: number(fees),
        taxes: Number::ZERO,
        clearing: number(clearing),
    };
    let partition = |number, totals| Partition { number, outbox: 0, suspended: Vec::new(), totals };
    Export {
        instruments: vec![Instrument {
            name: LISTED.into(),
            base: "LPJ".into(),
            quote: "KRW".into(),
            maker_fee: number("0.0002"),
            taker_fee: number("0.0005"),
            self_match: "CANCEL_TAKER".into(),
            lot: number("1"),
            follows: false,
            base_price: None,
            table: None,
        }],
        accounts: vec![ann(), bob()],
        partitions: vec![
            partition(
                1,
                vec![
                    totals("KRW", "10000", "8749.4", "0.6", "1250"),
                    totals("LPJ", "0", "12", "0", "-12"),
                ],
            ),
            partition(
                2,
                vec![
                    totals("KRW", "0", "1249.76", "0.24", "-1250"),
                    totals("LPJ", "100", "88", "0", "12"),
                ],
            ),
            partition(3, Vec::new()),
        ],
        books: vec![Ladder {
            instrument: LISTED.into(),
            bids: vec![(number("91"), number("6"))],
            asks: Vec::new(),
            sequence: 7,
            phase: String::new(),
        }],
        trades: [("1", "10"), ("2", "2")]
            .map(|(no, quantity)| Trade {
                name: format!("{LISTED}/trades/{no}"),
                price: number("100"),
                quantity: number(quantity),
                taker_side: Some(Side::Buy),
            })
            .into(),
        views: Vec::new(),
    }
}

fn ann() -> Account {
    let order = |no, id, quantity, limit, state, filled, remaining, notional, fee| {
        order(
            "ann",
            no,
            id,
            Side::Buy,
            [quantity, limit, filled, "0", remaining, notional, fee],
            state,
        )
    };
    Account {
        name: "accounts/ann".into(),
        partition: 1,
        balances: vec![balance("KRW", "8203.127", "546.273"), balance("LPJ", "12", "0")],
        orders: vec![
            order("1", "b1", "12", "101", "FILLED", "12", "0", "1200", "0.6"),
            order("2", "b2", "6", "91", "OPEN", "0", "6", "0", "0"),
        ],
        fills: vec![
            fill("ann", 1, "1", "1", Side::Buy, ["10", "1000", "0.5"]),
            fill("ann", 2, "1", "2", Side::Buy, ["2", "200", "0.1"]),
        ],
        rows: vec![
            row(1, "DEPOSIT", "KRW", ["10000", "0", "0", "10000"], ["", "", "d1", ""]),
            row(
                2,
                "BUY",
                "KRW",
                ["-1000", "0.5", "10000", "8999.5"],
                ["ann/orders/1", "1", "", ""],
            ),
            row(3, "BUY", "LPJ", ["10", "0", "0", "10"], ["ann/orders/1", "1", "", ""]),
            row(
                4,
                "BUY",
                "KRW",
                ["-200", "0.1", "8999.5", "8799.4"],
                ["ann/orders/1", "2", "", ""],
            ),
            row(5, "BUY", "LPJ", ["2", "0", "10", "12"], ["ann/orders/1", "2", "", ""]),
            row(
                6,
                "TRANSFER_OUT",
                "KRW",
                ["-50", "0", "8799.4", "8749.4"],
                ["", "", "t1", "accounts/bob"],
            ),
        ],
    }
}

fn bob() -> Account {
    let order = |no, id, quantity, state, filled, cancelled, notional, fee| {
        let numbers = [quantity, "100", filled, cancelled, "0", notional, fee];
        order("bob", no, id, Side::Sell, numbers, state)
    };
    Account {
        name: "accounts/bob".into(),
        partition: 2,
        balances: vec![balance("KRW", "1249.76", "0"), balance("LPJ", "88", "0")],
        orders: vec![
            order("1", "s1", "10", "FILLED", "10", "0", "1000", "0.2"),
            order("2", "s2", "5", "CANCELLED", "2", "3", "200", "0.04"),
        ],
        fills: vec![
            fill("bob", 1, "1", "1", Side::Sell, ["10", "1000", "0.2"]),
            fill("bob", 2, "2", "2", Side::Sell, ["2", "200", "0.04"]),
        ],
        rows: vec![
            row(1, "DEPOSIT", "LPJ", ["100", "0", "0", "100"], ["", "", "d1", ""]),
            row(2, "SELL", "KRW", ["1000", "0.2", "0", "999.8"], ["bob/orders/1", "1", "", ""]),
            row(3, "SELL", "LPJ", ["-10", "0", "100", "90"], ["bob/orders/1", "1", "", ""]),
            row(
                4,
                "SELL",
                "KRW",
                ["200", "0.04", "999.8", "1199.76"],
                ["bob/orders/2", "2", "", ""],
            ),
            row(5, "SELL", "LPJ", ["-2", "0", "90", "88"], ["bob/orders/2", "2", "", ""]),
            row(
                6,
                "TRANSFER_IN",
                "KRW",
                ["50", "0", "1199.76", "1249.76"],
                ["", "", "t1", "accounts/ann"],
            ),
        ],
    }
}

fn balance(asset: &str, available: &str, held: &str) -> Balance {
    Balance { asset: asset.into(), available: number(available), held: number(held) }
}

fn order(
    account: &str,
    no: &str,
    id: &str,
    side: Side,
    [quantity, limit, filled, cancelled, remaining, notional, fee]: [&str; 7],
    state: &str,
) -> Order {
    let arrivals = [("bob1", (1, 1)), ("bob2", (2, 4)), ("ann1", (3, 3)), ("ann2", (5, 6))];
    let which = format!("{account}{no}");
    let (_, (arrival, last_arrival)) =
        arrivals.into_iter().find(|(name, _)| *name == which).expect("an order of the day");
    Order {
        name: format!("accounts/{account}/orders/{no}"),
        client_order_id: id.into(),
        instrument: LISTED.into(),
        side,
        is_market: false,
        time_in_force: "GTC".into(),
        post_only: false,
        self_match: "CANCEL_TAKER".into(),
        quantity: Some(number(quantity)),
        quote_amount: None,
        limit: number(limit),
        state: state.into(),
        reason: if state == "CANCELLED" { "REQUESTED" } else { "" }.into(),
        arrival,
        last_arrival,
        filled: number(filled),
        cancelled: number(cancelled),
        remaining: number(remaining),
        notional: number(notional),
        fee: number(fee),
        tax: Number::ZERO,
        terms: Terms::default(),
        created: 0,
    }
}

fn fill(
    account: &str,
    sequence: u64,
    order: &str,
    trade: &str,
    side: Side,
    [quantity, notional, fee]: [&str; 3],
) -> Fill {
    Fill {
        sequence,
        order: format!("accounts/{account}/orders/{order}"),
        client_order_id: String::new(),
        trade: format!("{LISTED}/trades/{trade}"),
        instrument: LISTED.into(),
        side,
        is_maker: side == Side::Sell,
        price: number("100"),
        quantity: number(quantity),
        notional: number(notional),
        fee: number(fee),
        tax: Number::ZERO,
        outside_snapshot: 0,
        outside_level: 0,
        time: 0,
    }
}

fn row(
    sequence: u64,
    kind: &str,
    asset: &str,
    [amount, commission, before, after]: [&str; 4],
    [order, trade, request_id, counterparty]: [&str; 4],
) -> Row {
    let named = |prefix: &str, name: &str| match name {
        "" => String::new(),
        name => format!("{prefix}/{name}"),
    };
    Row {
        sequence,
        kind: kind.into(),
        asset: asset.into(),
        order: named("accounts", order),
        trade: named(&format!("{LISTED}/trades"), trade),
        amount: number(amount),
        commission: number(commission),
        tax: Number::ZERO,
        before: number(before),
        after: number(after),
        request_id: request_id.into(),
        counterparty: counterparty.into(),
    }
}
