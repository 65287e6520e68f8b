//! The candles of a played day equal those rebuilt from its trades.

use super::super::course;
use super::*;
use hoga_engine::candle::{Base, CandleRow};
use hoga_engine::effect::MarketEvent;
use hoga_engine::ids::InstrumentId;
use std::collections::BTreeMap;

const DAY: &str = include_str!("../../../krx-day.toml");
const SEOUL_NS: u64 = 9 * 3_600 * 1_000_000_000;

/// Open, high, low, close, lots, price x lots, trades, by where the candle begins.
type Chart = BTreeMap<u64, ([u32; 4], u128, u128, u64)>;

fn rebuilt(trades: &[(InstrumentId, MarketEvent)], length: u64) -> Chart {
    let mut chart = Chart::new();
    for (_, event) in trades {
        let MarketEvent::Trade { price, quantity, time, .. } = event else { continue };
        let start = (time.0 + SEOUL_NS) / length * length - SEOUL_NS;
        let (price, lots) = (price.0, u128::from(quantity.0));
        let candle = chart.entry(start).or_insert(([price; 4], 0, 0, 0));
        candle.0[1] = candle.0[1].max(price);
        candle.0[2] = candle.0[2].min(price);
        candle.0[3] = price;
        candle.1 += lots;
        candle.2 += lots * u128::from(price);
        candle.3 += 1;
    }
    chart
}

#[test]
fn candles_of_a_day_are_those_of_its_trades() {
    let scenario = read(DAY);
    let (scenario, folder, wall) = (&scenario, Path::new("."), &mut NoWall);
    let options = PlayOptions { scenario, seed: None, folder, record: None, wall };
    let mut looked = 0;
    course::play_and(options, &mut |_| {}, |floor| {
        let (trades, rows) = &floor.pit.tap().charted;
        assert!(trades.len() > 1_000, "{} trades", trades.len());
        let instrument = &floor.market.instruments[0];
        assert!(trades.iter().all(|(id, _)| *id == instrument.id), "one stock");
        let listing = floor.pit.listing(instrument.id).expect("it is listed");
        for base in Base::ALL {
            let mut kept: BTreeMap<u64, CandleRow> = BTreeMap::new();
            for row in rows.iter().filter(|row| row.base == base) {
                let before = kept.insert(row.bar.start.0, *row);
                assert!(before.is_none(), "nothing trades behind the close");
            }
            // The next morning has begun: its candles are under way.
            let newest = listing.candles(base).newest.map(|(bar, _)| bar);
            let bars = kept.values().map(|row| row.bar);
            let bars = bars.filter(|bar| newest.is_none_or(|newest| bar.start < newest.start));
            let chart = bars.chain(newest).map(|bar| {
                let prices = [bar.open, bar.high, bar.low, bar.close].map(|price| price.0);
                let lots = (bar.volume / instrument.lot) as u128;
                let value = (bar.value / instrument.unit()) as u128;
                (bar.start.0, (prices, lots, value, bar.trades))
            });
            let (chart, rebuilt) = (chart.collect::<Chart>(), rebuilt(trades, base.nanoseconds()));
            assert_eq!(chart.len(), rebuilt.len(), "{base:?}");
            for (found, wanted) in chart.iter().zip(&rebuilt) {
                assert_eq!(found, wanted, "{base:?}");
            }
            looked += chart.len();
        }
        assert_eq!(rows.iter().filter(|row| row.base == Base::Day).count(), 1);
    })
    .expect("the day plays to its end");
    assert!(looked > 500, "{looked} candles");
}
