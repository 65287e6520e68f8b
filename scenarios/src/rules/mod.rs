//! Rule books: how a market trades.
//!
//! Owns: [`RuleBook`] and its parts, the books that ship, and what makes a book sound.
//! Takes: TOML, of a shipped book or the `[market]` and `[[instruments]]` of a scenario, laid
//! over it key by key. Emits: a book that cannot be wrong. On failure: every mistake with its
//! place; an unknown key names the nearest known one.

mod calendar;
mod follow;
mod instrument;
mod missing;
mod overlay;
mod session;
mod ticks;

pub use calendar::{CalendarError, ClockTime, Date, ZoneOffset};
pub use follow::Follow;
pub use instrument::{Band, Instrument, TradingRules, VolatilityInterruption};
pub(crate) use missing::Missing;
pub use session::{Hours, Phase, PhaseKind, Session};
pub use ticks::{DatedTicks, TickBand, TickTable, VenueBoard};

use crate::document::{self, Fields, Mistakes};
use crate::names::{AccountName, Asset, Symbol};
use crate::numbers::Amount;
use crate::time::Millis;

/// The books that ship, by the name a scenario uses.
pub const SHIPPED: [(&str, &str); 5] = [
    ("lpj", include_str!("../../rules/lpj.toml")),
    ("crypto", include_str!("../../rules/crypto.toml")),
    ("krx-simple", include_str!("../../rules/krx-simple.toml")),
    ("krx", include_str!("../../rules/krx.toml")),
    ("follow", include_str!("../../rules/follow.toml")),
];

/// The rules of a whole market.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleBook {
    pub name: String,
    pub about: String,
    /// The exchange date on which virtual time starts; it chooses among dated tick tables.
    pub date: Date,
    pub assets: Vec<AssetRules>,
    pub session: Session,
    /// How long an order that waits for the next open lives; none: orders are refused then.
    pub reservation: Option<Reservation>,
    /// Falls of the index that halt everything, from the smallest; empty: no circuit breaker.
    pub circuit_breaker: Vec<BreakerLevel>,
    /// Assets of fixed supply.
    pub supply: Vec<Supply>,
    /// Dated tick tables; the newest that fits date and board stands in for `ticks`.
    pub tick_tables: Vec<DatedTicks>,
    /// Rules of an instrument that says nothing else.
    pub defaults: TradingRules,
    pub instruments: Vec<Instrument>,
}

/// An asset and the digits behind the point that its smallest unit has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetRules {
    pub name: Asset,
    pub scale: u32,
}

/// How long a reserved order waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    After(Millis),
    TradingDays(u64),
}

/// One level of the market-wide circuit breaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerLevel {
    /// The fall of the index in percent, as a positive number.
    pub fall_percent: Amount,
    pub halt: Millis,
    /// The call auction after the halt.
    pub call: Millis,
    /// The last level ends the day instead.
    pub closes_day: bool,
}

/// An asset that is issued once and never again: what is not granted to accounts at the start
/// lies with the faucet, and a deposit is a transfer from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supply {
    pub asset: Asset,
    pub total: Amount,
    pub faucet: AccountName,
}

/// Exchange time counts nanoseconds in 64 bits, which end in the year 2554.
const YEARS: std::ops::RangeInclusive<u16> = 1971..=2500;

impl RuleBook {
    /// A book that ships; none when no book has this name.
    ///
    /// # Errors
    /// The mistakes of the shipped text. A test reads every one of them, so an error here is
    /// an edit gone wrong.
    pub fn shipped(name: &str) -> Option<Result<RuleBook, Mistakes>> {
        let (name, text) = SHIPPED.iter().find(|(known, _)| *known == name)?;
        Some(RuleBook::parse(&format!("rules/{name}.toml"), text))
    }

    /// Reads the text of a whole book.
    ///
    /// # Errors
    /// Every mistake with its place; `file` names the text in them.
    pub fn parse(file: &str, text: &str) -> Result<RuleBook, Mistakes> {
        document::read(file, text, |fields| {
            fields.require(&["name", "about"]);
            let name = fields.text("name").map(|at| at.value.to_string());
            let about = fields.text("about").map(|at| at.value.to_string());
            let mut book = RuleBook { name: name?, about: about?, ..RuleBook::default() };
            book.overlay(fields);
            let instruments = fields.tables("instruments");
            book.overlay_instruments(instruments);
            book.report_unsound(fields);
            Some(book)
        })
    }

    #[must_use]
    pub fn instrument(&self, symbol: &Symbol) -> Option<&Instrument> {
        self.instruments.iter().find(|instrument| instrument.symbol == *symbol)
    }

    /// The accounts that hand out what is supplied.
    pub fn faucets(&self) -> impl Iterator<Item = &AccountName> {
        self.supply.iter().map(|supply| &supply.faucet)
    }

    /// The accounts on the other side of instruments that follow an outside book.
    pub fn houses(&self) -> impl Iterator<Item = &AccountName> {
        let follows = self.instruments.iter().filter_map(|it| it.rules.follow.as_ref());
        follows.map(|follow| &follow.house)
    }

    #[must_use]
    pub fn asset(&self, name: &Asset) -> Option<&AssetRules> {
        self.assets.iter().find(|asset| asset.name == *name)
    }

    /// Reports what the book as a whole cannot be, at the table that was laid over last.
    pub(crate) fn report_unsound(&self, fields: &Fields<'_>) {
        for complaint in self.complaints() {
            fields.sink().report(fields.place(), complaint, None);
        }
    }

    /// What is wrong between the parts; empty for a sound book.
    fn complaints(&self) -> Vec<String> {
        let mut complaints = self.session.complaints();
        if !YEARS.contains(&self.date.year) {
            let (first, last) = (YEARS.start(), YEARS.end());
            complaints.push(format!("{} is not in the years {first} to {last}", self.date));
        }
        if self.instruments.is_empty() {
            complaints.push("the market has no [[instruments]]".into());
        }
        for instrument in &self.instruments {
            complaints.extend(instrument.complaints(self));
        }
        for supply in self.supply.iter().filter(|supply| self.asset(&supply.asset).is_none()) {
            complaints.push(format!("the supply of {} names no known asset", supply.asset));
        }
        let falls: Vec<Amount> = self.circuit_breaker.iter().map(|l| l.fall_percent).collect();
        if !falls.is_sorted_by(|one, next| one < next) || falls.iter().any(|fall| fall.is_zero()) {
            complaints.push("the levels of the circuit breaker must fall further each time".into());
        }
        complaints
    }
}

#[cfg(test)]
mod krx_tests;
#[cfg(test)]
mod tests;
