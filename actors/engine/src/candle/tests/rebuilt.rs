//! A book's candles at any moment equal those rebuilt from its trades.

use super::super::{Base, Candle, CandleRow, Candles, Interval, List, Origin, Standing, Zone};
use super::naive::{Row, Traded, rebuild, row};
use crate::amount::{Lots, Ticks};
use crate::book::tests::listing::instrument;
use crate::instrument::Instrument;
use crate::pit::Chooser;
use crate::session::tests::{krx, seoul};
use crate::time::Time;
use std::collections::BTreeMap;
use std::convert::Infallible;

/// A book that only trades, with what it wrote.
struct Rig {
    instrument: Instrument,
    candles: Candles,
    trades: Vec<Traded>,
    rows: BTreeMap<(Base, Time), CandleRow>,
    now: Time,
}

impl Rig {
    fn new(instrument: Instrument, now: Time) -> Rig {
        let (candles, trades, rows) = Default::default();
        Rig { instrument, candles, trades, rows, now }
    }

    fn trade(&mut self, price: u32, quantity: u64) {
        let Rig { instrument, candles, trades, rows, now } = self;
        let (price, quantity, time) = (Ticks(price), Lots(quantity), *now);
        let before = candles.sequence(trades.len() as u64);
        candles.trade(price, quantity, time, before, instrument, &mut |row| keep(rows, row));
        trades.push(Traded { sequence: before + 1, price, quantity, time });
    }

    fn pass(&mut self) -> bool {
        let Rig { instrument, candles, rows, now, .. } = self;
        candles.pass(*now, instrument, &mut |row| keep(rows, row))
    }

    fn close(&mut self) -> bool {
        let Rig { instrument, candles, rows, now, .. } = self;
        candles.close(*now, instrument, &mut |row| keep(rows, row))
    }

    fn standing(&self, base: Base) -> Standing {
        self.candles.standing(base, self.trades.len() as u64, &self.instrument)
    }

    fn list(&self, interval: Interval, from: Time, before: Time, most: usize) -> Vec<Candle> {
        let standing = self.standing(interval.base());
        let newest = standing.newest.map(|(bar, _)| (bar, Origin::Traded));
        let of_base = |row: &&CandleRow| {
            row.base == interval.base() && newest.is_none_or(|(bar, _)| row.bar.start < bar.start)
        };
        let kept = self.rows.values().rev().filter(of_base).map(|row| (row.bar, row.origin));
        let list = List {
            interval,
            schedule: self.instrument.schedule.as_deref(),
            before,
            from,
            most,
            through: standing.through,
            closed: standing.newest.filter(|(_, shut)| *shut).map(|(bar, _)| bar.start),
        };
        let parts = newest.into_iter().chain(kept).map(Ok::<_, Infallible>);
        list.make(parts).unwrap_or_else(|never| match never {})
    }

    fn all(&self, interval: Interval) -> Vec<Candle> {
        let before = Time(self.now.0 + 1);
        let mut all = self.list(interval, Time(0), before, usize::MAX);
        all.reverse();
        all
    }

    fn rows_of(&self, interval: Interval) -> Vec<Row> {
        self.all(interval).iter().map(row).collect()
    }

    fn check(&self, intervals: &[Interval]) {
        for &interval in intervals {
            let naive = rebuild(&self.trades, interval, &self.instrument, Time(self.now.0 + 1));
            assert_eq!(self.rows_of(interval), naive, "{interval:?} at {:?}", self.now);
        }
    }
}

fn keep(rows: &mut BTreeMap<(Base, Time), CandleRow>, row: &CandleRow) {
    rows.insert((row.base, row.bar.start), *row);
}

fn scheduled() -> Instrument {
    Instrument { schedule: Some(Box::new(krx())), ..instrument() }
}

const NIGHT: Time = Time(1_795_564_800 * Time::SECOND);

#[test]
fn trades_of_any_density_make_the_candles_of_a_naive_rebuild() {
    let steps = [1, 40, 900, 20_000, 400_000];
    for (seed, seconds) in (1..=15u64).zip(steps.into_iter().cycle()) {
        let mut chance = Chooser(seed);
        let mut rig = Rig::new(instrument(), Time(NIGHT.0 + chance.below(Time::DAY)));
        for n in 0..200 {
            rig.now.0 += chance.below(2 * seconds * Time::SECOND);
            if chance.below(4) == 0 {
                rig.pass();
            } else {
                rig.trade(1_000 + chance.below(50) as u32, 1 + chance.below(9));
            }
            // Lengths far below the distance of trades would be all gaps.
            let worth = Interval::ALL.into_iter().filter(|interval| {
                let start = Zone(0).start(*interval, rig.now);
                let length = Zone(0).end(*interval, start).0 - start.0;
                length >= seconds * Time::SECOND / 20
            });
            if n % 40 == 39 {
                rig.check(&worth.collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn a_session_market_closes_its_day_and_fills_no_night() {
    let days = [Interval::Minute30, Interval::Hour1, Interval::Hour4, Interval::Day1];
    let weeks = [Interval::Week1, Interval::Month1, Interval::Year1];
    let mut chance = Chooser(5);
    let mut rig = Rig::new(scheduled(), seoul(0, 9, 0));
    for day in 0..9 {
        if matches!(day, 5 | 6) {
            continue;
        }
        let mut minute = chance.below(60);
        while minute < 390 && day != 2 {
            rig.now = seoul(day, 9, minute);
            rig.trade(500 + chance.below(20) as u32, 1);
            minute += 1 + chance.below(120);
        }
        rig.now = seoul(day, 15, 30);
        if day != 2 {
            // The closing price, made a moment behind the edge.
            rig.now.0 += 1_000;
            rig.trade(500, 7);
        }
        assert_eq!(rig.close(), day != 2, "a day without trades has nothing to close");
        let daily = rig.list(Interval::Day1, Time(0), rig.now, 1);
        assert!(daily[0].is_closed || day == 2, "closed at the close: {daily:?}");
        rig.check(&days);
        rig.check(&weeks);
    }
    assert_eq!(rig.all(Interval::Day1).len(), 7, "no Saturday, no Sunday, a gap on Wednesday");
    assert_eq!(rig.all(Interval::Day1).iter().filter(|candle| candle.is_gap).count(), 1);
}

#[test]
fn what_trades_behind_the_close_is_added_to_the_day() {
    let mut rig = Rig::new(scheduled(), seoul(0, 10, 0));
    rig.trade(500, 3);
    rig.now = seoul(0, 15, 30);
    rig.close();
    rig.trade(510, 2);
    rig.trade(490, 1);
    rig.check(&Interval::ALL[6..]);
    assert!(!rig.all(Interval::Day1)[0].is_closed, "it goes on");
    rig.now.0 += 600 * Time::SECOND;
    rig.close();
    rig.check(&Interval::ALL[6..]);
    let day = rig.all(Interval::Day1)[0];
    assert!(day.is_closed);
    assert_eq!((day.bar.trades, day.bar.high, day.bar.low), (3, Ticks(510), Ticks(490)));
    rig.now = seoul(1, 9, 30);
    rig.trade(505, 1);
    rig.check(&Interval::ALL[6..]);
}

#[test]
fn a_longer_candle_is_the_merge_of_the_shorter_ones_in_it() {
    let mut chance = Chooser(77);
    let mut rig = Rig::new(instrument(), NIGHT);
    for _ in 0..2_000 {
        rig.now.0 += chance.below(9 * Time::SECOND);
        rig.trade(1_000 + chance.below(50) as u32, 1 + chance.below(9));
    }
    let pairs = [
        ("1s", "1m"),
        ("1m", "3m"),
        ("1m", "5m"),
        ("3m", "15m"),
        ("5m", "15m"),
        ("15m", "30m"),
        ("30m", "1h"),
        ("1h", "4h"),
        ("4h", "1d"),
        ("1d", "1w"),
        ("1d", "1M"),
        ("1M", "1y"),
    ];
    for (shorter, longer) in pairs {
        let [shorter, longer] =
            [shorter, longer].map(|name| Interval::of_name(name).expect("a length"));
        let mut merged: Vec<Candle> = Vec::new();
        for candle in rig.all(shorter).iter().filter(|candle| !candle.is_gap) {
            let start = Zone(0).start(longer, candle.bar.start);
            match merged.last_mut().filter(|whole| whole.bar.start == start) {
                Some(whole) => whole.bar.merge(&candle.bar),
                None => {
                    let mut whole = *candle;
                    whole.bar.start = start;
                    merged.push(whole);
                }
            }
        }
        let merged: Vec<Row> = merged.iter().map(row).collect();
        let whole = rig.all(longer);
        let whole: Vec<Row> = whole.iter().filter(|candle| !candle.is_gap).map(row).collect();
        assert_eq!(merged, whole, "{shorter:?} into {longer:?}");
    }
}

#[test]
fn pages_put_together_are_the_whole_list() {
    let mut chance = Chooser(3);
    let mut rig = Rig::new(instrument(), NIGHT);
    for _ in 0..60 {
        rig.now.0 += chance.below(400 * Time::SECOND);
        rig.trade(1_000 + chance.below(50) as u32, 1);
    }
    rig.now.0 += 700 * Time::SECOND;
    for interval in [Interval::Minute1, Interval::Minute3, Interval::Hour1] {
        let mut whole = rig.all(interval);
        whole.reverse();
        let (mut paged, mut before) = (Vec::new(), Time(rig.now.0 + 1));
        loop {
            let page = rig.list(interval, Time(0), before, 7);
            let Some(last) = page.last() else { break };
            before = last.bar.start;
            paged.extend(page);
        }
        assert_eq!(paged, whole, "{interval:?}");
        let (from, before) = (whole[40 % whole.len()].bar.start, whole[2].bar.start);
        let cut = rig.list(interval, from, before, usize::MAX);
        let wanted = whole.iter().filter(|c| (from..before).contains(&c.bar.start));
        assert_eq!(cut, wanted.copied().collect::<Vec<_>>(), "{interval:?}");
    }
}

#[test]
fn an_event_is_a_trade_or_an_ending_that_time_has_brought() {
    let mut rig = Rig::new(instrument(), NIGHT);
    rig.trade(1_000, 1);
    assert!(!rig.pass(), "nothing is over yet");
    rig.now.0 += Time::SECOND;
    assert!(rig.pass(), "the second is");
    assert_eq!(rig.standing(Base::Second).sequence, 2);
    assert!(!rig.pass());
    rig.now.0 += Time::SECOND;
    assert!(!rig.pass(), "no candle of this second");
    rig.trade(1_001, 1);
    assert_eq!(
        rig.standing(Base::Minute).newest.map(|(bar, _)| (bar.first, bar.trades)),
        Some((1, 2))
    );
    assert_eq!(rig.standing(Base::Second).newest.map(|(bar, _)| bar.first), Some(3));
}
