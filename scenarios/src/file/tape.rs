//! `[tape]`: a file of commands, or a recorded day, that is played beside the steps.

use std::path::Path;

use super::TapeFile;
use crate::document::Fields;
use crate::grammar::{Act, FilePath, MarketAct, Order, OrderKind, Sentence};
use crate::names::Symbol;
use crate::rules::{Instrument, RuleBook};
use crate::tape::{self, Format, lobster};
use crate::time::Millis;

/// Reads the section and, when its folder is known, the tape to its end.
pub(super) fn read(
    file: &mut Fields<'_>,
    market: Option<&RuleBook>,
    folder: Option<&Path>,
) -> Option<TapeFile> {
    let mut fields = file.table("tape")?;
    fields.require(&["file"]);
    let name: Option<FilePath> = fields.parsed("file");
    let format = format(&mut fields, market);
    let at = fields.parsed::<Millis>("at").unwrap_or_default();
    if let (Some(folder), Some(name), Some(format), Some(market)) = (folder, &name, &format, market)
        && let Err(why) = hear(&folder.join(name.as_str()), format, market)
    {
        fields.sink().report(fields.place_of("file"), format!("the tape {name}: {why}"), None);
    }
    fields.finish();
    Some(TapeFile { file: name?, format: format?, at })
}

fn format(fields: &mut Fields<'_>, market: Option<&RuleBook>) -> Option<Format> {
    let format = fields.text("format");
    let into = fields.parsed_at::<Symbol>("into");
    match format.as_ref().map_or("jsonl", |format| format.value) {
        "jsonl" => {
            if let Some(into) = into {
                let message = "each line of a tape names its instrument: `into` is for lobster";
                fields.sink().report(into.place, message, None);
            }
            return Some(Format::Jsonl);
        }
        "lobster" => {}
        other => {
            let message = format!("a scenario plays no tape of the format `{other}`");
            let help = Some("a tape is written as jsonl or as lobster".to_string());
            fields.sink().report(fields.place_of("format"), message, help);
            return None;
        }
    }
    let market = market?;
    let listed = match &into {
        Some(into) => market.listed(&into.value).map_err(String::from),
        None => match market.instruments.as_slice() {
            [only] => Ok(only),
            _ => Err("a recorded day goes into one instrument: name it with `into`".into()),
        },
    };
    match listed {
        Ok(Instrument { symbol, base, quote, .. }) => {
            let quote_scale = market.asset(quote).map_or(0, |rules| rules.scale);
            let (symbol, base, quote) = (symbol.clone(), base.clone(), quote.clone());
            Some(Format::Lobster(lobster::Target { symbol, base, quote, quote_scale }))
        }
        Err(message) => {
            let key = if into.is_some() { "into" } else { "format" };
            fields.sink().report(fields.place_of(key), message, None);
            None
        }
    }
}

/// Reads a tape to its end. What it names has to be there, but for accounts: it brings them in.
fn hear(path: &Path, format: &Format, market: &RuleBook) -> Result<(), String> {
    let is_day = matches!(format, Format::Lobster(_));
    for entry in tape::open(path, format).map_err(|error| error.to_string())? {
        let what = entry.map_err(|error| error.to_string())?.what;
        let is_there = match &what {
            Sentence::Account { act: Act::Place(order), .. } if is_day => fits(order, market),
            Sentence::Account { act, .. } => act_is_known(act, market),
            Sentence::Market(act) => match act {
                MarketAct::Halt(which) | MarketAct::Resume(which) => which.symbol(),
                MarketAct::Feed { symbol, .. } => Some(symbol),
                MarketAct::Open | MarketAct::Close => None,
            }
            .map_or(Ok(()), |symbol| Ok(market.listed(symbol).map(drop)?)),
            Sentence::Fault(_) => Ok(()),
        };
        is_there.map_err(|why| format!("`{what}`: {why}"))?;
    }
    Ok(())
}

/// A recorded order has to fit the instrument that it is played into: what a tape of sentences asks
/// for in vain may be meant so.
fn fits(order: &Order, market: &RuleBook) -> Result<(), String> {
    let rules = &market.listed(&order.symbol)?.rules;
    let OrderKind::Limit { quantity, price } = order.kind else { return Ok(()) };
    if !rules.ticks.holds(price) {
        return Err(format!("{price} is not on the tick of {}", rules.ticks.tick_at(price)));
    }
    if quantity.steps(rules.lot).is_none() {
        return Err(format!("{quantity} is no multiple of the lot {}", rules.lot));
    }
    Ok(())
}

fn act_is_known(act: &Act, market: &RuleBook) -> Result<(), String> {
    match act {
        Act::Place(order) => {
            let listed = market.listed(&order.symbol)?;
            match &order.kind {
                OrderKind::MarketSpend { asset, .. } if *asset != listed.quote => {
                    let Instrument { symbol, quote, .. } = listed;
                    Err(format!("{symbol} is paid for in {quote}, not in {asset}"))
                }
                _ => Ok(()),
            }
        }
        Act::Deposit { asset, .. } | Act::Withdraw { asset, .. } => {
            Ok(market.held(asset).map(drop)?)
        }
        Act::Cancel(_) | Act::CancelAll | Act::Amend { .. } => Ok(()),
    }
}
