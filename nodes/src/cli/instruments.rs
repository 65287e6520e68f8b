//! `hoga instruments`: what can be traded, and under which rules.

use super::failure::Failure;
use super::paging::Limit;
use super::table::{Lean, Table};
use super::{Global, actor, json, output, server, wire};
use clap::Args;
use hoga_proto::v1;

/// What is listed
#[derive(Args, Debug)]
pub struct Instruments {
    #[command(flatten)]
    limit: Limit,
}

impl Instruments {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let mut position = None;
        let (instruments, next_page_token) = server::talk(global, async |server| {
            let page = async |page_size, page_token| {
                let request = v1::ListInstrumentsRequest { page_size, page_token, min_index: None };
                let page = server.market().list_instruments(request).await?.into_inner();
                position = page.position;
                Ok((page.instruments, page.next_page_token))
            };
            self.limit.gather(page).await
        })?;
        if global.json {
            let whole = v1::ListInstrumentsResponse { instruments, next_page_token, position };
            return json::print("ListInstrumentsResponse", &whole);
        }
        output::say(table(&instruments))
    }
}

fn table(instruments: &[v1::Instrument]) -> Table {
    let mut table = Table::new([
        ("SYMBOL", Lean::Left),
        ("PHASE", Lean::Left),
        ("TICK", Lean::Left),
        ("LOT", Lean::Right),
        ("MAKER FEE", Lean::Right),
        ("TAKER FEE", Lean::Right),
        ("BASE PRICE", Lean::Right),
        ("INTERRUPTED AT", Lean::Left),
    ]);
    for instrument in instruments {
        table.row([
            actor::last_part(&instrument.name).into(),
            phase(instrument),
            ticks(&instrument.tick_bands),
            wire::text(instrument.lot.as_ref()).into(),
            wire::rate(wire::text(instrument.maker_fee.as_ref())),
            wire::rate(wire::text(instrument.taker_fee.as_ref())),
            wire::text(instrument.base_price.as_ref()).into(),
            interruption(instrument.volatility_interruption.as_ref()),
        ]);
    }
    table
}

/// `continuous`, or `call auction: interruption until …`.
fn phase(instrument: &v1::Instrument) -> String {
    let end = instrument.phase_end_time.as_ref();
    wire::phase(instrument.phase(), instrument.call_kind(), end)
}

/// `3 % / 10 %`: from the last price, and from the last call's.
fn interruption(rule: Option<&v1::VolatilityInterruption>) -> String {
    let Some(rule) = rule else { return String::new() };
    let share = |share: Option<&v1::Decimal>| match share {
        Some(_) => wire::rate(wire::text(share)),
        None => "-".into(),
    };
    format!("{} / {}", share(rule.dynamic_rate.as_ref()), share(rule.static_rate.as_ref()))
}

/// `1`, or `1 to 1000` for a table of several steps.
fn ticks(bands: &[v1::TickBand]) -> String {
    let step = |band: Option<&v1::TickBand>| {
        wire::text(band.and_then(|band| band.step.as_ref())).to_owned()
    };
    match bands {
        [] | [_] => step(bands.first()),
        [first, .., last] => format!("{} to {}", step(Some(first)), step(Some(last))),
    }
}
