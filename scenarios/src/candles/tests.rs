//! Small texts in the format, and recorded ones where they are at hand.

use super::{OutsideCandles, upbit};
use flate2::read::GzDecoder;
use hoga_engine::amount::{Amount, Lots, Rate, Ticks};
use hoga_engine::candle::{Bar, Base, Candles, Import, Imports, Interval, List, Origin};
use hoga_engine::ids::{AssetId, InstrumentId, PartitionId};
use hoga_engine::instrument::{Calls, Fees, Instrument, Phase};
use hoga_engine::order::SelfMatch;
use hoga_engine::tick_table::TickTable;
use hoga_engine::time::Time;
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Read;
use std::path::Path;

const MINUTES: [(&str, &str); 2] = [
    (
        "upbit_krw_btc_1m_2020/upbit_1m_20200220_170000-20200220_202000.json",
        "5ff66d81b39f4f3546bf467f684e0e6f311f01da24623a7965b763698714cfae",
    ),
    (
        "upbit_krw_btc_1m_2020/upbit_1m_20200220_202000-20200220_210000.json",
        "7f29857520db093a11f27cadce698de51b409152453fa53eccaf03e5bc523793",
    ),
];
const THREES: (&str, &str) = (
    "upbit_krw_btc_1m_2020/upbit_3m_20200220_170000-20200220_200000.json",
    "2017630b78ff149f2b27eb36b29f2ce6694eb462f94291de0c8a28766d612c4a",
);
const TRADES: (&str, &str) = (
    "binance_btcusdt_20240809/btcusdt_20240809.gz",
    "2981a27474b8903133cc66e25f4da561140dd061c942b84801b9d8c60e4b3599",
);

/// A recorded file, as it was published; none where there are none.
fn recorded((name, digest): (&str, &str)) -> Option<Vec<u8>> {
    let path = Path::new(&std::env::var_os("HOGA_DATA")?).join(name);
    let bytes = std::fs::read(&path).expect("HOGA_DATA names a folder with the recorded file");
    let found: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(found, digest, "{} is another file", path.display());
    Some(bytes)
}

/// Prices in 1/100 and quantities in 1/100,000,000 of a coin: a lot of the smallest unit.
fn coin(tick: Amount) -> Instrument {
    Instrument {
        id: InstrumentId(0),
        symbol: "BTC-KRW".into(),
        partition: PartitionId(2),
        base: AssetId(1),
        base_code: "BTC".into(),
        base_scale: 8,
        quote: AssetId(0),
        quote_code: "KRW".into(),
        quote_scale: 10,
        tick,
        lot: 1,
        ticks: TickTable::uniform(),
        quantity_min: Lots(1),
        quantity_max: Lots::MAX,
        notional_min: 0,
        notional_max: 0,
        base_price: None,
        band: None,
        collar: Rate(0),
        fees: Fees::default(),
        self_match: SelfMatch::None,
        open_orders_max: 1,
        phase: Phase::Continuous,
        phase_until: None,
        schedule: None,
        calls: Calls::default(),
        follow: None,
    }
}

fn minor(value: Decimal, scale: u32) -> Amount {
    value.mantissa() * 10i128.pow(scale - value.scale())
}

fn bars(outside: &OutsideCandles, instrument: &Instrument) -> Vec<Bar> {
    let bar = |candle: &super::OutsideCandle| {
        let price = |price| Ticks((minor(price, 10) / instrument.tick) as u32);
        Bar {
            start: Time(candle.start * Time::SECOND),
            first: 0,
            open: price(candle.open),
            high: price(candle.high),
            low: price(candle.low),
            close: price(candle.close),
            volume: minor(candle.volume, 8),
            value: minor(candle.turnover, 10),
            trades: 0,
        }
    };
    outside.candles.iter().map(bar).collect()
}

fn list(interval: Interval, parts: &[Bar]) -> Vec<Bar> {
    let list = List {
        interval,
        schedule: None,
        before: Time(u64::MAX),
        from: Time(0),
        most: usize::MAX,
        through: Time(u64::MAX),
        closed: None,
    };
    let before = Interval::Day1;
    let last = parts.last().map_or(Time(0), |bar| bar.start);
    let before = hoga_engine::candle::Zone(0).end(before, last);
    let parts = parts.iter().rev().map(|bar| Ok::<_, Infallible>((*bar, Origin::Imported)));
    let made = List { before, ..list }.make(parts).unwrap_or_else(|never| match never {});
    made.into_iter().rev().filter(|candle| !candle.is_gap).map(|candle| candle.bar).collect()
}

#[test]
fn three_minute_candles_are_rebuilt_from_those_of_a_minute() {
    let (Some(first), Some(second), Some(threes)) =
        (recorded(MINUTES[0]), recorded(MINUTES[1]), recorded(THREES))
    else {
        eprintln!("SKIPPED: HOGA_DATA is not set; the recorded candles of Upbit were NOT compared");
        return;
    };
    let instrument = coin(1_000 * 10i128.pow(10));
    let read = |bytes: Vec<u8>| upbit(&String::from_utf8(bytes).expect("text")).expect("candles");
    let (mut imports, mut rows) = (Imports::default(), Vec::new());
    for minutes in [first, second].map(read) {
        assert_eq!(minutes.interval, Interval::Minute1);
        let import = Import { base: Base::Minute, bars: bars(&minutes, &instrument) };
        imports.take(&import, &instrument, &mut |row| rows.push(*row));
    }
    let minutes: Vec<Bar> =
        rows.iter().filter(|row| row.base == Base::Minute).map(|row| row.bar).collect();
    assert_eq!(minutes.len(), 240);
    let wanted = bars(&read(threes), &instrument);
    let made = list(Interval::Minute3, &minutes);
    let equal = wanted.iter().filter(|wanted| made.contains(wanted)).count();
    assert_eq!((equal, wanted.len()), (60, 60), "every one of the file, to the last digit");
    // The import has made the hours itself.
    let mut hours: BTreeMap<Time, Bar> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.base == Base::Hour) {
        hours.insert(row.bar.start, row.bar);
    }
    assert_eq!(hours.into_values().collect::<Vec<_>>(), list(Interval::Hour1, &minutes));
}

/// A trade of the stream: price in 1/100, quantity in 1/100,000,000, milliseconds.
fn trades(text: &str) -> Vec<(u32, u64, u64)> {
    let field = |line: &str, name: &str| -> Option<String> {
        let rest = line.split_once(&format!("\"{name}\":"))?.1;
        Some(rest.split([',', '}']).next()?.trim_matches('"').to_owned())
    };
    let lines = text.lines().filter(|line| line.contains("@trade\""));
    let trade = |line: &str| {
        let number = |name: &str, scale: u32| -> Option<Amount> {
            let value: Decimal = field(line, name)?.parse().ok()?;
            Some(minor(value.normalize(), scale))
        };
        let time = field(line, "T")?.parse().ok()?;
        Some((number("p", 2)? as u32, number("q", 8)? as u64, time))
    };
    lines.map(|line| trade(line).expect("a trade")).collect()
}

#[test]
fn candles_of_a_second_equal_a_naive_rebuild_of_recorded_trades() {
    let Some(bytes) = recorded(TRADES) else {
        eprintln!(
            "SKIPPED: HOGA_DATA is not set; the recorded trades of Binance were NOT compared"
        );
        return;
    };
    let mut text = String::new();
    GzDecoder::new(&*bytes).read_to_string(&mut text).expect("lines");
    let trades = trades(&text);
    assert_eq!(trades.len(), 10_147);
    let instrument = coin(10i128.pow(8));
    let (mut candles, mut rows) = (Candles::default(), Vec::new());
    let mut naive: BTreeMap<u64, Vec<(u32, u64)>> = BTreeMap::new();
    for (no, (price, quantity, ms)) in (0u64..).zip(&trades) {
        let at = Time(ms * 1_000_000);
        let sequence = candles.sequence(no);
        let (price, lots) = (Ticks(*price), Lots(*quantity));
        candles.trade(price, lots, at, sequence, &instrument, &mut |row| rows.push(*row));
        naive.entry(ms / 1_000).or_default().push((price.0, *quantity));
    }
    candles.close(Time(u64::MAX / 2), &instrument, &mut |row| rows.push(*row));
    let seconds: Vec<Bar> =
        rows.iter().filter(|row| row.base == Base::Second).map(|row| row.bar).collect();
    assert_eq!(seconds.len(), naive.len());
    for (bar, (second, within)) in seconds.iter().zip(&naive) {
        let prices = || within.iter().map(|(price, _)| *price);
        let volume: Amount = within.iter().map(|(_, lots)| Amount::from(*lots)).sum();
        let value = |(price, lots): &(u32, u64)| Amount::from(*price) * Amount::from(*lots);
        let value: Amount = within.iter().map(value).sum();
        let wanted = Bar {
            start: Time(second * Time::SECOND),
            first: bar.first,
            open: Ticks(within[0].0),
            high: Ticks(prices().max().expect("one")),
            low: Ticks(prices().min().expect("one")),
            close: Ticks(within[within.len() - 1].0),
            volume,
            value: value * instrument.unit(),
            trades: within.len() as u64,
        };
        assert_eq!(*bar, wanted);
    }
    assert!(seconds.len() > 200, "{}", seconds.len());
}

const ROW: &str = r#"{"market":"KRW-BTC","candle_date_time_utc":"2024-02-29T23:59:00",
    "opening_price":11509000.0,"high_price":11511000.0,"low_price":11489000.00000000,
    "trade_price":11498000,"candle_acc_trade_price":30279009.54681,
    "candle_acc_trade_volume":1E-8,"unit":1}"#;

#[test]
fn a_row_is_read_to_the_last_digit() {
    let read = upbit(&format!("[{ROW}]")).expect("a candle");
    assert_eq!(read.interval, Interval::Minute1);
    let candle = &read.candles[0];
    assert_eq!(candle.start, 1_709_251_140);
    let shown = [candle.open, candle.low, candle.turnover, candle.volume].map(|d| d.to_string());
    assert_eq!(shown, ["11509000", "11489000", "30279009.54681", "0.00000001"]);
}

#[test]
fn what_is_wrong_is_named() {
    let cases = [
        ("[]".into(), "no candle in it"),
        ("{}".into(), "no list of candles"),
        (format!("[{ROW},{ROW}]"), "two candles begin at 1709251140"),
        (format!("[{}]", ROW.replace("02-29", "02-30")), "candle 1: `2024-02-30T23:59:00`"),
        (format!("[{}]", ROW.replace("11498000", "true")), "`true` is not a valid trade price"),
        (format!("[{}]", ROW.replace("\"unit\":1", "\"unit\":7")), "candles of 7 minutes"),
        (
            format!("[{ROW},{}]", ROW.replace("\"unit\":1", "\"unit\":3")),
            "candle 2 has another length",
        ),
    ];
    for (text, wanted) in cases {
        let error = upbit(&text).expect_err("no candles").to_string();
        assert!(error.contains(wanted), "{error}");
    }
}
