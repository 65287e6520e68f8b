//! Lists of an account by pages.

use super::{Client, Rig, buy, refused, sell};
use hoga_proto::v1::{self, OrderState};

/// Six orders: 1 to 3 are filled, 4 is cancelled, 5 and 6 are open.
async fn traded(rig: &Rig) -> Client {
    let (alice, bob) = rig.two().await;
    for _ in 0..3 {
        bob.orders().create_order(sell("1", "700")).await.unwrap();
        let mut bought = buy("1", "700");
        bought.ack = v1::Ack::Full.into();
        alice.orders().create_order(bought).await.unwrap();
    }
    for _ in 0..3 {
        alice.orders().create_order(buy("1", "600")).await.unwrap();
    }
    let cancel =
        v1::CancelOrderRequest { name: "accounts/me/orders/4".into(), ..Default::default() };
    alice.orders().cancel_order(cancel).await.unwrap();
    alice
}

async fn numbers(alice: &Client, mut list: v1::ListOrdersRequest) -> Vec<Vec<u64>> {
    let mut pages = Vec::new();
    loop {
        let page = alice.orders().list_orders(list.clone()).await.unwrap().into_inner();
        let number = |order: &v1::Order| order.name.rsplit('/').next().unwrap().parse().unwrap();
        pages.push(page.orders.iter().map(number).collect());
        if page.next_page_token.is_empty() {
            return pages;
        }
        list.page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn open_and_finished_orders_are_one_list() {
    let rig = Rig::start().await;
    let alice = traded(&rig).await;
    // The cancel has to be settled in the account before it is in its history.
    let list =
        v1::ListOrdersRequest { parent: "accounts/me".into(), page_size: 4, ..Default::default() };
    assert_eq!(numbers(&alice, list.clone()).await, [vec![6, 5, 4, 3], vec![2, 1]]);
    let filled = v1::ListOrdersRequest {
        states: vec![OrderState::Filled.into()],
        page_size: 2,
        ..list.clone()
    };
    assert_eq!(numbers(&alice, filled).await, [vec![3, 2], vec![1]]);
    let open = v1::ListOrdersRequest { states: vec![OrderState::Open.into()], ..list.clone() };
    let open = numbers(&alice, open).await.concat();
    assert!(open.starts_with(&[6, 5]), "{open:?}");
    let other = v1::ListOrdersRequest { end_time: Some(Default::default()), ..list };
    assert_eq!(numbers(&alice, other).await.concat(), Vec::<u64>::new());
}

#[tokio::test]
async fn a_token_is_for_its_own_list() {
    let rig = Rig::start().await;
    let alice = traded(&rig).await;
    let mut list =
        v1::ListOrdersRequest { parent: "accounts/me".into(), page_size: 1, ..Default::default() };
    let page = alice.orders().list_orders(list.clone()).await.unwrap().into_inner();
    list.page_token = page.next_page_token;
    list.instrument = "instruments/LPJ-KRW".into();
    let refusal = refused(alice.orders().list_orders(list).await, "MALFORMED");
    assert_eq!(refusal.field.as_deref(), Some("page_token"));
}

#[tokio::test]
async fn fills_and_rows_come_newest_first() {
    let rig = Rig::start().await;
    let alice = traded(&rig).await;
    let mut list =
        v1::ListFillsRequest { parent: "accounts/me".into(), page_size: 2, ..Default::default() };
    let first = alice.accounts().list_fills(list.clone()).await.unwrap().into_inner();
    let sequences: Vec<_> = first.fills.iter().map(|fill| fill.sequence).collect();
    assert_eq!(sequences, [3, 2]);
    assert!(first.fills.iter().all(|fill| !fill.client_order_id.is_empty()));
    list.page_token = first.next_page_token;
    let second = alice.accounts().list_fills(list.clone()).await.unwrap().into_inner();
    assert_eq!((second.fills.len(), &*second.next_page_token), (1, ""));
    let one = v1::ListFillsRequest {
        order: "accounts/alice/orders/2".into(),
        page_token: String::new(),
        ..list
    };
    let one = alice.accounts().list_fills(one).await.unwrap().into_inner().fills;
    assert_eq!((one.len(), one[0].sequence), (1, 2));

    let rows = v1::ListLedgerRowsRequest {
        parent: "accounts/me".into(),
        asset: "KRW".into(),
        types: vec![v1::LedgerRowType::Buy.into()],
        page_size: 2,
        ..Default::default()
    };
    let rows = alice.accounts().list_ledger_rows(rows).await.unwrap().into_inner();
    assert_eq!(rows.ledger_rows.len(), 2);
    assert_eq!(rows.ledger_rows[0].cash_before, rows.ledger_rows[1].cash_after);
    assert!(!rows.next_page_token.is_empty());
}
