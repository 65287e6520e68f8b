//! What one instrument trades by.

use super::follow::{self, Follow};
use super::{RuleBook, TickTable, VenueBoard, ticks};
use crate::document::Fields;
use crate::grammar::SelfMatch;
use crate::names::{Asset, Symbol};
use crate::numbers::{Amount, Fraction};
use crate::time::Millis;

/// An instrument with its rules, every override already laid in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrument {
    pub symbol: Symbol,
    pub base: Asset,
    pub quote: Asset,
    pub board: Option<VenueBoard>,
    pub rules: TradingRules,
}

/// Rules of trading. Quantities are in units of the base asset, prices and notionals in units of
/// the quote asset, as people write them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradingRules {
    pub ticks: TickTable,
    /// Quantities are multiples of it.
    pub lot: Amount,
    pub min_quantity: Amount,
    pub max_quantity: Amount,
    pub min_notional: Amount,
    pub max_notional: Amount,
    /// The reference of the first day.
    pub base_price: Amount,
    /// How far a price may lie from the base, in percent.
    pub price_band_percent: Option<Amount>,
    /// How far a market order may reach past the best price, in percent.
    pub collar_percent: Option<Amount>,
    /// Of the notional; negative is a rebate, never above the taker fee.
    pub maker_fee: Fraction,
    pub taker_fee: Fraction,
    /// Of a sale's notional.
    pub sell_tax: Fraction,
    pub self_match: SelfMatch,
    /// Orders that one account may have open in one instrument.
    pub open_orders_max: u64,
    pub volatility_interruption: Option<VolatilityInterruption>,
    /// An opening at the limit of the day goes by size, with so much for each order first.
    pub limit_opening_first: Option<Amount>,
    /// A new listing opens by a call of this length.
    pub opening_call: Option<Millis>,
    /// Set where users trade against an outside book and not with one another.
    pub follow: Option<Follow>,
}

/// A call auction instead of a trade that leaps too far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VolatilityInterruption {
    /// From the last trade, in percent.
    pub dynamic_percent: Amount,
    /// From the last auction price, in percent.
    pub static_percent: Amount,
    pub call: Millis,
}

/// The price limits of a day, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Band {
    pub lower: Amount,
    pub upper: Amount,
}

impl Default for TradingRules {
    fn default() -> Self {
        TradingRules {
            ticks: TickTable::default(),
            lot: Amount::from(1),
            min_quantity: Amount::from(1),
            max_quantity: Amount::from(1_000_000),
            min_notional: Amount::ZERO,
            max_notional: Amount::from(1_000_000_000_000),
            base_price: Amount::from(1_000),
            price_band_percent: None,
            collar_percent: None,
            maker_fee: Fraction::default(),
            taker_fee: Fraction::default(),
            sell_tax: Fraction::default(),
            self_match: SelfMatch::CancelTaker,
            open_orders_max: 1_000,
            volatility_interruption: None,
            limit_opening_first: None,
            opening_call: None,
            follow: None,
        }
    }
}

impl TradingRules {
    /// Lays every key that is present over these rules.
    pub(super) fn overlay(&mut self, fields: &mut Fields<'_>) {
        fn lay<T>(value: Option<T>, rule: &mut T) {
            if let Some(value) = value {
                *rule = value;
            }
        }
        lay(TickTable::read(fields, "ticks"), &mut self.ticks);
        lay(fields.parsed("lot"), &mut self.lot);
        lay(fields.parsed("min_quantity"), &mut self.min_quantity);
        lay(fields.parsed("max_quantity"), &mut self.max_quantity);
        lay(fields.parsed("min_notional"), &mut self.min_notional);
        lay(fields.parsed("max_notional"), &mut self.max_notional);
        lay(fields.parsed("base_price"), &mut self.base_price);
        lay(fields.parsed_or_none("price_band_percent"), &mut self.price_band_percent);
        lay(fields.parsed_or_none("collar_percent"), &mut self.collar_percent);
        lay(fields.parsed("maker_fee"), &mut self.maker_fee);
        lay(fields.parsed("taker_fee"), &mut self.taker_fee);
        lay(fields.parsed("sell_tax"), &mut self.sell_tax);
        lay(fields.parsed("self_match"), &mut self.self_match);
        lay(fields.count("open_orders_max", 1, 1_000_000), &mut self.open_orders_max);
        lay(interruption(fields), &mut self.volatility_interruption);
        lay(fields.parsed_or_none("limit_opening_first"), &mut self.limit_opening_first);
        lay(fields.parsed_or_none("opening_call"), &mut self.opening_call);
        lay(follow::read(fields), &mut self.follow);
    }
}

/// A table, or `none`.
#[allow(clippy::option_option)]
fn interruption(fields: &mut Fields<'_>) -> Option<Option<VolatilityInterruption>> {
    if fields.is_none_word("volatility_interruption") {
        return Some(None);
    }
    let mut table = fields.table("volatility_interruption")?;
    table.require(&["dynamic_percent", "static_percent", "call"]);
    let dynamic = table.parsed("dynamic_percent");
    let still = table.parsed("static_percent");
    let call = table.parsed("call");
    table.finish();
    Some(Some(VolatilityInterruption {
        dynamic_percent: dynamic?,
        static_percent: still?,
        call: call?,
    }))
}

impl Instrument {
    /// The limits of a day whose base price is `base`; none without a band.
    #[must_use]
    pub fn band(&self, base: Amount) -> Option<Band> {
        let percent = self.rules.price_band_percent?;
        let (lower, upper) = ticks::limits(base, percent, &self.rules.ticks)?;
        Some(Band { lower, upper })
    }

    /// What these rules cannot be; empty for sound ones.
    pub(super) fn complaints(&self, book: &RuleBook) -> Vec<String> {
        let (rules, symbol) = (&self.rules, &self.symbol);
        let mut complaints = Vec::new();
        let mut must = |holds: bool, complaint: String| {
            if !holds {
                complaints.push(format!("{symbol}: {complaint}"));
            }
        };
        for asset in [&self.base, &self.quote] {
            must(book.asset(asset).is_some(), format!("{asset} is none of the market's assets"));
        }
        must(self.base != self.quote, "base and quote are the same asset".into());
        must(!rules.lot.is_zero(), "the lot must be above zero".into());
        let lots = |quantity: Amount| quantity.steps(rules.lot).is_some();
        must(lots(rules.min_quantity), format!("min_quantity is no multiple of {}", rules.lot));
        must(lots(rules.max_quantity), format!("max_quantity is no multiple of {}", rules.lot));
        let quantities = rules.min_quantity <= rules.max_quantity && !rules.min_quantity.is_zero();
        must(quantities, "min_quantity must lie above zero and not above max_quantity".into());
        let notionals = rules.min_notional <= rules.max_notional;
        must(notionals, "min_notional must not lie above max_notional".into());
        let base = rules.base_price;
        let tick = rules.ticks.tick_at(base);
        must(!base.is_zero(), "base_price must be above zero".into());
        must(rules.ticks.holds(base), format!("base_price {base} is not on the {tick} tick"));
        let (maker, taker) = (rules.maker_fee.value(), rules.taker_fee.value());
        must(!taker.is_sign_negative() || taker.is_zero(), "taker_fee must not be negative".into());
        must((maker + taker) >= Default::default(), "a rebate may not exceed the taker fee".into());
        must(rules.sell_tax.value() >= Default::default(), "sell_tax must not be negative".into());
        must(self.notional_is_exact(book), {
            let (tick, lot) = (rules.ticks.smallest(), rules.lot);
            format!("tick {tick} x lot {lot} is no whole number of {}'s minor units", self.quote)
        });
        complaints
    }

    /// Smallest tick times lot in whole minor units: every notional is then exact.
    fn notional_is_exact(&self, book: &RuleBook) -> bool {
        let Some(quote) = book.asset(&self.quote) else { return true };
        let product = self.rules.ticks.smallest().value().checked_mul(self.rules.lot.value());
        product.is_some_and(|product| product.normalize().scale() <= quote.scale)
    }
}
