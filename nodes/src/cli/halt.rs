//! `hoga halt`, `hoga resume`, `hoga limit`: an operator's hand on a listed instrument.

use super::failure::Failure;
use super::updating::update_instrument;
use super::{Global, actor, json, output, server, wire};
use clap::Args;
use hoga_proto::v1;
use hoga_scenarios::grammar::Which;
use hoga_scenarios::names::NameError;

/// Halt an instrument, or everything: cancels work, nothing new enters, nothing trades
#[derive(Args, Debug)]
#[command(after_help = actor::AN_OPERATORS)]
pub struct Halt {
    /// Which instrument, such as LPJ-KRW, or `everything`
    #[arg(value_name = "SYMBOL", value_parser = which)]
    which: Which,
    /// Your name for this request; the same name again is done once
    #[arg(long, value_name = "NAME")]
    id: Option<String>,
}

/// Let a halted instrument trade again, or everything that is halted
#[derive(Args, Debug)]
#[command(after_help = actor::AN_OPERATORS)]
pub struct Resume {
    /// Which instrument, such as LPJ-KRW, or `everything`
    #[arg(value_name = "SYMBOL", value_parser = which)]
    which: Which,
    /// Your name for this request; the same name again is done once
    #[arg(long, value_name = "NAME")]
    id: Option<String>,
}

/// Change an instrument's limits: `hoga limit LPJ-KRW --band 700..800`
#[derive(Args, Debug)]
#[command(after_help = actor::AN_OPERATORS)]
pub struct Limit {
    /// Which instrument, such as LPJ-KRW
    symbol: String,
    /// Lowest and highest limit price, or `none`
    #[arg(long, value_name = "LOW..HIGH")]
    band: Option<String>,
    /// Open orders that one account may have in it
    #[arg(long, value_name = "COUNT")]
    open_orders: Option<u32>,
    /// Your name for this request; the same name again is done once
    #[arg(long, value_name = "NAME")]
    id: Option<String>,
}

/// A symbol, also by its full name, or everything.
fn which(text: &str) -> Result<Which, NameError> {
    text.strip_prefix("instruments/").unwrap_or(text).parse()
}

impl Halt {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let (id, sent_at) = (actor::request_id(self.id.as_ref()), Some(actor::sent_now()));
        let request_id = id.clone();
        let Which::One(symbol) = self.which else {
            let request = v1::HaltMarketRequest { request_id, sent_at };
            let answer = server::operate(global, &id, async |server| {
                server.admin().halt_market(request).await
            })?;
            if global.json {
                return json::print("HaltMarketResponse", &answer);
            }
            return output::say("everything is halted: cancels work, nothing else does");
        };
        let name = format!("instruments/{symbol}");
        let request = v1::HaltInstrumentRequest { name, request_id, sent_at };
        let answer = server::operate(global, &id, async |server| {
            server.admin().halt_instrument(request).await
        })?;
        if global.json {
            return json::print("HaltInstrumentResponse", &answer);
        }
        output::say(format!("{symbol} is halted: cancels work, nothing else does"))
    }
}

impl Resume {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let (id, sent_at) = (actor::request_id(self.id.as_ref()), Some(actor::sent_now()));
        let request_id = id.clone();
        let Which::One(symbol) = self.which else {
            let request = v1::ResumeMarketRequest { request_id, sent_at };
            let answer = server::operate(global, &id, async |server| {
                server.admin().resume_market(request).await
            })?;
            if global.json {
                return json::print("ResumeMarketResponse", &answer);
            }
            return output::say("everything trades again");
        };
        let name = format!("instruments/{symbol}");
        let request = v1::ResumeInstrumentRequest { name, request_id, sent_at };
        let answer = server::operate(global, &id, async |server| {
            server.admin().resume_instrument(request).await
        })?;
        if global.json {
            return json::print("ResumeInstrumentResponse", &answer);
        }
        output::say(format!("{symbol} trades again"))
    }
}

impl Limit {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let mut instrument =
            v1::Instrument { name: actor::instrument(&self.symbol)?, ..Default::default() };
        let mut paths = Vec::new();
        if let Some(band) = &self.band {
            paths.extend(["band_low", "band_high"]);
            if band != "none" {
                let (low, high) = ends(band)?;
                (instrument.band_low, instrument.band_high) = (Some(low), Some(high));
            }
        }
        if let Some(count) = self.open_orders {
            paths.push("open_orders_max");
            instrument.open_orders_max = count;
        }
        if paths.is_empty() {
            return Err(Failure::usage("error: say what to change: --band or --open-orders"));
        }
        let answer = update_instrument(global, instrument, &paths, self.id.as_ref())?;
        if global.json {
            return json::print("UpdateInstrumentResponse", &answer);
        }
        output::say(limits(&self.symbol, &answer.instrument.unwrap_or_default()))
    }
}

/// The two prices of `700..800`.
fn ends(band: &str) -> Result<(v1::Decimal, v1::Decimal), Failure> {
    let usage =
        || Failure::usage(format!("error: `{band}` is not a band: write LOW..HIGH or none"));
    let (low, high) = band.split_once("..").ok_or_else(usage)?;
    let price = |text: &str| hoga_proto::decimal::parse(text).map_err(|_| usage());
    Ok((price(low)?.into(), price(high)?.into()))
}

fn limits(symbol: &str, now: &v1::Instrument) -> String {
    let band = match (&now.band_low, &now.band_high) {
        (Some(_), Some(_)) => {
            let [low, high] = [&now.band_low, &now.band_high].map(|p| wire::text(p.as_ref()));
            format!("prices from {low} to {high}")
        }
        _ => "any price that its book can hold".to_owned(),
    };
    format!("{symbol} takes {band}, {} open orders of an account", now.open_orders_max)
}
