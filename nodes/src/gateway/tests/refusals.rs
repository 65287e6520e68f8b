//! What a refusal looks like: the reason, the field, the value and the rule.

use super::{Client, Rig, anywhere, buy, number, of, refused, sell};
use crate::gateway::GatewayOptions;
use hoga_proto::v1;
use tonic::Code;

#[tokio::test]
async fn a_refusal_names_value_rule_and_field() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    type Spoil = fn(&mut v1::Order);
    let cases: [(&str, &str, Code, Spoil); 10] = [
        ("UNKNOWN_INSTRUMENT", "order.instrument", Code::NotFound, |order| {
            order.instrument = "instruments/LPX-KRW".into();
        }),
        ("UNKNOWN_INSTRUMENT", "order.instrument", Code::NotFound, |order| {
            order.instrument = "instruments/LPX-KRW".into();
            order.price = Some(number("777.000000001"));
        }),
        ("MALFORMED", "order.price", Code::InvalidArgument, |order| {
            order.instrument = "instruments/LPX-KRW".into();
            order.price = Some(number("7e2"));
        }),
        ("MALFORMED", "order.quantity", Code::InvalidArgument, |order| {
            order.instrument = "instruments/LPX-KRW".into();
            order.quantity = Some(number("0"));
        }),
        ("MALFORMED", "order.instrument", Code::InvalidArgument, |order| {
            order.instrument = "LPJ-KRW".into();
        }),
        ("MALFORMED", "order.price", Code::InvalidArgument, |order| {
            order.price = Some(number("7e2"));
        }),
        ("MALFORMED", "order.price", Code::InvalidArgument, |order| {
            order.price = Some(number("-1"));
        }),
        ("PRICE_NOT_ON_TICK", "order.price", Code::InvalidArgument, |order| {
            order.price = Some(number("777.0001"));
        }),
        ("MALFORMED", "order.quantity", Code::InvalidArgument, |order| {
            order.quantity = Some(number("0"));
        }),
        ("MALFORMED", "order.client_order_id", Code::InvalidArgument, |order| {
            order.client_order_id = "not good".into();
        }),
    ];
    for (reason, field, code, spoil) in cases {
        let mut asked = buy("10", "777");
        spoil(asked.order.as_mut().unwrap());
        let refusal = refused(alice.orders().create_order(asked).await, reason);
        assert_eq!((refusal.code, refusal.field.as_deref()), (code, Some(field)), "{refusal}");
    }
}

#[tokio::test]
async fn numbers_are_there_for_programs() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let off = refused(alice.orders().create_order(buy("1", "777.0001")).await, "PRICE_NOT_ON_TICK");
    assert!(off.metadata["below"] != off.metadata["above"], "{:?}", off.metadata);
    let none =
        refused(alice.orders().create_order(sell("1", "777")).await, "INSUFFICIENT_HOLDINGS");
    assert_eq!((&*none.metadata["needed"], &*none.metadata["available"]), ("1", "0"));
    assert_eq!(none.code, Code::FailedPrecondition);
}

#[tokio::test]
async fn positions_of_another_partition_are_refused() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let get =
        |min_index, after| v1::GetAccountRequest { name: "accounts/me".into(), min_index, after };
    let elsewhere = Some(v1::Position { partition: 0, index: 1 });
    let refusal = refused(alice.accounts().get_account(get(elsewhere, None)).await, "MALFORMED");
    assert_eq!(refusal.field.as_deref(), Some("min_index"));
    let nowhere = Some(v1::Settles { partition: 99, sequence: 1 });
    refused(alice.accounts().get_account(get(None, nowhere)).await, "MALFORMED");
}

#[tokio::test]
async fn whoever_has_no_account_is_told() {
    let rig = Rig::start().await;
    let nobody = rig.client("nobody");
    let order = refused(nobody.orders().create_order(buy("1", "777")).await, "ACCOUNT_NOT_FOUND");
    assert_eq!(order.resource.as_deref(), Some("accounts/nobody"));
    let get = v1::GetAccountRequest { name: "accounts/me".into(), ..Default::default() };
    refused(nobody.accounts().get_account(get).await, "ACCOUNT_NOT_FOUND");
}

#[tokio::test]
async fn while_the_market_is_founded_nobody_is_told_that_something_is_not_there() {
    let rig = Rig::bare().await;
    let options = GatewayOptions { is_founding: true, ..anywhere() };
    let (early, channel) = rig.beside(options).await;
    let alice = Client::on(channel, Some("dev:alice"));
    let book = || v1::GetBookRequest { name: "instruments/LPJ-KRW".into(), ..Default::default() };
    let deposit = || v1::DepositRequest {
        name: "accounts/me".into(),
        amount: Some(of("KRW", "1")),
        ..Default::default()
    };
    let me = || v1::GetAccountRequest { name: "accounts/me".into(), ..Default::default() };
    for refusal in [
        refused(alice.orders().create_order(buy("1", "700")).await, "NOT_READY"),
        refused(alice.market().get_book(book()).await, "NOT_READY"),
        refused(alice.accounts().deposit(deposit()).await, "NOT_READY"),
        refused(alice.accounts().get_account(me()).await, "NOT_READY"),
    ] {
        assert_eq!(refusal.code, Code::Unavailable);
        assert!(refusal.retry_after.is_some(), "{refusal:?}");
    }
    early.founded();
    refused(alice.orders().create_order(buy("1", "700")).await, "UNKNOWN_INSTRUMENT");
    refused(alice.market().get_book(book()).await, "UNKNOWN_INSTRUMENT");
    refused(alice.accounts().deposit(deposit()).await, "UNKNOWN_ASSET");
    refused(alice.accounts().get_account(me()).await, "ACCOUNT_NOT_FOUND");
}
