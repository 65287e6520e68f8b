//! Candles over the wire: of our own trades, across a restart, and imported ones.

use super::{Client, Rig, buy, number, refused, sell, text};
use hoga_proto::v1::{self, CandleInterval as Interval};
use std::collections::BTreeMap;

const LPJ: &str = "instruments/LPJ-KRW";
const MINUTE: i64 = 60;
/// 2020-02-20T08:00:00Z.
const THEN: i64 = 1_582_185_600;

fn ask(interval: Interval) -> v1::ListCandlesRequest {
    let (parent, interval) = (LPJ.into(), interval.into());
    v1::ListCandlesRequest { parent, interval, ..Default::default() }
}

/// All there are, newest first, by small pages.
async fn list(client: &Client, request: v1::ListCandlesRequest) -> Vec<v1::Candle> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let page = v1::ListCandlesRequest { page_size: 3, page_token, ..request.clone() };
        let page = client.market().list_candles(page).await.unwrap().into_inner();
        assert!(page.candles.len() <= 3 && page.position.is_some());
        all.extend(page.candles);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

type Sums = BTreeMap<i64, (Vec<String>, u64)>;

/// Prices in order, and the number of trades, by where the candle begins.
async fn of_trades(client: &Client, length: i64) -> Sums {
    let request =
        v1::ListTradesRequest { parent: LPJ.into(), page_size: 1_000, ..Default::default() };
    let trades = client.market().list_trades(request).await.unwrap().into_inner().trades;
    let mut sums = Sums::new();
    for trade in trades.iter().rev() {
        let second = trade.time.as_ref().unwrap().seconds;
        let (prices, count) = sums.entry(second - second.rem_euclid(length)).or_default();
        prices.push(text(&trade.price).to_owned());
        *count += 1;
    }
    sums
}

fn of_candles(candles: &[v1::Candle]) -> BTreeMap<i64, (String, String, String, String, u64)> {
    let traded = candles.iter().filter(|candle| !candle.filled_gap);
    let row = |candle: &v1::Candle| {
        let [open, high, low, close] = [&candle.open, &candle.high, &candle.low, &candle.close]
            .map(|price| text(price).to_owned());
        (candle.start_time.as_ref().unwrap().seconds, (open, high, low, close, candle.trade_count))
    };
    traded.map(row).collect()
}

async fn check(client: &Client) {
    for (interval, length) in
        [(Interval::Second1, 1), (Interval::Minute1, 60), (Interval::Day1, 86_400)]
    {
        let candles = of_candles(&list(client, ask(interval)).await);
        let wanted = of_trades(client, length).await;
        assert_eq!(candles.len(), wanted.len(), "{interval:?}");
        for ((start, found), (at, (prices, count))) in candles.into_iter().zip(wanted) {
            let (open, close) = (prices[0].clone(), prices[prices.len() - 1].clone());
            // Prices of the tests have three digits: they compare as texts.
            let (high, low) = (prices.iter().max().unwrap(), prices.iter().min().unwrap());
            assert_eq!(start, at);
            assert_eq!(found, (open, high.clone(), low.clone(), close, count), "{interval:?}");
        }
    }
}

async fn trade(alice: &Client, bob: &Client, price: &str) {
    bob.orders().create_order(sell("1", price)).await.unwrap();
    alice.orders().create_order(buy("1", price)).await.unwrap();
}

#[tokio::test]
async fn candles_are_those_of_the_trades_also_after_a_restart() {
    let rig = Rig::start().await;
    assert_eq!(list(&rig.anybody(), ask(Interval::Minute1)).await, [], "nothing has traded");
    let (alice, bob) = rig.two().await;
    for price in ["700", "705", "698", "702"] {
        trade(&alice, &bob, price).await;
    }
    check(&rig.anybody()).await;
    let snapshot = v1::TakeSnapshotRequest::default();
    rig.operator().admin().take_snapshot(snapshot).await.unwrap();
    trade(&alice, &bob, "710").await;
    let rig = rig.restart().await;
    check(&rig.anybody()).await;
    let (alice, bob) = (rig.client("alice"), rig.client("bob"));
    trade(&alice, &bob, "699").await;
    check(&rig.anybody()).await;
    let day = &list(&rig.anybody(), ask(Interval::Day1)).await[0];
    assert_eq!((day.trade_count, text(&day.volume), text(&day.turnover)), (6, "6", "4214"));
    assert!(!day.closed && !day.imported);
}

#[tokio::test]
async fn a_gap_is_filled_with_the_close_before_it() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    trade(&alice, &bob, "700").await;
    // Nothing waits here but the test: a second without a trade has to pass.
    let gap = loop {
        let seconds = list(&rig.anybody(), ask(Interval::Second1)).await;
        if let Some(gap) = seconds.iter().find(|candle| candle.filled_gap) {
            break gap.clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    let prices = [&gap.open, &gap.high, &gap.low, &gap.close].map(text);
    assert_eq!((prices, text(&gap.volume), gap.trade_count), (["700"; 4], "0", 0));
}

fn outside(minute: i64, close: &str) -> v1::Candle {
    let price = |text: &str| Some(number(text));
    v1::Candle {
        start_time: Some(prost_types::Timestamp { seconds: THEN + minute * MINUTE, nanos: 0 }),
        open: price("700"),
        high: price("720"),
        low: price("690"),
        close: price(close),
        volume: price("2.63267824"),
        turnover: price("1843.50000001"),
        ..Default::default()
    }
}

fn import(candles: Vec<v1::Candle>, id: &str) -> v1::ImportCandlesRequest {
    v1::ImportCandlesRequest {
        parent: LPJ.into(),
        interval: Interval::Minute1.into(),
        candles,
        request_id: id.into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_thousand_candles_come_in_one_request() {
    let rig = Rig::start().await;
    let operator = rig.operator();
    let candles = (0..1_000).map(|minute| outside(minute, "701.00000000")).collect();
    let done = operator.admin().import_candles(import(candles, "all")).await.unwrap();
    assert_eq!(done.into_inner().imported_count, 1_000);
}

#[tokio::test]
async fn imported_candles_are_marked_and_make_longer_ones() {
    let rig = Rig::start().await;
    let operator = rig.operator();
    let first = import(vec![outside(0, "701"), outside(1, "702"), outside(4, "703")], "first");
    let done = operator.admin().import_candles(first.clone()).await.unwrap().into_inner();
    assert_eq!((done.imported_count, done.skipped_count), (3, 0));
    let again = operator.admin().import_candles(first).await.unwrap().into_inner();
    assert_eq!((again.imported_count, again.skipped_count, again.repeated_answer), (0, 3, true));
    let more = import(vec![outside(4, "719"), outside(5, "704")], "more");
    let done = operator.admin().import_candles(more).await.unwrap().into_inner();
    assert_eq!((done.imported_count, done.skipped_count), (1, 1));
    let rig = rig.restart().await;
    let until = |interval| v1::ListCandlesRequest {
        end_time: Some(prost_types::Timestamp { seconds: THEN + 3_600, nanos: 0 }),
        start_time: Some(prost_types::Timestamp { seconds: THEN - 86_400, nanos: 0 }),
        ..ask(interval)
    };
    let threes = list(&rig.anybody(), until(Interval::Minute3)).await;
    let real: Vec<_> = threes.iter().filter(|candle| !candle.filled_gap).collect();
    let closes: Vec<_> = real.iter().map(|candle| text(&candle.close)).collect();
    assert_eq!(closes, ["704", "702"]);
    assert!(real.iter().all(|candle| candle.imported && candle.closed));
    assert_eq!([text(&real[0].volume), text(&real[1].turnover)], ["5.26535648", "3687.00000002"]);
    assert_eq!(threes.len(), 20, "the hour is filled to its end");
    let hours = list(&rig.anybody(), until(Interval::Hour1)).await;
    assert_eq!((hours.len(), text(&hours[0].volume)), (1, "10.53071296"));
}

#[tokio::test]
async fn what_cannot_be_imported_is_refused_or_left_out() {
    let rig = Rig::start().await;
    let operator = rig.operator();
    let refuse = async |request: v1::ImportCandlesRequest, field: &str| {
        let refusal = refused(operator.admin().import_candles(request).await, "MALFORMED");
        assert_eq!(refusal.field.as_deref(), Some(field), "{}", refusal.message);
    };
    let threes = v1::ImportCandlesRequest {
        interval: Interval::Minute3.into(),
        ..import(vec![outside(0, "700")], "")
    };
    refuse(threes, "interval").await;
    refuse(import(Vec::new(), ""), "candles").await;
    refuse(import(vec![outside(1, "700"), outside(0, "700")], ""), "candles").await;
    refuse(import(vec![outside(0, "800")], ""), "candles.low").await;
    let mut odd = outside(0, "700");
    odd.start_time.as_mut().unwrap().seconds += 1;
    refuse(import(vec![odd], ""), "candles.start_time").await;
    let request = import(vec![outside(0, "700")], "");
    let alone = rig.client("alice").admin().import_candles(request).await;
    refused(alone, "PERMISSION_DENIED");
    let mut much = outside(0, "700");
    much.turnover = Some(number("9999999999999999999999999"));
    refuse(import(vec![much], ""), "candles.turnover").await;
    // A day that is not over is left out, and its beginning with it.
    let mut today = outside(0, "700");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    today.start_time.as_mut().unwrap().seconds = now.as_secs() as i64 / MINUTE * MINUTE;
    let done = operator.admin().import_candles(import(vec![today.clone()], "")).await;
    let done = done.unwrap().into_inner();
    assert_eq!((done.imported_count, done.skipped_count), (0, 1));
    // A day with trades of our own takes nothing from elsewhere.
    let (alice, bob) = rig.two().await;
    trade(&alice, &bob, "700").await;
    let done = operator.admin().import_candles(import(vec![outside(0, "700"), today], "")).await;
    let done = done.unwrap().into_inner();
    assert_eq!((done.imported_count, done.skipped_count), (1, 1));
}
