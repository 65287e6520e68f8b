//! Market data.

use super::{Rig, buy, number, refused, sell, text};
use hoga_proto::v1;

const LPJ: &str = "instruments/LPJ-KRW";

#[tokio::test]
async fn a_ladder_shows_both_sides() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    for price in ["700", "701", "705"] {
        alice.orders().create_order(buy("1", price)).await.unwrap();
    }
    let last = bob.orders().create_order(sell("2", "711")).await.unwrap().into_inner();

    let mut ask = v1::GetBookRequest {
        name: "instruments/LPJ-KRW".into(),
        min_index: last.book_position,
        ..Default::default()
    };
    let seen = rig.anybody().market().get_book(ask.clone()).await.unwrap().into_inner();
    let book = seen.book.unwrap();
    let prices: Vec<_> = book.bids.iter().map(|level| text(&level.price)).collect();
    assert_eq!(prices, ["705", "701", "700"]);
    assert_eq!((text(&book.asks[0].quantity), book.asks[0].order_count), ("2", 1));
    assert_eq!(book.sequence, 4);

    ask.price_step = Some(number("10"));
    let grouped = rig.anybody().market().get_book(ask.clone()).await.unwrap().into_inner();
    let book = grouped.book.unwrap();
    assert_eq!((text(&book.bids[0].price), text(&book.bids[0].quantity)), ("700", "3"));
    assert_eq!(text(&book.asks[0].price), "720");
    (ask.price_step, ask.depth) = (None, 1);
    let top = rig.anybody().market().get_book(ask).await.unwrap().into_inner();
    assert_eq!(top.book.unwrap().bids.len(), 1);
}

#[tokio::test]
async fn trades_are_listed_and_summed_up() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    let mut last = None;
    for price in ["700", "710", "705"] {
        bob.orders().create_order(sell("2", price)).await.unwrap();
        let bought = alice.orders().create_order(buy("2", price)).await.unwrap().into_inner();
        last = bought.book_position;
    }
    let list = v1::ListTradesRequest {
        parent: "instruments/LPJ-KRW".into(),
        page_size: 2,
        min_index: last,
        ..Default::default()
    };
    let page = rig.anybody().market().list_trades(list.clone()).await.unwrap().into_inner();
    let names: Vec<_> = page.trades.iter().map(|trade| &*trade.name).collect();
    assert_eq!(names, ["instruments/LPJ-KRW/trades/3", "instruments/LPJ-KRW/trades/2"]);
    assert_eq!(page.trades[0].taker_side(), v1::Side::Buy);
    let rest = v1::ListTradesRequest { page_token: page.next_page_token, ..list };
    let rest = rig.anybody().market().list_trades(rest).await.unwrap().into_inner();
    assert_eq!((rest.trades.len(), &*rest.next_page_token), (1, ""));

    let ask = v1::GetTickerRequest { name: "instruments/LPJ-KRW".into(), min_index: last };
    let ticker = rig.anybody().market().get_ticker(ask).await.unwrap().into_inner().ticker.unwrap();
    assert_eq!((text(&ticker.last), ticker.trade_count), ("705", 3));
    assert_eq!((text(&ticker.high), text(&ticker.low)), ("710", "700"));
    assert_eq!((text(&ticker.volume), text(&ticker.turnover)), ("6", "4230"));
    assert!(ticker.bid.is_none() && ticker.change.is_some());
}

#[tokio::test]
async fn what_is_listed_is_public() {
    let rig = Rig::start().await;
    let anybody = rig.anybody();
    let all = anybody.market().list_instruments(v1::ListInstrumentsRequest::default()).await;
    let all = all.unwrap().into_inner().instruments;
    assert_eq!(all[0].name, "instruments/LPJ-KRW");
    let get = v1::GetInstrumentRequest { name: all[0].name.clone(), min_index: None };
    let one = anybody.market().get_instrument(get).await.unwrap().into_inner();
    assert_eq!(one.instrument.unwrap(), all[0]);
    let unknown = v1::GetInstrumentRequest { name: "instruments/LPX-KRW".into(), min_index: None };
    let refusal = refused(anybody.market().get_instrument(unknown).await, "UNKNOWN_INSTRUMENT");
    assert_eq!(refusal.resource.as_deref(), Some("instruments/LPX-KRW"));
}

/// Trades before a restart are there behind it, whether the log or only a snapshot has them.
#[tokio::test]
async fn the_day_goes_on_behind_a_restart() {
    let mut rig = Rig::start().await;
    rig.two().await;
    for (round, with_snapshot) in [false, true, false].into_iter().enumerate() {
        let (alice, bob) = (rig.client("alice"), rig.client("bob"));
        bob.orders().create_order(sell("2", "700")).await.unwrap();
        alice.orders().create_order(buy("2", "700")).await.unwrap();
        let list = v1::ListTradesRequest { parent: LPJ.into(), ..Default::default() };
        let page = rig.anybody().market().list_trades(list).await.unwrap().into_inner();
        assert_eq!(page.trades.len(), round + 1);
        if with_snapshot {
            rig.exchange.snapshot().await.unwrap();
        }
        // Where nothing can be written down, as when the node is killed, the log gives it back.
        let tape = rig.data.path().join("tape");
        if round == 0 {
            std::fs::remove_dir_all(&tape).ok();
            std::fs::write(&tape, "in the way").unwrap();
        } else if tape.is_file() {
            std::fs::remove_file(&tape).unwrap();
        }
        let ask = v1::GetTickerRequest { name: LPJ.into(), min_index: None };
        let ticker = rig.anybody().market().get_ticker(ask.clone()).await.unwrap();
        let before = ticker.into_inner().ticker.unwrap();
        rig = rig.restart().await;
        let ticker = rig.anybody().market().get_ticker(ask).await.unwrap();
        let after = ticker.into_inner().ticker.unwrap();
        assert_eq!((after.trade_count, &after.volume), (before.trade_count, &before.volume));
        assert_eq!((&after.last, after.sequence), (&before.last, before.sequence));
    }
    let list = v1::ListTradesRequest { parent: LPJ.into(), ..Default::default() };
    let page = rig.anybody().market().list_trades(list).await.unwrap().into_inner();
    let names = page.trades.iter().map(|trade| trade.name.rsplit('/').next().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["3", "2", "1"]);
}

/// The list of trades is gone, and the log is behind a snapshot: candles still know the day.
#[tokio::test]
async fn the_day_of_a_node_without_its_trades_is_that_of_the_candles() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    for price in ["700", "710", "705"] {
        bob.orders().create_order(sell("2", price)).await.unwrap();
        alice.orders().create_order(buy("2", price)).await.unwrap();
    }
    let ask = v1::GetTickerRequest { name: LPJ.into(), min_index: None };
    let snapshot = v1::TakeSnapshotRequest::default();
    rig.operator().admin().take_snapshot(snapshot).await.unwrap();
    // The log still has this one.
    bob.orders().create_order(sell("2", "715")).await.unwrap();
    alice.orders().create_order(buy("2", "715")).await.unwrap();
    let ticker = rig.anybody().market().get_ticker(ask.clone()).await.unwrap();
    let before = ticker.into_inner().ticker.unwrap();
    let tape = rig.data.path().join("tape");
    let rig = rig
        .restart_after(|| {
            // Also what was written as it stopped.
            std::fs::remove_dir_all(&tape).unwrap();
        })
        .await;
    let look = async || {
        let ticker = rig.anybody().market().get_ticker(ask.clone()).await.unwrap();
        ticker.into_inner().ticker.unwrap()
    };
    let after = look().await;
    assert_eq!((after.trade_count, before.trade_count), (4, 4));
    assert_eq!((&after.high, &after.low), (&before.high, &before.low));
    assert_eq!((&after.volume, &after.turnover), (&before.volume, &before.turnover));
    let (alice, bob) = (rig.client("alice"), rig.client("bob"));
    bob.orders().create_order(sell("2", "720")).await.unwrap();
    alice.orders().create_order(buy("2", "720")).await.unwrap();
    let later = look().await;
    assert_eq!((later.trade_count, text(&later.high), text(&later.volume)), (5, "720", "10"));
}
