use super::*;
use std::fmt::{Debug, Display};

/// Each text is read and written back the same.
fn keeps<T>(texts: &[&str])
where
    T: FromStr<Err = BadName> + Display,
{
    for text in texts {
        let name: T = text.parse().unwrap_or_else(|why| panic!("{text}: {why}"));
        assert_eq!(name.to_string(), *text);
    }
}

/// Each text is refused with a message that shows it and says `rule`.
fn refuses<T>(rule: &str, texts: &[&str])
where
    T: FromStr<Err = BadName> + Debug,
{
    for text in texts {
        let why = text.parse::<T>().expect_err(text).to_string();
        assert!(why.starts_with(&format!("`{text}` is not a valid name: ")), "{why}");
        assert!(why.contains(rule), "{why}");
    }
}

#[test]
fn accounts() {
    let longest = format!("accounts/{}", "a".repeat(32));
    keeps::<AccountName>(&["accounts/alice", "accounts/0", "accounts/a_b-c", &longest]);
    let too_long = format!("accounts/{}", "a".repeat(33));
    #[rustfmt::skip]
    refuses::<AccountName>("1 to 32 characters of a-z 0-9 _ -", &[
        "", "alice", "accounts", "accounts/", "accounts/Alice", "accounts/_a", "accounts/-a",
        "accounts/a b", "accounts/a/b", "accounts//a", "/accounts/a", "accounts/a/", "account/a",
        "accounts/é", "accounts/a.b", " accounts/a", &too_long,
    ]);
}

#[test]
fn the_callers_own_account_has_a_name_of_its_own() {
    assert!(AccountName::parse("accounts/me").expect("allowed").is_me());
    assert!(!AccountName::parse("accounts/mei").expect("allowed").is_me());
}

#[test]
fn instruments_boards_and_nodes() {
    #[rustfmt::skip]
    keeps::<InstrumentName>(&[
        "instruments/LPJ-KRW", "instruments/005930", "instruments/BRK.B", "instruments/A",
        "instruments/AAAAAAAAAAAAAAAAAAAA",
    ]);
    #[rustfmt::skip]
    refuses::<InstrumentName>("1 to 20 characters of A-Z 0-9 . -", &[
        "instruments/", "instruments/lpj-krw", "instruments/LPJ_KRW", "instruments/LPJ/KRW",
        "instruments/AAAAAAAAAAAAAAAAAAAAA", "LPJ-KRW", "boards/LPJ",
    ]);
    keeps::<BoardName>(&["boards/return", "boards/2026-11_return"]);
    refuses::<BoardName>(
        "write boards/ID",
        &["boards/", "boards/Return", "return", "nodes/return"],
    );
    keeps::<NodeName>(&["nodes/n1"]);
    refuses::<NodeName>("write nodes/ID", &["nodes/", "nodes/N1", "n1", "nodes/n1/x"]);
}

#[test]
fn orders_and_trades() {
    keeps::<OrderName>(&["accounts/alice/orders/17", "accounts/a/orders/18446744073709551615"]);
    #[rustfmt::skip]
    refuses::<OrderName>("write accounts/ID/orders/N", &[
        "accounts/alice", "accounts/alice/orders/", "accounts/alice/orders/0",
        "accounts/alice/orders/017", "accounts/alice/orders/+17", "accounts/alice/orders/-17",
        "accounts/alice/orders/-", "accounts/alice/orders/1x", "accounts/alice/trades/1",
        "accounts/alice/orders/18446744073709551616", "accounts/Alice/orders/17",
        "accounts/alice/orders/1/orders/2", "orders/17", "17",
    ]);
    keeps::<TradeName>(&["instruments/LPJ-KRW/trades/9"]);
    #[rustfmt::skip]
    refuses::<TradeName>("write instruments/SYMBOL/trades/N", &[
        "instruments/LPJ-KRW/trades/0", "instruments/lpj/trades/9", "instruments/LPJ-KRW",
    ]);
}

#[test]
fn an_order_can_be_left_to_its_client_order_id() {
    let alice = AccountName::from_id("alice").expect("allowed");
    let read = OrderName::parse_or_any;
    assert_eq!(read("accounts/alice/orders/-"), Ok((alice.clone(), None)));
    assert_eq!(read("accounts/alice/orders/17"), Ok((alice, Some(17))));
    for text in ["accounts/alice", "accounts/Alice/orders/-", "accounts/alice/orders/--"] {
        let why = read(text).expect_err(text).to_string();
        assert!(why.contains("accounts/ID/orders/- together with a client_order_id"), "{why}");
    }
}

#[test]
fn a_long_name_is_not_shown_whole() {
    let why = AccountName::parse(&"x".repeat(10_000)).expect_err("too long");
    assert_eq!(why.value, format!("{}...", "x".repeat(64)));
    assert_eq!(AccountName::from_id("").expect_err("empty").value, "");
}
