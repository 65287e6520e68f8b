//! Each channel: a snapshot, then what happens.

use super::reader::{Follower, Line, topic};
use crate::gateway::tests::{Rig, buy, sell, text};
use hoga_proto::v1::client_frame::Frame as Said;
use hoga_proto::v1::content::Content;
use hoga_proto::v1::server_frame::Frame;
use hoga_proto::v1::{self, Channel, SnapshotReason};
use std::time::Duration;

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

/// The last candles that a follower knows, by where they begin.
fn lay(known: &mut std::collections::BTreeMap<i64, v1::Candle>, content: &Content) {
    let Content::Candles(candles) = content else { panic!("no candles: {content:?}") };
    for candle in &candles.candles {
        known.insert(candle.start_time.as_ref().unwrap().seconds, candle.clone());
    }
}

#[tokio::test]
async fn candles_come_with_every_trade_and_resume() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    let trade = async |price: &str| {
        bob.orders().create_order(sell("1", price)).await.unwrap();
        alice.orders().create_order(buy("1", price)).await.unwrap();
    };
    trade("700").await;
    let mut line = Line::open(&rig.anybody()).await;
    let mut candles = Follower::new(Channel::Candles, LPJ);
    candles.topic.set_interval(v1::CandleInterval::Second1);
    assert!(!line.subscribe(&candles).await);
    let mut known = std::collections::BTreeMap::new();
    let mut hear = async |line: &mut Line, candles: &mut Follower, sequence: u64| {
        while candles.sequence < sequence || candles.snapshots.is_empty() {
            let frame = line.hear().await.frame.unwrap();
            if let v1::server_frame::Frame::Delta(delta) = &frame {
                lay(&mut known, delta.content.as_ref().unwrap().content.as_ref().unwrap());
            }
            let before = candles.snapshots.len();
            candles.take(frame);
            if candles.snapshots.len() > before {
                known.clear();
                lay(&mut known, candles.held.as_ref().unwrap());
            }
        }
        known.clone()
    };
    hear(&mut line, &mut candles, 1).await;
    // The second ends by itself: an event, and the candle is closed.
    let known_then = hear(&mut line, &mut candles, 2).await;
    let first = known_then.values().next().unwrap();
    assert!(first.closed && first.trade_count == 1, "{first:?}");
    drop(line);
    trade("705").await;
    trade("701").await;
    let mut line = Line::open(&rig.anybody()).await;
    assert!(line.subscribe(&candles).await, "it goes on behind the token");
    let counted = |known: &std::collections::BTreeMap<i64, v1::Candle>| {
        known.values().map(|candle| candle.trade_count).sum::<u64>()
    };
    let mut known_now = known_then;
    while counted(&known_now) < 3 {
        let next = candles.sequence + 1;
        known_now = hear(&mut line, &mut candles, next).await;
    }
    assert_eq!(candles.snapshots, [SnapshotReason::First]);
    // What was followed is what is listed.
    let list = v1::ListCandlesRequest {
        parent: LPJ.into(),
        interval: v1::CandleInterval::Second1.into(),
        page_size: 1_000,
        ..Default::default()
    };
    let listed = rig.anybody().market().list_candles(list).await.unwrap().into_inner().candles;
    for candle in listed.iter().filter(|candle| !candle.filled_gap) {
        let start = candle.start_time.as_ref().unwrap().seconds;
        assert_eq!(known_now[&start].trade_count, candle.trade_count);
        assert_eq!(known_now[&start].close, candle.close);
    }
    assert_eq!(counted(&known_now), 3);
}

#[tokio::test]
async fn candles_are_followed_from_before_the_first_trade() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    let mut line = Line::open(&rig.anybody()).await;
    let mut candles = Follower::new(Channel::Candles, LPJ);
    candles.topic.set_interval(v1::CandleInterval::Minute1);
    assert!(!line.subscribe(&candles).await);
    bob.orders().create_order(sell("1", "700")).await.unwrap();
    alice.orders().create_order(buy("1", "700")).await.unwrap();
    let mut known = std::collections::BTreeMap::new();
    while known.is_empty() {
        let frame = line.hear().await.frame.unwrap();
        if let v1::server_frame::Frame::Delta(delta) = &frame {
            lay(&mut known, delta.content.as_ref().unwrap().content.as_ref().unwrap());
        }
        candles.take(frame);
    }
    assert_eq!(known.values().next().unwrap().trade_count, 1);
}

type Side = std::collections::BTreeMap<u64, (Vec<String>, String)>;

/// Lays queues onto those that are known, by price.
fn lay_queues(known: &mut [Side; 2], content: &Content) {
    let Content::Queues(queues) = content else { panic!("no queues: {content:?}") };
    for (side, changed) in known.iter_mut().zip([&queues.bids, &queues.asks]) {
        for queue in changed {
            let price = text(&queue.price).parse().unwrap();
            let quantity = text(&queue.quantity).to_owned();
            let orders = queue.orders.iter().map(|order| order.value.clone()).collect();
            if quantity == "0" {
                side.remove(&price);
            } else {
                side.insert(price, (orders, quantity));
            }
        }
    }
}

/// BOOK-3, order by order.
#[tokio::test]
async fn queues_and_their_deltas_are_the_book_and_make_its_levels() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    alice.orders().create_order(buy("3", "690")).await.unwrap();
    let mut line = Line::open(&rig.anybody()).await;
    let mut queues = Follower::new(Channel::Queues, LPJ);
    assert!(!line.subscribe(&queues).await);
    let mut seed = 11u64;
    for n in 0..200 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(n);
        let price = (690 + (seed >> 33) % 9).to_string();
        let quantity = (1 + (seed >> 40) % 9).to_string();
        let (who, mut order) = if seed >> 63 == 0 {
            (&alice, buy(&quantity, &price))
        } else {
            (&bob, sell(&quantity, &price))
        };
        if (seed >> 50).is_multiple_of(3) {
            order.order.as_mut().unwrap().display_quantity =
                Some(crate::gateway::tests::number("1"));
        }
        who.orders().create_order(order).await.unwrap();
        if n % 53 == 52 {
            let all =
                v1::CancelAllOrdersRequest { parent: "accounts/me".into(), ..Default::default() };
            alice.orders().cancel_all_orders(all).await.unwrap();
        }
    }
    let get = v1::GetTickerRequest { name: LPJ.into(), ..Default::default() };
    let now = rig.anybody().market().get_ticker(get).await.unwrap().into_inner().ticker.unwrap();
    let (mut known, mut deltas) = <([Side; 2], usize)>::default();
    while queues.sequence < now.sequence || queues.snapshots.is_empty() {
        let frame = line.hear().await.frame.unwrap();
        if let v1::server_frame::Frame::Delta(delta) = &frame {
            lay_queues(&mut known, delta.content.as_ref().unwrap().content.as_ref().unwrap());
            deltas += 1;
        }
        let before = queues.snapshots.len();
        queues.take(frame);
        if queues.snapshots.len() > before {
            known = Default::default();
            lay_queues(&mut known, queues.held.as_ref().unwrap());
        }
    }
    assert_eq!(queues.sequence, now.sequence);
    assert!(deltas > 1 && queues.snapshots == [SnapshotReason::First]);
    let instrument = rig.exchange.catalogue().instrument_by_symbol("LPJ-KRW").unwrap().id;
    let look = |listing: &hoga_engine::book::Listing, _| {
        let (book, lot) = (listing.book(), listing.instrument());
        [hoga_engine::order::Side::Buy, hoga_engine::order::Side::Sell].map(|side| {
            let levels = book.levels(side);
            let queue = |(price, whole): (hoga_engine::amount::Ticks, _)| {
                let shown = |lots| hoga_proto::convert::market::shown_quantity(lots, lot).value;
                let orders = book.side(side).filter(|order| order.price == price);
                let orders: Vec<String> = orders.map(|order| shown(order.shown())).collect();
                let price = hoga_proto::convert::market::shown_price(price, lot).value;
                (price.parse().unwrap(), (orders, shown(whole)))
            };
            levels.map(queue).collect::<Side>()
        })
    };
    let held = rig.exchange.book(instrument, None, look).await.unwrap();
    assert_eq!(known, held, "order by order");
    let book = book_of(&rig).await;
    let sums = known.map(|side| {
        side.into_iter()
            .map(|(price, (orders, whole))| {
                let sum: u64 = orders.iter().map(|order| order.parse::<u64>().unwrap()).sum();
                assert_eq!(sum.to_string(), whole, "the displayed parts and nothing else");
                (price, whole)
            })
            .collect::<Vec<_>>()
    });
    assert_eq!(sums, [levels(&book.bids), levels(&book.asks)], "levels out of queues");
}

#[tokio::test]
async fn who_comes_and_goes_leaves_nothing_behind() {
    let rig = Rig::start().await;
    let mut line = Line::open(&rig.anybody()).await;
    let ticker = Follower::new(Channel::Ticker, LPJ);
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let mut come_and_go = async || {
        line.subscribe(&ticker).await;
        let gone = Said::Unsubscribe(v1::Unsubscribe { topic: Some(topic(Channel::Ticker, LPJ)) });
        assert!(matches!(line.ask(gone).await, Frame::Unsubscribed(_)));
    };
    come_and_go().await;
    let before = tasks();
    for _ in 0..50 {
        come_and_go().await;
    }
    let until = tokio::time::Instant::now() + Duration::from_secs(10);
    while tasks() > before + 5 {
        assert!(tokio::time::Instant::now() < until, "{} of {before} tasks", tasks());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
