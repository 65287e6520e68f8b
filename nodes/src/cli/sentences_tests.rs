use super::*;
use hoga_scenarios::grammar::{Side, parse_order_tail};

fn number(text: &str) -> Option<v1::Decimal> {
    Some(v1::Decimal { value: text.into() })
}

/// `words` as an order of alice's in `state`, with so much filled.
fn placed(words: &str, state: v1::OrderState, filled: &str, notional: &str) -> v1::Order {
    let words: Vec<&str> = words.split(' ').collect();
    let said = parse_order_tail(Side::Buy, &words).expect("an order");
    let mut order = wire::order(&said, "a");
    order.name = "accounts/alice/orders/17".into();
    order.set_state(state);
    order.filled_quantity = number(filled);
    order.notional = number(notional);
    order.remaining_quantity = number("6");
    order.fee = number("1.5");
    order
}

#[test]
fn an_order_says_how_it_stands() {
    use v1::OrderState::{Cancelled, Filled, Open, PartiallyFilled, Pending};
    let limit = "10 LPJ-KRW @ 777";
    for (state, filled, notional, said) in [
        (Pending, "0", "0", "order 17 accepted: buy 10 LPJ-KRW @ 777; its book decides"),
        (Open, "0", "0", "order 17 rests: buy 10 LPJ-KRW @ 777"),
        (
            PartiallyFilled,
            "4",
            "3108",
            "order 17 rests with 6 open: bought 4 of 10 LPJ-KRW for 3108 (777 each), fee 1.5",
        ),
        (Filled, "10", "7765", "order 17 filled: bought 10 LPJ-KRW for 7765 (776.5 each), fee 1.5"),
        (Cancelled, "0", "0", "order 17 cancelled: nothing bought, it was buy 10 LPJ-KRW @ 777"),
    ] {
        assert_eq!(order(&placed(limit, state, filled, notional)), said);
    }
}

#[test]
fn terms_are_said_when_they_are_not_the_usual_ones() {
    for words in [
        "10 LPJ-KRW @ 777 ioc",
        "10 LPJ-KRW at market",
        "10 LPJ-KRW @ 777 post-only",
        "10 LPJ-KRW @ 777 ioc stop 770",
        "10 LPJ-KRW @ 777 show 2",
        "10 LPJ-KRW at market stop 770",
        "10 LPJ-KRW at market trail 2.5% step 1",
    ] {
        let order = placed(words, v1::OrderState::Open, "0", "0");
        assert_eq!(wire::ask(&order), format!("buy {words}"));
    }
    let spend = placed("1000 KRW of LPJ-KRW at market", v1::OrderState::Open, "0", "0");
    assert_eq!(wire::ask(&spend), "buy 1000 of LPJ-KRW at market");
}

#[test]
fn a_slip_is_marked_where_it_stands() {
    let words = ["10", "LPJ-KRW", "@", "777", "icc"];
    let error = parse_order_tail(Side::Buy, &words).expect_err("a slip");
    let said = misread(&words, &error).to_string();
    assert!(said.contains("  10 LPJ-KRW @ 777 icc\n                   ^^^\n"), "{said}");
    assert!(said.ends_with("hint: did you mean `ioc`?"), "{said}");
}
