//! Each channel: a snapshot, then what happens.

use super::reader::{Follower, Line};
use crate::gateway::tests::{Rig, buy, sell, text};
use hoga_proto::v1::content::Content;
use hoga_proto::v1::{self, Channel, SnapshotReason};

const LPJ: &str = "instruments/LPJ-KRW";

async fn book_of(rig: &Rig) -> v1::Book {
    let get = v1::GetBookRequest { name: LPJ.into(), depth: 1000, ..Default::default() };
    rig.anybody().market().get_book(get).await.unwrap().into_inner().book.unwrap()
}

fn levels(levels: &[v1::Level]) -> Vec<(u64, String)> {
    let mut levels: Vec<_> = levels
        .iter()
        .map(|level| (text(&level.price).parse().unwrap(), text(&level.quantity).to_owned()))
        .collect();
    levels.sort();
    levels
}

/// BOOK-3.
#[tokio::test]
async fn a_snapshot_and_its_deltas_are_the_book() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    alice.orders().create_order(buy("3", "690")).await.unwrap();
    let mut line = Line::open(&rig.anybody()).await;
    let mut book = Follower::new(Channel::Book, LPJ);
    assert!(!line.subscribe(&book).await);
    let mut seed = 7u64;
    for n in 0..300 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(n);
        let price = (690 + (seed >> 33) % 21).to_string();
        let quantity = (1 + (seed >> 40) % 3).to_string();
        if seed >> 63 == 0 {
            alice.orders().create_order(buy(&quantity, &price)).await.unwrap();
        } else {
            bob.orders().create_order(sell(&quantity, &price)).await.unwrap();
        }
        if n % 37 == 0 {
            let all =
                v1::CancelAllOrdersRequest { parent: "accounts/me".into(), ..Default::default() };
            alice.orders().cancel_all_orders(all).await.unwrap();
        }
    }
    let now = book_of(&rig).await;
    assert!(now.sequence > 300, "only {} changes", now.sequence);
    line.follow(&mut book, now.sequence).await;
    assert_eq!(book.sequence, now.sequence);
    let [bids, asks] = book.ladder.map(|side| side.into_iter().collect::<Vec<_>>());
    assert_eq!((bids, asks), (levels(&now.bids), levels(&now.asks)));
    assert_eq!(book.snapshots, [SnapshotReason::First]);
}

#[tokio::test]
async fn trades_begin_with_the_last_ones() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    for price in ["700", "701", "702"] {
        bob.orders().create_order(sell("1", price)).await.unwrap();
        alice.orders().create_order(buy("1", price)).await.unwrap();
    }
    let mut line = Line::open(&rig.anybody()).await;
    let mut trades = Follower { depth: 2, ..Follower::new(Channel::Trades, LPJ) };
    line.subscribe(&trades).await;
    line.follow(&mut trades, 3).await;
    let Some(Content::Trades(held)) = &trades.held else { panic!("no trades: {trades:?}") };
    let names: Vec<_> = held.trades.iter().map(|trade| trade.name.as_str()).collect();
    assert_eq!(names, ["instruments/LPJ-KRW/trades/2", "instruments/LPJ-KRW/trades/3"]);
    bob.orders().create_order(sell("1", "710")).await.unwrap();
    alice.orders().create_order(buy("1", "710")).await.unwrap();
    line.follow(&mut trades, 4).await;
    assert_eq!(text(&trades.last::<v1::Trade>().price), "710");
}

#[tokio::test]
async fn a_ticker_comes_whole_and_counts_on_from_get_ticker() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    let mut line = Line::open(&rig.anybody()).await;
    let mut ticker = Follower::new(Channel::Ticker, LPJ);
    line.subscribe(&ticker).await;
    bob.orders().create_order(sell("1", "700")).await.unwrap();
    alice.orders().create_order(buy("1", "700")).await.unwrap();
    let get = v1::GetTickerRequest { name: LPJ.into(), ..Default::default() };
    let now = rig.anybody().market().get_ticker(get).await.unwrap().into_inner().ticker.unwrap();
    assert_eq!(now.sequence, 3, "a level that came, a trade, a level that went");
    line.follow(&mut ticker, now.sequence).await;
    assert_eq!((ticker.sequence, now.trade_count), (3, 1));
}

#[tokio::test]
async fn an_account_hears_of_its_orders_fills_and_balances() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    alice.orders().create_order(buy("10", "700")).await.unwrap();
    let mut line = Line::open(&alice).await;
    let mut orders = Follower::new(Channel::Orders, "accounts/alice");
    let mut fills = Follower::new(Channel::Fills, "accounts/alice");
    let mut balances = Follower::new(Channel::Balances, "accounts/alice");
    for follower in [&orders, &fills, &balances] {
        assert!(!line.subscribe(follower).await);
    }
    bob.orders().create_order(sell("4", "700")).await.unwrap();
    while fills.sequence < 1 || balances.sequence < 4 || orders.sequence < 3 {
        let frame = line.hear().await.frame.unwrap();
        for follower in [&mut orders, &mut fills, &mut balances] {
            follower.take(frame.clone());
        }
    }
    let fill = fills.last::<v1::Fill>();
    assert_eq!((text(&fill.quantity), fill.order.as_str()), ("4", "accounts/alice/orders/1"));
    assert!(!fill.client_order_id.is_empty());
    let order = orders.last::<v1::Order>();
    assert_eq!(order.state(), v1::OrderState::PartiallyFilled);
    assert_eq!(text(&order.filled_quantity), "4");
}

#[tokio::test]
async fn a_board_comes_with_every_set_of_marks() {
    let rig = Rig::start().await;
    rig.two().await;
    let mut line = Line::open(&rig.anybody()).await;
    let mut board = Follower::new(Channel::Ranking, "boards/equity");
    line.subscribe(&board).await;
    line.follow(&mut board, 0).await;
    let before = board.sequence;
    // A deposit makes the boards' clock go on.
    while board.sequence < before + 2 {
        let deposit = v1::DepositRequest {
            name: "accounts/me".into(),
            amount: Some(crate::gateway::tests::of("KRW", "1")),
            ..Default::default()
        };
        rig.client("alice").accounts().deposit(deposit).await.unwrap();
        let heard = tokio::time::timeout(std::time::Duration::from_millis(300), line.hear());
        if let Ok(frame) = heard.await {
            board.take(frame.frame.unwrap());
        }
    }
}
