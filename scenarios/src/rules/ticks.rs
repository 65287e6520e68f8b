//! Tick tables: the price steps of a market, by price and by date.

use std::str::FromStr;

use rust_decimal::Decimal;

use super::Date;
use crate::document::Fields;
use crate::numbers::Amount;

/// One step of the table: from this price up, prices are multiples of `tick`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TickBand {
    pub from: Amount,
    pub tick: Amount,
}

/// Bands by rising price. The first starts at zero, each starts on its own grid and on that of
/// the band below, and no tick is zero: [`TickTable::read`] makes no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TickTable {
    bands: Vec<TickBand>,
}

impl Default for TickTable {
    fn default() -> Self {
        TickTable { bands: vec![TickBand { from: Amount::ZERO, tick: Amount::from(1) }] }
    }
}

/// The board of a stock exchange, where their rules differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VenueBoard {
    Kospi,
    Kosdaq,
    Konex,
}

impl VenueBoard {
    /// How far a day's price may go from the base, in percent, where that is the board's own: on
    /// KONEX half of what it is on the others of KRX.
    #[must_use]
    pub fn band_percent(self) -> Option<Amount> {
        (self == VenueBoard::Konex).then(|| Amount::from(15))
    }
}

impl FromStr for VenueBoard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "KOSPI" => Ok(Self::Kospi),
            "KOSDAQ" => Ok(Self::Kosdaq),
            "KONEX" => Ok(Self::Konex),
            _ => Err(format!("`{text}` is not a board: KOSPI, KOSDAQ or KONEX")),
        }
    }
}

/// A tick table that holds from a date on, for one board or for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatedTicks {
    pub since: Date,
    pub board: Option<VenueBoard>,
    pub table: TickTable,
}

impl TickTable {
    #[must_use]
    pub fn bands(&self) -> &[TickBand] {
        &self.bands
    }

    /// The tick at a price.
    #[must_use]
    pub fn tick_at(&self, price: Amount) -> Amount {
        let band = self.bands.iter().rev().find(|band| band.from <= price);
        band.map_or(self.bands[0].tick, |band| band.tick)
    }

    /// The smallest tick of the table: the unit in which prices are counted inside.
    #[must_use]
    pub fn smallest(&self) -> Amount {
        let ticks = self.bands.iter().map(|band| band.tick);
        ticks.min().unwrap_or(self.bands[0].tick)
    }

    #[must_use]
    pub fn holds(&self, price: Amount) -> bool {
        price.steps(self.tick_at(price)).is_some()
    }

    /// Reads `[{ from = "0", tick = "1" }, …]`.
    pub(super) fn read(fields: &mut Fields<'_>, key: &'static str) -> Option<TickTable> {
        let place = fields.place_of(key);
        let sink = fields.sink();
        let read = |mut band: Fields<'_>| {
            band.require(&["from", "tick"]);
            let (from, tick) = (band.parsed("from"), band.parsed("tick"));
            band.finish();
            Some(TickBand { from: from?, tick: tick? })
        };
        let items = fields.tables(key);
        let count = items.len();
        let bands: Vec<TickBand> = items.into_iter().filter_map(read).collect();
        if count == 0 && !fields.has(key) || bands.len() < count {
            return None;
        }
        let complaint = complaint(&bands);
        if let Some(complaint) = complaint {
            sink.report(place, complaint, None);
            return None;
        }
        Some(TickTable { bands })
    }
}

fn complaint(bands: &[TickBand]) -> Option<String> {
    let Some(first) = bands.first() else { return Some("a tick table needs a band".into()) };
    if !first.from.is_zero() {
        return Some("the first band of a tick table starts at \"0\"".into());
    }
    if let Some(band) = bands.iter().find(|band| band.tick.is_zero()) {
        return Some(format!("the tick from {} up must be above zero", band.from));
    }
    bands.windows(2).find_map(|pair| {
        let (below, band) = (pair[0], pair[1]);
        if band.from <= below.from {
            return Some(format!("the band from {} must start above {}", band.from, below.from));
        }
        let on_both = [below.tick, band.tick].iter().all(|tick| band.from.steps(*tick).is_some());
        (!on_both).then(|| format!("{} is on no tick of the bands it divides", band.from))
    })
}

/// The newest table that holds for a board on a date; one for the board alone beats one for all.
#[must_use]
pub(super) fn on(
    tables: &[DatedTicks],
    date: Date,
    board: Option<VenueBoard>,
) -> Option<&TickTable> {
    let holds = |ticks: &&DatedTicks| {
        ticks.since <= date && (ticks.board.is_none() || ticks.board == board)
    };
    let rank = |ticks: &&DatedTicks| (ticks.since, ticks.board.is_some());
    tables.iter().filter(holds).max_by_key(rank).map(|ticks| &ticks.table)
}

/// Price limits of the day: the band's width is truncated to the tick of the base, then the upper
/// limit goes down and the lower one up to the tick there (KRX, stocks). None when it overflows.
#[must_use]
pub fn limits(base: Amount, band_percent: Amount, ticks: &TickTable) -> Option<(Amount, Amount)> {
    let base_tick = ticks.tick_at(base).value();
    let width = base.value().checked_mul(band_percent.value())? / Decimal::ONE_HUNDRED;
    let width = (width / base_tick).floor() * base_tick;
    let amount = |value: Decimal| value.normalize().to_string().parse::<Amount>().ok();
    let on_grid = |value: Decimal, up: bool| {
        let tick = ticks.tick_at(amount(value)?).value();
        let steps = value / tick;
        amount(if up { steps.ceil() } else { steps.floor() } * tick)
    };
    let lower = on_grid((base.value() - width).max(Decimal::ZERO), true)?;
    Some((lower, on_grid(base.value() + width, false)?))
}
