//! `[[accounts]]` and `[[bots]]`: who takes part, and with what.

use super::{AccountGroup, BotGroup};
use crate::bots::{
    BotKind, KINDS, MakerSettings, MomentumSettings, NoiseSettings, OPEN_ORDERS_MAX, TakerSettings,
};
use crate::document::{Fields, nearest};
use crate::names::{AccountName, Asset, Symbol};
use crate::numbers::{Amount, PerSecond};
use crate::rules::{Instrument, Missing, RuleBook};
use crate::time::Millis;
use hoga_engine::amount::AMOUNT_MAX;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// Accounts and bots of one scenario, together.
pub(super) const ACCOUNTS_MAX: u64 = 1_000_000;

/// Where a least notional asks for more lots than this, bots leave it to the file to say how many.
const LEAST_LOTS_MAX: u64 = 1_000_000_000;

/// Steps of the price that a setting of a bot may name.
const TICKS_MAX: u64 = 1_000_000;

pub(super) fn accounts(file: &mut Fields<'_>, market: Option<&RuleBook>) -> Vec<AccountGroup> {
    let read = |mut fields: Fields<'_>| {
        fields.require(&["name"]);
        let name = fields.parsed_at::<AccountName>("name");
        let count = fields.count("count", 1, ACCOUNTS_MAX);
        let deposit = deposit(&mut fields, market);
        if let (Some(name), Some(count)) = (&name, count) {
            fits(&fields, &name.value, count);
        }
        fields.finish();
        Some(AccountGroup { name: name?.value, count, deposit })
    };
    file.tables("accounts").into_iter().filter_map(read).collect()
}

pub(super) fn bots(file: &mut Fields<'_>, market: Option<&RuleBook>) -> Vec<BotGroup> {
    file.tables("bots").into_iter().filter_map(|fields| bot_group(fields, market)).collect()
}

fn bot_group(mut fields: Fields<'_>, market: Option<&RuleBook>) -> Option<BotGroup> {
    fields.require(&["kind"]);
    let kind = fields.text("kind")?;
    if !KINDS.contains(&kind.value) {
        // Which keys there are depends on the kind, so nothing more can be said of this table.
        let help = match nearest(kind.value, KINDS) {
            Some(known) => format!("did you mean `{known}`?"),
            None => format!("kinds: {}", KINDS.join(", ")),
        };
        let message = format!("there is no bot `{}`", kind.value);
        fields.sink().report(kind.place, message, Some(help));
        return None;
    }
    let named = fields.has("name");
    let name = fields.parsed::<AccountName>("name");
    let name = if named { name } else { kind.value.parse().ok() };
    let count = fields.count("count", 1, ACCOUNTS_MAX).unwrap_or(1);
    if let Some(name) = &name {
        fits(&fields, name, count);
    }
    let deposit = deposit(&mut fields, market);
    let instrument = instrument(&mut fields, market);
    let settings = settings(kind.value, &mut fields, instrument);
    fields.finish();
    let symbol = instrument?.symbol.clone();
    Some(BotGroup { name: name?, count, kind: settings, symbol, deposit })
}

/// The instrument of `symbol`, or the market's first.
fn instrument<'m>(fields: &mut Fields<'_>, market: Option<&'m RuleBook>) -> Option<&'m Instrument> {
    let symbol = fields.parsed_at::<Symbol>("symbol");
    let market = market?;
    let Some(symbol) = symbol else { return market.instruments.first() };
    let listed = market.listed(&symbol.value);
    let missing =
        |Missing { message, help }| fields.sink().report(symbol.place.clone(), message, help);
    listed.map_err(missing).ok()
}

/// The settings of a kind, each key with a default that makes a lively market.
fn settings(kind: &str, fields: &mut Fields<'_>, instrument: Option<&Instrument>) -> BotKind {
    let least = instrument.map_or(1, least_lots);
    let lots = |fields: &mut Fields<'_>, default| quantity(fields, instrument, default * least);
    let sizes = |fields: &mut Fields<'_>| {
        let most = lots(fields, 5);
        (least.min(most), most)
    };
    let every = |fields: &mut Fields<'_>, default| -> Millis {
        let every = fields.parsed_at::<Millis>("every");
        if let Some(at) = every.as_ref().filter(|at| at.value.0 == 0) {
            fields.sink().report(at.place.clone(), "`every` must be above zero", None);
        }
        every.map_or(Millis(default), |at| at.value)
    };
    match kind {
        "maker" => BotKind::Maker(MakerSettings {
            spread_ticks: fields.count("spread_ticks", 1, TICKS_MAX).unwrap_or(4),
            levels: fields.count("levels", 1, OPEN_ORDERS_MAX as u64 / 2).unwrap_or(3),
            lots: lots(fields, 10),
            every: every(fields, 1_000),
        }),
        "noise" => {
            let rate = rate(fields);
            let reach_ticks = fields.count("reach_ticks", 0, TICKS_MAX).unwrap_or(10);
            let market_percent = fields.count("market_percent", 0, 100).unwrap_or(10);
            let (lots_min, lots_max) = sizes(fields);
            BotKind::Noise(NoiseSettings {
                rate,
                reach_ticks,
                market_percent,
                lots_min,
                lots_max,
                open_max: fields.count("open_max", 1, OPEN_ORDERS_MAX as u64).unwrap_or(5),
            })
        }
        "momentum" => BotKind::Momentum(MomentumSettings {
            every: every(fields, 10_000),
            threshold_ticks: fields.count("threshold_ticks", 1, TICKS_MAX).unwrap_or(3),
            chase_ticks: fields.count("chase_ticks", 0, TICKS_MAX).unwrap_or(2),
            lots: lots(fields, 10),
        }),
        _ => {
            let rate = rate(fields);
            let market_percent = fields.count("market_percent", 0, 100).unwrap_or(50);
            let (lots_min, lots_max) = sizes(fields);
            BotKind::Taker(TakerSettings { rate, market_percent, lots_min, lots_max })
        }
    }
}

/// So many lots are worth the instrument's least notional, at half its base price too.
fn least_lots(instrument: &Instrument) -> u64 {
    let rules = &instrument.rules;
    let lot = rules.base_price.value().checked_mul(rules.lot.value());
    let lots = lot.and_then(|lot| (Decimal::TWO * rules.min_notional.value()).checked_div(lot));
    lots.and_then(|lots| lots.ceil().to_u64()).map_or(1, |lots| lots.clamp(1, LEAST_LOTS_MAX))
}

/// `orders_per_second`, each bot; half an order where the file says nothing.
fn rate(fields: &mut Fields<'_>) -> PerSecond {
    let rate: Option<PerSecond> = fields.number("orders_per_second");
    if rate == Some(PerSecond::default()) {
        let place = fields.place_of("orders_per_second");
        fields.sink().report(place, "`orders_per_second` must be above zero", None);
    }
    rate.unwrap_or(PerSecond { millionths: 500_000 })
}

/// `quantity`, in lots of the instrument.
fn quantity(fields: &mut Fields<'_>, instrument: Option<&Instrument>, default: u64) -> u64 {
    let Some(at) = fields.parsed_at::<Amount>("quantity") else { return default };
    let Some(instrument) = instrument else { return default };
    let lot = instrument.rules.lot;
    let lots = at.value.steps(lot).filter(|lots| *lots > 0);
    if lots.is_none() {
        let message = format!("quantity {} is no multiple of the lot {lot}", at.value);
        fields.sink().report(at.place, message, None);
    }
    lots.unwrap_or(default)
}

/// `deposit`, of assets the market knows.
fn deposit(fields: &mut Fields<'_>, market: Option<&RuleBook>) -> Vec<(Asset, Amount)> {
    let mut deposits = Vec::new();
    for (asset, amount) in fields.pairs::<Asset, Amount>("deposit").unwrap_or_default() {
        let rules = market.and_then(|market| market.asset(&asset.value));
        if let (Some(market), None) = (market, rules) {
            let known: Vec<&str> = market.assets.iter().map(|asset| asset.name.as_str()).collect();
            let message = format!("the market has no asset {}", asset.value);
            let help = format!("assets: {}", known.join(", "));
            fields.sink().report(asset.place.clone(), message, Some(help));
        }
        let wrong = rules.and_then(|rules| match amount.minor(rules.scale) {
            Some(minor) if minor <= AMOUNT_MAX => None,
            _ if amount.value().scale() > rules.scale => {
                Some(format!("{} has at most {} decimals", asset.value, rules.scale))
            }
            _ => Some(format!("{amount} {} is more than an account holds", asset.value)),
        });
        if let Some(message) = wrong {
            fields.sink().report(asset.place, message, None);
        }
        deposits.push((asset.value, amount));
    }
    deposits
}

/// The member with the highest number still has to be an account name.
fn fits(fields: &Fields<'_>, name: &AccountName, count: u64) {
    if let Err(error) = format!("{name}-{count}").parse::<AccountName>() {
        fields.sink().report(fields.place_of("name"), error.to_string(), None);
    }
}
