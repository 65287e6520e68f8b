//! The candles of one book that are under way.
//!
//! A trade goes into the candle of its second. When that is over it goes into that of its minute,
//! that into the hour's, that into the day's: a trade costs one comparison and one sum, and a
//! candle that is over costs one row of the history. So what a book keeps is four candles.

use super::bar::{Bar, CandleRow, Origin};
use super::imports::{Import, Imports};
use super::interval::{Base, Zone};
use crate::amount::{Amount, Lots, Ticks};
use crate::instrument::Instrument;
use crate::time::Time;
use serde::{Deserialize, Serialize};

const LENGTHS: usize = Base::ALL.len();

/// The candles of a book: those under way, and what had come of them when the day was closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candles {
    second: Option<Second>,
    /// By length; each without what is still in the shorter ones. That of seconds is not used.
    longer: [Option<Bar>; LENGTHS],
    /// As they were written when the session closed. Should trading go on before they are over,
    /// what comes is added to them.
    shut: [Option<Bar>; LENGTHS],
    /// How often candles ended without a trade that came behind them. With the number of the last
    /// trade it makes the number of the channel's last event.
    endings: u64,
    /// Everything before is over.
    through: Time,
    imports: Imports,
}

/// The second under way, in the units of trades, which need no multiplication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Second {
    start: Time,
    end: Time,
    first: u64,
    open: Ticks,
    high: Ticks,
    low: Ticks,
    close: Ticks,
    lots: u128,
    /// In tick-lots.
    value: u128,
    trades: u64,
}

impl Second {
    fn bar(&self, instrument: &Instrument) -> Bar {
        let &Second { start, first, open, high, low, close, trades, .. } = self;
        let volume = self.lots as Amount * instrument.lot;
        let value = self.value as Amount * instrument.unit();
        Bar { start, first, open, high, low, close, volume, value, trades }
    }
}

/// How the candles of one length stand at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The newest of them, which the history may not have yet, and whether it is closed.
    pub newest: Option<(Bar, bool)>,
    /// Number of the last event that it contains.
    pub sequence: u64,
    /// Everything before is over.
    pub through: Time,
    /// Imported candles end before.
    pub imported: Time,
}

impl Standing {
    /// Whether a candle that begins here has been written: it is over, or the session closed it.
    #[must_use]
    pub fn has_written(&self, start: Time) -> bool {
        match self.newest {
            Some((bar, is_shut)) => start < bar.start || (is_shut && start == bar.start),
            None => start < self.through,
        }
    }
}

impl Candles {
    /// Takes a trade in; `sequence` is that of the last event before it.
    #[inline(always)]
    pub fn trade(
        &mut self,
        price: Ticks,
        quantity: Lots,
        at: Time,
        sequence: u64,
        instrument: &Instrument,
        write: &mut impl FnMut(&CandleRow),
    ) {
        let (lots, value) = (u128::from(quantity.0), u128::from(quantity.0) * u128::from(price.0));
        if let Some(second) = &mut self.second
            && at < second.end
        {
            second.high = second.high.max(price);
            second.low = second.low.min(price);
            second.close = price;
            second.lots += lots;
            second.value += value;
            second.trades += 1;
            return;
        }
        self.end_before(at, instrument, write);
        self.imports.traded(at, instrument);
        // Zones are whole minutes, so a second begins everywhere at once.
        let start = Time(at.0 - at.0 % Time::SECOND);
        let end = Time(start.0 + Time::SECOND);
        let first = sequence + 1;
        let (open, high, low, close) = (price, price, price, price);
        self.second =
            Some(Second { start, end, first, open, high, low, close, lots, value, trades: 1 });
        self.through = self.through.max(start);
    }

    /// Time has passed. Returns whether a candle ended by it, which is an event of its own.
    pub fn pass(
        &mut self,
        at: Time,
        instrument: &Instrument,
        write: &mut impl FnMut(&CandleRow),
    ) -> bool {
        let has_ended = self.end_before(at, instrument, write);
        self.endings += u64::from(has_ended);
        self.through = self.through.max(at);
        has_ended
    }

    /// The session is over, and so is the day's candle. Returns whether one ended.
    pub fn close(
        &mut self,
        at: Time,
        instrument: &Instrument,
        write: &mut impl FnMut(&CandleRow),
    ) -> bool {
        let mut has_ended = self.end_before(at, instrument, write);
        for base in Base::ALL {
            if let Some(bar) = self.take(base, instrument) {
                self.shut[base as usize] = Some(self.written(base, &bar, instrument, write));
                self.pass_on(base, bar, instrument);
                has_ended = true;
            }
        }
        self.endings += u64::from(has_ended);
        self.through = self.through.max(at);
        has_ended
    }

    /// Takes candles of another exchange in.
    pub fn import(
        &mut self,
        import: &Import,
        instrument: &Instrument,
        write: &mut impl FnMut(&CandleRow),
    ) {
        self.imports.take(import, instrument, write);
    }

    #[must_use]
    pub fn imports(&self) -> &Imports {
        &self.imports
    }

    /// Ends what is over at `at`, shortest first.
    #[cold]
    #[inline(never)]
    fn end_before(
        &mut self,
        at: Time,
        instrument: &Instrument,
        write: &mut impl FnMut(&CandleRow),
    ) -> bool {
        let zone = Zone::of(instrument.schedule.as_deref());
        let mut has_ended = false;
        for base in Base::ALL {
            let start = self.under_way(base);
            if start.is_none_or(|start| zone.end(base.interval(), start) > at) {
                continue;
            }
            if let Some(bar) = self.take(base, instrument) {
                self.written(base, &bar, instrument, write);
                self.pass_on(base, bar, instrument);
                has_ended = true;
            }
        }
        has_ended
    }

    fn under_way(&self, base: Base) -> Option<Time> {
        match base {
            Base::Second => self.second.map(|second| second.start),
            _ => self.longer[base as usize].map(|bar| bar.start),
        }
    }

    fn take(&mut self, base: Base, instrument: &Instrument) -> Option<Bar> {
        match base {
            Base::Second => self.second.take().map(|second| second.bar(instrument)),
            _ => self.longer[base as usize].take(),
        }
    }

    /// Writes a candle that is over; returns it with what was written before of the same.
    fn written(
        &mut self,
        base: Base,
        bar: &Bar,
        instrument: &Instrument,
        write: &mut impl FnMut(&CandleRow),
    ) -> Bar {
        let bar = self.with_shut(base, bar);
        // A later one has ended: the history alone has what was shut.
        self.shut[base as usize].take_if(|shut| shut.start != bar.start);
        let (partition, origin) = (instrument.partition, Origin::Traded);
        write(&CandleRow { partition, instrument: instrument.id, base, origin, bar });
        bar
    }

    fn with_shut(&self, base: Base, bar: &Bar) -> Bar {
        match self.shut[base as usize].filter(|shut| shut.start == bar.start) {
            Some(mut shut) => {
                shut.merge(bar);
                shut
            }
            None => *bar,
        }
    }

    /// Adds a candle that is over to the next longer one.
    fn pass_on(&mut self, base: Base, bar: Bar, instrument: &Instrument) {
        let Some(&longer) = Base::ALL.get(base as usize + 1) else { return };
        let zone = Zone::of(instrument.schedule.as_deref());
        match &mut self.longer[longer as usize] {
            Some(under_way) => under_way.merge(&bar),
            none => {
                let start = zone.start(longer.interval(), bar.start);
                *none = Some(Bar { start, ..bar });
            }
        }
    }

    /// How the candles of one length stand; `trades` is the number of the book's last trade.
    #[must_use]
    pub fn standing(&self, base: Base, trades: u64, instrument: &Instrument) -> Standing {
        let zone = Zone::of(instrument.schedule.as_deref());
        let second = self.second.map(|second| second.bar(instrument));
        let parts = Base::ALL.into_iter().rev().filter(|part| *part <= base);
        let mut parts = parts.filter_map(|part| match part {
            Base::Second => second,
            _ => self.longer[part as usize],
        });
        let under_way = parts.next().map(|first| {
            let start = zone.start(base.interval(), first.start);
            let start = self.longer[base as usize].map_or(start, |bar| bar.start);
            let mut whole = Bar { start, ..first };
            parts.for_each(|part| whole.merge(&part));
            (self.with_shut(base, &whole), false)
        });
        let newest = under_way.or(self.shut[base as usize].map(|shut| (shut, true)));
        let (sequence, imported) = (self.sequence(trades), self.imports.through);
        Standing { newest, sequence, through: self.through, imported }
    }

    /// Number of the channel's last event.
    #[must_use]
    #[inline(always)]
    pub fn sequence(&self, trades: u64) -> u64 {
        trades + self.endings
    }
}
